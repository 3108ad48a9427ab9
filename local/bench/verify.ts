/**
 * `npm run bench -- verify [--entries 1000000]`: how long `npm run verify-trail` takes for a case with that many entries, and how much memory. Makes the
 * export itself, without a database, with one entry of another case after each ten; checks it in a process of its own. Prints one JSON
 * object. Exit code 1 when a million took 20 seconds or longer, or more memory than the bound.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { madeExport } from './made-export.js';

const bound = { entries: 1_000_000, seconds: 20, peakMb: 400 };

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const entries = Number(values.entries);
const folder = await mkdtemp(path.join(tmpdir(), 'merzim-verify-'));
try {
  const file = path.join(folder, 'INS-2026-000001.zip');
  await pipeline(Readable.from(madeExport({ entries }), { objectMode: false }), createWriteStream(file));
  const worker = fileURLToPath(new URL('./verify-worker.js', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [worker, file], { encoding: 'utf8' });
  const { found, ...took } = JSON.parse(stdout || '{}') as {
    found?: { ok: boolean };
    seconds: number;
    peakMb: number;
  };
  if (!found?.ok) throw new Error(`the export did not hold: ${JSON.stringify(found)} ${stderr}`);
  const load = loadavg().map((each) => Number(each.toFixed(1)));
  console.log(JSON.stringify({ entries, megabytes: Math.round(statSync(file).size / 2 ** 20), ...took, bound, load }));
  if (entries <= bound.entries && (took.seconds >= bound.seconds || took.peakMb > bound.peakMb)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
