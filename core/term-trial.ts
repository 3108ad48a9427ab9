import type { Organisation } from '../config/index.js';
import type { Calendar } from './calendar.js';
import { createCounter } from './clock-recount.js';
import type { StoredClock } from './clock-truth.js';
import type { Database } from './database.js';
import type { DeadlineRow, DeadlineTable } from './deadline-table.js';
import { legalDay, type Term } from './deadlines.js';

/** What became of a clock, or would: `open` and `overdue` of one that runs, `silent` where nobody set a term. */
export type TermOutcome = 'kept' | 'broken' | 'open' | 'overdue' | 'silent';

/** What another row would have made of a stored clock. */
export interface TriedClock {
  clock: TriedFields;
  /** `set` and `unset`: nobody had, or would have, set a term. Null where it can't be counted. */
  moved: 'same' | 'later' | 'earlier' | 'set' | 'unset' | null;
  targetAt: { from: Date | null; to: Date | null };
  dueAt: { from: Date | null; to: Date | null };
  outcome: { from: TermOutcome; to: TermOutcome };
  /** Why it can't be counted; null where it can. */
  fault: string | null;
}

/** What a trial looks at in a clock. */
type TriedFields = Omit<StoredClock, 'days' | 'reports' | 'replaced'>;

/**
 * Counts stored clocks as if a table had held when they began, on the calendars in force; writes nothing. `rows`: by `newest` each clock gets the row of
 * its rule that holds last, whatever the day on which it began, which is the question to ask of a term that is to hold from tomorrow; by `validity` the row
 * that the table has for that day. A clock whose term stays the same keeps its moments, also where a calendar has changed since it ended.
 */
export function createTermTrial(deps: {
  table: DeadlineTable;
  organisation: Organisation;
  calendar: Calendar;
  rows: 'newest' | 'validity';
}): (clock: TriedFields, now: Date) => TriedClock {
  const { table, organisation, calendar } = deps;
  const counter = createCounter(organisation, calendar);
  const newest = newestRows(table.rows);
  const rowOf = (clock: TriedFields): DeadlineRow => {
    const row = deps.rows === 'newest' ? newest.get(clock.rule) : undefined;
    return row ?? table.rowFor(clock.rule, legalDay(clock.startedAt, clock.zone));
  };
  return (clock, now) => {
    const result = (
      moved: TriedClock['moved'],
      to: Pick<StoredClock, 'targetAt' | 'dueAt'>,
      fault: string | null = null,
    ): TriedClock => ({
      clock,
      moved,
      targetAt: { from: clock.targetAt, to: to.targetAt },
      dueAt: { from: clock.dueAt, to: to.dueAt },
      outcome: { from: outcomeOf(clock, clock.dueAt, now), to: outcomeOf(clock, to.dueAt, now) },
      fault,
    });
    let row: DeadlineRow;
    try {
      row = rowOf(clock);
    } catch (error) {
      return result(null, clock, (error as Error).message);
    }
    const own = row.length === null ? (organisation.terms[row.rule] ?? null) : null;
    if (row.calendar === clock.row.calendar && sameTerm(own ?? row, clock.term ?? clock.row))
      return result('same', clock);
    const { count, fault } = counter({ ...clock, row, term: own, days: [], reports: [], replaced: [] });
    return count ? result(directionOf(clock, count), count) : result(null, clock, fault);
  };
}

/** Clocks of a rule, or of all, that were started and not cancelled: by case, in constant memory. */
export function storedClocks(database: Database, rule?: string): AsyncIterable<TriedFields> {
  return database.connection
    .collection<StoredClock>('clocks')
    .find({ state: { $ne: 'cancelled' }, ...(rule === undefined ? {} : { rule }) })
    .project<TriedFields>({ days: 0, reports: 0, replaced: 0 })
    .sort({ caseNumber: 1, startedAt: 1, _id: 1 })
    .allowDiskUse();
}

function newestRows(rows: readonly DeadlineRow[]): Map<string, DeadlineRow> {
  const newest = new Map<string, DeadlineRow>();
  for (const row of rows) if (row.validFrom >= (newest.get(row.rule)?.validFrom ?? '')) newest.set(row.rule, row);
  return newest;
}

const sameTerm = (a: Pick<DeadlineRow | Term, 'length' | 'unit'>, b: Pick<DeadlineRow | Term, 'length' | 'unit'>) =>
  a.length === b.length && (a.unit === b.unit || a.length === null);

function outcomeOf({ state, stoppedAt }: TriedFields, dueAt: Date | null, now: Date): TermOutcome {
  if (!dueAt) return 'silent';
  if (state === 'running') return now <= dueAt ? 'open' : 'overdue';
  return (stoppedAt as Date) <= dueAt ? 'kept' : 'broken';
}

/** By the due moment, else by the target. */
function directionOf(
  before: Pick<StoredClock, 'targetAt' | 'dueAt'>,
  after: Pick<StoredClock, 'targetAt' | 'dueAt'>,
): TriedClock['moved'] {
  if (!before.dueAt || !after.dueAt) return before.dueAt ? 'unset' : after.dueAt ? 'set' : 'same';
  const by = [after.dueAt.getTime() - before.dueAt.getTime(), +(after.targetAt ?? 0) - +(before.targetAt ?? 0)];
  const difference = by.find((each) => each !== 0) ?? 0;
  return difference === 0 ? 'same' : difference > 0 ? 'later' : 'earlier';
}
