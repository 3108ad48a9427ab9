import type { Organisation } from '../config/index.js';
import { CalendarMissingError } from './calendar.js';
import type { Calendars } from './calendars.js';
import {
  answerTimer,
  disprove,
  gravestUnreported,
  missingYear,
  nextReportAt,
  reportKinds,
  truthOf,
  type ClockCount,
  type ClockReport,
  type ClockTruth,
  type ReportKind,
  type StoredClock,
} from './clock-truth.js';
import { figuresIndex, figuresOf, type ClockFigures } from './clock-figures.js';
import { canonicalHash } from './canonical.js';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import type { DeadlineRow, DeadlineTable } from './deadline-table.js';
import { PermanentError } from './errors.js';
import { newId } from './ids.js';
import { messages } from './messages.js';
import type { Outbox } from './outbox.js';
import { checkOwnTerms } from './own-terms.js';
import { checkAnsweredRow, deadlineOf, rowAt, uncountedDeadline, type RuleDeadline } from './rule-deadline.js';
import { explainTerm, type TermExplanation } from './term-explanation.js';
import type { Trail } from './trail.js';

export type { ClockFigures } from './clock-figures.js';
export type { ClockReport, ClockTruth, ReportKind, StoredClock } from './clock-truth.js';

/** Of which case a clock is, and for what it runs there. */
export type ClockOfCase = Pick<StoredClock, 'caseId' | 'process' | 'rule' | 'subject'>;
export type ClockHolder = Pick<StoredClock, 'unit' | 'responsible'>;

/** The stored clocks: the truth about every deadline. A timer in a diagram only asks them. */
export interface Clocks {
  /**
   * Starts the clock of a rule in a case; for the same rule and subject it is there once, and a repeat answers it unchanged, but that the first
   * row from the engine goes before the one of the file by which it began, and that a released clock runs on. `row` is what
   * the engine's decision answered, null when it found none; left out it is the table's row for the legal day of the event. Where the act is silent the organisation's
   * term counts; without one the clock has no moments (basis `silent`).
   * @throws PermanentError (no such row, row of another rule or day, a unit that compares days) and CalendarMissingError (no table of a year
   * that it reaches, also where the clock is there and waits for it: a timer is never given null); with `withoutCalendar: 'wait'` such a clock is stored without moments instead, and counted by clock-recount.ts once the
   * table is there.
   */
  start(
    tx: Tx,
    clock: {
      caseId: string;
      caseNumber: string;
      process: string;
      rule: string;
      subject?: string;
      startedAt: Date;
      row?: DeadlineRow | null;
      withoutCalendar?: 'refuse' | 'wait';
    },
  ): Promise<StoredClock>;
  /** What {@link start} would count for an event, without starting anything: for a letter that tells a term before its clock runs. */
  momentsOf(rule: string, startedAt: Date): Pick<StoredClock, 'targetAt' | 'dueAt'>;
  /**
   * Stops a clock: kept if `stoppedAt <= dueAt`. Of several the earliest moment wins; a cancelled clock stays so. The first stop sends
   * `clock.stopped` to whoever waits for the clock in a diagram. A breach that was reported before the act of that moment was recorded is
   * disproved: see {@link disprove} in clock-truth.ts.
   */
  stop(tx: Tx, stop: { clockId: string; stoppedAt: Date }): Promise<StoredClock>;
  /**
   * Notes the unit that a case has now on its clocks, and with it who is responsible; but for clocks of one person, and of `steadyRules`, whose
   * duty stays with the unit that it fell to.
   */
  moveToUnit(tx: Tx, caseId: string, unit: string, steadyRules: readonly string[]): Promise<void>;
  /**
   * Cancels the running clocks of a case that is void, or withdrawn by who asked: neither kept nor broken. What has run out before a withdrawal stays
   * broken.
   */
  cancelOfCase(tx: Tx, caseId: string, as?: StoredClock['cancelledAs']): Promise<number>;
  /**
   * Ends the running clocks of a case whose event turned out, at `at`, not to start their term, with the reason as a code: neither kept nor broken, but
   * what had run out by then stays broken. {@link start} has a released clock run on from the same event.
   */
  releaseOfCase(tx: Tx, caseId: string, release: { reason: string; at: Date }): Promise<number>;
  /** How a rule would be counted for a moment, on this table, these calendars and this organisation; see {@link explainTerm}. */
  explain(rule: string, from: Date): Promise<TermExplanation>;
  /** See {@link truthOf} in clock-truth.ts. */
  truthOf(clock: StoredClock, at: Date): ClockTruth;
  /** See {@link answerTimer} in clock-truth.ts: what the timer of one moment has to do. */
  answerTimer(clock: StoredClock, moment: 'target' | 'due', at: Date): ClockTruth;
  /**
   * Records that a moment has passed, once: the gravest unreported one at `tx.at`, if it is at least as grave as `kind`. `first` is false,
   * and nothing is written, when there is none (reported already, stopped in time, or not passed yet).
   */
  report(
    tx: Tx,
    report: { clockId: string; kind: ReportKind; by: ClockReport['by'] },
  ): Promise<{ first: boolean; kind: ReportKind | null; clock: StoredClock }>;
  /** Running clocks whose term nobody could count yet, for want of a calendar. */
  uncounted(): Promise<StoredClock[]>;
  /** Clocks with a moment before `at` that nobody has reported, the longest overdue first. */
  unreported(at: Date): Promise<StoredClock[]>;
  find(clockId: string, tx?: Tx): Promise<StoredClock | null>;
  /** The clocks of a case, oldest event first. */
  ofCase(caseId: string, tx?: Tx): Promise<StoredClock[]>;
  /** Counts for metrics, at this moment of legal time. */
  clockFigures(): Promise<ClockFigures>;
  init(): Promise<void>;
}

export function createClocks(deps: {
  database: Database;
  trail: Trail;
  calendars: Pick<Calendars, 'current' | 'latest'>;
  table: DeadlineTable;
  organisation: Organisation;
  outbox: Outbox;
  /** Whose clock it is, for lists and mails; without it nobody's. */
  holderOf?: (tx: Tx, clock: ClockOfCase) => Promise<ClockHolder>;
}): Clocks {
  const { holderOf = () => Promise.resolve({ unit: null, responsible: null }) } = deps;
  const { database, trail, table, organisation, outbox, calendars } = deps;
  checkOwnTerms(organisation, table);
  const clocks = database.connection.collection<StoredClock>('clocks');
  const sessionOf = (tx: Tx | undefined) => (tx ? { session: tx.session } : {});
  const load = async (tx: Tx, clockId: string): Promise<StoredClock> => {
    const found = await clocks.findOne({ _id: clockId }, { session: tx.session });
    if (!found) throw new PermanentError(`there is no clock ${clockId}`, { field: 'clockId' });
    return found;
  };
  /** Writes what changed of a clock, with the next moment to report derived from it. */
  const save = async (tx: Tx, clock: StoredClock, changes: Partial<StoredClock>): Promise<StoredClock> => {
    const changed = { ...clock, ...changes };
    const next = nextReportAt(changed);
    await clocks.updateOne({ _id: clock._id }, { $set: { ...changes, nextReportAt: next } }, { session: tx.session });
    return { ...changed, nextReportAt: next };
  };
  /** What `count` says; where the calendar is missing and that may wait, the term without moments. */
  const orWait = (mayWait: boolean, row: DeadlineRow, count: () => RuleDeadline): RuleDeadline => {
    try {
      return count();
    } catch (error) {
      if (!mayWait || !(error instanceof CalendarMissingError)) throw error;
      return uncountedDeadline(row, { organisation, missing: error });
    }
  };
  /**
   * The deployed table has answered for a clock that began by the installed one: where the rows differ, the deployed one counts, from then on for good.
   */
  const confirm = async (tx: Tx, clock: StoredClock, answered: DeadlineRow | null): Promise<StoredClock> => {
    if (clock.rowFrom !== 'file' || clock.state !== 'running') return clock;
    const row = checkAnsweredRow(answered, clock.rule, clock.startedAt, organisation);
    if (canonicalHash(row) === canonicalHash(clock.row)) return save(tx, clock, { rowFrom: 'engine' });
    const counted = deadlineOf(row, clock.startedAt, { organisation, calendar: await calendars.current(tx) });
    await trail.record(tx, {
      caseId: clock.caseId,
      type: 'clock.recounted',
      subject: clock._id,
      data: {
        rule: clock.rule,
        about: clock.subject,
        reason: 'row-deployed',
        earlierTargetAt: clock.targetAt?.toISOString() ?? null,
        earlierDueAt: clock.dueAt?.toISOString() ?? null,
        ...momentsFor(counted),
      },
    });
    return save(tx, clock, { row, rowFrom: 'engine', ...counted });
  };
  /** A released clock runs on from its event, by its row and the calendar in force now. */
  const resume = async (tx: Tx, clock: StoredClock): Promise<StoredClock> => {
    const calendar = await calendars.current(tx);
    const counted = deadlineOf(clock.row, clock.startedAt, { organisation, calendar });
    await trail.record(tx, {
      ...{ caseId: clock.caseId, type: 'clock.resumed', subject: clock._id },
      data: { rule: clock.rule, startedAt: clock.startedAt.toISOString(), ...momentsFor(counted) },
    });
    return save(tx, clock, { ...counted, state: 'running', stoppedAt: null, kept: null, released: false });
  };
  /** The end of a clock whose act will not be done: what has run out stays broken, anything else is neither kept nor broken. */
  const endUnmet = ({ dueAt }: StoredClock, at: Date) =>
    dueAt !== null && dueAt < at
      ? ({ state: 'stopped', stoppedAt: at, kept: false } as const)
      : ({ state: 'cancelled' } as const);
  /** Saves the end that an act put to a clock; a breach that was reported meanwhile, though the act was in time, is disproved. */
  const end = async (tx: Tx, clock: StoredClock, at: Date, changes: Partial<StoredClock>): Promise<StoredClock> => {
    const reports = disprove(clock, at, tx.at);
    if (reports)
      await trail.record(tx, {
        ...{ caseId: clock.caseId, type: 'clock.breach-disproved', subject: clock._id },
        data: { rule: clock.rule, about: clock.subject, doneAt: at.toISOString() },
      });
    return save(tx, clock, { ...changes, ...(reports && { reports }) });
  };
  const runningOf = (tx: Tx, caseId: string): Promise<StoredClock[]> =>
    clocks.find({ caseId, state: 'running' }, { session: tx.session }).toArray();
  const tellDiagrams = (tx: Tx, { _id, caseId }: StoredClock): Promise<string> =>
    outbox.message(tx, {
      caseId,
      name: messages.clockStopped.name,
      correlationKey: _id,
      messageId: _id,
      variables: { clockId: _id },
    });

  return {
    start: async (
      tx,
      { caseId, caseNumber, process, rule, subject = '', startedAt, row: answered, withoutCalendar },
    ) => {
      const existing = await clocks.findOne({ caseId, rule, subject }, { session: tx.session });
      if (existing && withoutCalendar !== 'wait') refuseUncounted(existing);
      if (existing?.released) return resume(tx, existing);
      if (existing) return answered === undefined ? existing : confirm(tx, existing, answered);
      const row =
        answered === undefined
          ? rowAt(table, rule, startedAt, organisation)
          : checkAnsweredRow(answered, rule, startedAt, organisation);
      const calendar = await calendars.current(tx);
      const { basis, zone, term, ...count } = orWait(withoutCalendar === 'wait', row, () =>
        deadlineOf(row, startedAt, { organisation, calendar }),
      );
      const started: StoredClock = {
        _id: newId(),
        caseId,
        caseNumber,
        process,
        rule,
        row,
        rowFrom: answered === undefined ? 'file' : 'engine',
        basis,
        term,
        subject,
        ...(await holderOf(tx, { caseId, process, rule, subject })),
        startedAt,
        zone,
        ...count,
        state: 'running',
        stoppedAt: null,
        kept: null,
        reports: [],
        replaced: [],
        toTell: null,
        nextReportAt: null,
      };
      started.nextReportAt = nextReportAt(started);
      await clocks.insertOne(started, { session: tx.session }).catch(retryWhenOvertaken);
      await trail.record(tx, {
        caseId,
        type: 'clock.started',
        subject: started._id,
        data: { rule, basis, about: subject, startedAt: startedAt.toISOString(), ...momentsFor(count) },
      });
      return started;
    },

    momentsOf: (rule, startedAt) => {
      const row = rowAt(table, rule, startedAt, organisation);
      const { targetAt, dueAt } = deadlineOf(row, startedAt, { organisation, calendar: calendars.latest });
      return { targetAt, dueAt };
    },

    stop: async (tx, { clockId, stoppedAt }) => {
      const clock = await load(tx, clockId);
      if (clock.state === 'cancelled') return clock;
      if (clock.stoppedAt && clock.stoppedAt <= stoppedAt) return clock;
      const kept = clock.dueAt ? stoppedAt <= clock.dueAt : null;
      const stopped = await end(tx, clock, stoppedAt, { state: 'stopped', stoppedAt, kept });
      await trail.record(tx, {
        caseId: clock.caseId,
        type: 'clock.stopped',
        subject: clockId,
        data: { rule: clock.rule, stoppedAt: stoppedAt.toISOString(), kept },
      });
      if (clock.state === 'running') await tellDiagrams(tx, clock);
      return stopped;
    },

    moveToUnit: async (tx, caseId, unit, steadyRules) => {
      const { session } = tx;
      await clocks.updateMany({ caseId }, { $set: { unit } }, { session });
      await clocks.updateMany(
        { caseId, rule: { $nin: [...steadyRules] }, responsible: /^(?!employee:)/ },
        [
          {
            $set: {
              responsible: { $concat: [{ $first: { $split: ['$responsible', ':'] } }, ':', { $literal: unit }] },
            },
          },
        ],
        { session },
      );
    },

    cancelOfCase: async (tx, caseId, cancelledAs) => {
      const running = await runningOf(tx, caseId);
      for (const clock of running) {
        const ended = cancelledAs ? { ...endUnmet(clock, tx.at), cancelledAs } : ({ state: 'cancelled' } as const);
        await save(tx, clock, ended);
        await trail.record(tx, {
          ...{ caseId, type: 'clock.cancelled', subject: clock._id },
          data: {
            rule: clock.rule,
            ...(cancelledAs && { cancelledAs, kept: ended.state === 'stopped' ? false : null }),
          },
        });
        await tellDiagrams(tx, clock);
      }
      return running.length;
    },

    releaseOfCase: async (tx, caseId, { reason, at }) => {
      const running = await runningOf(tx, caseId);
      for (const clock of running) {
        const ended = endUnmet(clock, at);
        const kept = ended.state === 'stopped' ? false : null;
        await end(tx, clock, at, { ...ended, released: true });
        await trail.record(tx, {
          ...{ caseId, type: 'clock.released', subject: clock._id },
          data: { rule: clock.rule, reason, releasedAt: at.toISOString(), kept },
        });
        await tellDiagrams(tx, clock);
      }
      return running.length;
    },

    explain: async (rule, from) =>
      explainTerm(rule, from, { table, organisation, calendar: await calendars.current() }).explanation,
    truthOf,
    answerTimer,

    report: async (tx, { clockId, kind, by }) => {
      const clock = await load(tx, clockId);
      const gravest = gravestUnreported(clock, tx.at);
      if (!gravest || reportKinds.indexOf(gravest.kind) < reportKinds.indexOf(kind))
        return { first: false, kind: null, clock };
      const { momentAt } = gravest;
      const report: ClockReport = { kind: gravest.kind, momentAt, reportedAt: tx.at, by };
      const reported = await save(tx, clock, { reports: [...clock.reports, report] });
      await trail.record(tx, {
        caseId: clock.caseId,
        type: reportTypes[gravest.kind],
        subject: clockId,
        data: { rule: clock.rule, about: clock.subject, momentAt: momentAt.toISOString(), reportedBy: by },
      });
      return { first: true, kind: gravest.kind, clock: reported };
    },

    uncounted: () => clocks.find({ state: 'running', calendarVersions: /\.missing$/ }).toArray(),
    unreported: (at) =>
      clocks
        .find({ nextReportAt: { $lte: at } })
        .sort({ nextReportAt: 1 })
        .toArray(),
    find: (clockId, tx) => clocks.findOne({ _id: clockId }, sessionOf(tx)),
    ofCase: (caseId, tx) => clocks.find({ caseId }, sessionOf(tx)).sort({ startedAt: 1, _id: 1 }).toArray(),
    clockFigures: () => figuresOf(clocks, database.clock.legalNow()),
    init: () =>
      ensureCollection(database.connection, 'clocks', [
        { key: { caseId: 1, rule: 1, subject: 1 }, name: 'case-rule-subject', unique: true },
        {
          key: { nextReportAt: 1 },
          name: 'next-report',
          partialFilterExpression: { nextReportAt: { $type: 'date' } },
        },
        { key: { state: 1, dueAt: 1 }, name: 'state-due' },
        figuresIndex,
        {
          key: { 'toTell.dueAt': 1 },
          name: 'to-tell',
          partialFilterExpression: { 'toTell.dueAt': { $type: 'date' } },
        },
      ]),
  };
}

const reportTypes = {
  warn: 'clock.warned',
  target: 'clock.target-passed',
  broken: 'clock.broken',
} as const;

/** Moments as facts of the trail. */
function momentsFor({ targetAt, dueAt, calendarVersions }: ClockCount) {
  return { targetAt: targetAt?.toISOString() ?? null, dueAt: dueAt?.toISOString() ?? null, calendarVersions };
}

function refuseUncounted({ state, calendarVersions }: StoredClock): void {
  const missing = state === 'running' ? missingYear(calendarVersions) : null;
  if (missing) throw new CalendarMissingError(missing.country, missing.year);
}

/** Another transaction started the same clock after this one's snapshot: run again, this one finds it. */
function retryWhenOvertaken(error: unknown): never {
  const failure = error as { code?: unknown; addErrorLabel?: (label: string) => void };
  if (failure.code === 11_000) failure.addErrorLabel?.('TransientTransactionError');
  throw error;
}
