import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { readTools } from '../../local/stack/tools.js';

/** A MongoDB of one test's own, with users and rights. */
export interface OwnMongod {
  admin: mongo.MongoClient;
  /** Address for a user that `admin` made. */
  uriFor(user: string, password: string): string;
  /** Address of `admin`. */
  adminUri: string;
  /** How many seconds a transaction that begins from now on may take before MongoDB ends it (60 at the start). */
  setTransactionLifetime(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a mongod (replica set of one, access control on) in a temporary folder, with a user `admin` that may do everything. */
export async function startMongodWithUsers(): Promise<OwnMongod> {
  const folder = await mkdtemp(path.join(tmpdir(), 'merzim-mongod-'));
  const port = await freePort();
  const keyFile = path.join(folder, 'key');
  await writeFile(keyFile, randomBytes(48).toString('base64'), { mode: 0o600 });
  const options = [
    '--port',
    String(port),
    '--bind_ip',
    '127.0.0.1',
    '--nounixsocket',
    '--wiredTigerCacheSizeGB',
    '0.25',
  ];
  const child = spawn(
    mongodPath(),
    [...options, '--dbpath', folder, '--replSet', 'own', '--keyFile', keyFile, '--logpath', path.join(folder, 'log')],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const password = randomBytes(12).toString('hex');
  const uriFor = (user: string, secret: string): string =>
    `mongodb://${user}:${secret}@127.0.0.1:${port}/?replicaSet=own&authSource=admin`;
  try {
    const first = await connectWhenUp(
      `mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=500`,
    );
    try {
      const config = { _id: 'own', members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
      await first.db('admin').command({ replSetInitiate: config });
      while (!(await first.db('admin').command({ hello: 1 })).isWritablePrimary) await sleep(50);
      await first.db('admin').command({ createUser: 'admin', pwd: password, roles: ['root'] });
    } finally {
      await first.close();
    }
    const admin = await new mongo.MongoClient(uriFor('admin', password)).connect();
    return {
      admin,
      uriFor,
      adminUri: uriFor('admin', password),
      setTransactionLifetime: async (seconds) => {
        await admin.db('admin').command({ setParameter: 1, transactionLifetimeLimitSeconds: seconds });
      },
      stop: async () => {
        await admin.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The mongod that the set-up found or fetched, or the one on PATH. */
function mongodPath(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const onPath = folders.map((folder) => path.join(folder, 'mongod')).find((file) => existsSync(file));
  return process.env.MERZIM_MONGOD ?? onPath ?? readTools().mongod ?? 'mongod';
}

async function connectWhenUp(uri: string): Promise<mongo.MongoClient> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await new mongo.MongoClient(uri).connect();
    } catch (error) {
      if (attempt >= 40) throw error;
      await sleep(250);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
