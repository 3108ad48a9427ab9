import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { trailActions } from '../../../core/trail.js';
import type { ComponentSpec } from '../supervisor.js';
import { need } from '../tools.js';
import { plainEnvironment, type Site } from '../site.js';

const set = 'merzim';
const application = 'merzim';
const databases = { application: 'merzim', trail: 'merzim_trail' };
/** May add to the trail and read it; never change or remove. */
const trailRole = 'trailWriter';

/** The application's address of the embedded mongod. */
export function mongodUri({ ports, secrets }: Site): string {
  return `mongodb://${application}:${secrets.mongoApplication}@127.0.0.1:${ports.mongod}/?replicaSet=${set}&authSource=admin`;
}

/** The administrator's address, for tests that look at what the application may not. */
export function mongodAdminUri({ ports, secrets }: Site): string {
  return `mongodb://admin:${secrets.mongoAdmin}@127.0.0.1:${ports.mongod}/?replicaSet=${set}&authSource=admin`;
}

/** mongod as a replica set of one, with key file and users, so that transactions, change streams and rights are those of production. */
export function mongod(site: Site): ComponentSpec {
  const { folders, ports, secrets, tools } = site;
  const data = path.join(folders.data, 'mongod');
  mkdirSync(data, { recursive: true });
  const keyFile = path.join(folders.data, 'mongod.key');
  writeFileSync(keyFile, secrets.mongoKeyFile, { mode: 0o600 });
  return {
    name: 'mongod',
    command: {
      command: need(tools, 'mongod'),
      args: [
        ...['--dbpath', data, '--bind_ip', '127.0.0.1', '--port', String(ports.mongod), '--nounixsocket', '--quiet'],
        ...['--replSet', set, '--keyFile', keyFile, '--wiredTigerCacheSizeGB', '0.25'],
        ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
        // A process that is killed leaves its transaction open, and what that wrote locked, for this long (60 unless set). Ours take
        // less than a second, on a machine that has too much to do several.
        ...['--setParameter', 'transactionLifetimeLimitSeconds=20'],
        // Nobody else is there to take over: a stop need not wait for a new primary.
        ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=100'],
      ],
      env: { ...plainEnvironment(), GLIBC_TUNABLES: 'glibc.pthread.rseq=0' },
      cwd: data,
    },
    ports: [ports.mongod],
    ready: () => listens(ports.mongod),
    afterReady: () => prepare(site),
    graceMs: 30_000,
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Makes replica set and users at the first start; sets the member's address again when the port has changed. */
async function prepare({ ports, secrets }: Site): Promise<void> {
  const host = `127.0.0.1:${ports.mongod}`;
  const direct = `${host}/?directConnection=true&serverSelectionTimeoutMS=20000`;
  const connect = (): Promise<mongo.MongoClient> =>
    new mongo.MongoClient(`mongodb://admin:${secrets.mongoAdmin}@${direct}&authSource=admin`).connect();
  const asAdmin = await connect().catch(async () => {
    await firstStart(direct, host, secrets.mongoAdmin);
    return connect();
  });
  try {
    const admin = asAdmin.db('admin');
    const { config } = (await admin.command({ replSetGetConfig: 1 })) as {
      config: { version: number; members: { host: string }[] };
    };
    if (config.members[0] && config.members[0].host !== host) {
      config.members[0].host = host;
      config.version += 1;
      await admin.command({ replSetReconfig: config, force: true });
    }
    await primary(admin);
    await createRights(admin, secrets.mongoApplication);
  } finally {
    await asAdmin.close();
  }
}

/** Until the first user is made, mongod lets a client on the same machine do that and start the replica set. */
async function firstStart(direct: string, host: string, password: string): Promise<void> {
  const client = new mongo.MongoClient(`mongodb://${direct}`);
  try {
    const admin = client.db('admin');
    await admin.command({ replSetInitiate: { _id: set, members: [{ _id: 0, host }] } }).catch((error: unknown) => {
      if ((error as mongo.MongoServerError).codeName !== 'AlreadyInitialized') throw error;
    });
    await primary(admin);
    await admin.command({ createUser: 'admin', pwd: password, roles: ['root'] });
  } finally {
    await client.close();
  }
}

async function primary(admin: mongo.Db): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const hello = (await admin.command({ hello: 1 })) as { isWritablePrimary: boolean };
    if (hello.isWritablePrimary) return;
    await sleep(50);
  }
  throw new Error('mongod did not become primary within 60 s');
}

async function createRights(admin: mongo.Db, password: string): Promise<void> {
  const role = {
    privileges: [{ resource: { db: databases.trail, collection: '' }, actions: [...trailActions] }],
    roles: [],
  };
  await admin.command({ createRole: trailRole, ...role }).catch(async (error: unknown) => {
    if ((error as mongo.MongoServerError).code !== 51_002) throw error;
    await admin.command({ updateRole: trailRole, ...role }); // made by an earlier start, perhaps of an earlier version
  });
  const { users } = (await admin.command({ usersInfo: application })) as { users: unknown[] };
  if (users.length > 0) return;
  await admin.command({
    createUser: application,
    pwd: password,
    roles: [
      { role: 'readWrite', db: databases.application },
      { role: trailRole, db: 'admin' },
    ],
  });
}
