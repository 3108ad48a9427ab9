import { Transform } from 'node:stream';
import nodemailer from 'nodemailer';
import type { Settings } from '../../config/index.js';
import { MailFault, type Mailer, type OutgoingMail } from './contract.js';

/** Milliseconds: to connect, until the greeting, and of silence afterwards; RFC 5321, 4.5.3.2 lets a server think for minutes. */
export interface MailTimeouts {
  connectMs: number;
  greetingMs: number;
  silenceMs: number;
}

const patient: MailTimeouts = { connectMs: 15_000, greetingMs: 30_000, silenceMs: 120_000 };

/** What of nodemailer's errors tells how far a mail came. */
interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
}

/**
 * The mail server of the settings. `smtps://` is TLS from the start; `smtp://` uses STARTTLS where the server offers it, and only then
 * signs in; `?requireTLS=true` in the address refuses to go on without.
 */
export function createMailer(settings: Pick<Settings, 'mail'>, timeouts: MailTimeouts = patient): Mailer {
  const open = () =>
    nodemailer.createTransport({
      url: settings.mail.smtpUrl,
      connectionTimeout: timeouts.connectMs,
      greetingTimeout: timeouts.greetingMs,
      socketTimeout: timeouts.silenceMs,
      // A letter's content comes from streams alone: no value of it can name a file or an address to read.
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    });
  return {
    send: async (mail) => {
      const transport = open();
      let handedOver = false;
      transport.use('stream', (item, done) => {
        item.message.transform(() => atItsEnd(() => (handedOver = true)));
        done();
      });
      try {
        await transport.sendMail(messageOf(mail, settings.mail.from));
      } catch (error) {
        throw faultOf(error as SmtpError, handedOver);
      } finally {
        for (const { content } of mail.attachments) content.destroy();
        transport.close();
      }
    },
    verify: async () => {
      const transport = open();
      try {
        await transport.verify();
      } catch (error) {
        throw faultOf(error as SmtpError, false);
      } finally {
        transport.close();
      }
    },
  };
}

/** Passes a mail on and tells when its last byte went by: from there on the server may have taken it. */
function atItsEnd(tell: () => void): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      done(null, chunk);
    },
    flush(done) {
      tell();
      done();
    },
  });
}

function messageOf(mail: OutgoingMail, from: string) {
  return {
    from,
    // As an object, an address is one address, whatever characters it holds.
    to: { name: '', address: mail.to },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: mail.messageId,
    date: mail.date,
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': mail.languages.join(', ') },
    attachments: mail.attachments.map(({ name, contentType, content }) => ({ filename: name, contentType, content })),
  };
}

/** A 5xx to the mail itself is final; one to the connection or the sign-in is a fault of ours, and all letters would share it. */
function faultOf(error: SmtpError, handedOver: boolean): unknown {
  const { responseCode, command = '' } = error;
  // What went wrong while an attachment was read, passed on as it is.
  if (error.code === 'ESTREAM') return error;
  if (responseCode) {
    const aboutTheMail = ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command) && error.code !== 'EAUTH';
    const final = responseCode >= 500 && responseCode !== 503 && responseCode !== 530;
    return new MailFault(aboutTheMail && final ? 'refused' : 'deferred', `smtp-${responseCode}`, error);
  }
  const code = (error.code ?? 'unknown').toLowerCase();
  if (error.code === 'EENVELOPE') return new MailFault('refused', code, error);
  if (error.code === 'EMESSAGE' && command === 'MAIL FROM') return new MailFault('refused', 'too-large', error);
  return new MailFault(handedOver ? 'unanswered' : 'deferred', code, error);
}
