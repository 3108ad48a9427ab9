import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { writeClockOffset } from '../../core/clock.js';
import type { StoredClock } from '../../core/clock-truth.js';
import { deadlineTableFile } from '../../core/deadline-table.js';
import { newId } from '../../core/ids.js';
import { somebody } from '../helpers/database.js';
import { WorkerSite } from '../helpers/worker-site.js';

/** The command as a process of its own. Signs are revealed on a Thursday evening; three working days end on Tuesday 21 April 2026. */
const revealedAt = new Date('2026-04-16T13:00:00Z');
const now = new Date('2026-04-20T13:00:00Z');

let folder: string;
let site: WorkerSite;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'merzim-term-'));
  site = await WorkerSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  const { services } = site;
  const { mongo } = services.settings;
  env = {
    ...{ MONGODB_URI: mongo.uri, MONGODB_DATABASE: mongo.database, MONGODB_TRAIL_DATABASE: mongo.trailDatabase },
    ...{ MASTER_KEY: Buffer.alloc(32, 1).toString('base64'), CLOCK_TRAVEL: 'true' },
    ...{ ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1', ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1' },
    ...{ ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1', TASKLIST_URL: 'http://127.0.0.1:1' },
    ...{ OPERATE_URL: 'http://127.0.0.1:1', SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'merzim@sc.example' },
    ...{ PUBLIC_URL: 'http://127.0.0.1:1', OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'merzim' },
    ...{ OIDC_CLIENT_SECRET: 'secret', NIT_URL: 'http://127.0.0.1:1', NIT_CLIENT_ID: 'merzim' },
    ...{ NIT_CLIENT_SECRET: 'secret', SESSION_SECRET: 'x'.repeat(32), ORGANISATION: 'demo' },
  };
  const travelTo = (at: Date) =>
    writeClockOffset(services.database.connection, at.getTime() - services.clock.wallNow().getTime());
  await travelTo(revealedAt);
  const start = (number: number, rule = 'DL-INS-1'): Promise<StoredClock> =>
    services.database.transaction(somebody, (tx) =>
      services.clocks.start(tx, {
        ...{ caseId: newId(), caseNumber: `INS-2026-00000${number}`, process: 'inspection' },
        ...{ rule, startedAt: revealedAt },
      }),
    );
  const [late, inTime, , cancelled] = [await start(1), await start(2), await start(3), await start(4)];
  await start(5, 'DL-INS-2');
  await services.database.transaction(somebody, async (tx) => {
    // The first was sent on the third working day, the second on the first.
    await services.clocks.stop(tx, { clockId: late._id, stoppedAt: new Date('2026-04-21T05:00:00Z') });
    await services.clocks.stop(tx, { clockId: inTime._id, stoppedAt: new Date('2026-04-17T05:00:00Z') });
    await services.clocks.cancelOfCase(tx, cancelled.caseId);
  });
  await travelTo(now);
});
afterAll(async () => {
  await site?.stop();
  await rm(folder, { recursive: true });
});

/** The project's table, edited; the name of its file. */
async function edited(name: string, edit: (xml: string) => string): Promise<string> {
  const xml = await readFile(deadlineTableFile, 'utf8');
  const changed = edit(xml);
  const file = path.join(folder, `${name}.dmn`);
  await writeFile(file, changed);
  return file;
}
const length = (days: string) => (xml: string) =>
  xml.replace(/(Cell_DL_INS_1_2020_length">\s*<text>)3</, (_, before: string) => `${before}${days}<`);

const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', './test/helpers/typescript-loader.mjs', 'local/term.ts', ...args],
      { cwd: inProject(), env: { PATH: process.env.PATH ?? '', ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

/** Everything in both databases. */
async function stored(): Promise<unknown> {
  const { connection, trail } = site.services.database;
  const found: Record<string, unknown> = {};
  for (const { db } of [connection, trail])
    for (const { collectionName } of await db!.collections())
      found[`${db!.databaseName}.${collectionName}`] = await db!.collection(collectionName).find().toArray();
  return found;
}

describe('npm run term -- try', () => {
  test('a shorter term: who would have kept it, who would not, which runs out by now; and nothing is written', async () => {
    const before = await stored();
    const { code, stdout, stderr } = await run('try', await edited('shorter', length('1')), '--json');
    expect([code, stderr]).toEqual([0, '']);
    const dueAt = { from: '2026-04-21T18:59:59.999Z', to: '2026-04-17T18:59:59.999Z' };
    const report = JSON.parse(stdout) as { changes: { caseNumber: string }[] };
    expect(report).toMatchObject({
      rows: 'newest',
      changes: [
        { caseNumber: 'INS-2026-000001', moved: 'earlier', dueAt, outcome: { from: 'kept', to: 'broken' } },
        { caseNumber: 'INS-2026-000002', moved: 'earlier', dueAt, outcome: { from: 'kept', to: 'kept' } },
        { caseNumber: 'INS-2026-000003', moved: 'earlier', dueAt, outcome: { from: 'open', to: 'overdue' } },
      ],
      byRule: {
        'DL-INS-1': { clocks: 3, same: 0, earlier: 3, outcomes: { 'kept -> broken': 1, 'open -> overdue': 1 } },
        'DL-INS-2': { clocks: 1, same: 1, faults: 0 },
      },
    });
    expect(report.changes).toHaveLength(3);
    expect(await stored()).toEqual(before);
  });

  test('the table as it is changes nothing, and --rule leaves the others out', async () => {
    const { code, stdout } = await run('try', deadlineTableFile, '--rule', 'DL-INS-2');
    expect(code).toBe(0);
    expect(stdout).toContain('no clock would have other moments');
    expect(stdout).toMatch(/^DL-INS-2 +1 +1 +0 +0 +0 +-$/m);
    expect(stdout).not.toContain('DL-INS-1');
  });

  test('a row from tomorrow on counts for all, or by validity for none that began before', async () => {
    const file = await edited('tomorrow', (xml) => {
      const [row = ''] = /<rule id="Rule_DL_INS_1_2020">[^]*?<\/rule>/.exec(xml) ?? [];
      const former = row
        .replace('&gt;= date("2020-06-05")', '[date("2020-06-05")..date("2026-04-20")]')
        .replace(/(validTo">\s*<text>)null/, '$1"2026-04-20"');
      const next = length('5')(row)
        .replace('date("2020-06-05")', 'date("2026-04-21")')
        .replace(/(validFrom">\s*<text>)"2020-06-05"/, '$1"2026-04-21"')
        .replaceAll('_2020', '_2026');
      return xml.replace(row, `${former}\n${next}`);
    });
    const [all, none] = [await run('try', file), await run('try', file, '--by-validity')];
    expect([all.stderr, none.stderr]).toEqual(['', '']);
    expect(all.stdout).toMatch(
      /^INS-2026-000001 +DL-INS-1 +- +2026-04-16 18:00 +2026-04-21 23:59 -> 2026-04-23 23:59 +kept$/m,
    );
    expect(all.stdout).toMatch(/^DL-INS-1 +3 +0 +3 +0 +0 +-$/m);
    expect(none.stdout).toContain('no clock would have other moments');
  });

  test('faults of the file are those of the lint, with row and column; a wrong call says what is right', async () => {
    const faulty = await run('try', await edited('faulty', length('"three"')));
    expect([faulty.code, faulty.stdout]).toEqual([1, '']);
    expect(faulty.stderr).toMatch(/faulty\.dmn is wrong:\n {2}- row 1 \("DL-INS-1"\), column "length": "three"/);
    const missing = await run('try', path.join(folder, 'nothing.dmn'));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("can't be read")]);
    const unknown = await run('try', deadlineTableFile, '--rule', 'DL-INS-99');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('DL-INS-99 has no row')]);
    const wrong = await run('prove');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('npm run term -- try DMNFILE')]);
  });
});
