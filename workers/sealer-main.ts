import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSettings } from '../config/index.js';
import { openDatabase } from '../core/database.js';
import { compareKept } from '../core/evidence/kept.js';
import { createKeyRing } from '../core/evidence/key-ring.js';
import { createSealLog } from '../core/evidence/seal-log.js';
import { createSealer, createSealRequests } from '../core/evidence/sealer.js';
import { createLeases } from '../core/leases.js';
import { errorFields } from '../core/log.js';
import { createTrail } from '../core/trail.js';
import { startHeartbeat } from './heartbeat.js';
import { databaseCheck, runProcess } from './process.js';

const leaseMs = 30_000;

/** The database is not the one over which the kept checkpoints were signed. True until somebody has found out why. */
class KeptDiffersError extends Error {
  override readonly name = 'KeptDiffersError';
}

const { sealerKey, checkpointsFolder } = loadSealing();

/** Orders all entries of the trail and signs checkpoints over them. One seals, the others stand by. */
await runProcess('sealer', async ({ settings, log, metrics }) => {
  const database = await openDatabase(settings);
  const { clock } = database;
  const privateKey = createPrivateKey(sealerKey);
  const publicKey = createPublicKey(privateKey);
  const { origin } = settings.evidence;
  const sealLog = createSealLog({ database });
  const keys = createKeyRing({ database });
  const leases = createLeases({ database });
  for (const part of [createTrail({ database }), sealLog, keys, leases, createSealRequests({ database, clock })])
    await part.init();
  await keys.publish(origin, privateKey);
  await mkdir(checkpointsFolder, { recursive: true });

  const id = randomUUID();
  const stopping = new AbortController();
  let awakeMs = clock.monotonicMs();
  let turn: AbortController | null = null;
  /** What the database has that differs from the second place. */
  let differs: string | null = null;
  const sealer = createSealer({
    database,
    log: sealLog,
    privateKey,
    origin,
    publish: (size, note) => keep(checkpointsFolder, size, note),
    onRound: () => (awakeMs = clock.monotonicMs()),
  });
  const ageSeconds = (): number => (clock.monotonicMs() - awakeMs) / 1000;
  const measuring = setInterval(() => metrics.sealerAgeSeconds.set(ageSeconds()), 2_000);

  /** Holds the lease while sealing; whoever loses it stops before another one begins. */
  const sealing = (async () => {
    while (!stopping.signal.aborted) {
      try {
        // Who stands by has nothing to do; who can't do his turn is seen to stand still.
        if (await leases.hold('sealer', id, leaseMs)) await takeTurn();
        else awakeMs = clock.monotonicMs();
      } catch (error) {
        if (error instanceof KeptDiffersError)
          log.error({ reason: error.message }, 'the database differs from the second place: nothing is sealed');
        else log.error(errorFields(error), 'sealing failed; it is tried again');
      }
      await sleep(2_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  async function takeTurn(): Promise<void> {
    const own = new AbortController();
    turn = own;
    if (stopping.signal.aborted) return;
    const keeping = (async () => {
      while (!own.signal.aborted) {
        await sleep(leaseMs / 3, undefined, { signal: own.signal }).catch(() => undefined);
        if (own.signal.aborted) return;
        const held = await leases.renew('sealer', id, leaseMs).catch(() => null);
        if (!held) own.abort();
      }
    })();
    try {
      differs = await compareKept(sealLog, await readKept(checkpointsFolder), { origin, publicKey });
      // Whatever were sealed now would stand on a history that is not the one that was signed.
      if (differs !== null) throw new KeptDiffersError(differs);
      await sealer.run(own.signal);
    } finally {
      own.abort();
      await keeping;
    }
  }

  const heartbeat = await startHeartbeat({ database, log, component: 'sealer', ageMs: () => ageSeconds() * 1000 });

  return {
    checks: {
      database: databaseCheck(database),
      sealing: () => differs ?? (ageSeconds() > 60 ? 'has not looked for entries for a minute' : null),
    },
    stop: async () => {
      clearInterval(measuring);
      stopping.abort();
      turn?.abort();
      await sealing;
      await heartbeat.stop();
      await leases.release('sealer', id);
      await database.close();
    },
  };
});

/** Every checkpoint in the second place. */
async function readKept(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{12}.*\.txt$/.test(name)).sort();
  const notes: string[] = [];
  for (const name of names) notes.push(await readFile(path.join(folder, name), 'utf8'));
  return notes;
}

/** A checkpoint in the second place: a file of its own, written once and never opened for writing again. */
async function keep(folder: string, size: number, note: string): Promise<void> {
  const name = `${String(size).padStart(12, '0')}.txt`;
  const file = await open(path.join(folder, name), 'wx', 0o440).catch((error: unknown) => {
    // Written before a crash that came before the database's own copy: both are signed over the same entries.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return open(path.join(folder, `${name.slice(0, -4)}-${randomUUID()}.txt`), 'wx', 0o440);
  });
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The two settings that only the sealer needs; without them it ends with exit code 78. */
function loadSealing(): { sealerKey: string; checkpointsFolder: string } {
  try {
    const { evidence } = loadSettings();
    const missing = [
      ...(evidence.sealerKey ? [] : ['SEALER_KEY: is missing; expected: an Ed25519 key in PEM']),
      ...(evidence.checkpointsFolder ? [] : ['CHECKPOINTS_FOLDER: is missing; expected: a folder for checkpoints']),
    ];
    if (evidence.sealerKey && evidence.checkpointsFolder)
      return { sealerKey: evidence.sealerKey, checkpointsFolder: evidence.checkpointsFolder };
    process.stderr.write(`${missing.join('\n')}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
  }
  process.exit(78);
}
