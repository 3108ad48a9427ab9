import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { Temporal } from 'temporal-polyfill';
import { loadOrganisation, loadSettings, inProject, type Settings } from '../../config/index.js';
import { createCalendar } from '../../core/calendar.js';
import { readClockOffset, writeClockOffset } from '../../core/clock.js';
import { readOffset, setOffset } from '../../local/stack/engine-clock.js';
import { createEngine, type Engine, type Variables } from '../../workers/engine.js';
import type { UserTask } from '../../workers/engine-rest.js';

/** The running stack of this test run: started by test/global-setup.mjs, or an own one named by MERZIM_TEST_STACK. */
export interface TestStack {
  /** All settings of an application process, by their names. */
  env: Record<string, string>;
  settings: Settings;
}

/** The stack that the tests of this run share. Throws when there is none. */
export function testStack(): TestStack {
  const file = process.env.MERZIM_TEST_STACK;
  if (!file)
    throw new Error(
      'MERZIM_TEST_STACK: is missing. Name a test that needs the stack *.process, *.engine, *.browser or *.fault.test.ts, and run it by `npm test`',
    );
  const env = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return { env, settings: loadSettings({ HEALTH_PORT: '0', ...env }) };
}

/** A connection of one's own to the engine of the tests. To be closed by who asked for it. */
export function testEngine(): Engine {
  return createEngine(testStack().settings);
}

/** Deploys diagrams of test/fixtures/processes by name, e.g. `one-step`. */
export async function deployFixtures(engine: Engine, ...names: string[]): Promise<void> {
  await engine.deploy(
    names.map((name) => ({
      name: `${name}.bpmn`,
      content: readFileSync(inProject('test', 'fixtures', 'processes', `${name}.bpmn`)),
    })),
  );
}

export type Journey =
  { workingDays: number } | { days: number } | { hours: number } | { ms: number } | { to: Date | string };

/**
 * Moves legal time forward for everything that runs on the stack: the offset in MongoDB first, then the engine's clock. Working days keep
 * the time of day. Returns the new legal time. Throws for a journey back: timers that have fired stay fired.
 */
export async function travel(journey: Journey): Promise<Date> {
  const { settings } = testStack();
  const { managementUrl } = settings.engine;
  if (!settings.clock.travel || !managementUrl) throw new Error('travel: the stack runs without time travel');
  const connection = await mongoose
    .createConnection(settings.mongo.uri, { dbName: settings.mongo.database })
    .asPromise();
  try {
    const before = await readClockOffset(connection);
    const now = new Date(Date.now() + before);
    const to = destination(now, journey, settings.organisation);
    if (to < now) throw new Error(`travel: ${to.toISOString()} lies before ${now.toISOString()}`);
    const offset = before + (to.getTime() - now.getTime());
    await writeClockOffset(connection, offset);
    await setOffset(managementUrl, offset);
    return to;
  } finally {
    await connection.close();
  }
}

/** Legal time on the stack now. */
export async function legalNow(): Promise<Date> {
  const { managementUrl } = testStack().settings.engine;
  const offset = managementUrl ? await readOffset(managementUrl) : 0;
  return new Date(Date.now() + offset);
}

function destination(now: Date, journey: Journey, organisationName: string): Date {
  if ('to' in journey) return new Date(journey.to);
  if ('ms' in journey) return new Date(now.getTime() + journey.ms);
  if ('hours' in journey) return new Date(now.getTime() + journey.hours * 3_600_000);
  if ('days' in journey) return new Date(now.getTime() + journey.days * 24 * 3_600_000);
  const { timeZone, jurisdiction } = loadOrganisation(organisationName);
  const calendar = createCalendar();
  let at = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone);
  for (let left = journey.workingDays; left > 0;) {
    at = at.add({ days: 1 });
    if (calendar.isWorkingDay(jurisdiction, at.toPlainDate())) left -= 1;
  }
  return new Date(at.epochMilliseconds);
}

/** Asks until `look` finds something (not null or undefined, not an empty list), at most `withinMs`. The description is for its error. */
export async function eventually<T>(
  description: string,
  look: () => Promise<T | null | undefined>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && !(Array.isArray(found) && found.length === 0)) return found;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${description}`);
    await sleep(200);
  }
}

/**
 * Waits for an open user task and completes it as `as` would in Tasklist: takes it, then completes it with the form's answers. Which
 * one: of an instance, or of any process that holds the variable caseNumber.
 */
export async function completeTask(
  engine: Engine,
  which: { elementId: string; as: string; processInstanceKey?: string; caseNumber?: string },
  answers: Variables = {},
): Promise<UserTask> {
  const { elementId, as, processInstanceKey, caseNumber } = which;
  const [task] = await eventually(
    `an open task ${elementId} of ${caseNumber ?? processInstanceKey ?? 'any case'}`,
    () =>
      engine.userTasks({
        elementId,
        state: 'CREATED',
        ...(processInstanceKey ? { processInstanceKey } : {}),
        ...(caseNumber ? { variable: { name: 'caseNumber', value: caseNumber } } : {}),
      }),
  );
  if (!task) throw new Error('unreachable');
  if (!(await engine.assignUserTask(task.key, as)) || !(await engine.completeUserTask(task.key, answers)))
    throw new Error(`task ${elementId} (${task.key}) went away while ${as} completed it`);
  return task;
}

export type AppName = 'api' | 'worker' | 'relay' | 'watchdog';

/** A process of the application that a test started. */
export interface RunningApp {
  name: AppName;
  pid: number;
  /** Address of /health and /metrics. */
  healthUrl: string;
  /** Everything that it has written so far. */
  output(): string;
  /** Ends it; resolves with its exit code once it has ended (null after a signal). SIGTERM lets it drain. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const entries: Record<AppName, string> = {
  api: 'dist/api/server.js',
  worker: 'dist/workers/main.js',
  relay: 'dist/workers/relay-main.js',
  watchdog: 'dist/workers/watchdog-main.js',
};

/** Starts built processes of the application on the stack, each with ports of its own, and waits until each is ready. */
export async function startApps(names: AppName[], extraEnv: Record<string, string> = {}): Promise<RunningApp[]> {
  const started = await Promise.allSettled(names.map((name) => startApp(name, extraEnv)));
  const failed = started.find((start) => start.status === 'rejected');
  if (!failed) return started.map((start) => (start as PromiseFulfilledResult<RunningApp>).value);
  for (const start of started) if (start.status === 'fulfilled') await start.value.stop('SIGKILL');
  throw failed.reason;
}

async function startApp(name: AppName, extraEnv: Record<string, string>): Promise<RunningApp> {
  const { env } = testStack();
  // Sign-in leads back to PUBLIC_URL, so the API has to listen there.
  const port = name === 'api' ? Number(new URL(env.PUBLIC_URL!).port) : await freePort();
  const ports: Record<string, string> = name === 'api' ? { API_PORT: String(port) } : { HEALTH_PORT: String(port) };
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', inProject(entries[name])], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, ...ports, ...extraEnv },
    cwd: inProject(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => written.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => written.push(chunk));
  const output = (): string => Buffer.concat(written).toString();
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const healthUrl = `http://127.0.0.1:${port}`;
  const app: RunningApp = {
    name,
    pid: child.pid ?? 0,
    healthUrl,
    output,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
  try {
    await eventually(
      `${name} is ready`,
      async () => {
        if (child.exitCode !== null)
          throw new Error(`${name} ended with ${child.exitCode}:\n${output().slice(-2_000)}`);
        const response = await fetch(`${healthUrl}/health/ready`).catch(() => null);
        return response?.ok ? true : null;
      },
      60_000,
    );
    return app;
  } catch (error) {
    await app.stop('SIGKILL');
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
