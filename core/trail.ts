import { canonicalHash } from './canonical.js';
import type { Clock } from './clock.js';
import { ensureCollection } from './collections.js';
import type { Actor, Database, Tx } from './database.js';
import { newId } from './ids.js';
import { checkTrailFacts } from './trail-facts.js';

/** Facts of an act: ids, codes, numbers, flags and moments; never names or texts. */
export type TrailData = Record<string, string | number | boolean | null | string[]>;

/** One act in a case's history. Never changed, never removed. */
export interface TrailEntry {
  _id: string;
  caseId: string;
  /** 1, 2, 3, ... within the case, without a gap. */
  seq: number;
  /** Legal time of the act, UTC. */
  at: Date;
  /** Wall time in which it was written, UTC; differs from `at` only where time is travelled. */
  wallAt: Date;
  by: Actor;
  /** Dotted and in the past tense: `letter.sent`. */
  type: string;
  /** Id of what the act was done to (a letter, a request), or null. */
  subject: string | null;
  data: TrailData;
  /** `hash` of the entry before, or 64 zeros for the first. */
  previousHash: string;
  /** SHA-256 (hex) over the RFC 8785 canonical JSON of the entry without `hash`, moments as ISO 8601 UTC with milliseconds. */
  hash: string;
}

/** What a check of a case's chain found: the first fault, if there is one. */
export type ChainCheck =
  | { ok: true; entries: number; lastHash: string }
  | { ok: false; entries: number; seq: number; fault: 'missing' | 'altered' | 'unlinked' };

/** The append-only history of each case, chained by hashes, in a database of its own where the application can only insert and find. */
export interface Trail {
  /**
   * Adds an entry in the transaction of what it records, so that neither is there without the other. Two transactions that record in one case
   * at the same time conflict: one of them is run again. Throws a PermanentError naming the field when the entry could hold a personal value.
   */
  record(tx: Tx, act: { caseId: string; type: string; subject?: string | null; data?: TrailData }): Promise<TrailEntry>;
  /** Entries of a case in order; from after `seq` = `after`, at most `limit`. */
  list(caseId: string, page?: { after?: number; limit?: number }): Promise<TrailEntry[]>;
  /** Computes a case's chain again, from its first entry to its last. */
  verifyChain(caseId: string): Promise<ChainCheck>;
  /** Makes the collection and its index. */
  init(): Promise<void>;
}

/** All that the application's database user may do in the trail's database; updating and removing are not among it. */
export const trailActions = [
  'find',
  'insert',
  'changeStream',
  'createCollection',
  'createIndex',
  'listCollections',
  'listIndexes',
] as const;

const noHash = '0'.repeat(64);

export function createTrail(deps: { database: Database; clock?: Clock }): Trail {
  const { database } = deps;
  const clock = deps.clock ?? database.clock;
  const entries = database.trail.collection<TrailEntry>('trail');
  return {
    record: async (tx, { caseId, type, subject = null, data = {} }) => {
      checkTrailFacts({ caseId, type, subject, by: tx.by, data });
      const { session } = tx;
      const last = await entries.findOne({ caseId }, { session, sort: { seq: -1 }, projection: { seq: 1, hash: 1 } });
      const unsealed = {
        _id: newId(),
        caseId,
        seq: (last?.seq ?? 0) + 1,
        at: tx.at,
        wallAt: clock.wallNow(),
        by: { kind: tx.by.kind, id: tx.by.id },
        type,
        subject,
        data,
        previousHash: last?.hash ?? noHash,
      };
      const entry: TrailEntry = { ...unsealed, hash: hashOf(unsealed) };
      await entries.insertOne(entry, { session }).catch(retryWhenOvertaken);
      return entry;
    },
    list: (caseId, { after = 0, limit = 1000 } = {}) =>
      entries.find({ caseId, seq: { $gt: after } }, { sort: { seq: 1 }, limit }).toArray(),
    verifyChain: (caseId) => checkChain(entries.find({ caseId }, { sort: { seq: 1 } })),
    init: () =>
      ensureCollection(database.trail, 'trail', [{ key: { caseId: 1, seq: 1 }, name: 'case-seq', unique: true }]),
  };
}

/** The hash that an entry has to have. */
export function hashOf({ hash: _hash, ...entry }: Omit<TrailEntry, 'hash'> & { hash?: string }): string {
  return canonicalHash({ ...entry, by: { kind: entry.by.kind, id: entry.by.id } });
}

/** Checks one case's entries, which have to come in the order of `seq`; needs no database, so that an export can be checked by it too. */
export async function checkChain(entries: AsyncIterable<TrailEntry> | Iterable<TrailEntry>): Promise<ChainCheck> {
  let count = 0;
  let lastHash = noHash;
  for await (const entry of entries) {
    const seq = count + 1;
    const fault =
      entry.seq !== seq
        ? 'missing'
        : entry.hash !== hashOf(entry)
          ? 'altered'
          : entry.previousHash !== lastHash
            ? 'unlinked'
            : null;
    if (fault) return { ok: false, entries: count, seq, fault };
    count = seq;
    lastHash = entry.hash;
  }
  return { ok: true, entries: count, lastHash };
}

/**
 * Another transaction of the case committed its entry under this number after this one's snapshot: an E11000, where running this
 * transaction again is right. The label is what tells that to whoever runs it.
 */
function retryWhenOvertaken(error: unknown): never {
  const failure = error as { code?: unknown; keyPattern?: { seq?: unknown }; addErrorLabel?: (label: string) => void };
  if (failure.code === 11_000 && failure.keyPattern?.seq) failure.addErrorLabel?.('TransientTransactionError');
  throw error;
}
