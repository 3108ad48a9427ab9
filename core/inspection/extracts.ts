import { Schema } from 'mongoose';
import type { Database, Tx } from '../database.js';
import { newId } from '../ids.js';
import type { Trail } from '../trail.js';

/** The two systems of R6 from which JSC "National Information Technologies" extracts (INS-18, INS-19). */
export const nitSystems = ['iisPsc', 'egovPortal'] as const;
export type NitSystem = (typeof nitSystems)[number];

export interface ExtractPart {
  number: number;
  rows: number;
  bytes: number;
  sha256: string;
  fileId: string;
}

/** One extract asked of NIT (F-INS-2): its scope is frozen when it is asked for (INS-20). */
export interface Extract {
  _id: string;
  caseId: string;
  system: NitSystem;
  /** Counts the requests for one system: a new one is made when an extract was refused or faulty. */
  attempt: number;
  state: 'requested' | 'downloading' | 'complete' | 'failed' | 'abandoned';
  /** Why it failed or was abandoned: an error code. */
  stateReason: string | null;
  requestedAt: Date;
  /** Key by which NIT knows a repeat of the same request. */
  idempotencyKey: string;
  exportId: string | null;
  scope: {
    /** Sealed texts with their ids. */
    facts: { factId: string; text: string }[];
    subjects: string[];
    /** Half-open, UTC. */
    from: Date;
    to: Date;
  };
  parts: ExtractPart[];
  rows: number;
  /** SHA-256 over the ordered hashes of the parts, from the manifest. */
  sha256: string | null;
  obtainedAt: Date | null;
}

export interface Extracts {
  /** Creates the extract of a system, or finds the one of the same attempt that is still open (a repeat). */
  open(tx: Tx, extract: { caseId: string; system: NitSystem; scope: Extract['scope'] }): Promise<Extract>;
  find(id: string, tx?: Tx): Promise<Extract | null>;
  ofCase(caseId: string, tx?: Tx): Promise<Extract[]>;
  setExport(id: string, exportId: string): Promise<void>;
  /** Changes nothing when the part is there already, or the extract has ended: then nobody refers to the new file. */
  addPart(tx: Tx, id: string, part: ExtractPart): Promise<void>;
  /** Forgets parts of an extract that is not complete; their files are the caller's to discard. */
  dropParts(tx: Tx, id: string, fileIds: string[]): Promise<void>;
  complete(tx: Tx, id: string, result: { rows: number; sha256: string }): Promise<void>;
  /** It is not to be had: no part of it is kept. */
  fail(tx: Tx, id: string, reason: string): Promise<void>;
  /** The inspection goes on without it; the reason is in the case file. */
  abandon(tx: Tx, id: string): Promise<void>;
  init(): Promise<void>;
}

export function createExtracts({ database, trail }: { database: Database; trail: Trail }): Extracts {
  const model = database.connection.model<Extract>('Extract', extractSchema(), 'extracts');
  const find = (id: string, tx?: Tx): Promise<Extract | null> =>
    model
      .findById(id)
      .session(tx?.session ?? null)
      .lean<Extract>()
      .exec();
  const end = async (
    tx: Tx,
    id: string,
    change: Partial<Extract>,
    type: string,
    data: Record<string, string | number>,
  ): Promise<void> => {
    const extract = await model
      .findOneAndUpdate(
        { _id: id, state: { $in: ['requested', 'downloading', 'failed'] } },
        { $set: change },
        { session: tx.session },
      )
      .lean<Extract>();
    if (extract)
      await trail.record(tx, { caseId: extract.caseId, type, subject: id, data: { system: extract.system, ...data } });
  };
  return {
    open: async (tx, { caseId, system, scope }) => {
      const former = await model
        .find({ caseId, system })
        .sort({ attempt: -1 })
        .limit(1)
        .session(tx.session)
        .lean<Extract[]>();
      const last = former[0];
      if (last && (last.state === 'requested' || last.state === 'downloading')) return last;
      const _id = newId();
      const extract: Extract = {
        _id,
        caseId,
        system,
        attempt: (last?.attempt ?? 0) + 1,
        state: 'requested',
        stateReason: null,
        requestedAt: tx.at,
        idempotencyKey: _id,
        exportId: null,
        scope,
        parts: [],
        rows: 0,
        sha256: null,
        obtainedAt: null,
      };
      await model.insertMany([extract], { session: tx.session });
      await trail.record(tx, {
        caseId,
        type: 'extract.requested',
        subject: _id,
        data: {
          system,
          attempt: extract.attempt,
          from: scope.from.toISOString(),
          to: scope.to.toISOString(),
          facts: scope.facts.length,
        },
      });
      return extract;
    },
    find,
    ofCase: (caseId, tx) =>
      model
        .find({ caseId })
        .sort({ _id: 1 })
        .session(tx?.session ?? null)
        .lean<Extract[]>()
        .exec(),
    setExport: async (id, exportId) => {
      await model.updateOne({ _id: id, exportId: null }, { $set: { exportId } });
    },
    addPart: async (tx, id, part) => {
      await model.updateOne(
        { _id: id, state: { $in: ['requested', 'downloading'] }, 'parts.number': { $ne: part.number } },
        { $push: { parts: part }, $set: { state: 'downloading' } },
        { session: tx.session },
      );
    },
    dropParts: async (tx, id, fileIds) => {
      await model.updateOne(
        { _id: id, state: { $in: ['requested', 'downloading'] } },
        { $pull: { parts: { fileId: { $in: fileIds } } } },
        { session: tx.session },
      );
    },
    complete: (tx, id, { rows, sha256 }) =>
      end(tx, id, { state: 'complete', rows, sha256, obtainedAt: tx.at }, 'extract.obtained', { rows, sha256 }),
    fail: (tx, id, reason) =>
      end(tx, id, { state: 'failed', stateReason: reason, parts: [] }, 'extract.failed', { reason }),
    abandon: (tx, id) => end(tx, id, { state: 'abandoned' }, 'extract.abandoned', {}),
    init: async () => {
      await model.createCollection();
      await model.createIndexes();
    },
  };
}

function extractSchema(): Schema<Extract> {
  const sub = (definition: Record<string, unknown>): Schema => new Schema(definition as never, { _id: false });
  const schema = new Schema<Extract>(
    {
      _id: { type: String, required: true },
      caseId: { type: String, required: true },
      system: { type: String, enum: nitSystems, required: true },
      attempt: { type: Number, required: true },
      state: { type: String, enum: ['requested', 'downloading', 'complete', 'failed', 'abandoned'], required: true },
      stateReason: { type: String, default: null },
      requestedAt: { type: Date, required: true },
      idempotencyKey: { type: String, required: true },
      exportId: { type: String, default: null },
      scope: sub({ facts: [sub({ factId: String, text: String })], subjects: [String], from: Date, to: Date }),
      parts: [sub({ number: Number, rows: Number, bytes: Number, sha256: String, fileId: String })],
      rows: { type: Number, default: 0 },
      sha256: { type: String, default: null },
      obtainedAt: { type: Date, default: null },
    },
    { versionKey: false },
  );
  schema.index({ caseId: 1, system: 1, attempt: 1 }, { unique: true });
  return schema;
}
