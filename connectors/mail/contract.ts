import type { Readable } from 'node:stream';

/** A mail to one address. Everything in it is decided by the caller: nothing is added to it here. */
export interface OutgoingMail {
  to: string;
  subject: string;
  html: string;
  text: string;
  /** In angle brackets; the same for every attempt at one letter (RFC 5322, 3.6.4), so that a double can be told. */
  messageId: string;
  /** RFC 3282 Content-Language. */
  languages: readonly string[];
  date: Date;
  attachments: readonly { name: string; contentType: string; content: Readable }[];
}

/** A mail server that takes mails for delivery (SMTP, RFC 5321). */
export interface Mailer {
  /** Resolves when the server has taken the responsibility for the mail (its answer 250 to the data). Throws {@link MailFault}, or what an attachment's stream threw. */
  send(mail: OutgoingMail): Promise<void>;
  /** Connects and signs in without sending. Throws {@link MailFault}. */
  verify(): Promise<void>;
}

/**
 * - `refused`: the server said for good that it won't take this mail; repeating it changes nothing (5xx)
 * - `deferred`: the server certainly has not taken it, and may later (4xx, no connection, sign-in failed)
 * - `unanswered`: the whole mail was handed over and no answer came: it may have been taken
 */
export type MailFaultKind = 'refused' | 'deferred' | 'unanswered';

/** Why a mail was not taken, or not certainly. Its message carries no address: servers quote them. */
export class MailFault extends Error {
  override readonly name = 'MailFault';
  constructor(
    readonly kind: MailFaultKind,
    /** `smtp-550`, or nodemailer's code in lower case such as `etimedout`. */
    readonly code: string,
    cause: unknown,
  ) {
    super(`mail ${kind}: ${code}`, { cause });
  }
}
