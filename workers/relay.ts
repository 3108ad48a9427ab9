import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/clock.js';
import { PermanentError, RetryableError } from '../core/errors.js';
import { errorFields, type Logger } from '../core/log.js';
import type { Outbox, OutboxEntry } from '../core/outbox.js';
import type { Engine } from './engine.js';
import type { Metrics } from './metrics.js';

/** How carrying out an entry ended; `repeated`: had been done before. */
export type RelayOutcome = 'sent' | 'repeated' | 'retry' | 'failed';

/**
 * Carries out one entry. The relay marks what was sent or repeated; a deliverer that `settles` has marked it itself, in the transaction of
 * what follows from it. Throws a RetryableError to be called again, a PermanentError when that would change nothing.
 */
export type Deliver = (entry: OutboxEntry) => Promise<RelayOutcome>;

/** How entries of one kind are carried out. */
export interface RelayLine {
  kind: OutboxEntry['kind'];
  deliver: Deliver;
  /** Whether `deliver` marks the entry itself. */
  settles: boolean;
  /** Entries that are taken at once. */
  batch: number;
  /**
   * Milliseconds for which taken entries are nobody else's. Longer than a delivery takes: a relay that is slower than its lease sends twice.
   * After a crash they wait for its end.
   */
  leaseMs: number;
  /** Entries of one key are carried out one after the other, in order; others at the same time. */
  keyOf(entry: OutboxEntry): string;
}

export interface Relay {
  start(): void;
  /** Takes what is due once and carries it out; the number of entries that it took. */
  sweep(kind: OutboxEntry['kind']): Promise<number>;
  /** Milliseconds since it last looked into the outbox. */
  ageMs(): number;
  /** Ends what it has begun and takes no more. */
  stop(): Promise<void>;
}

const idleMs = 200;

/** Carries the outbox out: at least once, so each effect has an id under which it counts once. Several may run. */
export function createRelay(deps: {
  outbox: Outbox;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Names this relay in the leases of its entries. */
  owner: () => string;
  lines: RelayLine[];
}): Relay {
  const { outbox, clock, metrics, owner, lines } = deps;
  const log = deps.log.child({ component: 'relay' });
  const stopping = new AbortController();
  let loops: Promise<void>[] = [];
  let lookedMs = clock.monotonicMs();

  const carryOut = async (line: RelayLine, entry: OutboxEntry): Promise<boolean> => {
    try {
      const outcome = await line.deliver(entry);
      if (!line.settles) await outbox.done(null, entry._id);
      metrics.relayed.inc({ kind: line.kind, outcome });
      if (outcome === 'retry') return false;
      const lagMs = clock.wallNow().getTime() - entry.createdAt.getTime();
      metrics.relayLagSeconds.observe({ kind: line.kind }, Math.max(0, lagMs) / 1000);
      return true;
    } catch (error) {
      const fields = { ...errorFields(error), outboxId: entry._id, kind: line.kind, attempt: entry.attempts };
      const errorCode = codeOf(error);
      if (error instanceof PermanentError) {
        await outbox.fail(null, entry._id, errorCode);
        metrics.relayed.inc({ kind: line.kind, outcome: 'failed' });
        log.error({ ...fields, code: errorCode }, 'outbox entry is given up: somebody has to look');
        return true;
      }
      const afterMs = Math.max(pauseBefore(entry.attempts), (error as { afterMs?: number }).afterMs ?? 0);
      await outbox.retry(entry._id, { afterMs, errorCode });
      metrics.relayed.inc({ kind: line.kind, outcome: 'retry' });
      log.warn({ ...fields, waitMs: afterMs, code: errorCode }, 'outbox entry could not be carried out yet');
      return false;
    }
  };

  /** One key's entries in order; after one that has to wait, the others wait with it, also those that are taken later. */
  const carryOutInOrder = async (line: RelayLine, entries: OutboxEntry[]): Promise<void> => {
    const [first] = entries;
    let blockedMs = first && (await outbox.waitsForEarlier(first)) ? pauseBefore(1) : null;
    for (const entry of entries) {
      if (blockedMs !== null) await outbox.retry(entry._id, { afterMs: blockedMs, errorCode: 'waits-for-earlier' });
      else if (!(await carryOut(line, entry))) blockedMs = pauseBefore(entry.attempts);
    }
  };

  const sweep = async (line: RelayLine): Promise<number> => {
    const entries = await outbox.claim(line.kind, owner(), line.batch, line.leaseMs);
    lookedMs = clock.monotonicMs();
    const byKey = new Map<string, OutboxEntry[]>();
    for (const entry of entries) byKey.set(line.keyOf(entry), [...(byKey.get(line.keyOf(entry)) ?? []), entry]);
    await Promise.all([...byKey.values()].map((group) => carryOutInOrder(line, group)));
    return entries.length;
  };

  const loop = async (line: RelayLine): Promise<void> => {
    while (!stopping.signal.aborted) {
      let taken = 0;
      try {
        taken = await sweep(line);
      } catch (error) {
        log.warn({ ...errorFields(error), kind: line.kind }, 'outbox can not be read; looking again');
      }
      if (taken === 0) await sleep(idleMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const measure = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await readDepth(outbox, clock, metrics).catch(() => undefined);
      await sleep(5_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  return {
    start: () => {
      loops = [...lines.map(loop), measure()];
    },
    sweep: async (kind) => {
      const line = lines.find((candidate) => candidate.kind === kind);
      return line ? sweep(line) : 0;
    },
    ageMs: () => clock.monotonicMs() - lookedMs,
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

/** Messages go to the engine, which keeps name and id and so counts a repeated one once. */
export function messageLine(engine: Pick<Engine, 'publishMessage'>): RelayLine {
  return {
    kind: 'message',
    batch: 50,
    leaseMs: 30_000,
    settles: false,
    keyOf: ({ message, _id }) => message?.correlationKey ?? _id,
    deliver: async ({ message }) => {
      if (!message) throw new PermanentError('outbox entry of kind message holds no message', { field: 'message' });
      return (await engine.publishMessage(message)) === 'published' ? 'sent' : 'repeated';
    },
  };
}

async function readDepth(outbox: Outbox, clock: Clock, metrics: Metrics): Promise<void> {
  const { pending, failed, oldest } = await outbox.depth();
  metrics.outboxDepth.set({ state: 'pending' }, pending);
  metrics.outboxDepth.set({ state: 'failed' }, failed);
  metrics.outboxOldestSeconds.set(oldest ? Math.max(0, clock.wallNow().getTime() - oldest.getTime()) / 1000 : 0);
}

/** 0.5 s, 1 s, 2 s, ... up to 30 s, the half of it drawn by lot. */
function pauseBefore(attempts: number): number {
  return Math.round(Math.min(30_000, 500 * 2 ** Math.max(0, attempts - 1)) * (0.5 + Math.random() / 2));
}

function codeOf(error: unknown): string {
  if (error instanceof PermanentError) return 'refused';
  if (error instanceof RetryableError) return 'unavailable';
  return 'unexpected';
}
