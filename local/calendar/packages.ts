import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import Holidays from 'date-holidays';
import type { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { inProject } from '../../config/root.js';
import { PermanentError } from '../../core/errors.js';
import type { Country } from '../../core/calendar.js';

/** What a package of public holidays says of the days of a country. */
export interface HolidayPackage {
  id: 'pypi' | 'npm';
  /** Name and version, e.g. `holidays 0.109`. */
  name: string;
  /** Whether it knows the country in that year. */
  covers(country: Country, year: number): boolean;
  /** Working or not, and the package's name of the day off. */
  day(country: Country, on: Temporal.PlainDate): { working: boolean; name: string | null };
}

/** The snapshot of the PyPI package, so that nobody needs Python for the check. */
export const snapshotFile = inProject('local', 'calendar', 'pypi-holidays.json');
const script = inProject('local', 'calendar', 'pypi_holidays.py');

const yearSchema = z.strictObject({
  /** Days off from Monday to Friday with the package's name. */
  off: z.record(z.iso.date(), z.string()),
  /** Saturdays and Sundays that are worked. */
  worked: z.array(z.iso.date()),
});
const snapshotSchema = z.strictObject({
  package: z.literal('holidays'),
  version: z.string().min(1),
  madeBy: z.string(),
  countries: z.record(z.enum(['KZ', 'KG']), z.record(z.string().regex(/^\d{4}$/), yearSchema)),
});
type Snapshot = z.infer<typeof snapshotSchema>;

/** The PyPI package `holidays` as its snapshot says. Throws PermanentError for a snapshot that is missing or faulty. */
export function pypiPackage(file: string = snapshotFile): HolidayPackage {
  const { version, countries } = readSnapshot(readFileSync(file, 'utf8'));
  const yearOf = (country: Country, year: number) => countries[country]?.[String(year)];
  return {
    id: 'pypi',
    name: `holidays ${version}`,
    covers: (country, year) => yearOf(country, year) !== undefined,
    day: (country, on) => {
      const year = yearOf(country, on.year);
      const date = on.toString();
      const name = year?.off[date] ?? null;
      return { working: on.dayOfWeek > 5 ? (year?.worked.includes(date) ?? false) : name === null, name };
    },
  };
}

function readSnapshot(text: string): Snapshot {
  const parsed = snapshotSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new PermanentError(`the snapshot of the PyPI package is faulty: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * Writes the snapshot anew from the package of this machine's Python.
 * @throws PermanentError where that Python or its package is missing, with what installs it.
 */
export async function refreshSnapshot(python: string, years: number[]): Promise<string> {
  const range = [String(Math.min(...years)), String(Math.max(...years))];
  const { stdout } = await promisify(execFile)(python, [script, ...range]).catch((error: unknown) => {
    throw new PermanentError(
      `${python} could not run the PyPI package holidays (pip install holidays; --python names another Python): ${(error as Error).message}`,
      { cause: error },
    );
  });
  const { version } = readSnapshot(stdout);
  writeFileSync(snapshotFile, stdout);
  return version;
}

/** The npm package `date-holidays`, which knows Kazakhstan and not Kyrgyzstan. */
export function npmPackage(): HolidayPackage {
  const { version } = JSON.parse(readFileSync(inProject('node_modules', 'date-holidays', 'package.json'), 'utf8')) as {
    version: string;
  };
  const known = new Map<string, Map<string, string>>();
  const daysOff = (country: Country, year: number): Map<string, string> => {
    const key = `${country}-${year}`;
    const found = known.get(key);
    if (found) return found;
    const holidays = new Holidays(country, { languages: 'en', types: ['public'] }).getHolidays(year);
    const days = new Map(holidays.map(({ date, name }) => [date.slice(0, 10), name]));
    known.set(key, days);
    return days;
  };
  return {
    id: 'npm',
    name: `date-holidays ${version}`,
    covers: (country) => country in new Holidays().getCountries(),
    day: (country, on) => {
      const name = daysOff(country, on.year).get(on.toString()) ?? null;
      return { working: on.dayOfWeek <= 5 && name === null, name };
    },
  };
}
