import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError, loadSettings, type Settings } from '../config/index.js';
import type { Database } from '../core/database.js';
import { EngineMismatchError } from '../core/engine-epoch.js';
import { PermanentError } from '../core/errors.js';
import { createLog, errorFields, type Logger } from '../core/log.js';
import { serveHealth, type Check, type HealthServer } from './health.js';
import { createMetrics, type Metrics } from './metrics.js';

export interface ProcessContext {
  settings: Settings;
  log: Logger;
  metrics: Metrics;
  /** Aborted when the process is told to end while it is still starting. */
  signal: AbortSignal;
}

/** A started process: what makes it ready, and how it ends. */
export interface Running {
  checks: Record<string, Check>;
  /** Lets what was begun end, and closes all connections. */
  stop(): Promise<void>;
}

/** From the first SIGTERM to the end, at most. Orchestrators commonly kill after 30 s; the local stack after 20 s. */
const stopMs = 18_000;

/**
 * Runs an entry point: settings from the environment, log, /health and /metrics from the first moment (not ready until started),
 * an orderly end on SIGTERM or SIGINT. Exit codes: 0 ended as told, 1 failed, 78 wrong settings.
 */
export async function runProcess(
  component: string,
  start: (context: ProcessContext) => Promise<Running>,
): Promise<void> {
  const settings = settingsOrExit();
  const log = createLog(component, settings.log.level);
  const metrics = createMetrics(component);
  const ending = new AbortController();
  let running: Running | null = null;
  let health: HealthServer | null = null;
  let ended = false;

  const end = async (exitCode: number): Promise<never> => {
    ending.abort();
    if (ended) process.exit(1);
    ended = true;
    const late = sleep(stopMs, 'late', { ref: false });
    const stopped = (async () => {
      await running?.stop();
      await health?.close();
      return 'stopped';
    })().catch((error: unknown) => {
      log.error(errorFields(error), 'could not end in order');
      exitCode = 1;
    });
    if ((await Promise.race([stopped, late])) === 'late') {
      log.error('did not end in time');
      exitCode = 1;
    }
    log.info('ended');
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      log.info({ signal }, 'told to end');
      void end(0);
    });
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal(errorFields(error), 'failed in a way that nothing foresees');
      void end(1);
    });

  try {
    const checks: Record<string, Check> = { started: () => (running ? null : 'is starting') };
    health = await serveHealth({ port: settings.health.port, registry: metrics.registry, checks });
    running = await start({ settings, log, metrics, signal: ending.signal });
    Object.assign(checks, running.checks);
    log.info({ port: health.port }, 'started');
  } catch (error) {
    if (!ending.signal.aborted) {
      log.fatal(errorFields(error), 'could not start');
      // Those whose messages say what to do, and hold no value of a person.
      const told = error instanceof PermanentError || error instanceof EngineMismatchError;
      if (told || (error instanceof Error && error.message.startsWith('HEALTH_PORT')))
        process.stderr.write(`${error.message}\n`);
      await end(1);
    }
  }
}

/** Whether MongoDB answers. */
export function databaseCheck(database: Database): Check {
  return async () => {
    await database.connection.db?.admin().ping();
    return null;
  };
}

function settingsOrExit(): Settings {
  try {
    return loadSettings();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}
