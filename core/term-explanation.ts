import type { Organisation } from '../config/index.js';
import type { Calendar } from './calendar.js';
import type { DeadlineRow, DeadlineTable } from './deadline-table.js';
import type { CountedDay } from './deadlines.js';
import { explainRow, rowAt, type RuleDeadline } from './rule-deadline.js';

/** How a term comes about, for anybody: `npm run due -- --json` and `GET /api/clocks/explain` answer this. */
export interface TermExplanation {
  rule: string;
  /** Moment of the event, ISO 8601 in UTC as both others. */
  from: string;
  /** Strict reading; null where nobody set a term, and for LOOKBACK. */
  targetAt: string | null;
  /** Ordinary reading, the last moment in which the term is kept; null where nobody set one. */
  dueAt: string | null;
  /** IANA zone of the legal days. */
  zone: string;
  calendarVersions: string[];
  /** Each day from the event's on (WD_BEFORE: up to it), whether the ordinary reading counts it, and the code of why. */
  days: { date: string; counted: boolean; reason: CountedDay['reason'] }[];
}

/** A rule counted for a moment: the row that holds, what it comes to, and both as told to others. */
export interface ExplainedTerm {
  row: DeadlineRow;
  deadline: RuleDeadline;
  explanation: TermExplanation;
}

/**
 * Counts a rule for a moment on today's table and calendars. Stores nothing.
 * @throws PermanentError (`field` is `rule`) without a row, CalendarMissingError, SettingsError without office hours of the country.
 */
export function explainTerm(
  rule: string,
  from: Date,
  basis: { table: DeadlineTable; organisation: Organisation; calendar: Calendar },
): ExplainedTerm {
  const row = rowAt(basis.table, rule, from, basis.organisation);
  const deadline = explainRow(row, from, basis);
  const { targetAt, dueAt, zone, calendarVersions, days } = deadline;
  return {
    row,
    deadline,
    explanation: {
      rule,
      from: from.toISOString(),
      targetAt: targetAt?.toISOString() ?? null,
      dueAt: dueAt?.toISOString() ?? null,
      zone,
      calendarVersions,
      days: days.map(({ date, counted, reason }) => ({ date, counted: counted !== null, reason })),
    },
  };
}
