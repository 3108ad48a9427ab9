import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEpoch } from '../core/engine-epoch.js';
import { errorFields } from '../core/log.js';
import type { HandledJobs } from '../core/handled-jobs.js';
import type { Services } from '../core/services.js';
import type { AnyWorker } from './define-worker.js';
import { EngineUnavailable, type Engine, type EngineJob } from './engine.js';
import type { BackOff } from './job-fault.js';
import { createJobHandler, fetchedVariables } from './job-handler.js';
import type { Metrics } from './metrics.js';

export interface Runtime {
  /** Starts to ask for jobs of every worker. */
  start(): void;
  /** Milliseconds since the engine last answered a request for jobs, of the type that waits longest. */
  pollAgeMs(): number;
  /**
   * Asks for no more jobs, lets those that are worked on end, and after `drainMs` interrupts them. Resolves when none is left. The engine
   * must be open until then: what answers after its connection is closed is lost.
   */
  stop(drainMs?: number): Promise<void>;
}

/** How long a request for jobs stays open at the engine. */
const waitMs = 10_000;

/**
 * One loop for each job type that asks the engine for jobs. Not the SDK's own worker: that one has no heartbeat of its polls, opens a
 * connection for each type, counts a broken job for ever against its capacity, and can't be drained.
 */
export function createRuntime(deps: {
  services: Services;
  engine: Engine;
  epoch: EngineEpoch;
  handledJobs: HandledJobs;
  metrics: Metrics;
  workers: readonly AnyWorker[];
  backOff?: BackOff;
}): Runtime {
  const { services, engine, epoch, metrics, workers } = deps;
  refuseTwins(workers);
  const { clock } = services;
  const log = services.log.child({ component: 'runtime' });
  const handler = createJobHandler(deps);
  const name = `${hostname()}:${process.pid}`;
  const stopping = new AbortController();
  const interrupt = new AbortController();
  setMaxListeners(0, stopping.signal, interrupt.signal);
  const polledMs = new Map<string, number>();
  const active = new Set<Promise<unknown>>();
  let loops: Promise<void>[] = [];
  let failing = false;

  const poll = (worker: AnyWorker, limit: number): Promise<EngineJob[]> => {
    const request = engine.activateJobs({
      type: worker.type,
      worker: name,
      limit,
      timeoutMs: worker.timeoutMs,
      waitMs,
      fetchVariables: fetchedVariables(worker),
    });
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        resolve([]);
        // Jobs that come after the stop go back at once instead of waiting for their time to run out.
        request.then((late) => Promise.all(late.map((job) => handler.handBack(job)))).catch(() => undefined);
      };
      stopping.signal.addEventListener('abort', stop, { once: true });
      request.then(resolve, reject).finally(() => stopping.signal.removeEventListener('abort', stop));
    });
  };

  const loop = async (worker: AnyWorker): Promise<void> => {
    const mine = new Set<Promise<unknown>>();
    let failures = 0;
    while (!stopping.signal.aborted) {
      const free = worker.maxJobs - mine.size;
      if (free < Math.max(1, Math.floor(worker.maxJobs / 4))) {
        await Promise.race(mine);
        continue;
      }
      try {
        const jobs = await poll(worker, free);
        polledMs.set(worker.type, clock.monotonicMs());
        metrics.polls.inc({ type: worker.type, outcome: 'ok' });
        if (failing) log.info('the engine answers again');
        failing = false;
        failures = 0;
        for (const job of jobs) {
          const handling = handler.handle(worker, job, interrupt.signal).finally(() => {
            mine.delete(handling);
            active.delete(handling);
          });
          mine.add(handling);
          active.add(handling);
        }
      } catch (error) {
        metrics.polls.inc({ type: worker.type, outcome: 'failed' });
        // The engine that answers next may be another one, wiped or restored.
        if (!(error instanceof EngineUnavailable && error.busy)) epoch.forget();
        if (!failing) log.warn(errorFields(error), 'the engine does not hand out jobs; asking on');
        failing = true;
        failures += 1;
        const pause = Math.min(5_000, 200 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };

  return {
    start: () => {
      const now = clock.monotonicMs();
      for (const worker of workers) polledMs.set(worker.type, now);
      loops = workers.map(loop);
    },
    pollAgeMs: () => clock.monotonicMs() - Math.min(...polledMs.values(), clock.monotonicMs()),
    stop: async (drainMs = 20_000) => {
      stopping.abort();
      await Promise.all(loops);
      const drained = Promise.allSettled(active);
      const deadline = new AbortController();
      const late = sleep(drainMs, 'late', { signal: deadline.signal }).catch(() => 'ended');
      if ((await Promise.race([drained, late])) === 'late') {
        log.warn({ count: active.size }, 'jobs are interrupted because the process has to end');
        interrupt.abort();
        await Promise.race([drained, sleep(5_000)]);
      }
      deadline.abort();
    },
  };
}

/** Ready as long as the engine answered each type's request in this time. */
export const staleMs = 3 * waitMs;

function refuseTwins(workers: readonly AnyWorker[]): void {
  const types = workers.map(({ type }) => type);
  const twins = types.filter((type, index) => types.indexOf(type) !== index);
  if (twins.length > 0) throw new Error(`two workers declare the same job type: ${[...new Set(twins)].join(', ')}`);
}
