/**
 * `npm run bench -- recount [--clocks 100000] [--batch 500]`: how long counting open clocks again takes after a changed calendar (ten clocks a case,
 * with their trails), on the replica set of MONGODB_URI, in databases of its own that it drops. Prints one JSON object: seconds for the dry run and for
 * the application, and how many times as long as plain bulk writes of the same documents the application took in the same run, which says
 * more than seconds on a machine that others use. Exit code 1 when the application took longer than the bound, for that many clocks.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { loadOrganisation } from '../../config/index.js';
import { createCalendar, type Calendar } from '../../core/calendar.js';
import { createRecount } from '../../core/clock-recount.js';
import { nextReportAt, type StoredClock } from '../../core/clock-truth.js';
import { createClocks } from '../../core/clocks.js';
import { openDatabase, type Actor, type Database } from '../../core/database.js';
import { loadDeadlineTable, type DeadlineRow } from '../../core/deadline-table.js';
import { newId } from '../../core/ids.js';
import { createOutbox } from '../../core/outbox.js';
import { deadlineOf } from '../../core/rule-deadline.js';
import { createTrail, type Trail } from '../../core/trail.js';

const clocksPerCase = 10;
const boundSeconds = { clocks: 100_000, apply: 60 };
const by: Actor = { kind: 'system', id: 'bench' };

const { values } = parseArgs({
  options: { clocks: { type: 'string', default: '100000' }, batch: { type: 'string' } },
});
const count = Number(values.clocks);
const uri = process.env.MONGODB_URI;
if (!uri) throw new Error('MONGODB_URI: is missing; name a replica set for the measurement');

const organisation = loadOrganisation('demo');
const calendar = createCalendar();
const inForce = changed(calendar);
const calendars = { current: () => Promise.resolve(inForce), latest: inForce, appliedBy: () => 'bench' };
const table = await loadDeadlineTable();

const name = `bench_recount_${newId().toLowerCase()}`;
const database = await openDatabase({
  mongo: { uri, database: name, trailDatabase: `${name}_trail` },
  clock: { travel: false },
});
const clocks = database.connection.collection<StoredClock>('clocks');
try {
  const trail = createTrail({ database });
  const outbox = createOutbox({ database });
  await createClocks({ database, trail, outbox, calendars, table, organisation }).init();
  await trail.init();
  await fill(database, trail);

  const recount = createRecount({ database, trail, calendars, organisation });
  let previewed = 0;
  const [drySeconds] = await timed(async () => {
    for await (const { moved } of recount.preview(inForce)) if (moved !== 'not') previewed += 1;
  });
  const [applySeconds, result] = await timed(() =>
    recount.run(by, values.batch ? { batch: Number(values.batch) } : {}),
  );
  const loadAfter = loadavg().map((load) => Number(load.toFixed(1)));
  if (result.recounted !== count || result.moved !== previewed)
    throw new Error(`${result.recounted} of ${count} were counted again, ${result.moved} of ${previewed} moved`);
  const [plainSeconds] = await timed(writePlainly);
  console.log(
    JSON.stringify({
      clocks: count,
      cases: count / clocksPerCase,
      moved: result.moved,
      drySeconds,
      applySeconds,
      plainSeconds,
      timesPlain: Number((applySeconds / plainSeconds).toFixed(1)),
      boundSeconds: boundSeconds.apply,
      load: loadAfter,
    }),
  );
  if (count <= boundSeconds.clocks && applySeconds >= boundSeconds.apply) process.exitCode = 1;
} finally {
  await database.connection.dropDatabase();
  await database.trail.dropDatabase();
  await database.close();
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const startMs = database.clock.monotonicMs();
  const result = await work();
  return [Number(((database.clock.monotonicMs() - startMs) / 1000).toFixed(1)), result];
}

/** Clocks of every rule of inspections that runs, begun at any minute of four weeks, with the entries of their starts. */
async function fill({ transaction }: Database, trail: Trail): Promise<void> {
  const rows = table.rows.filter((row) => row.process === 'inspection' && row.validTo === null && runs(row));
  for (let made = 0; made < count; made += 2_000) {
    const batch = Array.from({ length: Math.min(2_000, count - made) }, (_, index): StoredClock => {
      const number = Math.floor((made + index) / clocksPerCase);
      const row = rows[(made + index) % rows.length] as DeadlineRow;
      const minute = ((made + index) * 7919) % (28 * 24 * 60);
      const startedAt = new Date(Date.UTC(2026, 2, 20, 0, minute));
      const { basis, zone, term, ...counted } = deadlineOf(row, startedAt, { organisation, calendar });
      const clock: StoredClock = {
        ...{ _id: newId(), caseId: `case-${number}`, caseNumber: `INS-2026-${number}`, process: 'inspection' },
        ...{ rule: row.rule, row, basis, term, subject: `S-${index % clocksPerCase}`, startedAt, zone, ...counted },
        ...{
          state: 'running',
          stoppedAt: null,
          kept: null,
          reports: [],
          replaced: [],
          toTell: null,
          unit: null,
          responsible: null,
        },
        nextReportAt: null,
      };
      return { ...clock, nextReportAt: nextReportAt(clock) };
    });
    await clocks.insertMany(batch);
    await transaction(by, (tx) =>
      trail.recordAll(
        tx,
        batch.map(({ caseId, _id, rule }) => ({ caseId, type: 'clock.started', subject: _id, data: { rule } })),
      ),
    );
  }
}

function runs(row: DeadlineRow): boolean {
  return ['WD', 'CD', 'DUR', 'GT_CD'].includes(row.unit) && (row.length !== null || row.rule in organisation.terms);
}

/**
 * What the application can't do without, and nothing else: each clock read, written once with its former count, and one document more for its entry;
 * without transactions, one batch after the other.
 */
async function writePlainly(): Promise<void> {
  const entries = database.trail.collection('plain');
  for (let batch: StoredClock[] = [], cursor = clocks.find(), more = true; more; batch = []) {
    while (batch.length < 500 && (more = await cursor.hasNext())) batch.push((await cursor.next()) as StoredClock);
    if (batch.length === 0) break;
    const { dueAt, targetAt, days } = batch[0] as StoredClock;
    await clocks.bulkWrite(
      batch.map(({ _id, replaced }) => ({
        updateOne: { filter: { _id }, update: { $set: { dueAt, targetAt, days }, $push: { replaced: replaced[0] } } },
      })),
      { ordered: false },
    );
    await entries.insertMany(
      batch.map(({ caseId, rule, subject }) => ({ caseId, rule, subject, hash: '0'.repeat(64), at: dueAt })),
    );
  }
}

/** The calendar with one more day off in the midst of April 2026. */
function changed(former: Calendar): Calendar {
  return {
    ...former,
    version: (country, year) => `${former.version(country, year)}-changed`,
    day: (country, on) => {
      const day = former.day(country, on);
      return on.toString() === '2026-04-14' ? { ...day, working: false, kind: 'moved-rest' } : day;
    },
  };
}
