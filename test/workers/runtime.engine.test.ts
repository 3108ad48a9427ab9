import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { inProject } from '../../config/index.js';
import { newId } from '../../core/ids.js';
import {
  acceptEngine,
  createEngineEpoch,
  markBackup,
  tideProcessId,
  type EngineEpoch,
  type EpochEngine,
} from '../../core/engine-epoch.js';
import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import { defineWorker, type AnyWorker } from '../../workers/define-worker.js';
import type { Engine, Variables } from '../../workers/engine.js';
import { fetchedVariables } from '../../workers/job-handler.js';
import { waitFor } from '../../local/play/tasks.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';
import { exported } from '../helpers/exported.js';
import { newJobType, startRuntime, type TestRuntime } from '../helpers/runtime.js';
import { deployFixtures, testEngine } from '../helpers/stack.js';

// Jobs whose worker was killed come again after their time is over; a loaded machine adds to that.
jest.setTimeout(90_000);

let database: TestDatabase;
let engine: Engine;
const running: TestRuntime[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  engine = testEngine();
  await deployFixtures(engine, 'one-step');
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(running.splice(0).map((runtime) => runtime.stop(1_000)));
  await database.connection.collection('effects').deleteMany({});
});

afterAll(async () => {
  await engine.close();
  // MongoDB holds the locks of the killed worker's transaction until its time is over.
  await database.drop();
}, 90_000);

/** A worker of one test; what is not given does nothing. */
function step(parts: Partial<AnyWorker>): AnyWorker {
  return defineWorker({
    type: newJobType(),
    title: 'Take step',
    titleRu: 'Сделать шаг',
    input: z.object({}),
    output: z.object({}),
    run: () => Promise.resolve({}),
    ...(parts as object),
  });
}

async function run(...workers: AnyWorker[]): Promise<TestRuntime> {
  const runtime = await startRuntime({ database, engine, workers });
  running.push(runtime);
  return runtime;
}

const start = (worker: AnyWorker, variables: Variables = {}) =>
  engine.startInstance('test-one-step', { jobType: worker.type, retries: 5, ...variables });
const runToEnd = (worker: AnyWorker, variables: Variables = {}) =>
  engine.runToEnd({
    processId: 'test-one-step',
    variables: { jobType: worker.type, retries: 5, ...variables },
    fetchVariables: [],
    withinMs: 60_000,
  });
const hasEnded = async (key: string): Promise<true | null> => ((await engine.isInstanceAlive(key)) ? null : true);
/** The engine sees the end of a job a moment before its worker has counted it. */
const counted = (runtime: TestRuntime, { type }: AnyWorker, outcome: string, times: number): Promise<true> =>
  waitFor(async () => ((await runtime.count(type, outcome)) === times ? true : null), `${times} of ${outcome}`, 30_000);
const effects = () => database.connection.collection('effects').find().toArray();
const effect: AnyWorker['run'] = async ({ tx, input }) => {
  await database.connection.collection('effects').insertOne({ at: tx.at, ...input }, { session: tx.session });
  return {};
};
/** What the incident of an instance says. */
const incidentOf = async (processInstanceKey: string): Promise<string> => {
  const fields = { 'value.processInstanceKey': processInstanceKey, intent: 'CREATED' };
  const incident = await waitFor(async () => (await exported('incident', fields))[0], 'an incident');
  await engine.cancelInstance(processInstanceKey);
  return String(incident['errorMessage']);
};

describe('a job is carried out', () => {
  test('input in, facts out, and the process goes on', async () => {
    const worker = step({
      input: z.object({ amount: z.number(), note: z.string().optional() }),
      output: z.object({ doubled: z.number(), openedAt: z.iso.datetime() }),
      run: ({ input, tx }) =>
        Promise.resolve({ doubled: (input as { amount: number }).amount * 2, openedAt: tx.at.toISOString() }),
    });
    const runtime = await run(worker);
    expect(await runToEnd(worker, { amount: 21 })).toMatchObject({ doubled: 42, ending: 'taken' });
    await counted(runtime, worker, 'completed', 1);
  });

  test('variables that the worker does not declare never leave the engine', async () => {
    const worker = step({ input: z.object({ amount: z.number() }) });
    const { processInstanceKey } = await start(worker, { amount: 1, secret: 'canary', caseId: '01CASE' });
    const [job] = await engine.activateJobs({
      type: worker.type,
      worker: 'test',
      limit: 1,
      timeoutMs: 1_000,
      waitMs: 20_000,
      fetchVariables: fetchedVariables(worker),
    });
    expect(job?.variables).toEqual({ amount: 1, caseId: '01CASE' });
    await engine.cancelInstance(processInstanceKey);
  });

  test('no worker without input asks for all variables', () => {
    expect(fetchedVariables(step({ input: z.object({}) }))).toEqual(['caseId', 'caseNumber']);
  });

  test('what a longer step reaches outside comes before its transaction, and a heartbeat keeps the job', async () => {
    let reaches = 0;
    const worker = step({
      timeoutMs: 2_000,
      output: z.object({ found: z.string() }),
      reach: async ({ heartbeat }) => {
        reaches += 1;
        for (let second = 0; second < 8; second += 1) {
          await sleep(500);
          await heartbeat();
        }
        return 'EXP-1';
      },
      run: ({ reached }) => Promise.resolve({ found: reached as string }),
    });
    await run(worker);
    expect(await runToEnd(worker)).toMatchObject({ found: 'EXP-1' });
    expect(reaches).toBe(1);
  });

  test('a step that reaches outside without a heartbeat is given up when its time is over, and tried again', async () => {
    let reaches = 0;
    const worker = step({
      timeoutMs: 1_000,
      reach: async ({ signal }) => {
        reaches += 1;
        if (reaches === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      run: effect,
    });
    const runtime = await run(worker);
    expect(await runToEnd(worker)).toMatchObject({ ending: 'taken' });
    await counted(runtime, worker, 'retry', 1);
    expect(await effects()).toHaveLength(1);
  });
});

describe('a job that comes twice counts once', () => {
  test('its time runs out while it is worked on: both deliveries work, one effect is there', async () => {
    const worker = step({
      timeoutMs: 1_000,
      maxJobs: 4,
      run: async (context) => {
        const result = await effect(context);
        await sleep(2_500);
        return result;
      },
    });
    const runtime = await run(worker);
    const { processInstanceKey } = await start(worker);
    await waitFor(() => hasEnded(processInstanceKey), 'the end of the instance');
    await runtime.stop(10_000);
    expect(await effects()).toHaveLength(1);
    const [completed, replayed, late] = await Promise.all(
      ['completed', 'replayed', 'late'].map((outcome) => runtime.count(worker.type, outcome)),
    );
    expect(completed! + replayed! + late!).toBeGreaterThan(1);
    expect(completed! + replayed!).toBe(1);
  });

  test('a worker killed in the middle of its transaction leaves nothing, and the next one does all of it', async () => {
    const worker = step({ timeoutMs: 4_000, run: effect, output: z.object({}) });
    const { child, there } = crashing(worker.type, 'mid-transaction');
    const { processInstanceKey } = await start(worker);
    await there;
    child.kill('SIGKILL');
    await run(worker);
    await waitFor(() => hasEnded(processInstanceKey), 'the end of the instance');
    expect((await effects()).map(({ by }) => by as unknown)).toEqual([undefined]);
  });

  test('a worker killed between its commit and its answer: the next one answers with the remembered result', async () => {
    let runs = 0;
    const worker = step({
      timeoutMs: 4_000,
      output: z.object({ by: z.string() }),
      run: () => {
        runs += 1;
        return Promise.resolve({ by: 'the-next-one' });
      },
    });
    const { child, there } = crashing(worker.type, 'before-answer');
    const ended = runToEnd(worker);
    await there;
    child.kill('SIGKILL');
    const runtime = await run(worker);
    expect(await ended).toMatchObject({ by: 'killed', ending: 'taken' });
    expect(runs).toBe(0);
    await counted(runtime, worker, 'replayed', 1);
    expect(await effects()).toHaveLength(1);
  });

  test('the remembered result of another case is no answer', async () => {
    // The same keys under the same epoch: what an engine restored from a backup may issue for another case.
    const worker = step({ input: z.object({ caseId: z.string() }), run: effect, timeoutMs: 1_000 });
    const { processInstanceKey } = await start(worker, { caseId: '01A' });
    await handleUntold(worker);
    await engine.setVariables(processInstanceKey, { caseId: '01B' });
    await handleUntold(worker);
    expect((await effects()).map(({ caseId }) => caseId as unknown)).toEqual(['01A', '01B']);
    await engine.cancelInstance(processInstanceKey);
  });

  test('jobs handled in an earlier life of the engine do not answer for the new one', async () => {
    const worker = step({ run: effect, timeoutMs: 1_000 });
    const { processInstanceKey } = await start(worker);
    for (const epoch of ['01EARLIER', '01LATER'])
      await handleUntold(worker, { current: () => Promise.resolve(epoch), forget: () => undefined });
    expect(await effects()).toHaveLength(2);
    await engine.cancelInstance(processInstanceKey);
  });

  test('an answer that comes too late is counted apart, and its effect stays once', async () => {
    let begun: (() => void) | undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const worker = step({
      run: async (context) => {
        begun?.();
        await sleep(1_000);
        return effect(context);
      },
    });
    const runtime = await run(worker);
    const { processInstanceKey } = await start(worker);
    await hasBegun;
    await engine.cancelInstance(processInstanceKey);
    await counted(runtime, worker, 'late', 1);
    expect(await effects()).toHaveLength(1);
    expect(await runtime.count(worker.type, 'completed')).toBe(0);
  });
});

describe('an outcome that the diagram handles', () => {
  test('a declared error takes the path of its boundary event, and what was written before it stays', async () => {
    const worker = step({
      errors: ['TEST_REFUSED'],
      run: async (context) => {
        await effect(context);
        throw new BusinessError('TEST_REFUSED');
      },
    });
    const runtime = await run(worker);
    expect(await runToEnd(worker)).toMatchObject({ ending: 'refused' });
    expect(await effects()).toHaveLength(1);
    await counted(runtime, worker, 'error', 1);
  });

  test('a declared error of an outside call is remembered like a result', async () => {
    const worker = step({
      errors: ['TEST_REFUSED'],
      reach: () => Promise.reject(new BusinessError('TEST_REFUSED')),
    });
    await run(worker);
    expect(await runToEnd(worker)).toMatchObject({ ending: 'refused' });
    expect(await database.connection.collection('handled-jobs').findOne({ jobType: worker.type })).toMatchObject({
      outcome: { kind: 'error', code: 'TEST_REFUSED' },
    });
  });

  test('an error that the worker does not declare is an incident, and nothing of it stays', async () => {
    const worker = step({
      run: async (context) => {
        await effect(context);
        throw new BusinessError('TEST_REFUSED');
      },
    });
    await run(worker);
    const { processInstanceKey } = await start(worker);
    expect(await incidentOf(processInstanceKey)).toBe('threw TEST_REFUSED, which the worker does not declare');
    expect(await effects()).toHaveLength(0);
  });
});

describe('a fault', () => {
  test('that may pass is tried again after a pause, and nothing of the failed attempt stays', async () => {
    const begunMs: number[] = [];
    const worker = step({
      run: async (context) => {
        begunMs.push(performance.now());
        await effect(context);
        if (begunMs.length < 3) throw new RetryableError('the archive did not answer');
        return {};
      },
    });
    const runtime = await run(worker);
    await runToEnd(worker);
    await counted(runtime, worker, 'retry', 2);
    expect(await effects()).toHaveLength(1);
    expect(begunMs[1]! - begunMs[0]!).toBeGreaterThanOrEqual(100);
  });

  test('that does not pass is an incident after the last attempt, whose message carries no value of a person', async () => {
    const worker = step({
      run: () => Promise.reject(new RetryableError('no answer about "Сериков" 850101300123 s.serikov@sc.example')),
    });
    await run(worker);
    const { processInstanceKey } = await start(worker, { retries: 2 });
    const incident = await incidentOf(processInstanceKey);
    expect(incident).toContain('no answer about');
    expect(incident).not.toMatch(/Сериков|850101300123|serikov/);
  });

  test('of a kind that nobody foresaw tells only its name', async () => {
    const worker = step({ run: () => Promise.reject(new TypeError('Серик Сериков is not a function')) });
    await run(worker);
    const { processInstanceKey } = await start(worker, { retries: 1 });
    expect(await incidentOf(processInstanceKey)).toBe('unexpected TypeError');
  });

  test('that repeating will not mend is an incident at once', async () => {
    let runs = 0;
    const worker = step({
      run: () => {
        runs += 1;
        return Promise.reject(new PermanentError('caseId 01X names no case', { field: 'caseId' }));
      },
    });
    await run(worker);
    const { processInstanceKey } = await start(worker);
    expect(await incidentOf(processInstanceKey)).toBe('caseId 01X names no case');
    expect(runs).toBe(1);
  });

  test('of the input names the field, not its value', async () => {
    const worker = step({ input: z.object({ amount: z.number() }), run: effect });
    await run(worker);
    const { processInstanceKey } = await start(worker, { amount: 'Сериков' });
    const incident = await incidentOf(processInstanceKey);
    expect(incident).toBe(`input of ${worker.type} is wrong: amount: invalid_type, expected number`);
    expect(await effects()).toHaveLength(0);
  });

  test('of the output, a key that is not declared, leaves nothing behind', async () => {
    const worker = step({
      output: z.object({ amount: z.number() }),
      run: async (context) => ({ ...(await effect(context)), amount: 1, name: 'Сериков' }),
    });
    await run(worker);
    const { processInstanceKey } = await start(worker);
    expect(await incidentOf(processInstanceKey)).toBe(
      `output of ${worker.type} is wrong: (all): unrecognized_keys name`,
    );
    expect(await effects()).toHaveLength(0);
  });

  test('of the output, a text where a code belongs, never reaches the engine', async () => {
    const worker = step({
      output: z.object({ code: z.string() }),
      run: () => Promise.resolve({ code: 'Серик Сериков' }),
    });
    await run(worker);
    const { processInstanceKey } = await start(worker);
    const incident = await incidentOf(processInstanceKey);
    expect(incident).toContain('code: has to be a code');
    expect(incident).not.toContain('Сериков');
  });
});

describe('the end of a process', () => {
  test('lets the job that is worked on come to its end', async () => {
    let begun: (() => void) | undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const worker = step({
      run: async (context) => {
        begun?.();
        await sleep(1_500);
        return effect(context);
      },
    });
    const runtime = await run(worker);
    const { processInstanceKey } = await start(worker);
    await hasBegun;
    await runtime.stop(10_000);
    await counted(runtime, worker, 'completed', 1);
    await waitFor(() => hasEnded(processInstanceKey), 'the end of the instance');
  });

  test('hands back at once what does not end in time, at no cost', async () => {
    let reaches = 0;
    let begun: (() => void) | undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const worker = step({
      timeoutMs: 60_000,
      reach: async () => {
        reaches += 1;
        begun?.();
        if (reaches === 1) await new Promise(() => undefined);
      },
      run: effect,
    });
    const first = await run(worker);
    const { processInstanceKey } = await start(worker, { retries: 1 });
    await hasBegun;
    await first.stop(200);
    await run(worker);
    await waitFor(() => hasEnded(processInstanceKey), 'the end of the instance, long before the 60 s', 10_000);
    expect(await effects()).toHaveLength(1);
  });
});

describe('the epoch of the engine', () => {
  test('is the same for all who ask, at the same time and later', async () => {
    const epochs = await Promise.all([1, 2, 3].map(() => createEngineEpoch({ database, engine }).current()));
    expect(new Set(epochs).size).toBe(1);
    const asker = createEngineEpoch({ database, engine });
    asker.forget();
    expect(await asker.current()).toBe(epochs[0]);
  });

  test('tells, after a backup, a database and an engine that were not restored together', async () => {
    const ask = () => createEngineEpoch({ database, engine }).current();
    const epoch = await ask();
    const epochs = database.connection.collection<{ _id: string; tides?: { _id: string }[] }>('engine-epochs');
    const known = async () => (await epochs.findOne({ _id: epoch }))!;
    const tides = async () => ((await known()).tides ?? []).map(({ _id }) => _id);
    const before = await tides();
    await markBackup(database);
    const atBackup = await known();
    // Two start at once after it: they agree on one tide.
    await Promise.all([ask(), ask()]);
    const afterwards = await known();
    expect(await tides()).toHaveLength(before.length + 1);
    await ask();
    expect(await known()).toMatchObject({ tides: afterwards.tides, backedUp: false });

    await epochs.replaceOne({ _id: epoch }, atBackup);
    await expect(ask()).rejects.toThrow('the database is of an earlier moment than the engine');
    await epochs.replaceOne({ _id: epoch }, afterwards);
    const unknown = { _id: newId(), deployed: true };
    await epochs.updateOne({ _id: epoch }, { $push: { tides: unknown } });
    await expect(ask()).rejects.toThrow('the engine is of an earlier moment than the database');

    await acceptEngine(database);
    expect(await ask()).toBe(epoch);
    expect((await known()).tides!.at(-1)).toMatchObject({ deployed: true });
    expect(await ask()).toBe(epoch);
  });

  test('is no mismatch where another start agrees on a tide while the engine is asked', async () => {
    const ask = (asked: EpochEngine) => createEngineEpoch({ database, engine: asked }).current();
    const epoch = await ask(engine);
    await markBackup(database);
    let others = 0;
    const runToEnd: EpochEngine['runToEnd'] = async (request) => {
      if (request.processId === tideProcessId && others++ === 0) await ask(engine);
      return engine.runToEnd(request);
    };
    expect(await ask({ ...engine, runToEnd })).toBe(epoch);
    expect(others).toBeGreaterThan(0);
  });

  test('is told again where a worker was killed between database and engine', async () => {
    const ask = () => createEngineEpoch({ database, engine }).current();
    const epoch = await ask();
    const epochs = database.connection.collection<{ _id: string; tides?: { _id: string; deployed: boolean }[] }>(
      'engine-epochs',
    );
    const untold = { _id: newId(), deployed: false };
    await epochs.updateOne({ _id: epoch }, { $push: { tides: untold } });
    await ask();
    expect((await epochs.findOne({ _id: epoch }))!.tides!.at(-1)).toEqual({ ...untold, deployed: true });
    // It had reached the engine, and the answer was lost.
    await epochs.updateOne(
      { _id: epoch },
      { $set: { 'tides.$[own].deployed': false } },
      {
        arrayFilters: [{ 'own._id': untold._id }],
      },
    );
    await ask();
    expect((await epochs.findOne({ _id: epoch }))!.tides!.at(-1)).toEqual({ ...untold, deployed: true });
  });

  test('two workers of one job type do not start together', async () => {
    const worker = step({});
    await expect(run(worker, { ...worker })).rejects.toThrow(worker.type);
  });
});

/** Carries a job out without telling the engine, so that the same job comes again. */
async function handleUntold(worker: AnyWorker, epoch?: EngineEpoch): Promise<void> {
  const mute: Engine = { ...engine, completeJob: () => Promise.resolve('accepted') };
  const runtime = await startRuntime({ database, engine: mute, workers: [worker], ...(epoch ? { epoch } : {}) });
  await counted(runtime, worker, 'completed', 1);
  await runtime.stop(1_000);
}

function crashing(type: string, moment: string): { child: ChildProcess; there: Promise<void> } {
  const child = spawn(
    process.execPath,
    [
      ...['--import', './test/helpers/typescript-loader.mjs', 'test/fixtures/workers/crashing.ts'],
      ...[database.connection.name, type, moment],
    ],
    { cwd: inProject(), env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const there = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('there')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the worker to be killed ended by itself with ${code}`)));
  });
  there.catch(() => undefined);
  return { child, there };
}
