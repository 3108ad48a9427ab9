import type { Clock } from './clock.js';
import type { Actor, Database } from './database.js';
import { ensureCollection } from './collections.js';
import { newId } from './ids.js';
import type { Trail, TrailEntry } from './trail.js';
import { checkTrailFacts } from './trail-facts.js';

/** A read of personal data, or an attempt that was refused. No personal values: references and outcomes only. */
export interface Access {
  type: 'personal-data.read' | 'access.refused' | 'follow.refused';
  /** Who asked. */
  by: Actor;
  /** What was to be done, as the table of rights names it; null when it was refused before that was known. */
  action: string | null;
  /** The case as it was asked for: it need not be there. Null where no case is named. */
  caseNumber: string | null;
  /** Id of the document or request that was asked for, if one was. */
  subject: string | null;
  method: string;
  /** The route, never the URL: `api/cases/:number`. */
  route: string;
  /** HTTP status of the answer. */
  status: number;
}

/** One entry as it is listed. */
export interface AccessEntry extends Access {
  id: string;
  /** Wall time, UTC. */
  at: Date;
}

export interface AccessFilter {
  caseNumber?: string | undefined;
  login?: string | undefined;
  /** First and last day (UTC) as `2026-11-22`. */
  from?: string | undefined;
  to?: string | undefined;
  /** Id of an entry (exclusive): older ones follow. */
  before?: string | undefined;
  limit: number;
}

/**
 * Who saw personal data, and who was refused: entries of the trail, in chains of their own. Each process has one for each day, so that
 * readers never wait for those who work on a case, nor for readers in other processes. The sealer seals them like all entries.
 */
export interface AccessLog {
  /** Durable when it returns. Throws when it can't be written: then there must be no answer either. */
  record(access: Access): Promise<void>;
  /** Newest first. */
  list(filter: AccessFilter): Promise<AccessEntry[]>;
  init(): Promise<void>;
}

/** Ids of the chains: `access.<day, UTC>.<process, ULID>`. */
const prefix = 'access.';
const inPrefix = { $gte: prefix, $lt: 'access/' };
const most = 100;

export function createAccessLog(deps: { database: Database; trail: Trail; clock?: Clock }): AccessLog {
  const { database, trail } = deps;
  const clock = deps.clock ?? database.clock;
  const entries = database.trail.collection<TrailEntry>('trail');
  const processId = newId();
  const waiting: { access: Access; done: () => void; failed: (error: unknown) => void }[] = [];
  let writing = false;

  const actOf = ({ type, subject, action, caseNumber, method, route, status }: Access) => ({
    caseId: `${prefix}${clock.wallNow().toISOString().slice(0, 10)}.${processId}`,
    type,
    subject,
    data: { action, caseNumber, method, route, status },
  });

  /** One transaction for all that came in while the last one was under way: one wait for the disk, and no conflicts in the chain. */
  const write = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most);
      try {
        await database.transaction({ kind: 'system', id: 'access-log' }, async (tx) => {
          for (const { access } of batch) await trail.record({ ...tx, by: access.by }, actOf(access));
        });
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    writing = false;
  };

  return {
    record: async (access) => {
      // Before it is among others: what is wrong with one is no fault of theirs.
      checkTrailFacts({ ...actOf(access), by: access.by });
      await new Promise<void>((done, failed) => {
        waiting.push({ access, done, failed });
        void write();
      });
    },
    list: async ({ caseNumber, login, from, to, before, limit }) => {
      const found = await entries
        .find(
          {
            caseId: {
              $gte: from === undefined ? inPrefix.$gte : `${prefix}${from}.`,
              $lt: to === undefined ? inPrefix.$lt : `${prefix}${to}/`,
            },
            ...(caseNumber === undefined ? {} : { 'data.caseNumber': caseNumber }),
            ...(login === undefined ? {} : { 'by.id': login }),
            ...(before === undefined ? {} : { _id: { $lt: before } }),
          },
          { sort: { _id: -1 }, limit },
        )
        .toArray();
      return found.map(entryOf);
    },
    init: async () => {
      const partialFilterExpression = { caseId: inPrefix };
      await ensureCollection(database.trail, 'trail', [
        { key: { 'data.caseNumber': 1, _id: -1 }, name: 'access-case', partialFilterExpression },
        { key: { 'by.id': 1, _id: -1 }, name: 'access-login', partialFilterExpression },
      ]);
    },
  };
}

/** Whether a chain of the trail is one of accesses, and not a case's history. */
export function isAccessChain(caseId: string): boolean {
  return caseId.startsWith(prefix);
}

function entryOf({ _id, wallAt, by, type, subject, data }: TrailEntry): AccessEntry {
  const { action, caseNumber, method, route, status } = data as unknown as Access;
  const { onBehalfOf } = data as { onBehalfOf?: string };
  return {
    ...{ id: _id, at: wallAt, by: onBehalfOf === undefined ? by : { ...by, onBehalfOf } },
    type: type as Access['type'],
    ...{ subject, action, caseNumber, method, route, status },
  };
}
