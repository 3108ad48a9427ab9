import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readCalendarTables, type CalendarTable } from '../../config/calendar-schema.js';
import { inProject } from '../../config/index.js';
import { writeClockOffset } from '../../core/clock.js';
import type { StoredClock } from '../../core/clock-truth.js';
import { tellOfMoves } from '../../core/clock-notices.js';
import { newId } from '../../core/ids.js';
import type { Services } from '../../core/services.js';
import { watchdogActor } from '../../core/watchdog.js';
import { changedTable } from '../helpers/calendar-tables.js';
import { somebody } from '../helpers/database.js';
import { startMongodWithUsers, type OwnMongod } from '../helpers/mongod.js';
import { WorkerSite } from '../helpers/worker-site.js';

/** The command as a process of its own, on a database with cases. Legal time is the Thursday evening of the event. */
const revealedAt = new Date('2026-04-16T13:00:00Z');
const of2026 = readCalendarTables().find(({ country, year }) => country === 'KZ' && year === 2026) as CalendarTable;
const dayOff = changedTable(of2026, { '2026-04-17': 'rest-day' });

/** Its own, because MongoDB holds what a killed process had begun for a while that is set for the whole of it. */
let mongod: OwnMongod;
let folder: string;
let file: string;
let site: WorkerSite;
let services: Services;
let env: Record<string, string>;

beforeAll(async () => {
  mongod = await startMongodWithUsers();
  folder = await mkdtemp(path.join(tmpdir(), 'merzim-calendar-'));
  file = path.join(folder, 'kz-2026.json');
  const { file: _, versionId: __, ...content } = dayOff;
  await writeFile(file, JSON.stringify(content));
});
afterAll(async () => {
  await mongod?.stop();
  if (folder) await rm(folder, { recursive: true });
});
beforeEach(async () => {
  const database = `test_apply_${randomBytes(6).toString('hex')}`;
  env = {
    MONGODB_URI: mongod.adminUri,
    MONGODB_DATABASE: database,
    MONGODB_TRAIL_DATABASE: `${database}_trail`,
    MASTER_KEY: randomBytes(32).toString('base64'),
    CLOCK_TRAVEL: 'true',
    ...{ ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1', ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1' },
    ...{
      ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1',
      TASKLIST_URL: 'http://127.0.0.1:1',
      OPERATE_URL: 'http://127.0.0.1:1',
    },
    ...{ SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'merzim@sc.example', PUBLIC_URL: 'http://127.0.0.1:1' },
    ...{ OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'merzim', OIDC_CLIENT_SECRET: 'secret' },
    ...{ NIT_URL: 'http://127.0.0.1:1', NIT_CLIENT_ID: 'merzim', NIT_CLIENT_SECRET: 'secret' },
    ...{ SESSION_SECRET: 'x'.repeat(32), ORGANISATION: 'demo' },
  };
  site = await WorkerSite.start(env);
  ({ services } = site);
  await writeClockOffset(services.database.connection, revealedAt.getTime() - services.clock.wallNow().getTime());
});
afterEach(() => site.stop());

const command = (...args: string[]): [string, string[], { cwd: string; env: Record<string, string> }] => [
  process.execPath,
  [
    '--import',
    './test/helpers/typescript-loader.mjs',
    'local/calendar.ts',
    'apply',
    file,
    '--by',
    'a.seitkali',
    ...args,
  ],
  { cwd: inProject(), env: { PATH: process.env.PATH ?? '', ...env } },
];
const apply = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(...command(...args), (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
const clocks = () => services.database.connection.collection<StoredClock>('clocks');
const moved = () => clocks().countDocuments({ calendarVersions: dayOff.versionId });

/** Cases with clocks of the same rule, one for each subject. */
async function openCases(count: number, subjects: string[]): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  for (const [index, caseId] of ids.entries()) {
    const number = `INS-2026-${String(index + 1).padStart(6, '0')}`;
    await services.database.transaction(somebody, async (tx) => {
      const subjectId = await services.vault.createSubject(tx, 'case');
      await services.cases.create(tx, {
        ...{ _id: caseId, number, process: 'test', jurisdiction: 'KZ', orgCode: 'kz-sc', state: 'open', outcome: null },
        ...{ legalBasis: 'Law', purpose: 'test', receivedAt: revealedAt, registeredAt: revealedAt, closedAt: null },
        ...{ subjectId, instanceKey: null, engineEpoch: null, instanceBoundAt: null, accessCodeHash: null },
        ...{ idempotency: null, sourceRef: null, voidReason: null },
      });
      for (const subject of subjects)
        await services.clocks.start(tx, {
          ...{ caseId, caseNumber: number, process: 'test', rule: 'DL-INS-1', subject, startedAt: revealedAt },
        });
    });
  }
  return ids;
}

describe('npm run calendar -- apply', () => {
  test('shows which clocks would move and changes nothing; with --yes it moves them and tells those concerned', async () => {
    const [caseId = ''] = await openCases(1, ['A', 'B']);
    const before = await services.clocks.ofCase(caseId);
    const shown = await apply();
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain('2026-04-17: working -> rest-day');
    expect(shown.stdout).toMatch(
      /INS-2026-000001 +DL-INS-1 +A +later +2026-04-20 18:30 -> 2026-04-21 18:30 +2026-04-21 23:59 -> 2026-04-22 23:59/,
    );
    expect(shown.stdout).toMatch(/DL-INS-1 +2 +0 +0/);
    expect(await services.clocks.ofCase(caseId)).toEqual(before);
    expect((await services.calendars.current()).version('KZ', 2026)).toBe(of2026.versionId);

    const done = await apply('--yes', '--json');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({
      applied: true,
      byRule: { 'DL-INS-1': { later: 2, earlier: 0, same: 0 } },
      done: { inForce: [dayOff.versionId], recounted: 2, moved: 2, failed: [], casesTold: 1, casesToTell: 0 },
    });
    expect((await services.trail.list(caseId)).slice(2)).toMatchObject([
      { type: 'clock.recounted', by: { kind: 'person', id: 'a.seitkali' }, data: { appliedBy: ['a.seitkali'] } },
      { type: 'clock.recounted' },
      { type: 'letter.composed', data: { template: 'shared/clock-moved' } },
    ]);
    const [letter] = await services.letters.ofCase(caseId);
    const { text, to } = await services.letters.open(letter?._id ?? '');
    expect(to).toBe(services.organisation.duty.email);
    expect(text).toContain('22 апреля 2026 года, 23:59');

    const again = await apply('--yes', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ moves: [], done: { recounted: 0, casesTold: 0 } });
    expect(await services.letters.ofCase(caseId)).toHaveLength(1);
  }, 120_000);

  test('killed half way and called again moves each clock once, in the clock and in the trail', async () => {
    const subjects = ['A', 'B', 'C', 'D'];
    const ids = await openCases(30, subjects);
    const count = ids.length * subjects.length;
    // One clock is held by another transaction, so that the first call can't come to its end.
    const session = await services.database.connection.startSession();
    session.startTransaction();
    await clocks().updateOne({ caseId: ids.at(-1) ?? '', subject: 'D' }, { $set: { 'row.item': 'held' } }, { session });
    // From here on what a killed process leaves open is ended soon; the one above has its minute.
    await mongod.setTransactionLifetime(4);
    const killed = spawn(...command('--yes', '--batch', '8'));
    const ended = new Promise<string | null>((resolve) => killed.on('exit', (_, signal) => resolve(signal)));
    while ((await moved()) === 0 && killed.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    killed.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await session.abortTransaction();
    await session.endSession();
    const halfWay = await moved();
    expect(halfWay).toBeGreaterThan(0);
    expect(halfWay).toBeLessThan(count);

    const second = await apply('--yes', '--json', '--letters', String(ids.length - 1));
    expect([second.code, second.stderr]).toEqual([0, '']);
    const { done } = JSON.parse(second.stdout) as { done: { recounted: number; casesTold: number } };
    expect(done).toMatchObject({ casesTold: ids.length - 1, casesToTell: 1 });
    expect(await tellOfMoves(services, watchdogActor, 100)).toBe(1);
    expect(await moved()).toBe(count);
    for (const caseId of ids) {
      const stored = await services.clocks.ofCase(caseId);
      expect(stored.map(({ dueAt, replaced }) => [dueAt?.toISOString(), replaced.length])).toEqual(
        subjects.map(() => ['2026-04-22T18:59:59.999Z', 1]),
      );
      const recounts = (await services.trail.list(caseId)).filter(({ type }) => type === 'clock.recounted');
      expect(recounts.map(({ subject }) => subject).sort()).toEqual(stored.map(({ _id }) => _id).sort());
      expect(await services.trail.verifyChain(caseId)).toMatchObject({ ok: true });
      expect(await services.letters.ofCase(caseId)).toHaveLength(1);
    }
  }, 240_000);

  test('refuses a table that is not newer, and a wrong call, and changes nothing', async () => {
    const { file: _, versionId: __, ...content } = of2026;
    await writeFile(path.join(folder, 'same.json'), JSON.stringify({ ...content, note: 'another' }));
    const same = await apply(path.join(folder, 'same.json'));
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('KZ 2026 is given twice')]);
    const bad = await apply('--batch', '0');
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('--batch')]);
  });
});
