/**
 * How much the memory of a process grows while it downloads an extract of a million rows (the bound is 150 MB): starts the NIT
 * simulator and a downloading process, and reads the resident set of the latter from outside, every 50 ms. Prints one JSON object; exit
 * code 1 when the bound is broken or the download failed. `--rows N` for another size, `--gzip` for gzipped parts; with MONGODB_URI the
 * parts are encrypted and stored in GridFS, without it they are written to a temporary folder.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { nextLine, residentMb, start } from './child.js';

const boundMb = 150;
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, gzip: { type: 'boolean' } } });
const secret = 'bench';

const simulator = start('../simulators/nit/main', {
  PORT: '0',
  ROWS: values.rows,
  PREPARE_MS: '0',
  GZIP: String(values.gzip ?? false),
  NIT_CLIENT_ID: 'bench',
  NIT_CLIENT_SECRET: secret,
});
const { url } = JSON.parse(await nextLine(simulator)) as { url: string };
const worker = start('./nit-memory-worker', {
  NIT_URL: url,
  NIT_CLIENT_SECRET: secret,
  ...(process.env.MONGODB_URI ? { MONGODB_URI: process.env.MONGODB_URI } : {}),
});

try {
  const lines = createInterface({ input: worker.stdout! })[Symbol.asyncIterator]();
  await lines.next(); // It is idle, with everything loaded and the export ready.
  const before = residentMb(worker);
  let peak = before;
  const startedAt = performance.now();
  const sampler = setInterval(() => (peak = Math.max(peak, residentMb(worker))), 50);
  worker.stdin!.write('go\n');
  const last = await lines.next();
  clearInterval(sampler);
  if (last.done) throw new Error('the downloading process ended before it was done');
  const seconds = (performance.now() - startedAt) / 1000;
  const done = JSON.parse(last.value) as { rows: number; bytes: number; parts: number; store: string };
  const grownMb = peak - before;
  console.log(
    JSON.stringify({
      ...done,
      gzip: values.gzip ?? false,
      beforeMb: Math.round(before),
      peakMb: Math.round(peak),
      grownMb: Math.round(grownMb),
      boundMb,
      seconds: Number(seconds.toFixed(1)),
      rowsPerSecond: Math.round(done.rows / seconds),
    }),
  );
  if (grownMb >= boundMb) process.exitCode = 1;
} finally {
  for (const child of [worker, simulator]) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
}
