import { hostname } from 'node:os';
import type { Database } from '../core/database.js';
import { createHeartbeats, type BeatingComponent } from '../core/heartbeats.js';
import { errorFields, type Logger } from '../core/log.js';

const everyMs = 10_000;

/** Notes every 10 s how many milliseconds ago the process last did its work, until it is stopped. A fault of the database is logged and forgotten. */
export async function startHeartbeat(deps: {
  database: Database;
  log: Logger;
  component: BeatingComponent;
  ageMs: () => number;
}): Promise<{ stop: () => Promise<void> }> {
  const { database, log, component, ageMs } = deps;
  const heartbeats = createHeartbeats({ database });
  await heartbeats.init();
  const beat = (): Promise<void> =>
    heartbeats.beat(component, `${hostname()}:${process.pid}`, ageMs()).catch((error: unknown) => {
      log.warn(errorFields(error), 'the heartbeat could not be written');
    });
  let last = beat();
  const timer = setInterval(() => {
    last = beat();
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await last;
    },
  };
}
