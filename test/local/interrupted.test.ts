import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { waitFor } from '../../local/play/tasks.js';
import { startTicks } from '../../local/stack/processes.js';

/** A run of the tests that is interrupted: what a file started by itself is stopped in order, wherever jest ran the file. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-interrupted-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (name: string): string[] => readdirSync(folder).filter((file) => file.startsWith(name));

/** Runs the files that never end; `shell` as `npm test` does it. */
function run(count: 1 | 2, shell = false): ChildProcess {
  const names = ['waits.ts', 'waits-too.ts']
    .slice(0, count)
    .map((name) => `<rootDir>/test/fixtures/interrupted/${name}`);
  const jest = inProject('node_modules', 'jest', 'bin', 'jest.js');
  const args = [
    '--experimental-vm-modules',
    jest,
    '--maxWorkers',
    '2',
    ...names.flatMap((name) => ['--testMatch', name]),
  ];
  const env = {
    PATH: process.env.PATH,
    FOLDER: folder,
    MERZIM_TEST_MONGODB_URI: 'mongodb://127.0.0.1:1',
    MERZIM_TEST_STACK: 'none',
  };
  const options = { cwd: inProject(), stdio: 'ignore' as const, detached: true };
  if (!shell) return spawn(process.execPath, args, { ...options, env });
  const line = `true && '${process.execPath}' ${args.map((arg) => `'${arg}'`).join(' ')}`;
  return spawn('/bin/sh', ['-c', line], { ...options, env: { ...env, npm_lifecycle_event: 'test' } });
}

/** The processes that the files started, once each has. */
const started = (count: number): Promise<number[]> =>
  waitFor(async () => {
    const pids = files('started').map((file) => Number(readFileSync(path.join(folder, file), 'utf8')));
    return Promise.resolve(pids.length === count && pids.every((pid) => pid > 0) ? pids : null);
  }, 'the files to start');

describe.each([
  { files: 1, where: "in jest's own process" },
  { files: 2, where: 'in two workers' },
] as const)('files that run $where', ({ files: count }) => {
  test.each([
    { by: 'Ctrl-C', strike: (jest: ChildProcess) => process.kill(-jest.pid!, 'SIGINT') },
    { by: 'a signal to jest alone', strike: (jest: ChildProcess) => jest.kill('SIGTERM') },
  ])(
    'are stopped by $by',
    async ({ strike }) => {
      const jest = run(count);
      const exited = once(jest, 'exit');
      const pids = await started(count);
      strike(jest);
      expect(await exited).toEqual([130, null]);
      await waitFor(() => Promise.resolve(files('stopped').length === count), 'the stops');
      expect(pids.map((pid) => startTicks(pid))).toEqual(pids.map(() => null));
    },
    120_000,
  );
});

test('jest ends when the shell of npm was ended alone', async () => {
  const shell = run(1, true);
  const [pid] = await started(1);
  shell.kill('SIGTERM');
  await waitFor(() => Promise.resolve(files('stopped').length === 1), 'the stop');
  expect(startTicks(pid!)).toBeNull();
}, 120_000);
