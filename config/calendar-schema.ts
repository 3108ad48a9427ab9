import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { inProject } from './root.js';
import { SettingsError } from './schema.js';

const date = z.iso.date();
const names = z.strictObject({
  kk: z.string().min(1).optional(),
  ky: z.string().min(1).optional(),
  ru: z.string().min(1),
  en: z.string().min(1),
});
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** Kinds of days that a table names; every other day is a working day or belongs to the weekend. */
export const dayKinds = ['holiday', 'rest-day', 'observed', 'moved-rest', 'moved-work', 'shortened'] as const;

const day = z.strictObject({
  date,
  kind: z.enum(dayKinds).describe(
    `holiday: day off by the law on holidays, and moved when it meets a weekend · rest-day: day off that is never moved ·
     observed: the working day off that stands for a holiday on a weekend (\`for\`) · moved-rest, moved-work: two days exchanged by an
     order (\`for\` names the other one) · shortened: worked until \`closesAt\``,
  ),
  name: z.string().describe('key in `names`'),
  source: z.string().describe('key in `sources`: the act that makes this day what it is'),
  for: date.optional(),
  closesAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .optional(),
  provisional: z.literal(true).optional().describe('not determined yet; the day may still change'),
});

const table = z.strictObject({
  country: z.enum(['KZ', 'KG']),
  year: z.number().int().min(2000).max(2100),
  version: z.number().int().positive().describe('raised with every change: running clocks are then counted again'),
  status: z.enum(['complete', 'provisional']).describe('provisional: acts on this year may still come'),
  note: z.string(),
  weekend: z.array(z.enum(weekdays)).min(1),
  sources: z.record(z.string(), z.strictObject({ act: z.string().min(1), link: z.url().optional() })),
  names: z.record(z.string(), names),
  days: z.array(day),
  readings: z
    .array(z.strictObject({ on: date, taken: z.enum(['working', ...dayKinds]), why: z.string(), source: z.string() }))
    .describe('where sources disagree: the reading taken, and why'),
});

type Content = z.infer<typeof table>;

/** One year of one country, as its file says. */
export interface CalendarTable extends Content {
  /** Path from the project's root, for messages. */
  file: string;
  /** Names this content for ever, e.g. `kz-2026.1-3fa94c0e12ab`: country, year, version, start of the content's SHA-256. */
  versionId: string;
}

/** Reads and checks every table in a folder. Throws {@link SettingsError} naming each file and entry that is wrong. */
export function readCalendarTables(folder: string = inProject('config', 'calendars')): CalendarTable[] {
  const faults: string[] = [];
  const tables: CalendarTable[] = [];
  for (const name of readdirSync(folder)
    .filter((entry) => entry.endsWith('.json'))
    .sort()) {
    const file = path.relative(inProject(), path.join(folder, name));
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    } catch (error) {
      faults.push(`${file}: is not JSON: ${(error as Error).message}`);
      continue;
    }
    const found = checkCalendarTable(content, file);
    if (Array.isArray(found)) faults.push(...found);
    else if (name !== `${found.country.toLowerCase()}-${found.year}.json`)
      faults.push(`${file}: holds ${found.country} ${found.year}; expected the name <country>-<year>.json`);
    else tables.push(found);
  }
  if (faults.length) throw new SettingsError(faults);
  return tables;
}

/** The table, or what is wrong with it: one sentence for each fault, with file and entry. */
export function checkCalendarTable(content: unknown, file: string): CalendarTable | string[] {
  const parsed = table.safeParse(content);
  if (!parsed.success) return parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.')}: ${issue.message}`);
  const faults = crossCheck(parsed.data).map((fault) => `${file}: ${fault}`);
  if (faults.length) return faults;
  const { country, year, version } = parsed.data;
  const hash = createHash('sha256').update(JSON.stringify(parsed.data)).digest('hex').slice(0, 12);
  return { ...parsed.data, file, versionId: `${country.toLowerCase()}-${year}.${version}-${hash}` };
}

/** What no field shows alone: weekdays, pairs of days, names and sources that exist. */
function crossCheck({ year, days, names: known, sources, weekend, readings }: Content): string[] {
  const faults: string[] = [];
  const byDate = new Map(days.map((entry) => [entry.date, entry]));
  const isWeekend = (on: string): boolean =>
    weekend.includes(weekdays[Temporal.PlainDate.from(on).dayOfWeek - 1] as (typeof weekdays)[number]);
  const want = (holds: boolean, on: string, right: string): void => {
    if (!holds) faults.push(`days ${on}: ${right}`);
  };
  days.forEach((entry, index) => {
    const { date: on, kind } = entry;
    const other = entry.for === undefined ? undefined : byDate.get(entry.for);
    want(Number(on.slice(0, 4)) === year, on, `lies outside ${year}`);
    want(byDate.get(on) === entry, on, 'is named twice');
    const before = days[index - 1];
    want(!before || before.date <= on, on, 'must come in order of date');
    want(known[entry.name] !== undefined, on, `name "${entry.name}" is not in names`);
    want(sources[entry.source] !== undefined, on, `source "${entry.source}" is not in sources`);
    want((kind === 'shortened') === (entry.closesAt !== undefined), on, 'closesAt belongs to shortened days alone');
    const pairKinds = { observed: 'holiday', 'moved-rest': 'moved-work', 'moved-work': 'moved-rest' } as const;
    if (kind in pairKinds) {
      const expected = pairKinds[kind as keyof typeof pairKinds];
      want(entry.for !== undefined, on, `\`for\` is missing: the ${expected} that it stands for`);
      // A day exchanged with one of a neighbouring year is named in that year's own table.
      if (entry.for?.startsWith(String(year)))
        want(other?.kind === expected, on, `\`for\` must name a ${expected}, found ${other?.kind ?? 'no entry'}`);
      if (kind !== 'observed' && other) want(other.for === on, on, `${other.date} must name it back in \`for\``);
      want(isWeekend(on) === (kind === 'moved-work'), on, `a ${kind} day can't be a ${weekdayOf(on)}`);
      if (kind === 'observed' && entry.for)
        want(isWeekend(entry.for) && entry.for < on, on, '`for` must be an earlier holiday on a weekend');
    } else want(entry.for === undefined, on, `\`for\` does not belong to a ${kind}`);
  });
  for (const holiday of days.filter((entry) => entry.kind === 'holiday' && isWeekend(entry.date)))
    want(
      days.filter((entry) => entry.kind === 'observed' && entry.for === holiday.date).length === 1,
      holiday.date,
      'is a holiday on a weekend: exactly one observed day must stand for it',
    );
  for (const reading of readings) {
    const entry = byDate.get(reading.on);
    const is = entry?.kind ?? (isWeekend(reading.on) ? 'weekend' : 'working');
    const taken = reading.taken === 'working' ? is === 'working' || is === 'moved-work' : is === reading.taken;
    if (!taken) faults.push(`readings ${reading.on}: says ${reading.taken}, but days make it ${is}`);
    if (!sources[reading.source]) faults.push(`readings ${reading.on}: source "${reading.source}" is not in sources`);
  }
  return faults;
}

function weekdayOf(on: string): string {
  return weekdays[Temporal.PlainDate.from(on).dayOfWeek - 1] as string;
}

/** Whether a weekday (1 Monday to 7 Sunday) belongs to the weekend of a table. */
export function isWeekendDay(of: Pick<Content, 'weekend'>, dayOfWeek: number): boolean {
  return of.weekend.includes(weekdays[dayOfWeek - 1] as (typeof weekdays)[number]);
}
