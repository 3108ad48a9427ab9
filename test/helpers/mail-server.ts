import type { Socket } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** How the server takes a mail: all of it, or with a fault. */
export interface MailBehaviour {
  /** Answer to the connection, e.g. 421. */
  connection?: number;
  signIn?: number;
  recipient?: number;
  /** Answer to the whole mail; its content is read first. */
  data?: number;
  /**
   * `before`: ends the connection when the mail begins to arrive; `instead-of-answer`: reads and keeps the whole mail, then ends the
   * connection without an answer; `silence`: keeps it and never answers.
   */
  hangUp?: 'before' | 'instead-of-answer' | 'silence';
}

/** A real SMTP server on loopback that can be told to fail. */
export interface MailServer {
  url: string;
  /** For what comes next. */
  behave(behaviour: MailBehaviour): void;
  /** Mails that the server has in full, oldest first, also those whose answer it dropped. */
  readonly mails: ParsedMail[];
  /** Recipients of the envelopes of those mails. */
  readonly recipients: string[][];
  stop(): Promise<void>;
}

const fault = (code: number): Error => Object.assign(new Error('as it was told'), { responseCode: code });

export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  let behaviour: MailBehaviour = {};
  const mails: ParsedMail[] = [];
  const recipients: string[][] = [];
  const sockets = new Set<Socket>();
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const answer = (code: number | undefined): Error | null => (code === undefined ? null : fault(code));
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onConnect: (_session, done) => done(answer(behaviour.connection)),
    onAuth: ({ username }, _session, done) => done(answer(behaviour.signIn), { user: username }),
    onRcptTo: (_address, _session, done) => done(answer(behaviour.recipient)),
    onData: (stream, session, done) => {
      if (behaviour.hangUp === 'before') {
        hangUp();
        stream.resume();
        return;
      }
      const taken = (mail: ParsedMail): void => {
        if (behaviour.data !== undefined) return done(fault(behaviour.data));
        mails.push(mail);
        recipients.push(session.envelope.rcptTo.map(({ address }) => address));
        if (behaviour.hangUp === 'instead-of-answer') return hangUp();
        if (behaviour.hangUp !== 'silence') return done(null, 'taken');
      };
      // A mail that was cut off is no mail.
      simpleParser(stream).then(taken, () => undefined);
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    behave: (next) => {
      behaviour = next;
    },
    mails,
    recipients,
    stop: async () => {
      hangUp();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
