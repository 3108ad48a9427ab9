import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { tellOfClock, tellOfMoves } from '../core/clock-notices.js';
import { composeServices } from '../core/compose.js';
import { forwardUnits } from '../core/deadlines.js';
import { newestEpoch } from '../core/engine-epoch.js';
import { createHeartbeats } from '../core/heartbeats.js';
import { createLeases } from '../core/leases.js';
import { errorFields } from '../core/log.js';
import { tellDuty } from '../core/system-alerts.js';
import { createWatchdog, watchdogActor } from '../core/watchdog.js';
import { startHeartbeat } from './heartbeat.js';
import { showClocks } from './metrics.js';
import { databaseCheck, runProcess } from './process.js';

const everyMs = 10_000;

/** Sweeps MongoDB for what the engine did not report; asks the engine nothing. One sweeps, the others stand by. */
await runProcess('watchdog', async ({ settings, metrics }) => {
  const services = await composeServices(settings, 'watchdog');
  const { database, clocks, recount, trail, calendars, organisation, clock, log } = services;
  const leases = createLeases({ database });
  await leases.init();
  const heartbeats = createHeartbeats({ database });
  await heartbeats.init();
  const watchdog = createWatchdog({
    ...{ database, clocks, recount, trail, calendars, organisation, log },
    notify: async (tx, finding) => {
      const { clockId, reportKind } = finding;
      const stored = clockId === null ? null : await clocks.find(clockId, tx);
      if (stored && reportKind) await tellOfClock(services, tx, stored, reportKind);
      else await tellDuty(services, tx, finding);
    },
    tellMoves: async () => {
      await tellOfMoves(services, watchdogActor, 100);
    },
    newestBeats: () => heartbeats.newest(),
    currentEpoch: () => newestEpoch(database),
    sweepOrphans: (olderThanMs) => services.files.sweepOrphans(olderThanMs),
  });
  await watchdog.init();

  const id = randomUUID();
  const stopping = new AbortController();
  let awakeMs = clock.monotonicMs();
  const clockRules = services.deadlineTable.rows
    .filter(({ unit }) => forwardUnits.some((known) => known === unit))
    .map(({ rule }) => rule);
  /** Whoever stands by shows the clocks, too. */
  const countClocks = async (): Promise<void> => {
    const figures = await clocks.clockFigures().catch((error: unknown) => {
      log.error(errorFields(error), 'the clocks could not be counted for the metrics');
      return null;
    });
    showClocks(metrics, figures, clockRules);
  };
  const measureBeats = async (): Promise<void> => {
    const now = clock.wallNow().getTime();
    for (const { component, at } of await heartbeats.newest())
      metrics.heartbeatAgeSeconds.set({ of: component }, Math.max(0, now - at.getTime()) / 1000);
  };
  const round = async (): Promise<void> => {
    if (await leases.hold('watchdog', id, 3 * everyMs)) {
      const { findings } = await watchdog.sweep();
      for (const { kind } of findings) metrics.findings.inc({ kind });
      metrics.sweeps.inc({ outcome: 'done' });
    }
    awakeMs = clock.monotonicMs();
  };
  const sweeping = (async () => {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => {
        metrics.sweeps.inc({ outcome: 'failed' });
        log.error(errorFields(error), 'sweep failed; the next one follows');
      });
      await countClocks();
      await measureBeats().catch(() => metrics.heartbeatAgeSeconds.reset());
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  const heartbeat = await startHeartbeat({
    ...{ database, log, component: 'watchdog' },
    ageMs: () => clock.monotonicMs() - awakeMs,
  });

  return {
    checks: {
      database: databaseCheck(database),
      sweep: () => (clock.monotonicMs() - awakeMs > 6 * everyMs ? 'has not swept for a minute' : null),
    },
    stop: async () => {
      stopping.abort();
      await sweeping;
      await heartbeat.stop();
      await leases.release('watchdog', id);
      await database.close();
    },
  };
});
