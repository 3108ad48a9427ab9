import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { madeExport } from '../../local/bench/made-export.js';

/** The command as a process of its own: what it prints, and its exit codes. */

let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-verify-trail-'));
  const keys = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  await pipeline(Readable.from(madeExport({ entries: 5, keys })), createWriteStream(at('good.zip')));
  writeFileSync(at('bad.zip'), readFileSync(at('good.zip'), 'latin1').replace('"seq":3', '"seq":4'), 'latin1');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [inProject('dist', 'local', 'verify-trail.js'), ...args], (error, stdout, stderr) =>
      resolve({ code: (error?.code as number | undefined) ?? 0, stdout, stderr }),
    );
  });

test('exit code 0 where all holds, 1 with the first entry that does not, 2 for a call that can not be answered', async () => {
  expect(await run(at('good.zip'), '--public-key', at('key.pem'))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('entries     1 to 5 of INS-2026-000001'),
  });
  expect(await run(at('bad.zip'), '--public-key', at('key.pem'))).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('DOES NOT HOLD: entry 3 is missing'),
    stderr: '',
  });
  for (const args of [[], [folder], [at('none.zip')], [at('good.zip'), '--checkpoints', at('none')], ['--no-such']])
    expect(await run(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Exit codes') });
});
