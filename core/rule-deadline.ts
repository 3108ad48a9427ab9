import { placeOf, type Organisation } from '../config/index.js';
import type { Calendar, CalendarMissingError } from './calendar.js';
import { missingMark } from './clock-truth.js';
import { earliestDocument, latestAnnouncement } from './day-comparisons.js';
import { deadlineRowSchema, type DeadlineRow, type DeadlineTable } from './deadline-table.js';
import {
  countTerm,
  forwardUnits,
  legalDay,
  warningMoments,
  type CountedDay,
  type CountingBasis,
  type Term,
} from './deadlines.js';
import { PermanentError } from './errors.js';
import { dayNumber, endOfDay, startOfDay } from './legal-day.js';

/** Whose term it is: of the act, of the organisation where the act is silent, or of nobody. */
export type Basis = 'act' | 'organisation' | 'silent';

/** What a rule means for one event. A silent rule has no moments and no days. */
export interface RuleDeadline {
  basis: Basis;
  term: Term | null;
  /** IANA zone in which it was counted. */
  zone: string;
  warnAt: Date[];
  /** Strict reading: warn and escalate. */
  targetAt: Date | null;
  /** Ordinary reading: the last moment in which the term is kept. */
  dueAt: Date | null;
  days: CountedDay[];
  calendarVersions: string[];
}

/**
 * The row of a rule for the moment of its event. A rule belongs to one country, whose legal days decide (the table's reader sees to it).
 * @throws PermanentError when the table has none.
 */
export function rowAt(table: DeadlineTable, rule: string, startedAt: Date, organisation: Organisation): DeadlineRow {
  const country = table.rows.find((row) => row.rule === rule)?.calendar ?? organisation.jurisdiction;
  return table.rowFor(rule, legalDay(startedAt, placeOf(organisation, country).zone));
}

/**
 * The row that the engine's decision answered for an event, after checking that it is one, of this rule and of this day. The table's file is
 * checked as a whole before it is deployed; here stands what was deployed in fact.
 * @throws PermanentError saying which row is missing or what is wrong with it.
 */
export function checkAnsweredRow(
  answered: unknown,
  rule: string,
  startedAt: Date,
  organisation: Organisation,
): DeadlineRow {
  const refuse = (fault: string): never => {
    throw new PermanentError(`deadlineRow of ${rule}: ${fault}`, { field: 'deadlineRow' });
  };
  if (answered === null)
    return refuse(`the deployed table has no row of the rule for an event at ${startedAt.toISOString()}`);
  const parsed = deadlineRowSchema.safeParse(answered);
  if (!parsed.success)
    return refuse(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const row = parsed.data;
  const startedOn = legalDay(startedAt, placeOf(organisation, row.calendar).zone).toString();
  if (row.rule !== rule) return refuse(`it is of rule ${row.rule}`);
  if (startedOn < row.validFrom || (row.validTo !== null && row.validTo < startedOn))
    return refuse(`it holds from ${row.validFrom} to ${row.validTo ?? 'now'}, not on ${startedOn}`);
  return row;
}

/**
 * The deadline that a row sets for an event, or that the organisation sets where the act is silent (AMB-INS-03, AMB-INS-04). Zone, days
 * and office hours are those of the row's country, wherever the organisation is.
 * @throws PermanentError when the row's unit compares days instead of running, SettingsError without office hours of its country.
 */
export function deadlineOf(
  row: DeadlineRow,
  startedAt: Date,
  { organisation, calendar }: { organisation: Organisation; calendar: Calendar },
): RuleDeadline {
  const { zone, officeHours } = placeOf(organisation, row.calendar);
  const basis = { calendar, country: row.calendar, zone, officeHours } satisfies CountingBasis;
  const term = termOf(row, organisation);
  if (!term)
    return {
      basis: 'silent',
      term,
      zone,
      warnAt: [],
      targetAt: null,
      dueAt: null,
      days: [],
      calendarVersions: [],
    };
  const counted = countTerm(term, startedAt, basis);
  return {
    basis: row.length === null ? 'organisation' : 'act',
    term,
    zone,
    warnAt: warningMoments(row.warnings, term.unit, startedAt, counted.targetAt, basis),
    ...counted,
  };
}

/**
 * The deadline that can't be counted before the calendar of `missing` is there: the term without moments, marked with the year that it waits
 * for (see isUncounted in clock-truth.ts).
 */
export function uncountedDeadline(
  row: DeadlineRow,
  { organisation, missing }: { organisation: Organisation; missing: CalendarMissingError },
): RuleDeadline {
  return {
    basis: row.length === null ? 'organisation' : 'act',
    term: termOf(row, organisation),
    zone: placeOf(organisation, row.calendar).zone,
    warnAt: [],
    targetAt: null,
    dueAt: null,
    days: [],
    calendarVersions: [`${missing.country.toLowerCase()}-${missing.year}${missingMark}`],
  };
}

/**
 * What a row means for a moment, for those who only want to know: of a unit that compares days too. `LOOKBACK` counts back from an
 * application: `dueAt` is the start of the earliest day that a document may bear. `WD_BEFORE` counts back from a publication: `targetAt` and
 * `dueAt` are the last moments to announce it, in the strict and in the ordinary reading.
 * @throws what {@link deadlineOf} throws, and CalendarMissingError.
 */
export function explainRow(
  row: DeadlineRow,
  at: Date,
  { organisation, calendar }: { organisation: Organisation; calendar: Calendar },
): RuleDeadline {
  const { unit, length } = row;
  if (length === null || (unit !== 'LOOKBACK' && unit !== 'WD_BEFORE'))
    return deadlineOf(row, at, { organisation, calendar });
  const { zone } = placeOf(organisation, row.calendar);
  const on = legalDay(at, zone);
  const same = { basis: 'act', term: null, zone } as const;
  if (unit === 'LOOKBACK') {
    const earliest = earliestDocument(length, on).toString();
    const day = (date: string, reason: CountedDay['reason']): CountedDay => ({
      date,
      counted: null,
      strict: null,
      reason,
      name: null,
      provisional: false,
    });
    return {
      ...same,
      warnAt: [],
      targetAt: null,
      dueAt: new Date(startOfDay(dayNumber(earliest), zone)),
      days: [day(earliest, 'earliest-day'), day(on.toString(), 'day-of-event')],
      calendarVersions: [],
    };
  }
  const { ordinaryOn, strictOn, days, calendarVersions } = latestAnnouncement(length, on, {
    calendar,
    country: row.calendar,
  });
  const endOf = (day: { toString(): string }): Date => new Date(endOfDay(dayNumber(day.toString()), zone));
  return { ...same, warnAt: [], targetAt: endOf(strictOn), dueAt: endOf(ordinaryOn), days, calendarVersions };
}

function termOf(row: DeadlineRow, organisation: Organisation): Term | null {
  if (row.length === null) return organisation.terms[row.rule] ?? null;
  const unit = forwardUnits.find((known) => known === row.unit);
  if (unit) return { length: row.length, unit };
  throw new PermanentError(`rule ${row.rule} compares days (${row.unit}); it has no clock`, { field: 'unit' });
}
