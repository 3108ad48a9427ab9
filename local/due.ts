/**
 * `npm run due -- --rule DL-INS-1 --from 2026-03-05T18:00:00+05:00 [--organisation demo] [--json]`: counts a term and explains it day by
 * day. Needs no database and no engine. Ends with 1 and a sentence when the term can't be counted, with 2 when the call is wrong.
 */
import { parseArgs } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { SettingsError, loadOrganisation } from '../config/index.js';
import { createCalendar } from '../core/calendar.js';
import { loadDeadlineTable, type DeadlineRow } from '../core/deadline-table.js';
import { legalDay, type CountedDay } from '../core/deadlines.js';
import { PermanentError } from '../core/errors.js';
import { deadlineOf, type RuleDeadline } from '../core/rule-deadline.js';

const usage =
  'usage: npm run due -- --rule DL-INS-1 --from 2026-03-05T18:00:00+05:00 [--organisation NAME] [--json]\n' +
  'A moment without offset is local time of the organisation.';

class UsageError extends Error {}

interface Call {
  rule: string;
  from: string;
  organisation: string;
  json: boolean;
}

function readCall(args: string[]): Call {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        rule: { type: 'string' },
        from: { type: 'string' },
        organisation: { type: 'string', default: process.env.ORGANISATION ?? 'demo' },
        json: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { rule, from, organisation, json } = values;
  if (!rule) throw new UsageError('--rule is missing, e.g. --rule DL-INS-1');
  if (!from) throw new UsageError('--from is missing, e.g. --from 2026-03-05T18:00:00+05:00');
  return { rule, from, organisation, json };
}

function readMoment(from: string, zone: string): Date {
  try {
    const hasOffset = /[Tt ].*([Zz]|[+-]\d\d:?(\d\d)?)$/.test(from);
    if (!/[Tt ]\d/.test(from)) throw new RangeError('no time');
    const instant = hasOffset
      ? Temporal.Instant.from(from)
      : Temporal.PlainDateTime.from(from).toZonedDateTime(zone).toInstant();
    return new Date(instant.epochMilliseconds);
  } catch {
    throw new UsageError(`--from ${from} is no moment; expected ISO 8601 with a time, e.g. 2026-03-05T18:00:00+05:00`);
  }
}

/** A moment as the organisation's clocks show it, with its instant in UTC. */
function shown(moment: Date, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone);
  const weekday = local.toLocaleString('en-GB', { weekday: 'short' });
  return `${weekday} ${local.toPlainDateTime().toString({ fractionalSecondDigits: 3 })} ${zone}   ${moment.toISOString()}`;
}

const reasons: Record<CountedDay['reason'], string> = {
  'day-of-event': 'day of the event: counted in the strict reading alone',
  'calendar-day': 'calendar day',
  'first-day-after': 'first day on which the number of days is exceeded',
  working: 'working day',
  weekend: 'weekend',
  holiday: 'holiday',
  'rest-day': 'day off',
  'extra-rest': 'additional day off by an order',
  observed: 'day off for a holiday on a weekend',
  'moved-rest': 'day of rest moved here',
  'moved-work': 'working day in exchange',
  shortened: 'shortened working day',
};

function explain({ date, counted, strict, reason, name, provisional }: CountedDay): string {
  const weekday = Temporal.PlainDate.from(date).toLocaleString('en-GB', { weekday: 'short' });
  const number = (value: number | null) => (value === null ? '-' : String(value)).padStart(6);
  const why = reason === 'day-of-event' && strict === null ? 'day of the event: not counted' : reasons[reason];
  return `  ${date} ${weekday} ${number(strict)} ${number(counted)}   ${why}${name?.en ? ` (${name.en})` : ''}${provisional ? ', provisional' : ''}`;
}

function readable(row: DeadlineRow, startedAt: Date, deadline: RuleDeadline): string {
  const { basis, term, zone, targetAt, dueAt, warnAt, days, calendarVersions } = deadline;
  const whose = { act: 'set by the act', organisation: 'set by the organisation, the act is silent', silent: '' }[
    basis
  ];
  const lines = [
    `${row.rule}   ${row.act}, ${row.item}`,
    `term       ${term ? `${term.length} ${term.unit}, ${whose}` : 'none: the act is silent and the organisation sets none; the clock has no moments'}`,
    `from       ${shown(startedAt, zone)}`,
  ];
  if (targetAt && dueAt)
    lines.push(
      `  date           strict ordinary`,
      ...days.map(explain),
      ...warnAt.map((moment) => `warning    ${shown(moment, zone)}`),
      `target     ${shown(targetAt, zone)}   (strict reading: warn and escalate)`,
      `due        ${shown(dueAt, zone)}   (ordinary reading: kept until then)`,
      `calendars  ${calendarVersions.join(', ') || 'none needed'}`,
    );
  return lines.join('\n');
}

async function main(args: string[]): Promise<void> {
  const call = readCall(args);
  const organisation = loadOrganisation(call.organisation);
  const startedAt = readMoment(call.from, organisation.timeZone);
  const table = await loadDeadlineTable();
  const row = table.rowFor(call.rule, legalDay(startedAt, organisation.timeZone));
  const deadline = deadlineOf(row, startedAt, { organisation, calendar: createCalendar() });
  process.stdout.write(
    `${call.json ? JSON.stringify({ rule: row.rule, startedAt, ...deadline, row }, null, 2) : readable(row, startedAt, deadline)}\n`,
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n${usage}\n`);
    process.exitCode = 2;
    return;
  }
  if (!(error instanceof PermanentError || error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
