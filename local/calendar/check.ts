import { parseArgs } from 'node:util';
import { countWorkingDays, readCalendarTables, type CalendarTable } from '../../config/calendar-schema.js';
import { SettingsError } from '../../config/index.js';
import { compareWithPackages, faultsOf } from './compare.js';
import type { Subcommand } from './subcommand.js';

/** Years between a country's first and last table that have none: a term that crosses one would be refused. */
export function missingYears(tables: Pick<CalendarTable, 'country' | 'year'>[]): string[] {
  const faults: string[] = [];
  for (const country of new Set(tables.map((table) => table.country))) {
    const years = tables.filter((table) => table.country === country).map(({ year }) => year);
    for (let year = Math.min(...years); year < Math.max(...years); year += 1)
      if (!years.includes(year)) faults.push(`config/calendars/${country.toLowerCase()}-${year}.json is missing`);
  }
  return faults;
}

/**
 * All tables as the processes read them, no year missing between two others, and beside the packages of holidays.
 * @throws SettingsError with everything that is wrong.
 */
export function checkCalendars(): { tables: CalendarTable[]; accepted: number } {
  const tables = readCalendarTables();
  const gaps = missingYears(tables);
  if (gaps.length) throw new SettingsError(gaps);
  const comparison = compareWithPackages();
  const faults = faultsOf(comparison);
  if (faults.length) throw new SettingsError(faults);
  return { tables, accepted: comparison.differences.length };
}

/** Checks every table and lists them; `--unverified` also lists what is to be checked before relying on them. */
export const subcommand: Subcommand = {
  usage: 'npm run calendar -- check [--unverified]',
  run(args) {
    const { values } = parseArgs({ args, options: { unverified: { type: 'boolean', default: false } } });
    const { tables, accepted } = checkCalendars();
    for (const table of tables) {
      const { file, versionId, status, days, sources, year } = table;
      const open = Object.entries(sources).filter(([, { unverified }]) => unverified !== undefined);
      const provisional = days.filter((day) => day.provisional).length;
      const working = countWorkingDays(table, String(year));
      process.stdout.write(
        `${file}   ${versionId}   ${status}   ${working} working days, ${provisional} days provisional, ${open.length} of ${Object.keys(sources).length} sources unverified\n`,
      );
      if (values.unverified)
        for (const [key, { act, unverified = '' }] of open)
          process.stdout.write(`    ${key}: ${act}\n        to check: ${unverified}\n`);
    }
    process.stdout.write(`${tables.length} tables, ${accepted} accepted differences from the packages\n`);
    return Promise.resolve(0);
  },
};
