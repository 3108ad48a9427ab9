import type { mongo } from 'mongoose';
import type { StoredClock } from './clock-truth.js';

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

/** Counts the stored clocks at a moment of legal time, in all and for each rule. */
export async function figuresOf(
  clocks: Pick<mongo.Collection<StoredClock>, 'aggregate'>,
  now: Date,
): Promise<ClockFigures> {
  const running = { $eq: ['$state', 'running'] } as const;
  const count = (...conditions: object[]) => ({ $sum: { $cond: [{ $and: conditions }, 1, 0] } });
  // A missing due moment is less than every date for MongoDB: `$gt: null` keeps silent clocks out.
  const hasDue = { $gt: ['$dueAt', null] };
  const pastDue = { $and: [running, hasDue, { $lt: ['$dueAt', now] }] };
  const rows = await clocks
    .aggregate<ClockCounts & { _id: string }>([
      {
        $group: {
          _id: '$rule',
          open: count(running),
          dueSoon: count(running, { $gte: ['$dueAt', now] }, { $lte: ['$dueAt', new Date(now.getTime() + dayMs)] }),
          broken: count({ $or: [pastDue, { $eq: ['$kept', false] }] }),
        },
      },
      { $sort: { _id: 1 } },
    ])
    .toArray();
  const sum = (name: keyof ClockCounts): number => rows.reduce((total, row) => total + row[name], 0);
  return {
    open: sum('open'),
    dueSoon: sum('dueSoon'),
    broken: sum('broken'),
    byRule: Object.fromEntries(rows.map(({ _id, ...counts }) => [_id, counts])),
  };
}
