import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command as it stands in the sources, with nothing of the stack in its environment. */
const due = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', './test/helpers/typescript-loader.mjs', 'local/due.ts', ...args],
      { cwd: inProject(), env: { PATH: process.env.PATH ?? '' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

describe('npm run due', () => {
  test('prints both moments and why each day counts', async () => {
    const { code, stdout } = await due('--rule', 'DL-INS-1', '--from', '2026-05-08T10:00:00+05:00');
    expect(code).toBe(0);
    expect(stdout).toMatch(/2026-05-11 Mon +- +- +day off for a holiday on a weekend \(Victory Day\)/);
    expect(stdout).toMatch(/Target .*: Wed 2026-05-13T18:30:00/);
    expect(stdout).toMatch(/Due .*: Thu 2026-05-14T23:59:59\.999 Asia\/Almaty +2026-05-14T18:59:59\.999Z/);
  });

  test.each([
    ['kk', '3 жұмыс күні'],
    ['ru', '3 рабочих дня'],
    ['ky', '3 жумуш күнү'],
  ])('speaks %s', async (language, words) => {
    const { stdout } = await due('--rule', 'DL-INS-1', '--from', '2026-05-08T10:00:00+05:00', '--lang', language);
    expect(stdout).toContain(words);
  });

  test('as JSON gives the same as the API and no more; a moment without offset is local', async () => {
    const [offset, local] = await Promise.all([
      due('--rule', 'DL-INS-3', '--from', '2026-05-08T10:00:00+05:00', '--json'),
      due('--rule', 'DL-INS-3', '--from', '2026-05-08T10:00:00', '--json'),
    ]);
    const told = JSON.parse(offset.stdout) as { days: object[] };
    expect(told).toMatchObject({
      rule: 'DL-INS-3',
      from: '2026-05-08T05:00:00.000Z',
      dueAt: '2026-05-18T18:59:59.999Z',
      zone: 'Asia/Almaty',
    });
    expect(Object.keys(told)).toEqual(['rule', 'from', 'targetAt', 'dueAt', 'zone', 'calendarVersions', 'days']);
    expect(told.days[0]).toEqual({ date: '2026-05-08', counted: false, reason: 'day-of-event' });
    expect(local.stdout).toBe(offset.stdout);
  });

  test('counts back from an application: the earliest day that its order may bear', async () => {
    const { stdout } = await due('--rule', 'DL-ACC-3', '--from', '2028-02-29T10:00:00', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ targetAt: null, dueAt: '2027-02-27T19:00:00.000Z' });
  });

  test('says that a silent rule has no term', async () => {
    const { code, stdout } = await due('--rule', 'DL-INS-6', '--from', '2026-05-08T10:00:00Z');
    expect([code, stdout]).toEqual([0, expect.stringContaining('the act sets none')]);
  });

  test.each([
    [['--rule', 'DL-INS-1', '--from', '2027-12-30T10:00:00Z'], 1, 'config/calendars/kz-2028.json'],
    [['--rule', 'DL-INS-99', '--from', '2026-05-08T10:00:00Z'], 2, '--rule DL-INS-99 has no row'],
    [['--rule', 'DL-INS-1', '--from', '2019-05-08T10:00:00Z'], 2, '--from: '],
    [['--rule', 'DL-INS-1', '--from', '2026-05-08'], 2, '--from 2026-05-08 is no moment'],
    [['--rule', 'DL-INS-1', '--from', '2026-02-30T10:00:00Z'], 2, 'is no moment'],
    [['--rule', 'DL-INS-1', '--from', '2026-05-08T10:00:00Z', '--lang', 'de'], 2, '--lang de is not spoken'],
    [['--from', '2026-05-08T10:00:00Z'], 2, '--rule is missing'],
    [['--rule', 'DL-INS-1', '--from', '2026-05-08T10:00:00Z', '--organisation', 'nobody'], 2, '--organisation nobody'],
  ])('%j ends with %i and says what would be right', async (args, code, message) => {
    const outcome = await due(...args);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });

  test('loads neither database nor engine', async () => {
    const loaded = await modulesOf('local/due.ts');
    expect(loaded).toContain('core/deadlines.ts');
    expect(loaded.filter((file) => /node_modules\/(mongoose|mongodb|@camunda8)\//.test(file))).toEqual([]);
  });
});

/** Everything that a source file of the project imports in the end, by its text: paths from the root; packages as node_modules/<name>/. */
async function modulesOf(file: string, known = new Set<string>()): Promise<string[]> {
  if (known.has(file)) return [];
  known.add(file);
  const source = await readFile(inProject(file), 'utf8');
  for (const [, from = ''] of source.matchAll(/^(?:import|export)\b(?! type\b)[^;]*?from '([^']+)'/gm)) {
    if (from.startsWith('.')) await modulesOf(path.join(path.dirname(file), from.replace(/\.js$/, '.ts')), known);
    else known.add(`node_modules/${from}/`);
  }
  return [...known];
}
