import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEvidence, type Evidence } from '../../../core/evidence/evidence.js';
import { createKeyRing } from '../../../core/evidence/key-ring.js';
import { createSealLog, type SealLog } from '../../../core/evidence/seal-log.js';
import { createSealer } from '../../../core/evidence/sealer.js';
import { verifyExport } from '../../../core/evidence/verify.js';
import { createTrail, type Trail } from '../../../core/trail.js';
import { openTestDatabase, somebody, type TestDatabase } from '../../helpers/database.js';

const origin = 'test.invalid/trail';
let database: TestDatabase;
let trail: Trail;
let log: SealLog;
let evidence: Evidence;
let folder: string;
let key: KeyObject;
let publicKey: string;
const published: { size: number; note: string }[] = [];
let stop: () => Promise<void>;

/** Runs a sealer until the answer is called. */
function seal(everyMs = 60_000): () => Promise<void> {
  const ending = new AbortController();
  const running = createSealer({
    database,
    log,
    privateKey: key,
    origin,
    publish: (size, note) => Promise.resolve(void published.push({ size, note })),
    everyMs,
  }).run(ending.signal);
  return async () => {
    ending.abort();
    await running;
  };
}

async function act(caseId: string, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1)
    await database.transaction(somebody, (tx) => trail.record(tx, { caseId, type: 'letter.sent', data: { at } }));
}

async function exportOf(caseId: string, files: Record<string, string> = {}): Promise<string> {
  const file = path.join(folder, `${caseId}-${published.length}-${Math.trunc(performance.now())}.zip`);
  const given = Object.entries(files).map(([name, text]) => ({ path: name, content: [Buffer.from(text)] }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of evidence.exportCase({ caseId, number: 'INS-2026-000001', files: given }))
    chunks.push(Buffer.from(chunk));
  await writeFile(file, Buffer.concat(chunks));
  return file;
}

beforeAll(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'merzim-evidence-'));
  trail = createTrail({ database });
  log = createSealLog({ database });
  evidence = createEvidence({ database, trail, origin });
  await trail.init();
  await evidence.init();
  const pair = generateKeyPairSync('ed25519');
  key = pair.privateKey;
  publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await createKeyRing({ database }).publish(origin, key);
  await act('before', 7);
  stop = seal();
});
afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

describe('the sealer', () => {
  test('orders what was there before it and what comes, each entry once', async () => {
    await Promise.all(['one', 'two', 'three'].map((caseId) => act(caseId, 20)));
    expect(verifyExport(await exportOf('two'), { publicKey })).toMatchObject({ ok: true, case: { entries: 20 } });
    const size = await log.size();
    expect(size).toBe(67);
    expect((await log.frontier()).root()).toEqual(await log.subtree(0, size));
  });

  test('goes on where another one stopped, and over the edge of its tiles', async () => {
    await stop();
    await act('while-none-runs', 3);
    stop = seal();
    await act('many', 260);
    const found = verifyExport(await exportOf('while-none-runs'), { publicKey });
    expect(found).toMatchObject({ ok: true, case: { entries: 3 } });
    const size = await log.size();
    expect(size).toBe(330);
    expect((await log.frontier()).root()).toEqual(await log.subtree(0, size));
  });

  test('signs the same checkpoint for the second place as for the database', async () => {
    const last = await log.lastCheckpoint();
    expect(published.at(-1)).toEqual({ size: last!._id, note: last!.note });
  });

  test('signs by itself while entries come', async () => {
    await stop();
    stop = seal(50);
    const before = published.length;
    await act('later', 1);
    for (let waits = 0; published.length === before && waits < 100; waits += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(published.length).toBeGreaterThan(before);
  });
});

describe('an export', () => {
  test('holds with the key handed over, and says so when only its own key is there', async () => {
    const file = await exportOf('one', { 'case.json': '{}' });
    expect(verifyExport(file, { publicKey })).toMatchObject({ ok: true, keyGiven: true, files: 6 });
    expect(verifyExport(file)).toMatchObject({ ok: true, keyGiven: false });
  });

  test('signed by another key does not hold', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(verifyExport(await exportOf('one'), { publicKey: other })).toMatchObject({ ok: false, part: 'signature' });
  });

  test('does not hold where its checkpoint is none of those that were kept', async () => {
    const file = await exportOf('one');
    const kept = (size: number) => published.filter((one) => one.size === size).map(({ note }) => note);
    expect(verifyExport(file, { publicKey, knownCheckpoints: kept })).toMatchObject({ ok: true });
    expect(verifyExport(file, { publicKey, knownCheckpoints: () => [] })).toMatchObject({ part: 'checkpoint' });
  });

  test('of 10,000 seeded changes of a bit, of a byte, of the length: each is found', async () => {
    const file = await exportOf('one', { 'case.json': '{"number":"INS-2026-000001"}' });
    const whole = await readFile(file);
    const changed = path.join(folder, 'changed.zip');
    let state = 20_261_122;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const missed: string[] = [];
    for (let round = 0; round < 10_000; round += 1) {
      const at = random(whole.length);
      const kind = round % 10;
      let mutant = Buffer.from(whole);
      if (kind < 7) mutant[at] = mutant[at]! ^ (1 << random(8));
      else if (kind === 7) mutant = Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1 + random(40))]);
      else if (kind === 8)
        mutant = Buffer.concat([whole.subarray(0, at), Buffer.from([random(256)]), whole.subarray(at)]);
      else mutant = whole.subarray(0, at);
      await writeFile(changed, mutant);
      if (verifyExport(changed, { publicKey }).ok) missed.push(`round ${round}: kind ${kind} at ${at}`);
    }
    expect(missed).toEqual([]);
  }, 600_000);
});
