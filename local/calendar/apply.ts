import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { checkCalendarTable, type CalendarTable } from '../../config/calendar-schema.js';
import { SettingsError, inProject, loadSettings } from '../../config/index.js';
import { createCalendar, type Calendar } from '../../core/calendar.js';
import { checkIsNewer, isSameYear } from '../../core/calendars.js';
import { tellOfMoves } from '../../core/clock-notices.js';
import type { Recounted } from '../../core/clock-recount.js';
import { composeServices } from '../../core/compose.js';
import type { Actor } from '../../core/database.js';
import type { Services } from '../../core/services.js';
import { isTrailReference } from '../../core/trail-facts.js';
import { CalendarUsageError, type Subcommand } from './subcommand.js';

const usage =
  'npm run calendar -- apply FILE... [--yes] [--by LOGIN] [--letters NUMBER] [--json]\n' +
  '  Without --yes it only shows which open clocks would move. It needs the settings of the application (MONGODB_URI, ...).\n' +
  '  It writes about at most so many cases itself (200 unless said otherwise); the watchdog writes about the rest.';

interface Call {
  files: string[];
  yes: boolean;
  by: Actor;
  json: boolean;
  /** Clocks in a transaction. */
  batch: number;
  /** Cases that the command writes about itself; the watchdog goes on with the others. */
  letters: number;
}

/** One open clock that a calendar moves, as it is shown. */
interface Move {
  caseNumber: string;
  rule: string;
  subject: string;
  moved: 'later' | 'earlier';
  targetAt: { from: Date | null; to: Date | null };
  dueAt: { from: Date | null; to: Date | null };
}

interface Plan {
  tables: { file: string; versionId: string; replaces: string | null; days: string[] }[];
  moves: Move[];
  byRule: Record<string, { later: number; earlier: number; same: number }>;
  faults: { caseNumber: string; rule: string; fault: string }[];
  /** Clocks whose new due moment has passed already. */
  past: number;
}

/**
 * Puts calendar tables in force and counts every open clock again. What was killed on the way goes on when it is called again with the
 * same files; so does the watchdog by itself.
 */
export const subcommand: Subcommand = { usage, run };

async function run(args: string[]): Promise<number> {
  const call = readCall(args);
  const files = readTables(call.files);
  const settings = loadSettings();
  const services = await composeServices({ ...settings, log: { ...settings.log, level: 'error' } }, 'calendar-apply');
  try {
    const plan = await planOf(services, files);
    if (!call.yes || plan.faults.length > 0) {
      print(call, plan, services.organisation.timeZone);
      return plan.faults.length > 0 ? 1 : 0;
    }
    for (const table of files) await services.calendars.apply(call.by, table);
    const result = await services.recount.run(call.by, {
      batch: call.batch,
      onBatch: ({ recounted }, of) => progress(`counted again: ${recounted} of ${of}`),
    });
    progress('writing to those concerned');
    const casesTold = await tellOfMoves(services, call.by, call.letters);
    const casesToTell = await services.recount.untoldCount();
    progress('');
    const done = { inForce: files.map(({ versionId }) => versionId), ...result, casesTold, casesToTell };
    print(call, plan, services.organisation.timeZone, done);
    return result.failed.length > 0 ? 1 : 0;
  } finally {
    await services.database.close();
  }
}

function readCall(args: string[]): Call {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      yes: { type: 'boolean', default: false },
      by: { type: 'string', default: userInfo().username },
      json: { type: 'boolean', default: false },
      batch: { type: 'string', default: '500' },
      letters: { type: 'string', default: '200' },
    },
  });
  if (positionals.length === 0) throw new CalendarUsageError('the file of the changed table is missing');
  if (!isTrailReference(values.by) || values.by === '')
    throw new CalendarUsageError('--by must be a login like a.seitkali: it stands in the trail of each case');
  const batch = Number(values.batch);
  if (!Number.isInteger(batch) || batch < 1 || batch > 5000)
    throw new CalendarUsageError('--batch must be a number of clocks from 1 to 5000');
  const letters = Number(values.letters);
  if (!Number.isInteger(letters) || letters < 0)
    throw new CalendarUsageError('--letters must be a number of cases from 0 on');
  return {
    files: positionals,
    yes: values.yes,
    by: { kind: 'person', id: values.by },
    json: values.json,
    batch,
    letters,
  };
}

function readTables(files: string[]): CalendarTable[] {
  const found = files.map((file) => {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      return [`${file}: can't be read as JSON: ${(error as Error).message}`];
    }
    return checkCalendarTable(content, path.relative(inProject(), path.resolve(file)));
  });
  const faults = found.flatMap((each) => (Array.isArray(each) ? each : []));
  if (faults.length > 0) throw new SettingsError(faults);
  const tables = found as CalendarTable[];
  const double = tables.find((table, index) => tables.findIndex((other) => isSameYear(table, other)) !== index);
  if (double) throw new CalendarUsageError(`${double.country} ${double.year} is given twice`);
  return tables;
}

/** What would become of the open clocks. Clocks that wait for a calendar in force already are among them. */
async function planOf({ calendars, recount, clock }: Services, files: CalendarTable[]): Promise<Plan> {
  const inForce = await calendars.tables();
  const plan: Plan = { tables: [], moves: [], byRule: {}, faults: [], past: 0 };
  const candidate = createCalendar([
    ...inForce.filter((table) => !files.some((file) => isSameYear(table, file))),
    ...files,
  ]);
  for (const table of files) {
    const before = inForce.find((each) => isSameYear(each, table));
    checkIsNewer(table, before);
    plan.tables.push({
      file: table.file,
      versionId: table.versionId,
      replaces: before && before.versionId !== table.versionId ? before.versionId : null,
      days: before ? changedDays(createCalendar(inForce), candidate, table) : [],
    });
  }
  for await (const recounted of recount.preview(candidate)) note(plan, recounted, clock.legalNow());
  return plan;
}

function note(plan: Plan, { clock, count, moved, fault }: Recounted, now: Date): void {
  const { caseNumber, rule, subject } = clock;
  if (!count) {
    plan.faults.push({ caseNumber, rule, fault: fault ?? '' });
    return;
  }
  const figures = (plan.byRule[rule] ??= { later: 0, earlier: 0, same: 0 });
  if (moved === 'not') {
    figures.same += 1;
    return;
  }
  figures[moved] += 1;
  if (count.dueAt && count.dueAt < now) plan.past += 1;
  plan.moves.push({
    caseNumber,
    rule,
    subject,
    moved,
    targetAt: { from: clock.targetAt, to: count.targetAt },
    dueAt: { from: clock.dueAt, to: count.dueAt },
  });
}

/** `2026-05-15: working -> moved-rest` for each day that is another one. */
function changedDays(before: Calendar, after: Calendar, { country, year }: CalendarTable): string[] {
  const lines: string[] = [];
  for (let day = Temporal.PlainDate.from({ year, month: 1, day: 1 }); day.year === year; day = day.add({ days: 1 })) {
    const [was, is] = [before, after].map((calendar) => {
      const { kind, closesAt, provisional } = calendar.day(country, day);
      return `${kind}${closesAt ? ` until ${closesAt}` : ''}${provisional ? ' (provisional)' : ''}`;
    });
    if (was !== is) lines.push(`${day.toString()}: ${was} -> ${is}`);
  }
  return lines;
}

interface Done {
  inForce: string[];
  recounted: number;
  moved: number;
  failed: string[];
  /** Cases that the command has written about, and those that the watchdog still will. */
  casesTold: number;
  casesToTell: number;
}

function print(call: Call, plan: Plan, zone: string, done?: Done): void {
  const text = call.json
    ? JSON.stringify({ applied: done !== undefined, ...plan, ...(done ? { done } : {}) }, null, 2)
    : readable(plan, zone, done);
  process.stdout.write(`${text}\n`);
}

function readable({ tables, moves, byRule, faults, past }: Plan, zone: string, done?: Done): string {
  const at = (moment: Date | null): string =>
    moment
      ? Temporal.Instant.fromEpochMilliseconds(moment.getTime())
          .toZonedDateTimeISO(zone)
          .toPlainDateTime()
          .toString({ smallestUnit: 'minute' })
          .replace('T', ' ')
      : '-';
  const lines = tables.flatMap(({ file, versionId, replaces, days }) => [
    `${file}: ${versionId} ${replaces ? `takes the place of ${replaces}` : 'is in force, or the first of its year'}`,
    ...days.map((day) => `  ${day}`),
  ]);
  if (moves.length > 0) {
    const rows = moves.map(({ caseNumber, rule, subject, moved, targetAt, dueAt }) => [
      caseNumber,
      rule,
      subject || '-',
      moved,
      `${at(targetAt.from)} -> ${at(targetAt.to)}`,
      `${at(dueAt.from)} -> ${at(dueAt.to)}`,
    ]);
    lines.push('', ...columns([['case', 'rule', 'subject', 'moves', 'target', `due (${zone})`], ...rows]));
  }
  const figures = Object.entries(byRule).sort(([a], [b]) => a.localeCompare(b));
  if (figures.length > 0)
    lines.push(
      '',
      ...columns([
        ['rule', 'later', 'earlier', 'same moments'],
        ...figures.map(([rule, { later, earlier, same }]) => [rule, `${later}`, `${earlier}`, `${same}`]),
      ]),
    );
  else lines.push('no open clock is counted on what it changes');
  if (past > 0)
    lines.push('', `${past} of them are past their new due moment: the watchdog reports each as broken, once.`);
  if (faults.length > 0)
    lines.push(
      '',
      'These clocks could not be counted any more, so that nothing is applied:',
      ...faults.map(({ caseNumber, rule, fault }) => `  ${caseNumber} ${rule}: ${fault}`),
    );
  else if (!done) lines.push('', 'Nothing is changed yet: call it again with --yes to apply.');
  else
    lines.push(
      '',
      `in force: ${done.inForce.join(', ')}; clocks counted again: ${done.recounted}, moved: ${done.moved}; cases told of: ${done.casesTold}`,
      ...(done.casesToTell > 0 ? [`The watchdog writes about ${done.casesToTell} more cases by and by.`] : []),
      ...done.failed.map((id) => `could not be counted: clock ${id}`),
      'Put the file into config/calendars too: npm run due and new installations count with what is there.',
    );
  return lines.join('\n');
}

function columns(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Where somebody watches: one line that is written over. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}
