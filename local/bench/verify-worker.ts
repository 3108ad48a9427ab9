/** The checking process of verify.ts: checks one export as `npm run verify-trail` does, prints what was found and what it took. */
import { performance } from 'node:perf_hooks';
import { verifyExport } from '../../core/evidence/verify.js';

const idleBytes = process.memoryUsage.rss();
const startedMs = performance.now();
const found = verifyExport(process.argv[2]!);
const seconds = (performance.now() - startedMs) / 1000;
const { user, system } = process.cpuUsage();
const { maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    found,
    seconds: Number(seconds.toFixed(1)),
    cpuSeconds: Number(((user + system) / 1e6).toFixed(1)),
    idleMb: Math.round(idleBytes / 2 ** 20),
    peakMb: Math.round(maxRSS / 1024),
  }),
);
