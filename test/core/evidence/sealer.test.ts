import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compareKept } from '../../../core/evidence/kept.js';
import { createSealLog, type SealLog } from '../../../core/evidence/seal-log.js';
import { createSealer, createSealRequests, type SealRequests } from '../../../core/evidence/sealer.js';
import { createTrail, type Trail } from '../../../core/trail.js';
import { openTestDatabase, somebody, type TestDatabase } from '../../helpers/database.js';

/** What becomes of the order of all entries when a sealer dies, two run, the database forgets, or somebody changes it. */

const origin = 'test.invalid/trail';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
let database: TestDatabase;
let trail: Trail;
let log: SealLog;
let requests: SealRequests;
let kept: string[];
const ending: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await openTestDatabase();
  trail = createTrail({ database });
  log = createSealLog({ database });
  requests = createSealRequests({ database, clock: database.clock });
  kept = [];
  for (const part of [trail, log, requests]) await part.init();
});
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
  await database.drop();
});

/** Runs a sealer; `stop` ends it and answers how it ended. */
function start(publish = (note: string): void => void kept.push(note)) {
  const stopping = new AbortController();
  const ended = createSealer({
    ...{ database, log, privateKey, origin },
    publish: async (_size, note) => publish(note),
  })
    .run(stopping.signal)
    .then(
      () => null,
      (error: unknown) => error as Error,
    );
  const stop = (): Promise<Error | null> => {
    stopping.abort();
    return ended;
  };
  ending.push(stop);
  return { stop, ended };
}

async function act(caseId: string, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1)
    await database.transaction(somebody, (tx) => trail.record(tx, { caseId, type: 'letter.sent', data: { at } }));
}

/** Whether the order is whole: numbers without a gap, each entry once, in each case in its own order, and the tiles say the same. */
async function isWhole(entries: number): Promise<void> {
  const leaves = await database.trail.collection('leaves').find().sort({ _id: 1 }).toArray();
  expect(leaves.map(({ _id }) => _id as unknown)).toEqual([...Array(entries).keys()]);
  expect(new Set(leaves.map(({ entryId }) => entryId as string)).size).toBe(entries);
  for (const caseId of new Set(leaves.map((leaf) => leaf['caseId'] as string))) {
    const seqs = leaves.filter((leaf) => leaf['caseId'] === caseId).map(({ seq }) => seq as number);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  }
  expect((await log.frontier()).root()).toEqual(await log.subtree(0, entries));
}

test('one that ended between the second place and the database leaves nothing that the next does not mend', async () => {
  const crashing = start((note) => {
    kept.push(note);
    throw new Error('killed');
  });
  await act('one', 5);
  await expect(requests.checkpoint('one', 5, 3_000)).rejects.toThrow('did not answer');
  expect((await crashing.ended)?.message).toBe('killed');
  expect(await log.lastCheckpoint()).toBeNull();
  await act('one', 4);
  start();
  expect(await requests.checkpoint('one', 9)).toBe(9);
  await isWhole(9);
  expect(await compareKept(log, kept, { origin, publicKey })).toBeNull();
});

test('one whose place in the change stream the database has forgotten finds what it missed', async () => {
  await start().stop();
  const first = start();
  await act('one', 3);
  await requests.checkpoint('one', 3);
  await first.stop();
  await act('one', 4);
  // A token of the year 2001, as it would be after the oplog has rolled over.
  const leaves = database.trail.collection('leaves');
  const last = await leaves.findOne({ resumeToken: { $exists: true } }, { sort: { _id: -1 } });
  const token = (last!['resumeToken'] as { _data: string })._data;
  const forgotten = { _data: `${token.slice(0, 2)}3B9ACA00${token.slice(10)}` };
  await leaves.updateOne({ _id: last!._id }, { $set: { resumeToken: forgotten } });
  start();
  await act('one', 2);
  expect(await requests.checkpoint('one', 9)).toBe(9);
  await isWhole(9);
});

test('of two at once one ends, and no entry is sealed twice', async () => {
  await act('before', 30);
  const both = [start(), start()];
  await Promise.all(['one', 'two', 'three'].map((caseId) => act(caseId, 20)));
  const done = requests.checkpoint('three', 20);
  expect(await done).toBe(90);
  await isWhole(90);
  await act('later', 5);
  await requests.checkpoint('later', 5);
  await isWhole(95);
  const ended = await Promise.race([Promise.any(both.map(({ ended: end }) => end)), sleep(5_000, 'none')]);
  expect(ended).toMatchObject({ code: 11_000 });
});

describe('what differs from the second place is found', () => {
  const differs = (): Promise<string | null> => compareKept(log, kept, { origin, publicKey });

  beforeEach(async () => {
    const sealing = start();
    await act('one', 4);
    await requests.checkpoint('one', 4);
    await act('one', 3);
    await requests.checkpoint('one', 7);
    await sealing.stop();
    expect(kept).toHaveLength(2);
    expect(await differs()).toBeNull();
  });

  test('an entry that was changed, with everything after it written anew', async () => {
    await database.trail.collection('leaves').updateOne({ seq: 2 }, { $set: { hash: 'ab'.repeat(32) } });
    expect(await differs()).toBe(
      'the entries in the database are not those over which the checkpoint over 7 was signed',
    );
  });

  test('entries that were cut off', async () => {
    await database.trail.collection('leaves').deleteMany({ seq: { $gt: 5 } });
    expect(await differs()).toBe('a checkpoint over 7 entries was kept, the database has 5');
  });

  test('a checkpoint that was signed again, or is in one place alone', async () => {
    const checkpoints = database.trail.collection<{ _id: number; note: string }>('checkpoints');
    const note = kept[0]!.replace('at 20', 'at 19');
    await checkpoints.updateOne({ _id: 4 }, { $set: { note } });
    expect(await differs()).toBe('the checkpoint over 4 entries in the database is not the one that was kept');
    await checkpoints.updateOne({ _id: 4 }, { $set: { note: kept[0]! } });
    expect(await compareKept(log, kept.slice(0, 1), { origin, publicKey })).toBe(
      'the checkpoint over 7 entries is in the database alone',
    );
    expect(await compareKept(log, [], { origin, publicKey })).toBeNull();
    expect(await compareKept(log, ['x'], { origin, publicKey })).toMatch(/can not be read/);
  });
});
