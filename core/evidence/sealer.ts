import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { ensureCollection } from '../collections.js';
import type { Database } from '../database.js';
import { newId } from '../ids.js';
import type { TrailEntry } from '../trail.js';
import { signCheckpoint } from './checkpoint.js';
import { signExport, type ExportStatement } from './export-statement.js';
import { leafHash } from './merkle.js';
import type { Leaf, SealLog, UnsealedEntry } from './seal-log.js';

/** What is asked of the sealer: a checkpoint that covers a case up to an entry, or its signature under an export. */
export interface SealRequest {
  _id: string;
  caseId: string;
  /** The case's last entry that has to be covered. */
  seq: number;
  /** For a signature: what it is to say. Null for a checkpoint alone. */
  statement: Omit<ExportStatement, 'at'> | null;
  state: 'waiting' | 'done' | 'refused';
  /** For a checkpoint: its size. */
  size: number | null;
  /** The signed note, for a signature. */
  note: string | null;
  /** Wall time, UTC; old requests are removed by the database. */
  askedAt: Date;
}

/** How one may ask the sealer from another process. */
export interface SealRequests {
  /**
   * Has the sealer cover a case up to entry `seq`, and answers the size of the checkpoint that does.
   * @throws SealerSilentError when it doesn't answer within `withinMs`.
   */
  checkpoint(caseId: string, seq: number, withinMs?: number): Promise<number>;
  /** Has the sealer sign what an export says. It signs only what it finds in its own log. @throws SealerSilentError */
  sign(statement: Omit<ExportStatement, 'at'>, withinMs?: number): Promise<string>;
  init(): Promise<void>;
}

/** The sealer did not answer: it isn't running, or it stands still. Nothing is wrong with what was asked. */
export class SealerSilentError extends Error {
  override readonly name = 'SealerSilentError';
}

const requestsOf = (database: Pick<Database, 'connection'>) =>
  database.connection.collection<SealRequest>('seal-requests');

export function createSealRequests(deps: { database: Pick<Database, 'connection'>; clock: Clock }): SealRequests {
  const requests = requestsOf(deps.database);
  const ask = async (
    asked: Pick<SealRequest, 'caseId' | 'seq' | 'statement'>,
    withinMs: number,
  ): Promise<SealRequest> => {
    const _id = newId();
    const blank = { state: 'waiting', size: null, note: null, askedAt: deps.clock.wallNow() } as const;
    await requests.insertOne({ _id, ...asked, ...blank });
    const until = deps.clock.monotonicMs() + withinMs;
    for (let waitMs = 20; deps.clock.monotonicMs() < until; waitMs = Math.min(250, waitMs * 1.5)) {
      await sleep(waitMs);
      const found = await requests.findOne({ _id });
      if (found?.state === 'refused') throw new Error('the sealer does not find in its log what the export says');
      if (found?.state === 'done') return found;
    }
    throw new SealerSilentError('the sealer did not answer');
  };
  return {
    checkpoint: async (caseId, seq, withinMs = 15_000) => (await ask({ caseId, seq, statement: null }, withinMs)).size!,
    sign: async (statement, withinMs = 15_000) =>
      (await ask({ caseId: statement.caseId, seq: statement.entries, statement }, withinMs)).note!,
    init: () =>
      ensureCollection(deps.database.connection, 'seal-requests', [
        { key: { state: 1, _id: 1 }, name: 'state' },
        { key: { askedAt: 1 }, name: 'forget', expireAfterSeconds: 3600 },
      ]),
  };
}

/** Orders all entries, builds the tree over them, signs checkpoints. Runs once: in the process that holds the lease. */
export interface Sealer {
  /** Brings the tree up to date, and then seals what comes until aborted. Ends with an error when it can't go on. */
  run(signal: AbortSignal): Promise<void>;
}

export interface SealerDeps {
  database: Database;
  log: SealLog;
  privateKey: KeyObject;
  /** Name of the log in its checkpoints. */
  origin: string;
  /** Writes a checkpoint to the second place, which the database's user can't change. */
  publish(size: number, note: string): Promise<void>;
  /** Wall time between checkpoints while entries come, in milliseconds. */
  everyMs?: number;
  /** Called at the end of each round, a few times a second: it lives. */
  onRound?(): void;
}

const batch = 500;

export function createSealer(deps: SealerDeps): Sealer {
  const { database, log, privateKey, origin, everyMs = 60_000 } = deps;
  const { clock } = database;
  const requests = requestsOf(database);

  return {
    run: async (signal) => {
      const frontier = await log.frontier();
      let checkpointed = (await log.lastCheckpoint())?._id ?? -1;
      let checkpointedMs = clock.monotonicMs();

      const seal = async (entries: readonly UnsealedEntry[], resumeToken: unknown): Promise<void> => {
        const known = await log.sealed(entries.map(({ _id }) => _id));
        const leaves = entries
          .filter(({ _id }) => !known.has(_id))
          .map(({ _id, caseId, seq, hash }, at): Leaf => ({
            _id: frontier.size + at,
            entryId: _id,
            caseId,
            seq,
            hash,
          }));
        const last = leaves.at(-1);
        if (!last) return;
        if (resumeToken) last.resumeToken = resumeToken;
        await log.append(leaves);
        for (const { hash } of leaves) frontier.append(leafHash(Buffer.from(hash, 'hex')));
      };
      const checkpoint = async (): Promise<number> => {
        const { size } = frontier;
        if (size !== checkpointed) {
          const at = clock.wallNow();
          const note = signCheckpoint(origin, { size, root: frontier.root(), at }, privateKey);
          // First where it can't be taken back.
          await deps.publish(size, note);
          await log.addCheckpoint({ _id: size, note, at });
          checkpointed = size;
        }
        checkpointedMs = clock.monotonicMs();
        return size;
      };
      /** Null while the case isn't covered yet. */
      const answer = async ({ caseId, seq, statement }: SealRequest): Promise<Partial<SealRequest> | null> => {
        const leaf = seq === 0 ? null : await log.leaf(caseId, seq);
        if (seq > 0 && !leaf) return null;
        if (!statement) return { state: 'done', size: await checkpoint() };
        const next = await log.leaf(caseId, seq + 1);
        const covered = leaf && leaf._id < statement.size && (await log.checkpointOver(statement.size));
        const holds = covered && leaf.hash === statement.lastHash && (!next || next._id >= statement.size);
        if (!holds || covered._id !== statement.size) return { state: 'refused' };
        return { state: 'done', note: signExport(origin, { ...statement, at: clock.wallNow() }, privateKey) };
      };
      const answerAll = async (): Promise<void> => {
        for (const request of await requests.find({ state: 'waiting' }, { sort: { _id: 1 }, limit: 100 }).toArray()) {
          const answered = await answer(request);
          if (answered) await requests.updateOne({ _id: request._id }, { $set: answered });
        }
      };

      // The stream is open before the catching up begins: nothing falls between the two.
      const stream = await openStream(database, await log.lastToken());
      try {
        if (stream.forgot)
          for await (const missed of inBatches(log.unsealed())) {
            await seal(missed, null);
            deps.onRound?.();
          }
        while (!signal.aborted) {
          const entries: UnsealedEntry[] = [];
          let change = stream.first ?? (await stream.changes.tryNext());
          stream.first = null;
          for (; change; change = entries.length < batch ? await stream.changes.tryNext() : null) {
            const { _id, caseId, seq, hash } = change.fullDocument;
            entries.push({ _id, caseId, seq, hash });
          }
          await seal(entries, stream.changes.resumeToken);
          await answerAll();
          if (clock.monotonicMs() - checkpointedMs >= everyMs) await checkpoint();
          deps.onRound?.();
        }
        await checkpoint();
      } finally {
        await stream.changes.close();
      }
    },
  };
}

async function* inBatches<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let gathered: T[] = [];
  for await (const item of items) {
    gathered.push(item);
    if (gathered.length < batch) continue;
    yield gathered;
    gathered = [];
  }
  if (gathered.length > 0) yield gathered;
}

/** The change stream after a token; from now on when there is none, or when the database has forgotten it (`forgot`). */
async function openStream(database: Database, token: unknown) {
  const entries = database.trail.collection<TrailEntry>('trail');
  const open = async (resumeAfter: unknown) => {
    const changes = entries.watch<TrailEntry, { _id: unknown; operationType: 'insert'; fullDocument: TrailEntry }>(
      [{ $match: { operationType: 'insert' } }],
      { maxAwaitTimeMS: 150, ...(resumeAfter ? { resumeAfter } : {}) },
    );
    try {
      // Only the first look makes the cursor: what it finds is the first of what follows.
      return { changes, first: await changes.tryNext() };
    } catch (error) {
      await changes.close();
      throw error;
    }
  };
  try {
    return { ...(await open(token)), forgot: !token };
  } catch (error) {
    const lost = [280, 286]; // ChangeStreamFatalError, ChangeStreamHistoryLost
    if (!token || !lost.includes((error as { code?: number }).code ?? 0)) throw error;
    return { ...(await open(null)), forgot: true };
  }
}
