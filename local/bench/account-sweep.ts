/**
 * `npm run bench -- account-sweep [--accounts 100000] [--unused 1000]`: the day's look at all accounts (R28, DL-ACC-4) as its worker does it, step by step without the engine, against the
 * simulator of SKUD and the replica set of MONGODB_URI, in databases of its own that it drops. The worst day: SKUD names every account, since nobody ever signed in, and
 * all but `--unused` have credentials that are too new to be blocked. Prints one JSON object: rows a second, how many times as long as only reading the same pages took in
 * the same run, and by how much the peak of the process's memory in the second half of the time was above that in the first, read from outside: nothing may grow with
 * the accounts. Exit code 1 when that is the bound (100,000 accounts and more), or when not exactly those that were unused are blocked.
 */
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { systemClock } from '../../core/clock.js';
import { nextLine, residentMb, start } from './child.js';
import type { SweepDone } from './account-sweep-worker.js';

/** For so many accounts: a shorter run is over before the process has warmed up. */
const boundMb = 32;
const boundAccounts = 100_000;
const dayMs = 24 * 3600 * 1000;

const { values } = parseArgs({
  options: { accounts: { type: 'string', default: '100000' }, unused: { type: 'string', default: '1000' } },
});
const accounts = Number(values.accounts);
const unused = Number(values.unused);
const uri = process.env.MONGODB_URI;
if (!uri) throw new Error('MONGODB_URI: is missing; name a replica set for the measurement');

const simulator = start('../simulators/skud/main', { PORT: '0', TOKEN: 'bench' });
const children = [simulator];
try {
  const { url } = JSON.parse(await nextLine(simulator)) as { url: string };
  await fill(url);
  const worker = start('./account-sweep-worker', { MONGODB_URI: uri, SKUD_URL: `${url}/scim/v2`, SKUD_TOKEN: 'bench' });
  children.push(worker);
  const lines = createInterface({ input: worker.stdout! })[Symbol.asyncIterator]();
  await lines.next(); // Everything is loaded, and the pages were read once.
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMb(worker)), 50);
  worker.stdin!.write('go\n');
  const last = await lines.next();
  clearInterval(sampler);
  if (last.done) throw new Error('the sweeping process ended before it was done');
  const { blocked, seen, seconds, plainSeconds, steps } = JSON.parse(last.value) as SweepDone;
  const half = Math.ceil(samples.length / 2);
  const [firstHalfMb, secondHalfMb] = [samples.slice(0, half), samples.slice(half)].map((part) =>
    Math.round(Math.max(...part)),
  ) as [number, number];
  const grownMb = secondHalfMb - firstHalfMb;
  console.log(
    JSON.stringify({
      ...{ accounts, seen, steps, blocked, seconds, plainSeconds },
      rowsPerSecond: Math.round(accounts / seconds),
      timesPlain: Number((seconds / plainSeconds).toFixed(1)),
      ...{ firstHalfMb, secondHalfMb, grownMb, boundMb },
      load: loadavg().map((load) => Number(load.toFixed(1))),
    }),
  );
  const grew = accounts >= boundAccounts && grownMb >= boundMb;
  if (grew || blocked !== unused || seen !== accounts) process.exitCode = 1;
} finally {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
}

/** Accounts that nobody ever entered, spread over all pages: the unused ones of a hundred days ago, the others of yesterday. */
async function fill(url: string): Promise<void> {
  const now = systemClock().wallNow().getTime();
  const every = unused === 0 ? Infinity : Math.floor(accounts / unused);
  for (let made = 0; made < accounts; made += 2_000) {
    const part = Array.from({ length: Math.min(2_000, accounts - made) }, (_, index) => {
      const number = made + index;
      const old = number % every === 0 && number / every < unused;
      const createdAt = new Date(now - (old ? 100 : 1) * dayMs).toISOString();
      return { userName: `user${number}`, externalId: `E${number}`, createdAt };
    });
    const answer = await fetch(`${url}/control`, { method: 'POST', body: JSON.stringify({ accounts: part }) });
    if (!answer.ok) throw new Error(`SKUD simulator: ${await answer.text()}`);
  }
}
