import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { inProject, loadSettings, type Settings } from '../../config/index.js';
import { waitFor } from '../../local/play/tasks.js';
import { createEngine, type Engine } from '../../workers/engine.js';
import { onInterrupt } from './on-interrupt.js';

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
  const letGo = onInterrupt(() => app.stop());
  void exited.then(letGo);
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
    await Promise.race([
      waitFor(async () => (await fetch(`${healthUrl}/health/ready`)).ok, `${name} to get ready`, 240_000),
      exited.then((code) => {
        throw new Error(`${name} ended with ${code}:\n${output().slice(-2_000)}`);
      }),
    ]);
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
