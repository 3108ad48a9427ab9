import type { Organisation } from '../config/index.js';
import type { Calendar, CalendarMissingError } from './calendar.js';
import { missingMark } from './clock-truth.js';
import type { DeadlineRow, DeadlineTable } from './deadline-table.js';
import {
  countTerm,
  forwardUnits,
  warningMoments,
  type CountedDay,
  type CountingBasis,
  type Term,
} from './deadlines.js';
import { PermanentError } from './errors.js';

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
 * The deadline that a row sets for an event, or that the organisation sets where the act is silent (AMB-INS-03, AMB-INS-04).
 * @throws PermanentError when the row belongs to another country's calendar, or its unit compares days instead of running.
 */
export function deadlineOf(
  row: DeadlineRow,
  startedAt: Date,
  { organisation, calendar }: { organisation: Organisation; calendar: Calendar },
): RuleDeadline {
  if (row.calendar !== organisation.jurisdiction)
    throw new PermanentError(
      `rule ${row.rule} is counted on the calendar of ${row.calendar}; the organisation is in ${organisation.jurisdiction}`,
      { field: 'calendar' },
    );
  const zone = organisation.timeZone;
  const basis = {
    calendar,
    country: row.calendar,
    zone,
    officeHours: organisation.officeHours,
  } satisfies CountingBasis;
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
    zone: organisation.timeZone,
    warnAt: [],
    targetAt: null,
    dueAt: null,
    days: [],
    calendarVersions: [`${missing.country.toLowerCase()}-${missing.year}${missingMark}`],
  };
}

function termOf(row: DeadlineRow, organisation: Organisation): Term | null {
  if (row.length === null) return organisation.terms[row.rule] ?? null;
  const unit = forwardUnits.find((known) => known === row.unit);
  if (unit) return { length: row.length, unit };
  throw new PermanentError(`rule ${row.rule} compares days (${row.unit}); it has no clock`, { field: 'unit' });
}

/**
 * Refuses terms of the organisation that no rule asks for: an unknown rule, or one whose term the act itself sets.
 * @throws PermanentError naming each.
 */
export function checkOwnTerms(organisation: Organisation, table: DeadlineTable): void {
  const faults = Object.keys(organisation.terms).flatMap((rule) => {
    const rows = table.rows.filter((row) => row.rule === rule);
    if (rows.length === 0) return [`terms.${rule}: ${table.file} has no such rule`];
    if (rows.every((row) => row.length !== null)) return [`terms.${rule}: the act sets this term itself`];
    return [];
  });
  if (faults.length)
    throw new PermanentError(
      `the organisation's terms are wrong:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      {
        field: 'terms',
      },
    );
}
