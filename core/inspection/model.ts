import { Schema } from 'mongoose';

export const triggerKinds = [
  'individualApplication',
  'legalEntityApplication',
  'stateBodyApplication',
  'officialInformation',
] as const;
/** R4: who brought the disclosure to light. */
export type TriggerKind = (typeof triggerKinds)[number];

export type InspectingUnit = 'centralOffice' | 'branch';
export const offenceSigns = ['administrative', 'criminal'] as const;
export type OffenceSign = (typeof offenceSigns)[number];

/** The four documents of R5 that are asked for each employee, and what may be asked beside them. */
export const lineDocumentKinds = [
  'employeeExplanatoryNote',
  'unitHeadExplanatoryNote',
  'personalCharacteristic',
  'hrSanctionsCertificate',
] as const;
export const additionalInformation = 'additionalInformation';

/** Kinds of the papers that the security service itself draws up. They are documents of the case, and no materials of the conclusion. */
export const paperKinds = { conclusion: 'conclusion', outOfScopeRecord: 'outOfScopeRecord' } as const;

/** A paper as a PDF: the document of the case that holds it, and the hash of the file. */
export interface Paper {
  documentId: string;
  sha256: string;
}

/** One employee under inspection: "the inspection is personal" (INS-11). */
export interface InspectionLine {
  lineId: string;
  employeeId: string;
  addedAt: Date;
  addedBy: string;
  /** R3, AMB-INS-01: either is enough; both are kept as they were when the line was added. */
  hasPersonalDataAccess: boolean;
  participatesInPublicServices: boolean;
  /**
   * Sealed: the facts to explain, as an officer worded them for the employee and for the head of his unit; never the applicant's text. Empty:
   * the addressee is told no facts.
   */
  requestFacts: RequestFacts | null;
  finding: { transferConfirmed: boolean; reasoning: string; by: string; at: Date } | null;
}

/** Facts that a note of R5 has to explain, for each of the two who write one. */
export interface RequestFacts {
  employee: string[];
  unitHead: string[];
}

/** Signs of an offence (R9): each record has its own two clocks and its own report. */
export interface OffenceSigns {
  signId: string;
  kinds: OffenceSign[];
  revealedAt: Date;
  recordedAt: Date;
  recordedBy: string;
  /** The unit that revealed them carries the duties of R9, also after a change of unit (E6). */
  unit: InspectingUnit;
  branchCode: string | null;
  reportInstanceKey: string | null;
  /** The letter with the materials, or the first of several. */
  dispatchLetterId: string | null;
  /** All of them, where one mail does not hold the materials. Absent in what was stored before there could be several. */
  dispatchLetterIds?: string[];
  noticeLetterId: string | null;
}

export interface Conclusion {
  conclusionId: string;
  number: string;
  signedAt: Date;
  author: string;
  authorUnit: InspectingUnit;
  branchCode: string | null;
  findings: { lineId: string; transferConfirmed: boolean }[];
  offenceSigns: OffenceSign[];
  attachments: { documentId: string; kind: string; sha256: string }[];
  /** SHA-256 of the canonical conclusion. */
  sha256: string;
  /** The conclusion as it was put on paper; a superseded one keeps its own. */
  paper: Paper;
  supersededBy: string | null;
}

export interface Measure {
  measureId: string;
  lineId: string;
  /** Sealed: kind of the measure and its legal ground (R8). */
  kind: string;
  legalGround: string;
  decidedBy: string;
  decidedOn: string;
  recordedAt: Date;
}

/** An inspection (F-INS-1 to F-INS-5). Strings marked sealed are ciphertext of the vault. */
export interface Inspection {
  /** The case's id. */
  _id: string;
  number: string;
  /** Subject of the vault whose key protects the case's own texts. */
  subjectId: string;
  trigger: {
    kind: TriggerKind;
    channel: string;
    receivedAt: Date;
    /** Subject of the sender; null for official information without one. */
    senderSubjectId: string | null;
    /** Sealed, each of them. */
    senderName: string | null;
    senderIin: string | null;
    senderBin: string | null;
    senderEmail: string | null;
    senderPhone: string | null;
    /** Keyed hashes by which the sender is found; empty once the sender was erased. */
    senderIndex?: string[];
    language: 'kk' | 'ru';
    facts: string[];
    thirdParties: string[];
    /** Sealed: employees named in words that the directory could not tell. */
    namedEmployees: string[];
  };
  screening: { result: 'inScope' | 'outOfScope'; by: string; at: Date } | null;
  /** When the running instance took over the lines that were there then; a line added later is announced to it. */
  openedAt: Date | null;
  /** When the case was last asked to close: conflicts with signs that are recorded at that moment, so that neither overlooks the other. */
  closingAt: Date | null;
  /** Sealed: why the trigger is out of scope (INS-08); needed for that decision. */
  screeningReason: string | null;
  inspectingUnit: InspectingUnit;
  branchCode: string | null;
  lines: InspectionLine[];
  /** INS-20: what NIT is asked for, and nothing more. Facts are the trigger's, narrowed on the case file page; sealed. */
  extractScope: { facts: string[]; periodFrom: string; periodTo: string } | null;
  /** Sealed: why no extract is asked for, or why the inspection goes on without one (AMB-INS-10). */
  noExtractReason: string | null;
  signs: OffenceSigns[];
  /** Signs ticked with the conclusion, until it is signed. */
  conclusionSigns: OffenceSign[];
  /** Number of the conclusion that the newest decision leads to, kept before its paper is made; `decisionId` tells which decision. */
  conclusionDraft: { conclusionId: string; number: string; decisionId: string } | null;
  conclusions: Conclusion[];
  /** INS-08: the record of why no inspection is carried out. */
  outOfScopeRecord: Paper | null;
  measures: Measure[];
  withdrawnAt: Date | null;
  unitChanges: { from: string; to: string; at: Date; by: string }[];
}

/** An inspection in which nothing has been done yet. */
export function blankInspection(
  given: Pick<Inspection, '_id' | 'number' | 'subjectId' | 'trigger' | 'inspectingUnit' | 'branchCode' | 'lines'> &
    Partial<Inspection>,
): Inspection {
  return {
    screening: null,
    openedAt: null,
    closingAt: null,
    screeningReason: null,
    extractScope: null,
    noExtractReason: null,
    signs: [],
    conclusionSigns: [],
    conclusionDraft: null,
    conclusions: [],
    outOfScopeRecord: null,
    measures: [],
    withdrawnAt: null,
    unitChanges: [],
    ...given,
  };
}

export function inspectionSchema(): Schema<Inspection> {
  const sub = (definition: Record<string, unknown>): Schema =>
    new Schema(definition as never, { _id: false, minimize: false });
  const text = { type: String, default: null };
  const schema = new Schema<Inspection>(
    {
      _id: { type: String, required: true },
      number: { type: String, required: true },
      subjectId: { type: String, required: true },
      trigger: sub({
        kind: { type: String, enum: triggerKinds, required: true },
        channel: { type: String, required: true },
        receivedAt: { type: Date, required: true },
        senderSubjectId: text,
        senderName: text,
        senderIin: text,
        senderBin: text,
        senderEmail: text,
        senderPhone: text,
        senderIndex: [String],
        language: { type: String, enum: ['kk', 'ru'], required: true },
        facts: [String],
        thirdParties: [String],
        namedEmployees: [String],
      }),
      screening: { type: sub({ result: String, by: String, at: Date }), default: null },
      openedAt: { type: Date, default: null },
      closingAt: { type: Date, default: null },
      screeningReason: text,
      inspectingUnit: { type: String, enum: ['centralOffice', 'branch'], required: true },
      branchCode: text,
      lines: [
        sub({
          lineId: { type: String, required: true },
          employeeId: { type: String, required: true },
          addedAt: Date,
          addedBy: String,
          hasPersonalDataAccess: Boolean,
          participatesInPublicServices: Boolean,
          requestFacts: { type: sub({ employee: [String], unitHead: [String] }), default: null },
          finding: {
            type: sub({ transferConfirmed: Boolean, reasoning: String, by: String, at: Date }),
            default: null,
          },
        }),
      ],
      extractScope: { type: sub({ facts: [String], periodFrom: String, periodTo: String }), default: null },
      noExtractReason: text,
      signs: [
        sub({
          signId: String,
          kinds: [String],
          revealedAt: Date,
          recordedAt: Date,
          recordedBy: String,
          unit: String,
          branchCode: text,
          reportInstanceKey: text,
          dispatchLetterId: text,
          dispatchLetterIds: { type: [String], default: undefined },
          noticeLetterId: text,
        }),
      ],
      conclusionSigns: [String],
      conclusionDraft: { type: sub({ conclusionId: String, number: String, decisionId: String }), default: null },
      conclusions: [
        sub({
          conclusionId: String,
          number: String,
          signedAt: Date,
          author: String,
          authorUnit: String,
          branchCode: text,
          findings: [sub({ lineId: String, transferConfirmed: Boolean })],
          offenceSigns: [String],
          attachments: [sub({ documentId: String, kind: String, sha256: String })],
          sha256: String,
          paper: sub({ documentId: String, sha256: String }),
          supersededBy: text,
        }),
      ],
      outOfScopeRecord: { type: sub({ documentId: String, sha256: String }), default: null },
      measures: [
        sub({
          measureId: String,
          lineId: String,
          kind: String,
          legalGround: String,
          decidedBy: String,
          decidedOn: String,
          recordedAt: Date,
        }),
      ],
      withdrawnAt: { type: Date, default: null },
      unitChanges: [sub({ from: String, to: String, at: Date, by: String })],
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ number: 1 }, { unique: true });
  schema.index({ 'lines.employeeId': 1 });
  schema.index({ 'trigger.senderIndex': 1 });
  return schema;
}
