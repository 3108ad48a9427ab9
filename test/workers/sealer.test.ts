import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { createSealRequests } from '../../core/evidence/sealer.js';
import { createTrail } from '../../core/trail.js';
import { waitFor } from '../../local/play/tasks.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';
import { freePort } from '../helpers/ports.js';

/** The sealer and the API as the processes that they are: killed, on a database that somebody changed, and with secrets that nobody may read. */

jest.setTimeout(150_000);

const planted = (name: string): string => `PLANTED${name}${'x'.repeat(32)}`;
const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const masterKey = randomBytes(32).toString('base64');
const secrets = [...['smtp', 'oidc', 'nit', 'session', 'token'].map(planted), ...[masterKey, key.split('\n')[1]!]];
let database: TestDatabase;
let folder: string;
let env: Record<string, string>;
let output: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  output = '';
  database = await openTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'merzim-sealer-'));
  const { name } = database.connection;
  env = {
    ...{ MONGODB_URI: process.env.MERZIM_TEST_MONGODB_URI ?? '', MONGODB_DATABASE: name },
    ...{ MONGODB_TRAIL_DATABASE: `${name}_trail`, ORGANISATION: 'demo', LOG_LEVEL: 'trace' },
    ...{ ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1', ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1' },
    ...{ TASKLIST_URL: 'http://127.0.0.1:1', OPERATE_URL: 'http://127.0.0.1:1', PUBLIC_URL: 'http://127.0.0.1:1' },
    ...{ SMTP_URL: `smtp://user:${planted('smtp')}@127.0.0.1:1`, MAIL_FROM: 'merzim@sc.example' },
    ...{ OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'merzim', OIDC_CLIENT_SECRET: planted('oidc') },
    ...{ NIT_URL: 'http://127.0.0.1:1', NIT_CLIENT_ID: 'merzim', NIT_CLIENT_SECRET: planted('nit') },
    ...{ MASTER_KEY: masterKey, SESSION_SECRET: planted('session'), SEALER_KEY: key, CHECKPOINTS_FOLDER: folder },
  };
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Starts an entry point; everything that it writes is gathered. */
async function start(file: string, more: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', './test/helpers/typescript-loader.mjs', file], {
    cwd: inProject(),
    env: { PATH: process.env.PATH ?? '', ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return child;
}

test('a killed sealer is followed by one that goes on, and none seals on a trail that somebody changed', async () => {
  const port = await freePort();
  const health = (): Promise<string> => fetch(`http://127.0.0.1:${port}/health/ready`).then((answer) => answer.text());
  const sealer = (): Promise<ChildProcess> => start('workers/sealer-main.ts', { HEALTH_PORT: String(port) });
  const first = await sealer();
  const trail = createTrail({ database });
  const requests = createSealRequests({ database, clock: database.clock });
  await waitFor(async () => (await health().catch(() => '')) !== '', 'the sealer to be up', 60_000);
  const act = (): Promise<unknown> =>
    database.transaction(somebody, (tx) => trail.record(tx, { caseId: 'one', type: 'letter.sent' }));
  await act();
  expect(await requests.checkpoint('one', 1, 30_000)).toBe(1);
  await act();
  await kill(first);
  await act();
  // As if the time of its lease had passed.
  const free = (): Promise<unknown> => database.connection.collection('leases').deleteMany({});
  await free();
  const second = await sealer();
  expect(await requests.checkpoint('one', 3, 60_000)).toBe(3);
  expect((await readdir(folder)).map((name) => Number(name.slice(0, 12)))).toContain(3);

  await kill(second);
  await database.trail.collection('leaves').updateOne({ seq: 2 }, { $set: { hash: 'ab'.repeat(32) } });
  await free();
  await sealer();
  await waitFor(
    async () => /are not those over which/.test(await health().catch(() => '')),
    'the fault to be told',
    60_000,
  );
  await act();
  await expect(requests.checkpoint('one', 4, 3_000)).rejects.toThrow('did not answer');
  expect(await database.trail.collection('leaves').countDocuments()).toBe(3);
  expect(output).toMatch(/the database differs from the second place/);
  for (const secret of secrets) expect(output).not.toContain(secret);
});

test('the API never writes a secret of its settings, of a connection that fails, or of a request', async () => {
  const port = await freePort();
  await start('api/server.ts', { API_PORT: String(port) });
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/health/live`).catch(() => null))?.ok, 'the API to be up', 60_000);
  const headers = { authorization: `Bearer ${planted('token')}`, cookie: `merzim=${planted('token')}` };
  for (const at of ['/sign-in', `/sign-in/callback?code=${planted('token')}`, `/upload/${planted('token')}`, '/cases'])
    for (const sent of [headers, { cookie: headers.cookie }, {}] as Record<string, string>[])
      await fetch(`${url}${at}`, { headers: sent, redirect: 'manual' });
  expect(output).toMatch(/request failed|could not|request answered/);
  for (const secret of secrets) expect(output).not.toContain(secret);
  // A wrong setting is named without its value.
  output = '';
  const wrong = await start('api/server.ts', {
    MONGODB_URI: `http://u:${planted('smtp')}@x`,
    SMTP_URL: planted('smtp'),
  });
  await once(wrong, 'exit');
  expect(output).toMatch(/MONGODB_URI: is wrong/);
  expect(output).not.toContain(planted('smtp'));
});
