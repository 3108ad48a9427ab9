import type { Actor, Database } from '../../core/database.js';
import { PermanentError } from '../../core/errors.js';
import type { Files } from '../../core/files.js';
import type { LetterRecord, Letters } from '../../core/letters.js';
import type { Outbox, OutboxEntry } from '../../core/outbox.js';
import { SubjectErasedError } from '../../core/vault.js';
import { MailFault, type Mailer, type OutgoingMail } from './contract.js';

export interface DeliveryDeps {
  database: Database;
  letters: Letters;
  files: Files;
  outbox: Outbox;
  mailer: Mailer;
}

/** How long a letter is tried, in milliseconds of wall time. */
export interface DeliveryPatience {
  /** Before the second attempt; doubles with each. */
  firstWaitMs: number;
  longestWaitMs: number;
  /** After this a letter counts as not delivered; RFC 5321, 4.5.4.1 asks for four to five days. */
  giveUpAfterMs: number;
}

const minuteMs = 60_000;
const patient: DeliveryPatience = {
  firstWaitMs: minuteMs / 2,
  longestWaitMs: 60 * minuteMs,
  giveUpAfterMs: 4 * 24 * 60 * minuteMs,
};
const relay: Actor = { kind: 'system', id: 'relay' };

export type Delivery =
  | { outcome: 'sent' | 'failed' | 'nothing-to-do'; letterId: string }
  | { outcome: 'later'; letterId: string; afterMs: number; code: string };

/**
 * Delivers the letter of a claimed mail entry, and settles the entry: sent, failed for good, or given back for later.
 *
 * SMTP can't do exactly once. When the mail server took a letter and the answer, or our note of it, was lost, the letter goes out again
 * with the same Message-ID and is flagged `possibleDouble`. Faults of the database pass through: the entry's lease runs out and it is
 * claimed again.
 */
export async function deliverLetter(
  deps: DeliveryDeps,
  entry: OutboxEntry,
  patience: DeliveryPatience = patient,
): Promise<Delivery> {
  const { database, letters, outbox, mailer } = deps;
  const letterId = entry.mail?.letterId ?? '';
  const record = await letters.find(letterId);
  if (!record) await outbox.fail(null, entry._id, 'no-such-letter');
  else if (record.state !== 'composed') await outbox.done(null, entry._id);
  if (record?.state !== 'composed') return { outcome: 'nothing-to-do', letterId };

  let handedOver = false;
  try {
    const mail = await mailOf(deps, record, await pdfOf(deps, record));
    // Flags a possible double itself: another relay may be at the same letter, whose lease ran out.
    handedOver = await letters.beginHandover(letterId);
    if (handedOver) await mailer.send(mail);
    else for (const { content } of mail.attachments) content.destroy();
  } catch (error) {
    const unanswered = error instanceof MailFault && error.kind === 'unanswered';
    if (handedOver && !unanswered) await letters.endHandover(letterId);
    const code = finalCode(error, entry, database, patience);
    if (code === null) return later(deps, entry, error, patience);
    await database.transaction(relay, async (tx) => {
      await letters.markFailed(tx, letterId, code);
      await outbox.fail(tx, entry._id, code);
    });
    return { outcome: 'failed', letterId };
  }
  await database.transaction(relay, async (tx) => {
    if (handedOver) await letters.markSent(tx, letterId);
    await outbox.done(tx, entry._id);
  });
  return { outcome: handedOver ? 'sent' : 'nothing-to-do', letterId };
}

/** Why a letter can't be delivered at all, or null when it is worth trying again. Throws what is no fault of letter or mail server. */
function finalCode(error: unknown, entry: OutboxEntry, { clock }: Database, patience: DeliveryPatience): string | null {
  if (error instanceof SubjectErasedError) return 'subject-erased';
  if (error instanceof PermanentError) return 'unreadable';
  if (!(error instanceof MailFault)) throw error;
  if (error.kind === 'refused') return error.code;
  return clock.wallNow().getTime() - entry.createdAt.getTime() > patience.giveUpAfterMs ? 'gave-up' : null;
}

async function later(
  { outbox }: DeliveryDeps,
  entry: OutboxEntry,
  error: unknown,
  patience: DeliveryPatience,
): Promise<Delivery> {
  const { code } = error as MailFault;
  const afterMs = waitMs(entry.attempts, patience);
  await outbox.retry(entry._id, { afterMs, errorCode: code });
  return { outcome: 'later', letterId: entry.mail?.letterId ?? '', afterMs, code };
}

/** The letter's PDF: rendered and stored once, so that what is kept is what went out. Returns the file's id. */
async function pdfOf({ database, letters, files }: DeliveryDeps, record: LetterRecord): Promise<string> {
  const letterId = record._id;
  if (record.pdfFileId) return record.pdfFileId;
  const content = await letters.render(letterId);
  const file = await files.store({
    content: (async function* () {
      yield await Promise.resolve(content);
    })(),
    subjectId: record.dataSubjectId,
    caseId: record.caseId,
    contentType: 'application/pdf',
    name: `${record.number}.pdf`,
  });
  const first = await database.transaction(relay, async (tx) => {
    if (!(await letters.keepPdf(tx, letterId, file))) return false;
    await files.adopt(tx, file.fileId, { usedBy: `letter:${letterId}` });
    return true;
  });
  if (first) return file.fileId;
  await files.discard(file.fileId);
  return (await letters.find(letterId))?.pdfFileId ?? '';
}

async function mailOf(
  { letters, files, database }: DeliveryDeps,
  { _id, messageId, languages, number }: LetterRecord,
  pdfFileId: string,
): Promise<OutgoingMail> {
  const letter = await letters.open(_id);
  const attached = [{ fileId: pdfFileId, name: `${number}.pdf` }, ...letter.attachments];
  const attachments: OutgoingMail['attachments'][number][] = [];
  try {
    for (const { fileId, name } of attached) {
      const { stream, contentType } = await files.open(fileId);
      attachments.push({ name, contentType, content: stream });
    }
  } catch (error) {
    for (const { content } of attachments) content.destroy();
    throw error;
  }
  const { to, subject, html, text } = letter;
  return { to, subject, html, text, messageId, languages, date: database.clock.wallNow(), attachments };
}

/** Exponential, with a fifth of jitter either way, so that what was deferred together does not come back together. */
function waitMs(attempts: number, { firstWaitMs, longestWaitMs }: DeliveryPatience): number {
  const wait = Math.min(firstWaitMs * 2 ** Math.min(attempts - 1, 20), longestWaitMs);
  return Math.round(wait * (0.8 + Math.random() * 0.4));
}
