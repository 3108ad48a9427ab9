import type { mongo } from 'mongoose';
import type { StoredClock } from './clock-truth.js';
import { ensureCollection } from './collections.js';
import type { Database } from './database.js';

/** Which running clocks; what is left out doesn't matter. */
export interface RunningFilter {
  process?: string | undefined;
  rule?: string | undefined;
  /** Any of these units; null stands for clocks whose unit nobody could say. */
  units?: readonly (string | null)[] | undefined;
  /** Any of these who have to act, as the clock has them. */
  responsible?: readonly string[] | undefined;
}

/** Where a list goes on: after the clock with this id and moment; null among those that nobody set a term for. */
export interface RunningCursor {
  dueAt: Date | null;
  id: string;
}

type Running = mongo.Collection<StoredClock>;

/** Indexes that hold the running clocks in the list's own order, each for one thing to filter by. */
const indexes = {
  running: {},
  'running-process': { process: 1 },
  'running-rule': { rule: 1 },
  'running-unit': { unit: 1 },
  'running-responsible': { responsible: 1 },
} as const;

/** The running clocks in the order of their due moments, those without one at the end; a page at a time, each from an index. */
export interface RunningClocks {
  list(filter: RunningFilter, after: RunningCursor | null, limit: number): Promise<StoredClock[]>;
  init(): Promise<void>;
}

export function createRunningClocks({ database }: { database: Database }): RunningClocks {
  const clocks: Running = database.connection.collection<StoredClock>('clocks');
  return {
    list: async (filter, after, limit) => {
      const queries = runningQueries(clocks, filter, after, limit);
      const [dated, silent] = await Promise.all([inOrder(queries.dated, limit), inOrder(queries.silent, limit)]);
      return [...dated, ...silent].slice(0, limit);
    },
    init: async () => {
      await ensureCollection(
        database.connection,
        'clocks',
        Object.entries(indexes).map(([name, first]) => ({
          key: { ...first, dueAt: 1, _id: 1 },
          name,
          partialFilterExpression: { state: 'running' },
        })),
      );
      // Clocks of before they told it: a value that is missing can't be asked of an index in its order.
      await clocks.updateMany(
        { state: 'running', unit: { $exists: false } },
        { $set: { unit: null, responsible: null } },
      );
    },
  };
}

/**
 * The queries of one page, each on one value of what leads its index: MongoDB answers several values in order only by sorting. First those
 * with a due moment, then those that nobody set a term for, or could count.
 */
export function runningQueries(
  clocks: Running,
  { process, rule, units, responsible }: RunningFilter,
  after: RunningCursor | null,
  limit: number,
): { dated: mongo.FindCursor<StoredClock>[]; silent: mongo.FindCursor<StoredClock>[] } {
  const from = after?.dueAt ?? new Date(0);
  const beyond = after ? { $or: [{ dueAt: { $gt: from } }, { _id: { $gt: after.id } }] } : {};
  const silentAfter = after?.dueAt === null ? after.id : '';
  const wanted: mongo.Filter<StoredClock> = {
    state: 'running',
    ...(process === undefined ? {} : { process }),
    ...(rule === undefined ? {} : { rule }),
    ...(units && responsible ? { unit: { $in: [...units] } } : {}),
  };
  const leads: mongo.Filter<StoredClock>[] = responsible?.map((value) => ({ responsible: value })) ??
    units?.map((value) => ({ unit: value ?? ({ $type: 'null' } as never) })) ?? [{}];
  const index = indexFor({ process, rule, units, responsible });
  const find = (moments: mongo.Filter<StoredClock>): mongo.FindCursor<StoredClock>[] =>
    leads.map((lead) =>
      clocks
        .find({ ...wanted, ...lead, ...moments })
        .hint(index)
        .sort({ dueAt: 1, _id: 1 })
        .limit(limit),
    );
  return {
    dated: after?.dueAt === null ? [] : find({ dueAt: { $gte: from }, ...beyond }),
    silent: find({ dueAt: null, _id: { $gt: silentAfter } }),
  };
}

/** The first of several answers, each in order. */
async function inOrder(queries: mongo.FindCursor<StoredClock>[], limit: number): Promise<StoredClock[]> {
  const found = (await Promise.all(queries.map((query) => query.toArray()))).flat();
  const moment = ({ dueAt }: StoredClock): number => dueAt?.getTime() ?? 0;
  return found.sort((a, b) => moment(a) - moment(b) || (a._id < b._id ? -1 : 1)).slice(0, limit);
}

/** The index that leaves the fewest clocks to look at. */
function indexFor({ process, rule, units, responsible }: RunningFilter): keyof typeof indexes {
  if (responsible) return 'running-responsible';
  if (units) return 'running-unit';
  if (rule !== undefined) return 'running-rule';
  return process === undefined ? 'running' : 'running-process';
}
