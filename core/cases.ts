import { Schema } from 'mongoose';
import type { Database, Tx } from './database.js';

export interface CaseRecord {
  _id: string;
  /** For people: gap-free within a kind and a year, e.g. INS-2026-000017. */
  number: string;
  process: string;
  jurisdiction: 'KZ' | 'KG';
  orgCode: string;
  state: 'open' | 'closed' | 'voided';
  outcome: string | null;
  legalBasis: string;
  /** R2: what the materials may be used for, and nothing else. */
  purpose: string;
  /** Moment of the event that opened the case, UTC. */
  receivedAt: Date;
  /** Moment in which we registered it, UTC. */
  registeredAt: Date;
  closedAt: Date | null;
  /** Key in the vault under which the case's own texts and files are encrypted. */
  subjectId: string;
  /** The process instance that runs it, once the first step has bound it; with the epoch of the engine that issued the key. */
  instanceKey: string | null;
  engineEpoch: string | null;
  instanceBoundAt: Date | null;
  /** SHA-256 of the applicant's secret code; null where nobody outside follows the case. */
  accessCodeHash: string | null;
  /** Caller and key of the request that created it (Idempotency-Key), with the keyed hash of its content. */
  idempotency: { client: string; key: string; contentHash: string } | null;
  /** Channel and number under which the request came in, once for each pair: `<channel>:<keyed hash of the number>`. */
  sourceRef: string | null;
  /** Keyed hash of the content that came under it. Absent in what was stored before it was kept. */
  sourceHash?: string | null;
  /** Sealed: why a mistaken case is voided. */
  voidReason: string | null;
}

export interface Cases {
  create(tx: Tx, record: CaseRecord): Promise<void>;
  find(id: string, tx?: Tx): Promise<CaseRecord | null>;
  byNumber(number: string): Promise<CaseRecord | null>;
  byIdempotencyKey(client: string, key: string): Promise<CaseRecord | null>;
  bySourceRef(process: string, sourceRef: string): Promise<CaseRecord | null>;
  /**
   * Binds the process instance that runs a case. False when another instance of the same engine has it already: the caller's is a
   * duplicate and ends itself.
   */
  bindInstance(tx: Tx, id: string, instance: { key: string; epoch: string }): Promise<boolean>;
  close(tx: Tx, id: string, outcome: string): Promise<void>;
  noteVoidReason(tx: Tx, id: string, sealedReason: string): Promise<void>;
  void(tx: Tx, id: string): Promise<void>;
  /** Newest first, after a case number (exclusive); at most `limit`. */
  list(filter: {
    process?: string;
    state?: CaseRecord['state'];
    before?: string;
    limit: number;
  }): Promise<CaseRecord[]>;
  init(): Promise<void>;
}

export function createCases({ database }: { database: Database }): Cases {
  const cases = database.connection.model<CaseRecord>('Case', caseSchema(), 'cases');
  return {
    create: async (tx, record) => {
      await cases.insertMany([record], { session: tx.session });
    },
    find: (id, tx) =>
      cases
        .findById(id)
        .session(tx?.session ?? null)
        .lean<CaseRecord>()
        .exec(),
    byNumber: (number) => cases.findOne({ number }).lean<CaseRecord>().exec(),
    byIdempotencyKey: (client, key) =>
      cases.findOne({ 'idempotency.client': client, 'idempotency.key': key }).lean<CaseRecord>().exec(),
    bySourceRef: (process, sourceRef) => cases.findOne({ process, sourceRef }).lean<CaseRecord>().exec(),
    bindInstance: async (tx, id, { key, epoch }) => {
      const bound = await cases.updateOne(
        {
          _id: id,
          state: 'open',
          $or: [{ instanceKey: null }, { engineEpoch: { $ne: epoch } }, { instanceKey: key, engineEpoch: epoch }],
        },
        { $set: { instanceKey: key, engineEpoch: epoch, instanceBoundAt: tx.at } },
        { session: tx.session },
      );
      return bound.matchedCount === 1;
    },
    close: async (tx, id, outcome) => {
      await cases.updateOne(
        { _id: id, state: 'open' },
        { $set: { state: 'closed', outcome, closedAt: tx.at } },
        { session: tx.session },
      );
    },
    noteVoidReason: async (tx, id, voidReason) => {
      await cases.updateOne({ _id: id }, { $set: { voidReason } }, { session: tx.session });
    },
    void: async (tx, id) => {
      await cases.updateOne(
        { _id: id, state: 'open' },
        { $set: { state: 'voided', outcome: 'voided', closedAt: tx.at } },
        { session: tx.session },
      );
    },
    list: ({ process, state, before, limit }) =>
      cases
        .find({
          ...(process ? { process } : {}),
          ...(state ? { state } : {}),
          ...(before ? { _id: { $lt: before } } : {}),
        })
        .sort({ _id: -1 })
        .limit(limit)
        .lean<CaseRecord[]>()
        .exec(),
    init: async () => {
      await cases.createCollection();
      await cases.createIndexes();
    },
  };
}

function caseSchema(): Schema<CaseRecord> {
  const schema = new Schema<CaseRecord>(
    {
      _id: { type: String, required: true },
      number: { type: String, required: true },
      process: { type: String, required: true },
      jurisdiction: { type: String, enum: ['KZ', 'KG'], required: true },
      orgCode: { type: String, required: true },
      state: { type: String, enum: ['open', 'closed', 'voided'], required: true },
      outcome: { type: String, default: null },
      legalBasis: { type: String, required: true },
      purpose: { type: String, required: true },
      receivedAt: { type: Date, required: true },
      registeredAt: { type: Date, required: true },
      closedAt: { type: Date, default: null },
      subjectId: { type: String, required: true },
      instanceKey: { type: String, default: null },
      engineEpoch: { type: String, default: null },
      instanceBoundAt: { type: Date, default: null },
      accessCodeHash: { type: String, default: null },
      idempotency: {
        type: new Schema({ client: String, key: String, contentHash: String }, { _id: false }),
        default: null,
      },
      sourceRef: { type: String, default: null },
      sourceHash: { type: String, default: null },
      voidReason: { type: String, default: null },
    },
    { versionKey: false },
  );
  schema.index({ number: 1 }, { unique: true });
  schema.index(
    { 'idempotency.client': 1, 'idempotency.key': 1 },
    { unique: true, partialFilterExpression: { 'idempotency.key': { $type: 'string' } } },
  );
  schema.index(
    { process: 1, sourceRef: 1 },
    { unique: true, partialFilterExpression: { sourceRef: { $type: 'string' } } },
  );
  schema.index({ process: 1, state: 1, _id: -1 });
  schema.index({ outcome: 1, _id: -1 });
  schema.index({ receivedAt: -1 });
  schema.index({ state: 1, instanceKey: 1 });
  return schema;
}
