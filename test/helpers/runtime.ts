import { randomBytes } from 'node:crypto';
import { createEngineEpoch, type EngineEpoch } from '../../core/engine-epoch.js';
import { createHandledJobs } from '../../core/handled-jobs.js';
import { createLog } from '../../core/log.js';
import type { Services } from '../../core/services.js';
import type { AnyWorker } from '../../workers/define-worker.js';
import type { Engine } from '../../workers/engine.js';
import { createMetrics, type Metrics } from '../../workers/metrics.js';
import { createRuntime, type Runtime } from '../../workers/runtime.js';
import type { Database } from '../../core/database.js';

/** A job type that no other test uses: all tests of a run share one engine. */
export function newJobType(): string {
  return `test.step-${randomBytes(5).toString('hex')}`;
}

/** A runtime on the real engine and database, with short back-offs, and what it counted. */
export interface TestRuntime extends Runtime {
  metrics: Metrics;
  /** How many deliveries of a type ended so. */
  count(type: string, outcome: string): Promise<number>;
}

/** Starts workers of a test. `services` adds to database, clock and log what they need. To be stopped before the engine is closed. */
export async function startRuntime(deps: {
  database: Database;
  engine: Engine;
  workers: AnyWorker[];
  epoch?: EngineEpoch;
  services?: Partial<Services>;
}): Promise<TestRuntime> {
  const { database, engine, workers, epoch = createEngineEpoch({ database, engine }) } = deps;
  const handledJobs = createHandledJobs({ database });
  await handledJobs.init();
  await epoch.current();
  const metrics = createMetrics('test');
  const services = {
    database,
    clock: database.clock,
    log: createLog('test', 'silent'),
    ...deps.services,
  } as Services;
  const backOff = { firstMs: 200, factor: 2, mostMs: 1_000, attempts: 5 };
  const runtime = createRuntime({ services, engine, epoch, handledJobs, metrics, workers, backOff });
  runtime.start();
  return {
    ...runtime,
    metrics,
    count: async (type, outcome) => {
      const { values } = await metrics.jobs.get();
      return values.find(({ labels }) => labels.type === type && labels.outcome === outcome)?.value ?? 0;
    },
  };
}
