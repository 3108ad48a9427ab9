import { registerNitMetrics } from '../connectors/nit/index.js';
import { composeServices } from '../core/compose.js';
import { createEngineEpoch } from '../core/engine-epoch.js';
import { createHandledJobs } from '../core/handled-jobs.js';
import { createEngine } from './engine.js';
import { startHeartbeat } from './heartbeat.js';
import { gaugeOf } from './metrics.js';
import { databaseCheck, runProcess } from './process.js';
import { workers } from './registry.js';
import { createRuntime, staleMs } from './runtime.js';
import { untilAnswered } from './until-answered.js';

/** The workers of all processes: settings -> stores -> engine -> jobs. Start as many of these as there is work for. */
await runProcess('worker', async ({ settings, metrics, signal }) => {
  const services = await composeServices(settings, 'worker');
  const { database } = services;
  const handledJobs = createHandledJobs({ database });
  await handledJobs.init();
  const engine = createEngine(settings);
  const epoch = createEngineEpoch({ database, engine });
  const runtime = createRuntime({ services, engine, epoch, handledJobs, metrics, workers });
  gaugeOf(
    metrics,
    'merzim_poll_age_seconds',
    'Since the engine last answered a request for jobs',
    () => runtime.pollAgeMs() / 1000,
  );
  registerNitMetrics(metrics.registry);
  await engine.waitUntilReachable(signal);
  await untilAnswered(() => epoch.current(), { signal });
  runtime.start();
  const heartbeat = await startHeartbeat({
    ...{ database, log: services.log, component: 'worker' },
    ageMs: () => runtime.pollAgeMs(),
  });
  return {
    checks: {
      database: databaseCheck(database),
      engine: () => (runtime.pollAgeMs() > staleMs ? 'hands out no jobs' : null),
    },
    stop: async () => {
      await runtime.stop();
      await heartbeat.stop();
      await engine.close();
      await database.close();
    },
  };
});
