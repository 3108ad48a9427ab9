import { setTimeout as sleep } from 'node:timers/promises';
import type { Temporal } from 'temporal-polyfill';
import type { Organisation } from '../config/index.js';
import type { Calendar } from './calendar.js';
import type { Calendars } from './calendars.js';
import { isUncounted, nextReportAt, type ClockCount, type StoredClock } from './clock-truth.js';
import type { Actor, Database, Tx } from './database.js';
import type { DeadlineRow } from './deadline-table.js';
import { legalDay } from './deadlines.js';
import { PermanentError } from './errors.js';
import { deadlineOf } from './rule-deadline.js';
import type { Act, Trail } from './trail.js';

/** What another calendar makes of a running clock. */
export interface Recounted {
  clock: StoredClock;
  /** Null where it can't be counted on that calendar, with the reason. */
  count: ClockCount | null;
  moved: 'later' | 'earlier' | 'not';
  fault: string | null;
}

export interface RecountResult {
  /** Clocks that were counted again. */
  recounted: number;
  /** Those of them whose moments have moved. */
  moved: number;
  /** Ids of clocks that can't be counted on the calendar in force; they keep their count. */
  failed: string[];
}

/** A move that nobody has been told of yet. */
export interface UntoldMove {
  clock: StoredClock;
  /** The due moment that was told last. */
  earlierDueAt: Date;
}

/** Counts running clocks again when the calendars in force have changed. Everybody who recounts does it here. */
export interface Recount {
  /** Each running clock whose count a calendar would touch, and what would become of it. Writes nothing. */
  preview(calendar: Calendar): AsyncIterable<Recounted>;
  /**
   * Counts again each running clock that was counted on a table no longer in force, with its frozen row and term, `batch` clocks in a
   * transaction; the earlier count stays in the clock, and the trail of its case says it. Remembers nothing but the clocks' own versions: it may be
   * killed and run again, and several may run at once; each clock is counted again once.
   */
  run(
    by: Actor,
    options?: { limit?: number; batch?: number; onBatch?: (sofar: RecountResult, of: number) => void },
  ): Promise<RecountResult>;
  /** Ids of at most `limit` cases with moves that nobody has been told of. */
  untold(limit: number): Promise<string[]>;
  /** How many such cases there are. */
  untoldCount(): Promise<number>;
  /** The untold moves of a case, which count as told when the transaction commits. Those of clocks that have ended since are left out. */
  takeUntold(tx: Tx, caseId: string): Promise<UntoldMove[]>;
}

/** The cases with moves that nobody has been told of. */
const casesToTell = [{ $match: { 'toTell.dueAt': { $type: 'date' } } }, { $group: { _id: '$caseId' } }];
const atOnce = 3;
/** MongoDB ends a transaction whose process was killed after 60 seconds; until then its clocks can't be written. */
const patienceMs = 90_000;

export function createRecount(deps: {
  database: Database;
  trail: Trail;
  calendars: Pick<Calendars, 'current' | 'appliedBy'>;
  organisation: Organisation;
}): Recount {
  const { database, trail, calendars, organisation } = deps;
  const clocks = database.connection.collection<StoredClock>('clocks');

  /** Running clocks that were counted on a table that a calendar no longer has. */
  const outdated = (calendar: Calendar) => {
    const known = (['KZ', 'KG'] as const).flatMap((country) =>
      calendar.years(country).map((year) => calendar.version(country, year)),
    );
    return clocks.find({ state: 'running', calendarVersions: { $elemMatch: { $nin: known } } });
  };

  const recountBatch = (by: Actor, ids: string[], counterOf: (calendar: Calendar) => Counter): Promise<RecountResult> =>
    database.transaction(by, async (tx) => {
      const counter = counterOf(await calendars.current(tx));
      const result: RecountResult = { recounted: 0, moved: 0, failed: [] };
      const changes: { id: string; set: Partial<StoredClock>; earlier: StoredClock['replaced'][number] }[] = [];
      const acts: Act[] = [];
      const stored = await clocks.find({ _id: { $in: ids }, state: 'running' }, { session: tx.session }).toArray();
      for (const clock of stored) {
        const { count, moved } = counter(clock);
        if (!count) {
          result.failed.push(clock._id);
          continue;
        }
        if (count.calendarVersions.join() === clock.calendarVersions.join()) continue;
        const set = { ...count, toTell: untoldAfter(clock, count) };
        changes.push({
          id: clock._id,
          set: { ...set, nextReportAt: nextReportAt({ ...clock, ...set }) },
          earlier: { ...countOf(clock), replacedAt: tx.at },
        });
        const source = count.calendarVersions.filter((version) => !clock.calendarVersions.includes(version));
        acts.push({
          caseId: clock.caseId,
          type: 'clock.recounted',
          subject: clock._id,
          data: {
            rule: clock.rule,
            about: clock.subject,
            reason: 'calendar-changed',
            source,
            appliedBy: [...new Set(source.flatMap((version) => calendars.appliedBy(version) ?? []))],
            moved,
            earlierTargetAt: clock.targetAt?.toISOString() ?? null,
            earlierDueAt: clock.dueAt?.toISOString() ?? null,
            targetAt: count.targetAt?.toISOString() ?? null,
            dueAt: count.dueAt?.toISOString() ?? null,
            calendarVersions: count.calendarVersions,
          },
        });
        result.recounted += 1;
        if (moved !== 'not') result.moved += 1;
      }
      if (changes.length > 0) {
        await clocks.bulkWrite(
          changes.map(({ id, set, earlier }) => ({
            updateOne: { filter: { _id: id }, update: { $set: set, $push: { replaced: earlier } } },
          })),
          { session: tx.session, ordered: false },
        );
        await trail.recordAll(tx, acts);
      }
      return result;
    });

  return {
    preview: async function* (calendar) {
      const counter = createCounter(organisation, calendar);
      for await (const clock of outdated(calendar).sort({ caseNumber: 1, startedAt: 1, _id: 1 }).allowDiskUse()) {
        const recounted = counter(clock);
        if (recounted.count || !isUncounted(clock)) yield { clock, ...recounted };
      }
    },

    run: async (by, { limit = Infinity, batch = 500, onBatch } = {}) => {
      const total: RecountResult = { recounted: 0, moved: 0, failed: [] };
      const waiting = new Set<string>();
      // One counter for all batches, and another when a calendar is put in force meanwhile.
      const counters = new WeakMap<Calendar, Counter>();
      const counterOf = (calendar: Calendar): Counter => {
        const counter = counters.get(calendar) ?? createCounter(organisation, calendar);
        counters.set(calendar, counter);
        return counter;
      };
      // A transaction that began before a calendar was put in force may store a clock of the former one after: look until there is none.
      for (let progressAt = database.clock.monotonicMs(); ;) {
        const calendar = await calendars.current();
        const failed = new Set(total.failed);
        const found = (await outdated(calendar).project<Ref>({ caseId: 1, calendarVersions: 1 }).toArray()).filter(
          ({ _id }) => !failed.has(_id),
        );
        // One that waits for a table goes on waiting while it is missing: no fault, and nothing is written.
        for (const ref of found) if (isUncounted(ref)) waiting.add(ref._id);
        const batches = batchesOf(found.slice(0, Math.max(0, limit - total.recounted)), batch);
        if (batches.length === 0) return { ...total, failed: total.failed.filter((id) => !waiting.has(id)) };
        const before = total.recounted + total.failed.length;
        const of = before + found.length;
        let held: unknown = null;
        const work = async (): Promise<void> => {
          for (let ids = batches.shift(); ids; ids = batches.shift()) {
            const done = await recountBatch(by, ids, counterOf).catch((error: unknown) => {
              held = error;
              if (isConflict(error)) return null;
              throw error;
            });
            if (!done) continue;
            const { recounted, moved, failed: faulty } = done;
            total.recounted += recounted;
            total.moved += moved;
            total.failed.push(...faulty);
            onBatch?.(total, of);
          }
        };
        await Promise.all(Array.from({ length: atOnce }, work));
        const now = database.clock.monotonicMs();
        if (total.recounted + total.failed.length > before) progressAt = now;
        if (held === null) continue;
        if (now - progressAt > patienceMs) throw held as Error;
        await sleep(500);
      }
    },

    untold: async (limit) =>
      limit === 0
        ? []
        : (await clocks.aggregate<{ _id: string }>([...casesToTell, { $limit: limit }]).toArray()).map(
            ({ _id }) => _id,
          ),
    untoldCount: async () => {
      const [found] = await clocks.aggregate<{ cases: number }>([...casesToTell, { $count: 'cases' }]).toArray();
      return found?.cases ?? 0;
    },

    takeUntold: async (tx, caseId) => {
      const { session } = tx;
      const found = await clocks
        .find({ caseId, 'toTell.dueAt': { $type: 'date' } }, { session, sort: { startedAt: 1, _id: 1 } })
        .toArray();
      await clocks.updateMany({ _id: { $in: found.map(({ _id }) => _id) } }, { $set: { toTell: null } }, { session });
      return found.flatMap((clock) =>
        clock.state === 'running' && clock.toTell ? [{ clock, earlierDueAt: clock.toTell.dueAt }] : [],
      );
    },
  };
}

type Ref = Pick<StoredClock, '_id' | 'caseId' | 'calendarVersions'>;
type Counter = (clock: StoredClock) => Omit<Recounted, 'clock'>;

/** Counts stored clocks on a calendar; equal terms from equal days are counted once. */
export function createCounter(organisation: Organisation, calendar: Calendar): Counter {
  const memo = new Map<string, ClockCount | PermanentError>();
  return (clock) => {
    const row = termAsItWas(clock);
    const byDay = countedByDay.has(row.unit);
    const startedOn = byDay ? legalDay(clock.startedAt, clock.zone) : null;
    // What depends on the minute of its event is hardly ever asked for twice.
    const key = startedOn && JSON.stringify([row, clock.zone, startedOn]);
    let counted = key === null ? undefined : memo.get(key);
    if (!counted) {
      const from = startedOn ? startOf(startedOn, clock.zone) : clock.startedAt;
      counted = countFrom(row, from, { ...organisation, timeZone: clock.zone }, calendar);
      if (memo.size >= remembered) memo.clear();
      if (key !== null) memo.set(key, counted);
    }
    if (counted instanceof PermanentError) return { count: null, moved: 'not', fault: counted.message };
    const count = { ...counted, warnAt: counted.warnAt.filter((moment) => moment > clock.startedAt) };
    return { count, moved: directionOf(clock, count), fault: null };
  };
}

/** Counts in memory at most: those of some hundred days of each rule. */
const remembered = 10_000;

/** Units whose moments depend on the day of the event alone; of the warnings, those before the event are left out. */
const countedByDay: ReadonlySet<string> = new Set(['WD', 'CD', 'GT_CD']);

function countFrom(
  row: DeadlineRow,
  startedAt: Date,
  organisation: Organisation,
  calendar: Calendar,
): ClockCount | PermanentError {
  try {
    return countOf(deadlineOf(row, startedAt, { organisation, calendar }));
  } catch (error) {
    if (error instanceof PermanentError) return error;
    throw error;
  }
}

const startOf = (day: Temporal.PlainDate, zone: string): Date => new Date(day.toZonedDateTime(zone).epochMilliseconds);

const countOf = ({ warnAt, targetAt, dueAt, days, calendarVersions }: ClockCount): ClockCount => ({
  warnAt,
  targetAt,
  dueAt,
  days,
  calendarVersions,
});

/** The frozen row with the term that was counted: the organisation's own may have changed since, this clock's may not. */
export function termAsItWas({ row, term }: Pick<StoredClock, 'row' | 'term'>): DeadlineRow {
  return term ? { ...row, ...term } : row;
}

/** By the due moment, else by the target, else by the warnings. */
function directionOf(before: ClockCount, after: ClockCount): Recounted['moved'] {
  const moments = ({ dueAt, targetAt, warnAt }: ClockCount): number[] =>
    [dueAt, targetAt, ...warnAt].map((moment) => moment?.getTime() ?? 0);
  const [was, is] = [moments(before), moments(after)];
  for (const [index, moment] of is.entries()) {
    const former = was[index] ?? moment;
    if (moment !== former) return moment > former ? 'later' : 'earlier';
  }
  return was.length === is.length ? 'not' : 'earlier';
}

/** What is to be told of a move: the moments that were told last. Nothing when it has come back to them. */
function untoldAfter(clock: StoredClock, count: ClockCount): StoredClock['toTell'] {
  const told =
    clock.toTell ?? (clock.targetAt && clock.dueAt ? { targetAt: clock.targetAt, dueAt: clock.dueAt } : null);
  const isSame = (a: Date | null | undefined, b: Date | null | undefined) => a?.getTime() === b?.getTime();
  return told && isSame(told.targetAt, count.targetAt) && isSame(told.dueAt, count.dueAt) ? null : told;
}

/** Another transaction holds one of its clocks or cases. */
function isConflict(error: unknown): boolean {
  const failure = error as { code?: unknown; hasErrorLabel?: (label: string) => boolean };
  return failure.code === 112 || failure.hasErrorLabel?.('TransientTransactionError') === true;
}

/** Batches of about `size` clocks; a case's clocks stay together, so that two batches never write to one chain. */
function batchesOf(found: Ref[], size: number): string[][] {
  const byCase = new Map<string, string[]>();
  for (const { _id, caseId } of found) byCase.set(caseId, [...(byCase.get(caseId) ?? []), _id]);
  const batches: string[][] = [];
  for (const ids of byCase.values()) {
    const last = batches.at(-1);
    if (last && last.length + ids.length <= size) last.push(...ids);
    else batches.push([...ids]);
  }
  return batches;
}
