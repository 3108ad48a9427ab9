import { execFile } from 'node:child_process';
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
    expect(stdout).toMatch(/target +Wed 2026-05-13T18:30:00/);
    expect(stdout).toMatch(/due +Thu 2026-05-14T23:59:59\.999 Asia\/Almaty +2026-05-14T18:59:59\.999Z/);
  });

  test('as JSON gives the same for machines; a moment without offset is local', async () => {
    const [offset, local] = await Promise.all([
      due('--rule', 'DL-INS-3', '--from', '2026-05-08T10:00:00+05:00', '--json'),
      due('--rule', 'DL-INS-3', '--from', '2026-05-08T10:00:00', '--json'),
    ]);
    expect(JSON.parse(offset.stdout)).toMatchObject({
      rule: 'DL-INS-3',
      basis: 'organisation',
      startedAt: '2026-05-08T05:00:00.000Z',
      dueAt: '2026-05-18T18:59:59.999Z',
    });
    expect(local.stdout).toBe(offset.stdout);
  });

  test('says that a silent rule has no term', async () => {
    const { code, stdout } = await due('--rule', 'DL-INS-6', '--from', '2026-05-08T10:00:00Z');
    expect([code, stdout]).toEqual([0, expect.stringContaining('none: the act is silent')]);
  });

  test.each([
    [['--rule', 'DL-INS-1', '--from', '2027-12-30T10:00:00Z'], 1, 'config/calendars/kz-2028.json'],
    [['--rule', 'DL-INS-99', '--from', '2026-05-08T10:00:00Z'], 1, 'no row of rule "DL-INS-99"'],
    [['--rule', 'DL-INS-1', '--from', '2026-05-08'], 2, '--from 2026-05-08 is no moment'],
    [['--rule', 'DL-INS-1', '--from', '2026-02-30T10:00:00Z'], 2, 'is no moment'],
    [['--from', '2026-05-08T10:00:00Z'], 2, '--rule is missing'],
    [['--rule', 'DL-INS-1', '--from', '2026-05-08T10:00:00Z', '--organisation', 'nobody'], 1, 'nobody.json'],
  ])('%j ends with %i and says what would be right', async (args, code, message) => {
    const outcome = await due(...args);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });
});
