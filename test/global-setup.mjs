/**
 * Runs once before the tests of a run: starts what they share and what nobody brings. The real stack (without the application's processes), if
 * one of the files to be run needs it; else a MongoDB alone. MERZIM_TEST_STACK (a file of settings, as `npm run stack -- --env FILE` writes
 * it) and MERZIM_TEST_MONGODB_URI name running ones instead. Uses the compiled program, which `npm test` has brought up to date.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { printProgress } from '../dist/local/stack/progress.js';
import { startStack } from '../dist/local/stack/stack.js';
import { mongod, mongodAdminUri } from '../dist/local/stack/components/mongod.js';
import { choosePorts } from '../dist/local/stack/ports.js';
import { stackSecrets } from '../dist/local/stack/secrets.js';
import { stackFolders } from '../dist/local/stack/site.js';
import { Supervisor } from '../dist/local/stack/supervisor.js';
import { readTools } from '../dist/local/stack/tools.js';
import { onInterrupt, watchForInterrupts } from './interruptions.mjs';

/** Files whose tests share the stack; those of faults start one of their own, which they may break. */
const onSharedStack = /\.(process|engine|browser)\.test\.ts$/;
const portOffset = Number(process.env.MERZIM_PORT_OFFSET ?? 1000);

export default async function setUp(globalConfig) {
  const stops = [];
  globalThis.merzimTests = { stops };
  watchForInterrupts();

  const files = filesToRun(globalConfig);
  if (!process.env.MERZIM_TEST_STACK && files.some((file) => onSharedStack.test(file))) stops.push(await startShared());
  if (!process.env.MERZIM_TEST_MONGODB_URI && !process.env.MONGODB_URI) stops.push(await startMongod());
}

/** The test files of this run, by the patterns or paths on the command line; all of them when there are none. */
function filesToRun({ rootDir, nonFlagArgs = [], testPathPatterns, runTestsByPath }) {
  const all = filesOfTests(rootDir);
  if (runTestsByPath) {
    const wanted = new Set(nonFlagArgs.map((file) => path.resolve(rootDir, file)));
    return all.filter((file) => wanted.has(file));
  }
  const patterns = (testPathPatterns?.patterns ?? nonFlagArgs).map((pattern) => new RegExp(pattern, 'i'));
  return patterns.length === 0 ? all : all.filter((file) => patterns.some((pattern) => pattern.test(file)));
}

function filesOfTests(rootDir) {
  return readdirSync(path.join(rootDir, 'test'), { recursive: true })
    .map((file) => path.join(rootDir, 'test', file))
    .filter((file) => file.endsWith('.test.ts'));
}

async function startShared() {
  console.log('\nstarting the stack of the tests');
  const interrupted = new AbortController();
  let toldStopped;
  const stopped = new Promise((resolve) => (toldStopped = resolve));
  onInterrupt(async () => {
    interrupted.abort();
    await stopped;
  });
  const stack = await startStack({
    profile: 'test',
    signal: interrupted.signal,
    onStopped: toldStopped,
    portOffset,
    travel: true,
    operate: false,
    fresh: true,
    onProgress: printProgress,
    onFailure: (failure) => {
      console.error(failure.message);
      process.exit(1);
    },
  });
  const { run } = stack.folders;
  mkdirSync(run, { recursive: true });
  const file = path.join(run, 'settings.json');
  writeFileSync(file, JSON.stringify(stack.env), { mode: 0o600 });
  process.env.MERZIM_TEST_STACK = file;
  if (stack.adminMongodbUri) process.env.MERZIM_TEST_MONGODB_URI ??= stack.adminMongodbUri;
  return async () => {
    rmSync(file, { force: true });
    await stack.stop();
  };
}

async function startMongod() {
  const folders = stackFolders('test');
  const supervisor = new Supervisor({ runFolder: folders.run, logFolder: folders.log });
  await supervisor.take();
  rmSync(folders.data, { recursive: true, force: true });
  mkdirSync(folders.data, { recursive: true, mode: 0o700 });
  const site = {
    folders,
    ports: choosePorts(portOffset, process.env),
    secrets: stackSecrets(folders.data),
    tools: readTools(),
    travel: false,
    operate: false,
  };
  onInterrupt(() => supervisor.stop());
  await supervisor.start([mongod(site)]);
  process.env.MERZIM_TEST_MONGODB_URI = mongodAdminUri(site);
  return () => supervisor.stop();
}
