import { Schema } from 'mongoose';
import type { Database } from './database.js';
import { PermanentError } from './errors.js';
import { parseTemplate, type LetterTemplate } from './letter-template.js';
import type { Language } from './text.js';

export interface LetterAttachment {
  fileId: string;
  /** Sealed: names of files may name people. */
  name: string;
}

/** A letter as it is kept. Strings marked sealed are ciphertext of the vault. */
export interface LetterRecord {
  _id: string;
  caseId: string;
  /** Its own number, gap-free within a year: `OUT-2026-000123`. */
  number: string;
  /** `<process>/<letter>` in `config/letters/`. */
  template: string;
  /** Why it was written, e.g. `document-request`. */
  purpose: string;
  languages: Language[];
  /** SHA-256 (hex) over the wordings below: which text it had. */
  templateSha256: string;
  /** The wording in each language: its `_id` in `letter-templates`. */
  wordings: string[];
  recipient: {
    subjectId: string;
    /** Sealed JSON: a string, or one for each language; null when the letter names nobody. */
    name: string | null;
    /** Sealed. */
    email: string;
  };
  /** Whose key seals `data` and the PDF: the person that the letter tells about. */
  dataSubjectId: string;
  /** Sealed JSON of the values of the placeholders. */
  data: string;
  attachments: LetterAttachment[];
  replyNumber: string | null;
  /** The same for every attempt: `<letter id>@merzim.invalid` in angle brackets. */
  messageId: string;
  state: 'composed' | 'sent' | 'failed';
  composedAt: Date;
  /** 1, and one more for each time that a person had it sent again. */
  dispatch: number;
  /** Wall time at which it was handed to the mail server without an answer since; null while none is owed. */
  handoverAt: Date | null;
  sentAt: Date | null;
  failure: { code: string; at: Date } | null;
  /** It may have reached the addressee twice: an earlier attempt ended without an answer. */
  possibleDouble: boolean;
  pdfFileId: string | null;
  pdfSha256: string | null;
}

/** A wording, kept under its hash: a letter is rendered with the words that it was composed with, whatever changed since. */
export interface LetterWording {
  /** SHA-256 (hex) of the source. */
  _id: string;
  template: string;
  language: Language;
  source: string;
}

export function letterSchema(): Schema<LetterRecord> {
  const required = { type: String, required: true };
  const text = { type: String, default: null };
  const schema = new Schema<LetterRecord>(
    {
      _id: required,
      caseId: required,
      number: required,
      template: required,
      purpose: required,
      languages: [String],
      templateSha256: required,
      wordings: [String],
      recipient: new Schema({ subjectId: required, name: text, email: required }, { _id: false }),
      dataSubjectId: required,
      data: required,
      attachments: [new Schema({ fileId: required, name: required }, { _id: false })],
      replyNumber: text,
      messageId: required,
      state: { type: String, enum: ['composed', 'sent', 'failed'], required: true },
      composedAt: { type: Date, required: true },
      dispatch: { type: Number, required: true },
      handoverAt: { type: Date, default: null },
      sentAt: { type: Date, default: null },
      failure: { type: new Schema({ code: String, at: Date }, { _id: false }), default: null },
      possibleDouble: { type: Boolean, default: false },
      pdfFileId: text,
      pdfSha256: text,
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ number: 1 }, { unique: true });
  schema.index({ caseId: 1, _id: 1 });
  return schema;
}

/** The wordings that letters were composed with, each under the hash of its source. */
export interface Wordings {
  /** Outside of any transaction: a wording is named by its content, so it does no harm when nothing refers to it. */
  keep(templates: LetterTemplate[]): Promise<void>;
  /** The templates of a letter as they were, in the order of its languages. */
  of(record: LetterRecord): Promise<LetterTemplate[]>;
  init(): Promise<void>;
}

export function createWordings({ connection }: Pick<Database, 'connection'>): Wordings {
  const required = { type: String, required: true };
  const wordings = connection.model<LetterWording>(
    'LetterWording',
    new Schema<LetterWording>(
      { _id: required, template: required, language: required, source: required },
      { versionKey: false },
    ),
    'letter-templates',
  );
  const kept = new Set<string>();
  return {
    keep: async (templates) => {
      for (const { name, language, source, sha256 } of templates) {
        if (kept.has(sha256)) continue;
        await wordings
          .updateOne({ _id: sha256 }, { $setOnInsert: { template: name, language, source } }, { upsert: true })
          .catch((error: unknown) => {
            const keptByAnother = 11_000;
            if ((error as { code?: unknown }).code !== keptByAnother) throw error;
          });
        kept.add(sha256);
      }
    },
    of: async (record) => {
      const found = await wordings
        .find({ _id: { $in: record.wordings } })
        .lean<LetterWording[]>()
        .exec();
      return record.wordings.map((sha256) => {
        const wording = found.find(({ _id }) => _id === sha256);
        if (!wording)
          throw new PermanentError(`letter ${record._id}: its wording ${sha256} is missing`, { field: 'template' });
        return parseTemplate(wording.template, wording.language, wording.source);
      });
    },
    init: async () => {
      await wordings.createCollection();
    },
  };
}
