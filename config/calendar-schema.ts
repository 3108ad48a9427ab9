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
export const dayKinds = [
  'holiday',
  'rest-day',
  'extra-rest',
  'observed',
  'moved-rest',
  'moved-work',
  'shortened',
] as const;

const day = z.strictObject({
  date,
  kind: z.enum(dayKinds).describe(
    `holiday: day off by the law on holidays, and moved when it meets a weekend · rest-day: day off that is never moved ·
     extra-rest: day off by an order that asks for no work in exchange · observed: the working day off that stands for a holiday on a
     weekend (\`for\`) · moved-rest, moved-work: two days exchanged by an order (\`for\` names the other one) · shortened: worked until
     \`closesAt\`, or \`shorterBy\` minutes less than usual`,
  ),
  name: z.string().describe('key in `names`'),
  source: z.string().describe('key in `sources`: the act that makes this day what it is'),
  for: date.optional(),
  observes: date
    .optional()
    .describe('moved-work on a weekday: the holiday on a weekend for which this day would be off without the order'),
  shorterBy: z.number().int().positive().max(480).optional().describe('minutes by which the working day is shorter'),
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
  sources: z.record(
    z.string(),
    z.strictObject({
      act: z.string().min(1),
      link: z.url().optional(),
      unverified: z
        .string()
        .min(1)
        .optional()
        .describe('the text was not read: what is to be checked before relying on it'),
    }),
  ),
  names: z.record(z.string(), names),
  days: z.array(day),
  readings: z
    .array(z.strictObject({ on: date, taken: z.enum(['working', ...dayKinds]), why: z.string(), source: z.string() }))
    .describe('where sources disagree: the reading taken, and why'),
  published: z
    .array(
      z.strictObject({
        period: z.string().regex(/^\d{4}(-(0[1-9]|1[0-2]))?$/, 'expected YYYY or YYYY-MM'),
        workingDays: z.number().int().positive(),
        by: z.string().min(1),
        link: z.url().optional(),
        differs: z.string().min(1).optional().describe('why this table has another number'),
      }),
    )
    .optional()
    .describe('published norms of the five-day week, which the days are held to'),
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
  const faults = [...crossCheck(parsed.data), ...checkContent(parsed.data)].map((fault) => `${file}: ${fault}`);
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
  const want: Want = (holds, on, right) => {
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
    checkShorter(entry, want);
    const pairKinds = { observed: 'holiday', 'moved-rest': 'moved-work', 'moved-work': 'moved-rest' } as const;
    if (kind in pairKinds) {
      const expected = pairKinds[kind as keyof typeof pairKinds];
      want(entry.for !== undefined, on, `\`for\` is missing: the ${expected} that it stands for`);
      // A day exchanged with one of a neighbouring year is named in that year's own table.
      if (entry.for?.startsWith(String(year)))
        want(other?.kind === expected, on, `\`for\` must name a ${expected}, found ${other?.kind ?? 'no entry'}`);
      if (kind !== 'observed' && other) want(other.for === on, on, `${other.date} must name it back in \`for\``);
      const onWeekend = kind === 'moved-work' && entry.observes === undefined;
      want(isWeekend(on) === onWeekend, on, `a ${kind} day can't be a ${weekdayOf(on)}`);
      if (kind === 'observed' && entry.for)
        want(isWeekend(entry.for) && entry.for < on, on, '`for` must be an earlier holiday on a weekend');
    } else want(entry.for === undefined, on, `\`for\` does not belong to a ${kind}`);
  });
  for (const { date: on, kind, observes } of days)
    if (observes !== undefined) {
      const observed = byDate.get(observes);
      want(kind === 'moved-work', on, '`observes` belongs to moved-work days alone');
      want(
        observed?.kind === 'holiday' && isWeekend(observes) && observes < on,
        on,
        '`observes` must be an earlier holiday on a weekend',
      );
    }
  for (const holiday of days.filter((entry) => entry.kind === 'holiday' && isWeekend(entry.date)))
    want(
      days.filter((entry) => (entry.kind === 'observed' ? entry.for : entry.observes) === holiday.date).length === 1,
      holiday.date,
      'is a holiday on a weekend: exactly one observed day must stand for it, or one moved-work day that `observes` it',
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

type Want = (holds: boolean, on: string, right: string) => void;

/** A shortened day says how much; a day worked in exchange may be the eve of a holiday, and shorter as well. */
function checkShorter({ date: on, kind, closesAt, shorterBy }: Content['days'][number], want: Want): void {
  want(closesAt === undefined || kind === 'shortened', on, 'closesAt belongs to shortened days alone');
  want(
    shorterBy === undefined || kind === 'shortened' || kind === 'moved-work',
    on,
    'shorterBy belongs to shortened and moved-work days alone',
  );
  if (kind === 'shortened')
    want((closesAt === undefined) !== (shorterBy === undefined), on, 'wants either closesAt or shorterBy');
}

/** What is named and not used, names that lack a language of the country, and published norms that the days contradict. */
function checkContent(content: Content): string[] {
  const { country, year, days, names: known, sources, readings, published = [] } = content;
  const faults: string[] = [];
  const languages = country === 'KZ' ? (['kk', 'ru', 'en'] as const) : (['ky', 'ru', 'en'] as const);
  for (const [key, name] of Object.entries(known)) {
    if (!days.some((entry) => entry.name === key)) faults.push(`names ${key}: no day is named so`);
    for (const language of languages) if (!name[language]) faults.push(`names ${key}: ${language} is missing`);
  }
  const cited = new Set([...days, ...readings].map(({ source }) => source));
  for (const key of Object.keys(sources)) if (!cited.has(key)) faults.push(`sources ${key}: nothing cites it`);
  for (const { period, workingDays, differs } of published) {
    if (!period.startsWith(String(year))) faults.push(`published ${period}: lies outside ${year}`);
    const counted = countWorkingDays(content, period);
    if (counted !== workingDays && !differs)
      faults.push(
        `published ${period}: says ${workingDays} working days, the table has ${counted}; say why in \`differs\``,
      );
    if (counted === workingDays && differs) faults.push(`published ${period}: nothing differs; remove \`differs\``);
  }
  return faults;
}

/** Working days of a table in its year or in one month of it (YYYY or YYYY-MM). */
export function countWorkingDays(of: Pick<Content, 'year' | 'weekend' | 'days'>, period: string): number {
  const byDate = new Map(of.days.map((entry) => [entry.date, entry.kind]));
  let count = 0;
  let on = Temporal.PlainDate.from({ year: of.year, month: 1, day: 1 });
  for (; on.year === of.year; on = on.add({ days: 1 })) {
    const kind = byDate.get(on.toString());
    const working = kind ? kind === 'moved-work' || kind === 'shortened' : !isWeekendDay(of, on.dayOfWeek);
    if (working && on.toString().startsWith(period)) count += 1;
  }
  return count;
}

function weekdayOf(on: string): string {
  return weekdays[Temporal.PlainDate.from(on).dayOfWeek - 1] as string;
}

/** Whether a weekday (1 Monday to 7 Sunday) belongs to the weekend of a table. */
export function isWeekendDay(of: Pick<Content, 'weekend'>, dayOfWeek: number): boolean {
  return of.weekend.includes(weekdays[dayOfWeek - 1] as (typeof weekdays)[number]);
}
