import { createHash } from 'node:crypto';
import type { Organisation } from '../config/index.js';
import type { Database, Tx } from './database.js';
import { PermanentError } from './errors.js';
import { newId } from './ids.js';
import { localDay } from './legal-day.js';
import { checkLetter, renderMail, renderPdf, type LetterContent, type RenderedMail } from './letter-render.js';
import { createWordings, letterSchema, type LetterRecord } from './letter-store.js';
import { loadTemplate, type LetterData, type Localised } from './letter-template.js';
import { messages } from './messages.js';
import type { Numbers } from './numbers.js';
import type { Outbox } from './outbox.js';
import type { Trail } from './trail.js';
import type { Vault } from './vault.js';

export type { LetterRecord } from './letter-store.js';
export type { LetterData } from './letter-template.js';

/** What a letter is composed of. */
export interface LetterToCompose {
  caseId: string;
  /** Not shown by the letter unless its data says so: letters carry the number of their own request. */
  caseNumber?: string;
  /** `<process>/<letter>` in `config/letters/`. */
  template: string;
  /** In the order in which they stand in the letter. */
  languages: readonly string[];
  recipient: { subjectId: string; name?: string | Localised | null; email: string };
  /** Whose key seals the letter's content; the recipient's unless the letter tells about somebody else. */
  dataSubjectId?: string;
  data: LetterData;
  attachments?: { fileId: string; name: string }[];
  purpose: string;
  /** Number of the letter that this one answers. */
  replyNumber?: string;
}

/** A letter with everything that the mail server needs. */
export interface LetterToSend extends RenderedMail {
  record: LetterRecord;
  to: string;
  attachments: { fileId: string; name: string }[];
}

/** Letters of cases: composed in the transaction of the act that causes them, sent by the relay. */
export interface Letters {
  /**
   * Composes a letter: takes its number, seals its values and puts it into the outbox.
   * @throws PermanentError naming the field, when the template or a language doesn't exist, when a placeholder is missing, too many or
   * of the wrong form, or when the address can't be one.
   */
  compose(tx: Tx, letter: LetterToCompose): Promise<{ letterId: string; number: string }>;
  find(letterId: string, tx?: Tx): Promise<LetterRecord | null>;
  /** Letters of a case, oldest first. */
  ofCase(caseId: string, tx?: Tx): Promise<LetterRecord[]>;
  /** The letter as a mail, its values revealed. Throws SubjectErasedError when its subject was erased. */
  open(letterId: string): Promise<LetterToSend>;
  /** The letter as PDF, in the wording that it was composed with. */
  render(letterId: string): Promise<Buffer>;
  /** A paper of the case that is no letter (conclusion, record), as PDF under its own number. Nothing is stored. */
  renderDocument(paper: {
    template: string;
    languages: readonly string[];
    number: string;
    at: Date;
    data: LetterData;
  }): Promise<Buffer>;
  /** Keeps the PDF that goes out; false when the letter already has one. */
  keepPdf(tx: Tx, letterId: string, pdf: { fileId: string; sha256: string }): Promise<boolean>;
  /**
   * Notes that the letter is being handed to the mail server. Answers false when there is nothing to send any more. When an earlier
   * hand-over ended without an answer, the letter is flagged as a possible double.
   */
  beginHandover(letterId: string): Promise<boolean>;
  /** The server certainly did not take the letter: no answer is owed any more. */
  endHandover(letterId: string): Promise<void>;
  /** The server took the letter: state, trail entry `letter.sent` and message `letter.delivered`. False when it was sent before. */
  markSent(tx: Tx, letterId: string): Promise<boolean>;
  /** The letter can't be delivered: state, trail entry `letter.failed` and message `letter.delivered`. False when it is settled. */
  markFailed(tx: Tx, letterId: string, code: string): Promise<boolean>;
  /** Has a failed letter sent again, to another address where one is given. Throws PermanentError when it has not failed. */
  resend(tx: Tx, letterId: string, correction?: { email?: string }): Promise<void>;
  init(): Promise<void>;
}

export interface LettersDeps {
  database: Database;
  vault: Vault;
  trail: Trail;
  numbers: Numbers;
  outbox: Outbox;
  organisation: Organisation;
}

export function createLetters({ database, vault, trail, numbers, outbox, organisation }: LettersDeps): Letters {
  const letters = database.connection.model<LetterRecord>('Letter', letterSchema(), 'letters');
  const wordings = createWordings(database);

  const find = (letterId: string, tx?: Tx): Promise<LetterRecord | null> =>
    letters
      .findById(letterId)
      .session(tx?.session ?? null)
      .lean<LetterRecord>()
      .exec();
  const get = async (letterId: string, tx?: Tx): Promise<LetterRecord> => {
    const record = await find(letterId, tx);
    if (!record) throw new PermanentError(`letterId ${letterId} names no letter`, { field: 'letterId' });
    return record;
  };
  const contentOf = async (record: LetterRecord): Promise<LetterContent> => {
    const { name } = record.recipient;
    return {
      templates: await wordings.of(record),
      number: record.number,
      at: record.composedAt,
      addressee: name === null ? null : (JSON.parse(await vault.open(name)) as string | Localised),
      replyNumber: record.replyNumber,
      data: JSON.parse(await vault.open(record.data)) as LetterData,
      organisation,
    };
  };
  /** Moves a composed letter to its end and tells the process that waits for it. */
  const settle = async (
    tx: Tx,
    letterId: string,
    change: Partial<LetterRecord>,
    act: { type: string; data: Record<string, string | number | boolean | null> },
  ): Promise<boolean> => {
    const record = await get(letterId, tx);
    if (record.state !== 'composed') return false;
    await letters.updateOne({ _id: letterId }, { $set: { ...change, handoverAt: null } }, { session: tx.session });
    await trail.record(tx, {
      caseId: record.caseId,
      type: act.type,
      subject: letterId,
      data: { number: record.number, dispatch: record.dispatch, ...act.data },
    });
    await outbox.message(tx, {
      caseId: record.caseId,
      name: messages.letterDelivered.name,
      correlationKey: letterId,
      messageId: `${letterId}:${record.dispatch}`,
      variables: {
        deliveryOutcome: change.state === 'sent' ? 'sent' : 'failed',
        sentAt: change.sentAt?.toISOString() ?? null,
      },
    });
    return true;
  };

  return {
    compose: async (tx, letter) => {
      const { caseId, recipient, data, attachments = [] } = letter;
      const templates = letter.languages.map((language) => loadTemplate(letter.template, language));
      checkLetter(templates, data, organisation);
      const dataSubjectId = letter.dataSubjectId ?? recipient.subjectId;
      const email = await vault.seal(recipient.subjectId, addressOf(recipient.email), tx);
      const name = recipient.name ? await vault.seal(recipient.subjectId, JSON.stringify(recipient.name), tx) : null;
      const sealer = await vault.sealer(dataSubjectId, tx);
      await wordings.keep(templates);

      const _id = newId();
      const year = Number(localDay(tx.at, organisation.timeZone).slice(0, 4));
      const number = await numbers.next(tx, 'OUT', year);
      const record: LetterRecord = {
        _id,
        caseId,
        number,
        template: letter.template,
        purpose: letter.purpose,
        languages: templates.map(({ language }) => language),
        templateSha256: hashOf(templates.map(({ language, sha256 }) => `${language} ${sha256}\n`).join('')),
        wordings: templates.map(({ sha256 }) => sha256),
        recipient: { subjectId: recipient.subjectId, name, email },
        dataSubjectId,
        data: sealer.seal(JSON.stringify(data)),
        attachments: attachments.map((file) => ({ fileId: file.fileId, name: sealer.seal(file.name) })),
        replyNumber: letter.replyNumber ?? null,
        messageId: `<${_id}@merzim.invalid>`,
        state: 'composed',
        composedAt: tx.at,
        dispatch: 1,
        handoverAt: null,
        sentAt: null,
        failure: null,
        possibleDouble: false,
        pdfFileId: null,
        pdfSha256: null,
      };
      await letters.insertMany([record], { session: tx.session });
      await trail.record(tx, {
        caseId,
        type: 'letter.composed',
        subject: _id,
        data: { number, template: letter.template, purpose: letter.purpose, wording: record.templateSha256 },
      });
      await outbox.mail(tx, { caseId, letterId: _id });
      return { letterId: _id, number };
    },

    find,
    ofCase: (caseId, tx) =>
      letters
        .find({ caseId })
        .sort({ _id: 1 })
        .session(tx?.session ?? null)
        .lean<LetterRecord[]>()
        .exec(),

    open: async (letterId) => {
      const record = await get(letterId);
      const mail = renderMail(await contentOf(record));
      const attachments = await Promise.all(
        record.attachments.map(async ({ fileId, name }) => ({ fileId, name: await vault.open(name) })),
      );
      return { ...mail, record, to: await vault.open(record.recipient.email), attachments };
    },
    render: async (letterId) => renderPdf(await contentOf(await get(letterId))),
    renderDocument: async ({ template, languages, number, at, data }) =>
      renderPdf({
        templates: languages.map((language) => loadTemplate(template, language)),
        number,
        at,
        addressee: null,
        replyNumber: null,
        data,
        organisation,
      }),

    keepPdf: async (tx, letterId, { fileId, sha256 }) => {
      const kept = await letters.updateOne(
        { _id: letterId, pdfFileId: null },
        { $set: { pdfFileId: fileId, pdfSha256: sha256 } },
        { session: tx.session },
      );
      return kept.matchedCount === 1;
    },

    beginHandover: async (letterId) => {
      const before = await letters
        .findOneAndUpdate(
          { _id: letterId, state: 'composed' },
          [
            {
              $set: {
                handoverAt: database.clock.wallNow(),
                possibleDouble: { $or: ['$possibleDouble', { $ne: ['$handoverAt', null] }] },
              },
            },
          ],
          { updatePipeline: true },
        )
        .lean<LetterRecord>()
        .exec();
      return before !== null;
    },
    endHandover: async (letterId) => {
      await letters.updateOne({ _id: letterId, state: 'composed' }, { $set: { handoverAt: null } });
    },

    markSent: async (tx, letterId) => {
      const { pdfSha256, possibleDouble } = await get(letterId, tx);
      return settle(
        tx,
        letterId,
        { state: 'sent', sentAt: tx.at, failure: null },
        { type: 'letter.sent', data: { pdfSha256, possibleDouble } },
      );
    },
    markFailed: (tx, letterId, code) =>
      settle(
        tx,
        letterId,
        { state: 'failed', failure: { code, at: tx.at } },
        { type: 'letter.failed', data: { code } },
      ),

    resend: async (tx, letterId, { email } = {}) => {
      const record = await get(letterId, tx);
      if (record.state !== 'failed')
        throw new PermanentError(`letter ${letterId} is ${record.state}: only a failed one is sent again`, {
          field: 'letterId',
        });
      const { subjectId } = record.recipient;
      const address = email === undefined ? null : await vault.seal(subjectId, addressOf(email), tx);
      await letters.updateOne(
        { _id: letterId },
        {
          $set: {
            state: 'composed',
            failure: null,
            dispatch: record.dispatch + 1,
            ...(address ? { 'recipient.email': address } : {}),
          },
        },
        { session: tx.session },
      );
      await trail.record(tx, {
        caseId: record.caseId,
        type: 'letter.resent',
        subject: letterId,
        data: { number: record.number, dispatch: record.dispatch + 1, addressCorrected: address !== null },
      });
      await outbox.mail(tx, { caseId: record.caseId, letterId });
    },

    init: async () => {
      await letters.createCollection();
      await letters.createIndexes();
      await wordings.init();
    },
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** One address and nothing else: a comma or a bracket in it would let a mail go to somebody else. */
function addressOf(email: string): string {
  const address = email.trim();
  if (!/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(address) || address.length > 254)
    throw new PermanentError('recipient.email: needs one address like name@example.kz', { field: 'recipient.email' });
  return address;
}
