/**
 * `npm run due -- --rule DL-INS-1 --from 2026-03-05T18:00:00+05:00 [--lang ru] [--organisation demo] [--json]`: counts a term and explains it
 * day by day. Needs no database and no engine, and loads neither. Ends with 1 and a sentence when the term can't be counted (no calendar
 * of a year), with 2 when the call is wrong.
 */
import { parseArgs } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { SettingsError, loadOrganisation, placeOf, type Organisation } from '../config/index.js';
import { createCalendar } from '../core/calendar.js';
import { loadDeadlineTable, type DeadlineTable } from '../core/deadline-table.js';
import type { CountedDay } from '../core/deadlines.js';
import { PermanentError } from '../core/errors.js';
import { explainTerm, type ExplainedTerm } from '../core/term-explanation.js';
import { dayReason, termInWords } from '../core/term-words.js';
import { createText, type Language, type Text } from '../core/text.js';

const usage =
  'usage: npm run due -- --rule DL-INS-1 --from 2026-03-05T18:00:00+05:00 [--lang kk|ru|ky|en] [--organisation NAME] [--json]\n' +
  "A moment without offset is local time where the rule's calendar is: Asia/Almaty or Asia/Bishkek.";

class UsageError extends Error {}

const languages: readonly Language[] = ['kk', 'ru', 'ky', 'en'];

interface Call {
  rule: string;
  from: string;
  organisation: Organisation;
  language: Language;
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
        lang: { type: 'string', default: 'en' },
        organisation: { type: 'string', default: process.env.ORGANISATION ?? 'demo' },
        json: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { rule, from, lang, json } = values;
  if (!rule) throw new UsageError('--rule is missing, e.g. --rule DL-INS-1');
  if (!from) throw new UsageError('--from is missing, e.g. --from 2026-03-05T18:00:00+05:00');
  const language = languages.find((known) => known === lang);
  if (!language) throw new UsageError(`--lang ${lang} is not spoken; expected one of ${languages.join(', ')}`);
  return { rule, from, organisation: organisationOf(values.organisation), language, json };
}

function organisationOf(name: string): Organisation {
  try {
    return loadOrganisation(name);
  } catch (error) {
    if (error instanceof SettingsError) throw new UsageError(`--organisation ${name}: ${error.message}`);
    throw error;
  }
}

/** The zone of a rule's legal days. */
function zoneOf(table: DeadlineTable, rule: string, organisation: Organisation): string {
  const row = table.rows.find((candidate) => candidate.rule === rule);
  if (row) return placeOf(organisation, row.calendar).zone;
  const known = [...new Set(table.rows.map((candidate) => candidate.rule))].join(', ');
  throw new UsageError(`--rule ${rule} has no row in ${table.file}; expected one of ${known}`);
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

/** A moment as wall clocks show it, with its instant in UTC. */
function shown(moment: Date, zone: string, text: Text): string {
  const local = Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone);
  return `${weekday(local.toPlainDate(), text)} ${local.toPlainDateTime().toString({ fractionalSecondDigits: 3 })} ${zone}   ${moment.toISOString()}`;
}

function weekday(date: Temporal.PlainDate, { language }: Text): string {
  return date.toLocaleString(language === 'en' ? 'en-GB' : [language, 'ru'], { weekday: 'short' });
}

function dayLine(day: CountedDay, text: Text): string {
  const number = (value: number | null) => (value === null ? '-' : String(value)).padStart(6);
  const date = `${day.date} ${weekday(Temporal.PlainDate.from(day.date), text)}`.padEnd(15);
  return `  ${date}${number(day.strict)} ${number(day.counted)}   ${dayReason(day, text)}`;
}

function readable({ row, deadline, explanation }: ExplainedTerm, text: Text): string {
  const { zone, targetAt, dueAt, warnAt, days, calendarVersions } = deadline;
  const line = (key: string, value: string): string => `${text.say(`term.${key}`)}: ${value}`;
  const moment = (key: string, at: Date): string => line(key, shown(at, zone, text));
  return [
    `${row.rule}   ${text.say(`rule.${row.rule}`)}`,
    line('length', termInWords(row, deadline, text)),
    moment('event', new Date(explanation.from)),
    ...(days.length ? [text.say('term.day-numbers'), ...days.map((day) => dayLine(day, text))] : []),
    ...warnAt.map((at) => moment('warning', at)),
    ...(targetAt ? [moment('target', targetAt)] : []),
    ...(dueAt ? [moment('due', dueAt), line('calendars', calendarVersions.join(', ') || '—')] : []),
  ].join('\n');
}

async function main(args: string[]): Promise<void> {
  const { rule, from, organisation, language, json } = readCall(args);
  const table = await loadDeadlineTable();
  const zone = zoneOf(table, rule, organisation);
  const term = explainTerm(rule, readMoment(from, zone), { table, organisation, calendar: createCalendar() });
  const answer = json
    ? JSON.stringify(term.explanation, null, 2)
    : readable(term, createText(language, { timeZone: zone }));
  process.stdout.write(`${answer}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  // No row holds on that day: the call asks for what is not in the table.
  const wrongDay = error instanceof PermanentError && error.field === 'rule';
  if (error instanceof UsageError || wrongDay) {
    process.stderr.write(`${wrongDay ? `--from: ${error.message}` : error.message}\n${usage}\n`);
    process.exitCode = 2;
    return;
  }
  if (!(error instanceof PermanentError || error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
