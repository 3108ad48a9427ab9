import type { mongo } from 'mongoose';
import type { StoredClock } from './clock-truth.js';
import type { IndexDescription } from './collections.js';

export interface ClockCounts {
  /** Running clocks. */
  open: number;
  /** Running clocks that are due within the next 24 hours of legal time. */
  dueSoon: number;
  /** Clocks whose term ran out: running past due, or stopped too late. */
  broken: number;
}

export interface ClockFigures extends ClockCounts {
  byRule: Record<string, ClockCounts>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** The index that both counts are answered from, without reading a clock. */
export const figuresIndex: IndexDescription = { key: { state: 1, kept: 1, rule: 1, dueAt: 1 }, name: 'figures' };

/** To be given with the pipeline: MongoDB would rather take an index that leaves it to read each running clock. */
export const fromIndex = { hint: 'figures' } as const;

/** Counts the stored clocks at a moment of legal time, in all and for each rule. */
export async function figuresOf(
  clocks: Pick<mongo.Collection<StoredClock>, 'aggregate'>,
  now: Date,
): Promise<ClockFigures> {
  const rows = await clocks.aggregate<ClockCounts & { _id: string }>(figuresPipeline(now), fromIndex).toArray();
  const sum = (name: keyof ClockCounts): number => rows.reduce((total, row) => total + row[name], 0);
  return {
    open: sum('open'),
    dueSoon: sum('dueSoon'),
    broken: sum('broken'),
    byRule: Object.fromEntries(rows.map(({ _id, ...counts }) => [_id, counts])),
  };
}

/** Running clocks and those stopped too late, each counted by rule and the two added up. */
export function figuresPipeline(now: Date): mongo.Document[] {
  const soon = new Date(now.getTime() + dayMs);
  const count = (...conditions: object[]) => ({ $sum: { $cond: [{ $and: conditions }, 1, 0] } });
  const due = { $gt: ['$dueAt', null] };
  const running = [
    { $match: { state: 'running' } },
    {
      $group: {
        _id: '$rule',
        open: { $sum: 1 },
        dueSoon: count({ $gte: ['$dueAt', now] }, { $lte: ['$dueAt', soon] }),
        // A missing due moment is less than every date for MongoDB: `$gt: null` keeps silent clocks out.
        broken: count(due, { $lt: ['$dueAt', now] }),
      },
    },
  ];
  const tooLate = [{ $match: { state: 'stopped', kept: false } }, { $group: { _id: '$rule', broken: { $sum: 1 } } }];
  return [
    ...running,
    { $unionWith: { coll: 'clocks', pipeline: tooLate } },
    {
      $group: {
        _id: '$_id',
        open: { $sum: '$open' },
        dueSoon: { $sum: '$dueSoon' },
        broken: { $sum: '$broken' },
      },
    },
    { $sort: { _id: 1 } },
  ];
}
