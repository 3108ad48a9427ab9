import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';

/** The last line of .ci/run says what jest says, and its exit code is never 0 over a failure. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-sum-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sumOf(result: object | null): { line: string; code: number | null } {
  const file = path.join(folder, result === null ? 'missing.json' : 'result.json');
  if (result) writeFileSync(file, JSON.stringify(result));
  const run = spawnSync(process.execPath, [inProject('test', 'reporters', 'sum.mjs'), file], { encoding: 'utf8' });
  return { line: run.stdout, code: run.status };
}

const passed = { numPassedTests: 12, numFailedTests: 0, numRuntimeErrorTestSuites: 0, success: true };

describe('the sum of a test run', () => {
  test('all passed: the line alone, exit code 0', () => {
    expect(sumOf(passed)).toEqual({ line: '12 passed, 0 failed\n', code: 0 });
  });

  test('a failed test ends with 1', () => {
    expect(sumOf({ ...passed, numFailedTests: 3, success: false })).toEqual({
      line: '12 passed, 3 failed\n',
      code: 1,
    });
  });

  test('a test file that could not be run counts as failed', () => {
    expect(sumOf({ ...passed, numRuntimeErrorTestSuites: 1, success: false })).toEqual({
      line: '12 passed, 1 failed\n',
      code: 1,
    });
  });

  test('a run without a test is no success', () => {
    expect(sumOf({ ...passed, numPassedTests: 0 })).toEqual({ line: '0 passed, 0 failed\n', code: 1 });
  });

  test('a fault beside the tests is no success, though each passed', () => {
    expect(sumOf({ ...passed, success: false })).toEqual({ line: '12 passed, 0 failed\n', code: 1 });
  });

  test('without a result there is no line and no success', () => {
    expect(sumOf(null)).toEqual({ line: '', code: 1 });
  });
});
