import { parseArgs } from 'node:util';
import { Temporal } from 'temporal-polyfill';
import { createCalendar, type Country } from '../../core/calendar.js';
import { compareCalendars, readAccepted, type Comparison, type Difference } from './differences.js';
import { npmPackage, pypiPackage, refreshSnapshot } from './packages.js';
import { CalendarUsageError, type Subcommand } from './subcommand.js';

const countries: Country[] = ['KZ', 'KG'];

/** Every year of every country that has a table, or those asked for. */
function selected(country?: string, year?: string): { country: Country; year: number }[] {
  if (country !== undefined && !countries.includes(country as Country))
    throw new CalendarUsageError(`--country ${country}: expected ${countries.join(' or ')}`);
  if (year !== undefined && !/^\d{4}$/.test(year)) throw new CalendarUsageError(`--year ${year}: expected e.g. 2026`);
  const calendar = createCalendar();
  return countries
    .filter((each) => country === undefined || each === country)
    .flatMap((each) =>
      (year === undefined ? calendar.years(each) : [Number(year)]).map((of) => ({ country: each, year: of })),
    );
}

/**
 * The tables beside the snapshot of the PyPI package and beside the npm package.
 * @throws CalendarMissingError for a year without a table; PermanentError for a faulty snapshot or list.
 */
export function compareWithPackages(years = selected()): Comparison {
  return compareCalendars(createCalendar(), [pypiPackage(), npmPackage()], readAccepted(), years);
}

function line({ country, date, package: id, packageName, ours, theirs, reason }: Difference): string {
  const weekday = Temporal.PlainDate.from(date).toLocaleString('en-GB', { weekday: 'short' });
  const state = (working: boolean, what: string | null) => `${working ? 'worked' : 'off'}${what ? ` (${what})` : ''}`;
  const here = state(ours.working, ours.name?.en ? `${ours.kind}: ${ours.name.en}` : ours.kind);
  return (
    `${country} ${date} ${weekday}   here ${here}   ${id} ${packageName}: ${state(theirs.working, theirs.name)}\n` +
    `    ${reason === null ? 'NOT ACCEPTED' : `accepted: ${reason}`}`
  );
}

/** What a comparison found that must not be: sentences, empty when all is right. */
export function faultsOf({ differences, gone, unknown }: Comparison): string[] {
  return [
    ...unknown
      .filter(({ package: id }) => id === 'pypi')
      .map(({ country, year }) => `${country} ${year} pypi: the snapshot has no such year; run compare --refresh`),
    ...differences
      .filter(({ reason }) => reason === null)
      .map(
        ({ country, date, package: id }) => `${country} ${date} ${id}: the table differs and the list does not say why`,
      ),
    ...gone.map((key) => `${key}: an accepted difference that exists no longer; take it off the list`),
  ];
}

/** Prints the differences day by day; 1 for one that is not on the list, or one on the list that exists no longer. */
export const subcommand: Subcommand = {
  usage: 'npm run calendar -- compare [--country KZ] [--year 2026] [--refresh [--python python3]]',
  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        country: { type: 'string' },
        year: { type: 'string' },
        refresh: { type: 'boolean', default: false },
        python: { type: 'string', default: 'python3' },
      },
    });
    const years = selected(values.country, values.year);
    if (values.refresh) {
      const version = await refreshSnapshot(
        values.python,
        selected().map(({ year }) => year),
      );
      process.stdout.write(`the snapshot is now that of holidays ${version}\n`);
    }
    const found = compareWithPackages(years);
    const faults = faultsOf(found);
    const lines = [
      ...found.differences.map(line),
      ...new Set(
        found.unknown.map(({ package: id, packageName, country }) => `${id} ${packageName} does not know ${country}`),
      ),
      `${found.compared} days compared, ${found.differences.length} differ, ${faults.length} faults`,
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    process.stderr.write(faults.map((fault) => `${fault}\n`).join(''));
    return faults.length ? 1 : 0;
  },
};
