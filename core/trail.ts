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

/** What is recorded of an act. */
export interface Act {
  caseId: string;
  type: string;
  subject?: string | null;
  data?: TrailData;
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
  record(tx: Tx, act: Act): Promise<TrailEntry>;
  /** The same for many acts of many cases at once, in the order given: for what changes thousands of cases. */
  recordAll(tx: Tx, acts: Act[]): Promise<TrailEntry[]>;
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

/** The entry that the next one is chained to. */
type Link = Pick<TrailEntry, 'seq' | 'hash'>;

const noHash = '0'.repeat(64);

export function createTrail(deps: { database: Database; clock?: Clock }): Trail {
  const { database } = deps;
  const clock = deps.clock ?? database.clock;
  const entries = database.trail.collection<TrailEntry>('trail');
  const entryOf = (tx: Tx, { caseId, type, subject = null, data = {} }: Act, last: Link | undefined): TrailEntry => {
    checkTrailFacts({ caseId, type, subject, by: tx.by, data });
    const unsealed = {
      _id: newId(),
      caseId,
      seq: (last?.seq ?? 0) + 1,
      at: tx.at,
      wallAt: clock.wallNow(),
      by: { kind: tx.by.kind, id: tx.by.id },
      type,
      subject,
      data: tx.by.onBehalfOf === undefined ? data : { ...data, onBehalfOf: tx.by.onBehalfOf },
      previousHash: last?.hash ?? noHash,
    };
    return { ...unsealed, hash: hashOf(unsealed) };
  };
  return {
    record: async (tx, act) => {
      const { session } = tx;
      const last = await entries.findOne(
        { caseId: act.caseId },
        { session, sort: { seq: -1 }, projection: { seq: 1, hash: 1 } },
      );
      const entry = entryOf(tx, act, last ?? undefined);
      await entries.insertOne(entry, { session }).catch(retryWhenOvertaken);
      return entry;
    },
    recordAll: async (tx, acts) => {
      const { session } = tx;
      const caseIds = [...new Set(acts.map(({ caseId }) => caseId))];
      const found = await entries
        .aggregate<Link & { _id: string }>(
          [
            { $match: { caseId: { $in: caseIds } } },
            { $sort: { caseId: -1, seq: -1 } },
            { $group: { _id: '$caseId', seq: { $first: '$seq' }, hash: { $first: '$hash' } } },
          ],
          { session },
        )
        .toArray();
      const last = new Map<string, Link>(found.map((link) => [link._id, link]));
      const recorded = acts.map((act) => {
        const entry = entryOf(tx, act, last.get(act.caseId));
        last.set(act.caseId, entry);
        return entry;
      });
      if (recorded.length > 0)
        await entries.insertMany(recorded, { session, ordered: false }).catch(retryWhenOvertaken);
      return recorded;
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
  const failure = error as {
    code?: unknown;
    keyPattern?: { seq?: unknown };
    writeErrors?: { err?: { keyPattern?: { seq?: unknown } } }[];
    addErrorLabel?: (label: string) => void;
  };
  const keyPattern = failure.keyPattern ?? failure.writeErrors?.[0]?.err?.keyPattern;
  if (failure.code === 11_000 && keyPattern?.seq) failure.addErrorLabel?.('TransientTransactionError');
  throw error;
}
