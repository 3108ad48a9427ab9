import type { Country } from './calendar.js';
import type { DeadlineRow } from './deadline-table.js';
import type { CountedDay, Term } from './deadlines.js';
import type { Basis } from './rule-deadline.js';

/** What a clock can be reported for, from the lightest to the gravest. */
export const reportKinds = ['warn', 'target', 'broken'] as const;
export type ReportKind = (typeof reportKinds)[number];

export interface ClockReport {
  kind: ReportKind;
  /** The moment that passed, UTC. */
  momentAt: Date;
  /** Legal time of the report, UTC. */
  reportedAt: Date;
  by: 'engine' | 'watchdog';
  /** Legal time in which it was found that the act had been done before the moment: a report of a breach that was none. Left out otherwise. */
  disprovedAt?: Date;
}

/** What is frozen of a count, and kept when a changed calendar counts again. */
export interface ClockCount {
  warnAt: Date[];
  /** Strict reading: warn and escalate; null where nobody set a term. */
  targetAt: Date | null;
  /** Ordinary reading: the last moment in which the term is kept; null where nobody set one. */
  dueAt: Date | null;
  /** Ids of the calendar tables that were looked at. */
  calendarVersions: string[];
  days: CountedDay[];
}

/** One statutory clock of a case (collection `clocks`): the truth about a deadline, whatever a timer says. */
export interface StoredClock extends ClockCount {
  _id: string;
  caseId: string;
  caseNumber: string;
  process: string;
  rule: string;
  /** The row of the decision table, frozen. */
  row: DeadlineRow;
  /**
   * Who said the row: `file` while a clock that began outside of a diagram has only been counted by the installed table; `engine` once the table that
   * is deployed has answered. Left out in clocks of before.
   */
  rowFrom?: 'file' | 'engine';
  basis: Basis;
  /** The term that was counted, frozen: the act's or the organisation's; null where nobody set one. */
  term: Term | null;
  /** What the clock runs for within the case (id of signs, of a request); empty where there is one of its rule. */
  subject: string;
  /** Unit whose case it is now: code of the branch, or `centralOffice`; null where nobody could say. Kept for lists, decides no right. */
  unit: string | null;
  /** Who has to act: `<role>:<unit>`, or `employee:<id>` where one person is asked; null where nobody could say. Codes, never names. */
  responsible: string | null;
  /** Moment of the event, UTC. */
  startedAt: Date;
  /** IANA zone of its legal days. */
  zone: string;
  state: 'running' | 'stopped' | 'cancelled';
  /** Why it was cancelled, where that is no mistake and no other course of the case. */
  cancelledAs?: 'withdrawn';
  stoppedAt: Date | null;
  /** `stoppedAt <= dueAt`; null while it runs, when it was cancelled, and where nobody set a term. */
  kept: boolean | null;
  /** Ended because its event turned out not to start a term: a later start of the same clock has it run on from that event. Left out otherwise. */
  released?: boolean;
  reports: ClockReport[];
  /** Earlier counts, oldest first, each with the legal time at which a changed calendar replaced it. */
  replaced: (ClockCount & { replacedAt: Date })[];
  /** The moments that those concerned were told last, while they have to be told that a calendar moved them; null when they know. */
  toTell?: { targetAt: Date; dueAt: Date } | null;
  /** The next moment that somebody has to report; null when none is left. For the watchdog's index; {@link nextReportAt} is the rule. */
  nextReportAt: Date | null;
}

/**
 * Whether a clock has a term that nobody could count, for want of a calendar: its moments are null until the table is there. In place of a
 * table's id it holds e.g. `kz-2028.missing`.
 */
export function isUncounted({ calendarVersions }: Pick<ClockCount, 'calendarVersions'>): boolean {
  return calendarVersions.some((version) => version.endsWith(missingMark));
}

export const missingMark = '.missing';

/** The country and year of the calendar that a clock waits for; null when it waits for none. */
export function missingYear(calendarVersions: readonly string[]): { country: Country; year: number } | null {
  const [, country, year] = /^(kz|kg)-(\d{4})\.missing$/.exec(calendarVersions.at(-1) ?? '') ?? [];
  return country && year ? { country: country.toUpperCase() as Country, year: Number(year) } : null;
}

/** What is true of a clock at a moment. */
export interface ClockTruth {
  state: 'stopped' | 'silent' | 'not-yet' | ReportKind;
  /** The next moment to look again: the first at which something new will be true; null when nothing will. */
  nextAt: Date | null;
}

interface Moment {
  kind: ReportKind;
  momentAt: Date;
  /** The first millisecond at which it counts as passed: a term is kept until its due moment has gone by. */
  passedFrom: number;
}

/** The moments of a count, in time's order. */
function momentsOf({ warnAt, targetAt, dueAt }: ClockCount): Moment[] {
  const moments: Moment[] = warnAt.map((momentAt) => ({ kind: 'warn', momentAt, passedFrom: momentAt.getTime() }));
  if (targetAt) moments.push({ kind: 'target', momentAt: targetAt, passedFrom: targetAt.getTime() });
  if (dueAt) moments.push({ kind: 'broken', momentAt: dueAt, passedFrom: dueAt.getTime() + 1 });
  return moments.sort((a, b) => a.passedFrom - b.passedFrom || gravity(a.kind) - gravity(b.kind));
}

const gravity = (kind: ReportKind): number => reportKinds.indexOf(kind);

/** Reports that still say what is so. */
export const standing = (reports: readonly ClockReport[]): ClockReport[] =>
  reports.filter(({ disprovedAt }) => disprovedAt === undefined);

/**
 * The reports of a clock that ends with an act of `endedAt`, known at `at`: where the breach was reported while the act waited to be recorded, and the act
 * was done in time, that report is marked as disproved. Null where there is nothing to mark.
 */
export function disprove({ reports, dueAt }: StoredClock, endedAt: Date, at: Date): ClockReport[] | null {
  const isWrong = (report: ClockReport): boolean =>
    report.kind === 'broken' && report.disprovedAt === undefined && endedAt <= report.momentAt;
  if (dueAt === null || endedAt > dueAt || !reports.some(isWrong)) return null;
  return reports.map((report) => (isWrong(report) ? { ...report, disprovedAt: at } : report));
}

/** Whether a moment needs no report any more: it, or something graver, has been reported. A moment moved later counts as a new one. */
function isReported(reports: ClockReport[], moment: Moment): boolean {
  return standing(reports).some(
    (report) => report.momentAt >= moment.momentAt && gravity(report.kind) >= gravity(moment.kind),
  );
}

/** The gravest moment that has passed at `at` without a report of it or of something graver. */
export function gravestUnreported(clock: StoredClock, at: Date): { kind: ReportKind; momentAt: Date } | null {
  const end = clock.state === 'stopped' ? (clock.stoppedAt as Date).getTime() : at.getTime();
  if (clock.state === 'cancelled') return null;
  const passed = momentsOf(clock).filter((moment) => moment.passedFrom <= end);
  const [gravest] = passed.sort(
    (a, b) => gravity(b.kind) - gravity(a.kind) || b.momentAt.getTime() - a.momentAt.getTime(),
  );
  if (!gravest || isReported(clock.reports, gravest)) return null;
  // A clock that was stopped in time needs no word about its target any more; one that was stopped late still ran out.
  return clock.state === 'stopped' && gravest.kind !== 'broken' ? null : gravest;
}

/**
 * What is true of a clock at `at`: the gravest moment that has passed unreported, else `not-yet` with the next moment (null when all have
 * been reported). A stopped or cancelled clock is `stopped`; one without a term is `silent`.
 */
export function truthOf(clock: StoredClock, at: Date): ClockTruth {
  if (clock.state !== 'running') return { state: 'stopped', nextAt: null };
  if (!clock.dueAt && clock.warnAt.length === 0) return { state: 'silent', nextAt: null };
  const next = momentsOf(clock).find((moment) => moment.passedFrom > at.getTime());
  return {
    state: gravestUnreported(clock, at)?.kind ?? 'not-yet',
    nextAt: next ? new Date(next.passedFrom) : null,
  };
}

/**
 * What a timer that fired for one moment has to do: `stopped` (nothing: the clock is stopped or without term, or this moment or a graver one
 * has been reported), the kind to report, or `not-yet` with the moment to wait for, when the moment has been moved later. `nextAt` is
 * set for `not-yet` alone.
 */
export function answerTimer(clock: StoredClock, moment: 'target' | 'due', at: Date): ClockTruth {
  const done: ClockTruth = { state: 'stopped', nextAt: null };
  if (clock.state !== 'running') return done;
  const kind = moment === 'due' ? 'broken' : 'target';
  const own = momentsOf(clock).find((candidate) => candidate.kind === kind);
  if (!own || isReported(clock.reports, own)) return done;
  if (own.passedFrom > at.getTime()) return { state: 'not-yet', nextAt: new Date(own.passedFrom) };
  const gravest = gravestUnreported(clock, at);
  return gravest ? { state: gravest.kind, nextAt: null } : done;
}

/** The next moment that somebody has to report: of a running clock the first unreported, of one stopped late its due moment. */
export function nextReportAt(clock: StoredClock): Date | null {
  if (clock.state === 'cancelled') return null;
  if (clock.state === 'stopped') return gravestUnreported(clock, clock.stoppedAt as Date)?.momentAt ?? null;
  return momentsOf(clock).find((moment) => !isReported(clock.reports, moment))?.momentAt ?? null;
}
