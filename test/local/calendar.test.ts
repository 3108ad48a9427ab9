import { execFile } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { createCalendar } from '../../core/calendar.js';
import { missingYears } from '../../local/calendar/check.js';
import { compareWithPackages, faultsOf } from '../../local/calendar/compare.js';
import { compareCalendars, readAccepted, type Accepted } from '../../local/calendar/differences.js';
import { npmPackage, pypiPackage } from '../../local/calendar/packages.js';

/** Runs the command as it stands in the sources, with nothing of the stack in its environment. */
const calendarCommand = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', './test/helpers/typescript-loader.mjs', 'local/calendar.ts', ...args],
      { cwd: inProject(), env: { PATH: process.env.PATH ?? '' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

const kz2026 = [{ country: 'KZ' as const, year: 2026 }];
const against = (accepted: Accepted) =>
  compareCalendars(createCalendar(), [pypiPackage(), npmPackage()], accepted, kz2026);

describe('the tables beside the packages of holidays', () => {
  test('differ only where the list says why', () => {
    const all = compareWithPackages();
    expect(faultsOf(all)).toEqual([]);
    // Eight years of two countries beside one package, and of one country beside the other.
    expect(all.compared).toBe(3 * (8 * 365 + 2));
    expect(all.differences).toHaveLength(readAccepted().flatMap(({ dates }) => dates).length);
  });

  test('a difference that is not on the list is a fault', () => {
    const { differences, ...rest } = against([]);
    expect(differences.map(({ date, package: id, ours, theirs }) => [date, id, ours.working, theirs.working])).toEqual([
      ['2026-03-16', 'npm', true, false],
      ['2026-03-25', 'npm', false, true],
    ]);
    expect(faultsOf({ differences, ...rest })).toHaveLength(2);
  });

  test('an accepted difference that exists no longer is a fault', () => {
    const stale: Accepted = [{ country: 'KZ', package: 'pypi', dates: ['2026-03-17'], reason: 'once' }];
    const known = readAccepted().filter(({ package: id }) => id === 'npm');
    expect(faultsOf(against([...known, ...stale]))).toEqual([
      'KZ 2026-03-17 pypi: an accepted difference that exists no longer; take it off the list',
    ]);
  });

  test('a year between two others that has no table is missed', () => {
    const tables = [2020, 2021, 2023].map((year) => ({ country: 'KG' as const, year }));
    expect(missingYears(tables)).toEqual(['config/calendars/kg-2022.json is missing']);
  });
});

describe('npm run calendar', () => {
  test('compare prints each difference with its reason', async () => {
    const { code, stdout } = await calendarCommand('compare', '--country', 'KG', '--year', '2026');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /KG 2026-01-08 Thu +here off \(extra-rest: .*\) +pypi holidays [\d.]+: worked\n +accepted: Days off/,
    );
    expect(stdout).toContain('365 days compared, 2 differ, 0 faults');
  });

  test.each([
    [['compare', '--country', 'KZ', '--year', '2035'], 1, 'config/calendars/kz-2035.json'],
    [['compare', '--country', 'RU'], 2, '--country RU: expected KZ or KG'],
    [['compare', '--colour'], 2, 'npm run calendar -- compare [--country KZ]'],
    [['guess'], 2, 'there is no subcommand "guess"'],
  ])('%j ends with %i and says what would be right', async (args, code, message) => {
    const outcome = await calendarCommand(...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toContain(message);
  });
});
