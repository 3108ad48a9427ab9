import { Schema } from 'mongoose';

/** R12: where a failure is known from; a ticket has exactly one, and later reports name it (TECH-05). `user`: also any question (R14). */
export const sources = ['user', 'monitoring', 'tooling', 'journal'] as const;
export type Source = (typeof sources)[number];
/** How it came in: by the feedback form (R14), by mail or phone through an operator (R13), from a machine. */
export const technicalChannels = ['page', 'mail', 'phone', 'machine'] as const;
export type TechnicalChannel = (typeof technicalChannels)[number];
/** R5(5): what a user says that it is about: a failure, damage to data, an incident of information security (ACC-40 to -42), or none of them. */
export const concerns = ['failure', 'dataIntegrity', 'securityIncident', 'question'] as const;
export type Concern = (typeof concerns)[number];
/** R15: whether its reason is connected with the functioning of the system. */
export const classifications = ['functioning', 'other'] as const;
export type Classification = (typeof classifications)[number];
/** AMB-TECH-03: a workaround that restores the function fulfils the request; its defect lives on. */
export const fulfilments = ['fulfilled', 'workaround'] as const;
export type Fulfilment = (typeof fulfilments)[number];
/** R17(3), TECH-33: what needs modernisation is no maintenance, and is flagged. */
export const defectScopes = ['maintenance', 'modernisation'] as const;
export type DefectScope = (typeof defectScopes)[number];
/** What became of a defect that a workaround left. */
export const defectOutcomes = ['removed', 'handedOver'] as const;
export type DefectOutcome = (typeof defectOutcomes)[number];

/** Who asks (F-TECH-1, F-TECH-2). Each sealed; null where his form does not ask for it. */
export interface Reporter {
  subjectId: string;
  surname: string | null;
  name: string | null;
  middleName: string | null;
  position: string | null;
  login: string | null;
  phone: string | null;
  email: string | null;
  contactInfo: string | null;
  /** Keyed hashes by which he is found. */
  index?: string[];
}

/** A request about an information system, or the message of a failure. Strings marked sealed are ciphertext of the vault. */
export interface TechnicalRequest {
  /** The case's id. */
  _id: string;
  number: string;
  /** Subject of the vault whose key protects the case's own texts. */
  subjectId: string;
  source: Source;
  channel: TechnicalChannel;
  /** AMB-TECH-08: of the answer, whatever the request is written in. */
  language: 'kk' | 'ru';
  /** Code of the system in the registry; null where nobody named it. */
  system: string | null;
  /** As its user says; null where nobody said, absent in what was stored before anybody could. */
  concerns?: Concern | null;
  /** Number of the request that told of the same failure first (TECH-05). */
  relatesTo: string | null;
  /** Number of the violation whose report told of the failure (AMB-TECH-10), e.g. `VIO-2026-000003`. */
  referredFrom: string | null;
  /** Login of who registered it; `public` for who is not signed in. */
  registeredBy: string;
  /** Null where monitoring, tooling or a journal found the failure: there is nobody to answer. */
  reporter: Reporter | null;
  /** Sealed: subject and text (R14), or the reason for contacting (R13). */
  subject: string | null;
  text: string;
  classified: { as: Classification; by: string; at: Date } | null;
  /** Classes that were corrected, oldest first; `reason` is sealed. `classified` holds the one that counts. Absent in what was stored before classes could be. */
  reclassified?: { from: Classification; reason: string; by: string; at: Date }[];
  /** What is told to who asked, oldest first; `text` is sealed. The last one goes out. */
  resolutions: { text: string; by: string; at: Date }[];
  /** How many of them there were when the newest answer was composed: what came later is not told yet. */
  told: number;
  /** The item of the developers' tracker (TECH-32); `reference` is sealed. */
  defect: { reference: string; scope: DefectScope; by: string; at: Date } | null;
  fulfilled: { as: Fulfilment; by: string; at: Date } | null;
  /** Who said that what concerns something else is answered; from then on its class stays. */
  answerReady?: { by: string; at: Date } | null;
  defectSettled: { as: DefectOutcome; by: string; at: Date } | null;
  /** Each with its letter, oldest first; without one where there is nobody to answer. */
  answers: { letterId: string | null; at: Date }[];
}

/** R5(5): whether the administrators of information security are told, and read it: it tells of damage to data or of an incident of security. */
export function isIncident({ concerns: about }: Pick<TechnicalRequest, 'concerns'>): boolean {
  return about === 'dataIntegrity' || about === 'securityIncident';
}

/** Whether a workaround left a defect of which nobody said what became. */
export function hasOpenDefect({ fulfilled, defectSettled }: TechnicalRequest): boolean {
  return fulfilled?.as === 'workaround' && defectSettled === null;
}

/** Whether a text stands ready that no answer has told yet. */
export function hasNewResolution({ resolutions, told }: TechnicalRequest): boolean {
  return resolutions.length > told;
}

/** Whether it is decided what the request is answered with, so that its class can't be corrected any more. */
export function isSettled({ fulfilled, answerReady }: TechnicalRequest): boolean {
  return fulfilled !== null || (answerReady ?? null) !== null;
}

/** How a request ends. */
export function outcomeOf({ classified, defectSettled }: TechnicalRequest): 'fulfilled' | 'workaround' | 'answered' {
  if (classified?.as === 'other') return 'answered';
  return defectSettled?.as === 'handedOver' ? 'workaround' : 'fulfilled';
}

export function technicalRequestSchema(): Schema<TechnicalRequest> {
  const sub = (definition: Record<string, unknown>): Schema =>
    new Schema(definition as never, { _id: false, minimize: false });
  const text = { type: String, default: null };
  const note = (as: Record<string, unknown>) => ({ type: sub({ ...as, by: String, at: Date }), default: null });
  const schema = new Schema<TechnicalRequest>(
    {
      _id: { type: String, required: true },
      number: { type: String, required: true },
      subjectId: { type: String, required: true },
      source: { type: String, enum: sources, required: true },
      channel: { type: String, enum: technicalChannels, required: true },
      language: { type: String, enum: ['kk', 'ru'], required: true },
      system: text,
      concerns: { type: String, enum: concerns, default: null },
      relatesTo: text,
      referredFrom: text,
      registeredBy: { type: String, required: true },
      reporter: {
        type: sub({
          subjectId: String,
          surname: text,
          name: text,
          middleName: text,
          position: text,
          login: text,
          phone: text,
          email: text,
          contactInfo: text,
          index: [String],
        }),
        default: null,
      },
      subject: text,
      text: { type: String, required: true },
      classified: note({ as: String }),
      reclassified: [sub({ from: String, reason: String, by: String, at: Date })],
      resolutions: [sub({ text: String, by: String, at: Date })],
      told: { type: Number, default: 0 },
      defect: note({ reference: String, scope: String }),
      fulfilled: note({ as: String }),
      answerReady: note({}),
      defectSettled: note({ as: String }),
      answers: [sub({ letterId: text, at: Date })],
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ number: 1 }, { unique: true });
  schema.index({ referredFrom: 1 });
  schema.index({ 'reporter.index': 1 });
  schema.index({ 'reporter.subjectId': 1 });
  return schema;
}
