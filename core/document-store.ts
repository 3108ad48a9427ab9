import { Schema } from 'mongoose';

/** One document that a case asks somebody for (F-INS-2), from the plan to its receipt or its documented non-receipt. */
export interface DocumentRequest {
  _id: string;
  caseId: string;
  kind: string;
  /** Line of the case (an employee under inspection) that it belongs to; '' for the case as a whole. */
  lineId: string;
  state: 'planned' | 'requested' | 'received' | 'not-received';
  addresseeId: string;
  /** Sealed: what is asked, where the kind alone does not say it. */
  question: string | null;
  plannedAt: Date;
  requestedAt: Date | null;
  letterId: string | null;
  letterNumber: string | null;
  reminders: { at: Date; letterId: string }[];
  uploadTokenHash: string | null;
  settledAt: Date | null;
  documentId: string | null;
  nonReceipt: { reason: string; by: string; at: Date } | null;
  /** Sealed: the reason noted on the case file page before the non-receipt is decided in Tasklist. */
  nonReceiptNote: string | null;
}

/** A document of a case: the file lies encrypted in GridFS. */
export interface CaseDocument {
  _id: string;
  caseId: string;
  kind: string;
  lineId: string;
  requestId: string | null;
  fileId: string;
  /** Sealed. */
  name: string;
  contentType: string;
  bytes: number;
  sha256: string;
  addedBy: string;
  addedAt: Date;
  /** HR certificate only: whether it states sanctions (R5 "presence (absence)"). */
  sanctionsPresent: boolean | null;
}

/** A request that is planned and nothing more, unless told otherwise. */
export function blankRequest(
  request: Pick<DocumentRequest, '_id' | 'caseId' | 'kind' | 'addresseeId' | 'plannedAt'> & Partial<DocumentRequest>,
): DocumentRequest {
  return {
    lineId: '',
    state: 'planned',
    question: null,
    requestedAt: null,
    letterId: null,
    letterNumber: null,
    reminders: [],
    uploadTokenHash: null,
    settledAt: null,
    documentId: null,
    nonReceipt: null,
    nonReceiptNote: null,
    ...request,
  };
}

export function requestSchema(): Schema<DocumentRequest> {
  const schema = new Schema<DocumentRequest>(
    {
      _id: { type: String, required: true },
      caseId: { type: String, required: true },
      kind: { type: String, required: true },
      lineId: { type: String, default: '' },
      state: { type: String, enum: ['planned', 'requested', 'received', 'not-received'], required: true },
      addresseeId: { type: String, required: true },
      question: { type: String, default: null },
      plannedAt: { type: Date, required: true },
      requestedAt: { type: Date, default: null },
      letterId: { type: String, default: null },
      letterNumber: { type: String, default: null },
      reminders: [new Schema({ at: Date, letterId: String }, { _id: false })],
      uploadTokenHash: { type: String, default: null },
      settledAt: { type: Date, default: null },
      documentId: { type: String, default: null },
      nonReceipt: { type: new Schema({ reason: String, by: String, at: Date }, { _id: false }), default: null },
      nonReceiptNote: { type: String, default: null },
    },
    { versionKey: false },
  );
  schema.index({ caseId: 1, _id: 1 });
  schema.index({ caseId: 1, kind: 1, lineId: 1 }, { unique: true, partialFilterExpression: { lineId: { $gt: '' } } });
  schema.index(
    { uploadTokenHash: 1 },
    { unique: true, partialFilterExpression: { uploadTokenHash: { $type: 'string' } } },
  );
  schema.index({ addresseeId: 1, state: 1 });
  return schema;
}

export function documentSchema(): Schema<CaseDocument> {
  const schema = new Schema<CaseDocument>(
    {
      _id: { type: String, required: true },
      caseId: { type: String, required: true },
      kind: { type: String, required: true },
      lineId: { type: String, default: '' },
      requestId: { type: String, default: null },
      fileId: { type: String, required: true },
      name: { type: String, required: true },
      contentType: { type: String, required: true },
      bytes: { type: Number, required: true },
      sha256: { type: String, required: true },
      addedBy: { type: String, required: true },
      addedAt: { type: Date, required: true },
      sanctionsPresent: { type: Boolean, default: null },
    },
    { versionKey: false },
  );
  schema.index({ caseId: 1, _id: 1 });
  return schema;
}
