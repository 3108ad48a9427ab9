import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import type { Finding } from '../../core/finding.js';
import { createHeartbeats } from '../../core/heartbeats.js';
import { createLeases } from '../../core/leases.js';
import { newId } from '../../core/ids.js';
import { registerInspection } from '../../core/inspection/intake.js';
import type { Services } from '../../core/services.js';
import { tellDuty } from '../../core/system-alerts.js';
import { watchdogActor } from '../../core/watchdog.js';
import { seed } from '../../local/play/seed.js';
import { waitFor } from '../../local/play/tasks.js';
import { testMongodbUri } from '../helpers/database.js';
import { startMailServer, type MailServer } from '../helpers/mail-server.js';
import { freePort } from '../helpers/ports.js';
import { WorkerSite } from '../helpers/worker-site.js';

/** Relay and watchdog as the processes that they are: what SIGTERM does to them. The engine is down, which neither may mind. */

jest.setTimeout(150_000);

let site: WorkerSite;
let services: Services;
let mail: MailServer;
let env: Record<string, string>;
let child: ChildProcess | null = null;
/** Mails that the server has in full and whose answer it keeps back. */
let held: (() => void)[];

beforeEach(async () => {
  held = [];
  mail = await startMailServer({
    onData: (stream, _session, done) => {
      stream.resume();
      stream.once('end', () => held.push(() => done(null)));
    },
  });
  const name = `test_${randomBytes(6).toString('hex')}`;
  env = {
    MONGODB_URI: testMongodbUri(),
    MONGODB_DATABASE: name,
    MONGODB_TRAIL_DATABASE: `${name}_trail`,
    ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1',
    ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1',
    TASKLIST_URL: 'http://127.0.0.1:1',
    OPERATE_URL: 'http://127.0.0.1:1',
    SMTP_URL: mail.url,
    MAIL_FROM: 'merzim@sc.example',
    OIDC_ISSUER: 'http://127.0.0.1:1',
    OIDC_CLIENT_ID: 'merzim',
    OIDC_CLIENT_SECRET: 'secret',
    NIT_URL: 'http://127.0.0.1:1',
    NIT_CLIENT_ID: 'merzim',
    NIT_CLIENT_SECRET: 'nit-secret',
    MASTER_KEY: randomBytes(32).toString('base64'),
    SESSION_SECRET: 'x'.repeat(32),
    PUBLIC_URL: 'http://127.0.0.1:1',
    ORGANISATION: 'demo',
    LOG_LEVEL: 'silent',
    HEALTH_PORT: String(await freePort()),
  };
  site = await WorkerSite.start(env);
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  child = null;
  await mail.stop();
  await site.stop();
});

/** Starts an entry point and waits until it says that it is ready. */
async function started(file: string): Promise<ChildProcess> {
  child = spawn(process.execPath, ['--import', './test/helpers/typescript-loader.mjs', file], {
    cwd: inProject(),
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ready = `http://127.0.0.1:${env.HEALTH_PORT}/health/ready`;
  await waitFor(async () => (await fetch(ready).catch(() => null))?.ok, `${file} to be ready`);
  return child;
}

/** How a process ends after SIGTERM: its exit code, or the signal that ended it. */
async function ended(process: ChildProcess): Promise<unknown> {
  if (process.exitCode !== null) return process.exitCode;
  const [code, signal] = (await once(process, 'exit')) as [number | null, string | null];
  return code ?? signal;
}

/** Files an application; its receipt goes out by mail. Returns how its letter stands. */
async function application(): Promise<() => Promise<string | undefined>> {
  const { case: record } = await registerInspection(
    services,
    { kind: 'applicant', id: 'public' },
    {
      triggerKind: 'individualApplication',
      receivedAt: null,
      channel: 'page',
      sourceRefNo: null,
      sender: { name: 'Серікбаева Гүлнар', iin: null, bin: null, email: 'gulnar@applicant.example', phone: null },
      language: 'kk',
      facts: ['Мекенжай бөгде адамға берілген.'],
      thirdParties: [],
      employeeIds: [],
      namedEmployees: [],
      period: null,
    },
    null,
  );
  return async () => (await services.letters.ofCase(record._id))[0]?.state;
}

test('a relay that is told to end lets the mail that is under way arrive, takes no other, and exits with 0', async () => {
  const first = await application();
  const relay = await started('workers/relay-main.ts');
  await waitFor(() => Promise.resolve(held.length === 1), 'the mail to arrive');
  relay.kill('SIGTERM');
  // While the answer is kept back it can't have ended; what is filed now is for the next relay.
  const early = await Promise.race([ended(relay), sleep(1_500, 'still there')]);
  const second = await application();
  expect(early).toBe('still there');
  held[0]!();
  expect(await ended(relay)).toBe(0);
  expect([await first(), await second(), held.length]).toEqual(['sent', 'composed', 1]);
});

test('a letter about the system, of no case, goes to the duty address, and the relay leaves its heartbeat', async () => {
  const { database, letters } = services;
  const finding: Finding = {
    ...{ _id: newId(), key: 'standing-still:sealer:1', kind: 'standing-still', component: 'sealer' },
    ...{ caseId: null, caseNumber: null, process: null, clockId: null, rule: null, reportKind: null, momentAt: null },
    ...{ lastBeatAt: database.clock.wallNow(), year: null, notified: true },
    ...{ foundAt: database.clock.legalNow(), foundWallAt: database.clock.wallNow() },
  };
  await database.transaction(watchdogActor, (tx) => tellDuty(services, tx, finding));
  const [letter] = await letters.ofCase(`system.${finding._id}`);
  expect(letter).toMatchObject({ template: 'shared/system-alert', languages: ['kk', 'ru'], state: 'composed' });
  expect((await letters.open(letter!._id)).to).toBe(services.organisation.duty.email);
  await started('workers/relay-main.ts');
  await waitFor(() => Promise.resolve(held.length === 1), 'the mail to arrive');
  held[0]!();
  await waitFor(async () => (await letters.find(letter!._id))?.state === 'sent', 'the letter to be settled');
  expect((await createHeartbeats({ database }).newest()).map(({ component }) => component)).toEqual(['relay']);
});

test('a watchdog removes old files that nothing refers to, shows the clocks by rule, and told to end it gives its place back and exits with 0', async () => {
  const { files, vault, database } = services;
  const subjectId = await vault.createSubject(null, 'case');
  const content = Readable.from([randomBytes(100)]);
  const { fileId } = await files.store({ content, subjectId, caseId: newId(), contentType: 'text/plain' });
  const startedAt = new Date(database.clock.wallNow().getTime() - 25 * 3_600_000);
  const orphans = database.connection.collection<{ _id: string }>('file-orphans');
  await orphans.updateOne({ _id: fileId }, { $set: { startedAt } });

  await application();

  const watchdog = await started('workers/watchdog-main.ts');
  await waitFor(async () => (await orphans.findOne({ _id: fileId })) === null, 'the file to be removed');
  const figures = () => fetch(`http://127.0.0.1:${env.HEALTH_PORT}/metrics`).then((response) => response.text());
  await waitFor(
    async () => (await figures()).includes('merzim_clocks_open{rule="DL-INS-5"'),
    'the clocks to be counted',
  );
  expect(await figures()).toMatch(/^merzim_clocks_open\{rule="DL-INS-5",[^}]*\} 1$/m);
  expect(await figures()).toMatch(/^merzim_clocks_broken\{rule="DL-INS-1",[^}]*\} 0$/m);

  await waitFor(async () => (await figures()).includes('merzim_heartbeat_age_seconds{of="watchdog"'), 'its heartbeat');

  const lease = () => createLeases({ database }).hold('watchdog', 'another', 1_000);
  expect(await lease()).toBe(false);
  watchdog.kill('SIGTERM');
  expect(await ended(watchdog)).toBe(0);
  expect(await lease()).toBe(true);
});
