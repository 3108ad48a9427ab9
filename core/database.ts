import { setTimeout as sleep } from 'node:timers/promises';
import { Mutex, withTimeout } from 'async-mutex';
import mongoose, { type ClientSession, type Connection } from 'mongoose';
import type { Settings } from '../config/index.js';
import { systemClock, travellingClock, type Clock } from './clock.js';
import { PermanentError, RetryableError } from './errors.js';

/** Who does something: `id` is a login, a client's id, a case number (applicants), a job type or the name of a process. */
export interface Actor {
  kind: 'person' | 'machine' | 'applicant' | 'worker' | 'system';
  id: string;
  /** Login of the one in whose place a person acts; left out where it is his own right. */
  onBehalfOf?: string | undefined;
}

/** One transaction: what is written with its session is there together or not at all. */
export interface Tx {
  session: ClientSession;
  /** Legal time of the transaction, UTC. */
  at: Date;
  by: Actor;
}

export interface Database {
  /** The application's database. */
  connection: Connection;
  /** The trail's database, on the same client so that one transaction covers both; only insert and find are allowed there. */
  trail: Connection;
  clock: Clock;
  /**
   * Runs `work` in one transaction (majority, journaled, snapshot). It may run several times on write conflicts: it must have no
   * effect outside the session. Throws what `work` throws, and a {@link ConflictError} when what it writes stays locked by another
   * transaction; in both cases nothing is written.
   */
  transaction<T>(by: Actor, work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Names the mark (collection `restores`) of databases in which a restore has not come to its end. */
export const unfinishedRestore = 'unfinished';

export interface RestoreMark {
  _id: typeof unfinishedRestore;
  /** Id of the backup that was to be restored. */
  backup: string;
  startedAt: Date;
}

/** Nothing was written: another transaction held what this one writes, for longer than a killed process's can. The same may succeed later. */
export class ConflictError extends RetryableError {
  override readonly name = 'ConflictError';
}

/**
 * How long a transaction tries again, milliseconds. A process that was killed leaves its own one open until MongoDB's `transactionLifetimeLimitSeconds` is
 * over, which it looks for every half of that: 30 s where the limit is the 20 s that the guide names.
 */
const patience = 45_000;

/**
 * What was overtaken once is run again one at a time in this process: a queue in place of a storm of conflicts. The turn is given up
 * after five seconds, because one that waits inside another transaction would wait for itself.
 */
const turns = withTimeout(new Mutex(), 5_000);

/**
 * Opens the replica set of the settings. Throws when it can't be reached within 10 seconds, and a PermanentError when a restore was left half done
 * there: only who restores opens it then. `patienceMs`: how long a transaction tries again.
 */
export async function openDatabase(
  settings: Pick<Settings, 'mongo' | 'clock'>,
  { restoring = false, patienceMs = patience }: { restoring?: boolean; patienceMs?: number } = {},
): Promise<Database> {
  const connection = await mongoose
    .createConnection(settings.mongo.uri, {
      dbName: settings.mongo.database,
      serverSelectionTimeoutMS: 10_000,
      maxPoolSize: 50,
      autoIndex: false,
      autoCreate: false,
      appName: 'merzim',
    })
    .asPromise();
  const mark = restoring
    ? null
    : await connection.collection<RestoreMark>('restores').findOne({ _id: unfinishedRestore });
  if (mark) {
    await connection.close();
    throw new PermanentError(
      `${settings.mongo.database}: the restore of backup ${mark.backup} was not brought to its end; restore again before anything is started`,
    );
  }
  const trail = connection.useDb(settings.mongo.trailDatabase, { useCache: true });
  const clock = settings.clock.travel ? travellingClock(connection) : systemClock();
  await clock.refresh();

  return {
    connection,
    trail,
    clock,
    transaction: async (by, work) => {
      await clock.refresh();
      let leave: (() => void) | undefined;
      const since = clock.monotonicMs();
      try {
        for (let attempt = 1; ; attempt += 1) {
          const session = await connection.startSession();
          try {
            session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', j: true } });
            const result = await work({ session, at: clock.legalNow(), by });
            await commit(session);
            return result;
          } catch (error) {
            if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
            if (!mayPass(error)) throw error;
            if (clock.monotonicMs() - since > patienceMs)
              throw new ConflictError('what was to be written stays locked by another transaction', { cause: error });
          } finally {
            await session.endSession();
          }
          if (attempt > 1) await sleep(Math.random() * Math.min(400, 5 * 2 ** Math.min(attempt, 8)));
          leave ??= await turns.acquire().catch(() => undefined);
        }
      } finally {
        leave?.();
      }
    },
    close: async () => {
      await connection.close();
    },
  };
}

/** A commit whose answer was lost is asked again: MongoDB answers the same outcome. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, 'UnknownTransactionCommitResult') || attempt >= 10) throw error;
      await sleep(50 * attempt);
    }
  }
}

function mayPass(error: unknown): boolean {
  return hasLabel(error, 'TransientTransactionError') || (error as { code?: unknown } | null)?.code === 112;
}

function hasLabel(error: unknown, label: string): boolean {
  const labelled = error as { hasErrorLabel?: (name: string) => boolean } | null;
  return typeof labelled?.hasErrorLabel === 'function' && labelled.hasErrorLabel(label);
}
