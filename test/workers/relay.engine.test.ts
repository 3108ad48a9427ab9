import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { inProject } from '../../config/index.js';
import { RetryableError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { createLeases } from '../../core/leases.js';
import { createLog } from '../../core/log.js';
import { createOutbox, type Outbox, type OutboxEntry } from '../../core/outbox.js';
import { defineWorker, type AnyWorker } from '../../workers/define-worker.js';
import { createEngine, type Engine } from '../../workers/engine.js';
import { createMetrics, type Metrics } from '../../workers/metrics.js';
import { createRelay, messageLine, type Relay, type RelayLine } from '../../workers/relay.js';
import { takeSlot } from '../../workers/slot.js';
import { waitFor } from '../../local/play/tasks.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';
import { newJobType, startRuntime, type TestRuntime } from '../helpers/runtime.js';
import { deployFixtures, testEngine, testStack } from '../helpers/stack.js';

jest.setTimeout(90_000);

let database: TestDatabase;
let engine: Engine;
let outbox: Outbox;
let metrics: Metrics;
let runtime: TestRuntime;
let worker: AnyWorker;
const relays: Relay[] = [];
const log = createLog('test', 'silent');

beforeAll(async () => {
  engine = testEngine();
  await deployFixtures(engine, 'started-by-message');
});

beforeEach(async () => {
  database = await openTestDatabase();
  outbox = createOutbox({ database });
  await outbox.init();
  metrics = createMetrics('test');
  worker = defineWorker({
    type: newJobType(),
    title: 'Take step',
    titleRu: 'Сделать шаг',
    input: z.object({ number: z.string() }),
    output: z.object({}),
    run: async ({ tx, input: { number } }) => {
      await database.connection.collection('steps').insertOne({ number }, { session: tx.session });
      return {};
    },
  });
  runtime = await startRuntime({ database, engine, workers: [worker] });
});

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  await runtime.stop(1_000);
  await database.drop();
});

afterAll(async () => {
  await engine.close();
});

function relayOf(lines: RelayLine[], owner = 'relay-1'): Relay {
  const relay = createRelay({ outbox, clock: database.clock, log, metrics, owner: () => owner, lines });
  relays.push(relay);
  return relay;
}

/** Puts a message into the outbox that starts one instance, whose one step notes `number`. */
const begin = (number: string, correlationKey = newId()): Promise<string> =>
  database.transaction(somebody, (tx) =>
    outbox.message(tx, {
      caseId: newId(),
      name: 'test.begun',
      correlationKey,
      messageId: newId(),
      variables: { jobType: worker.type, number },
      timeToLiveMs: 3_600_000,
    }),
  );
const entry = (id: string) => database.connection.collection<OutboxEntry>('outbox').findOne({ _id: id });
const sent = (id: string) =>
  waitFor(async () => ((await entry(id))?.state === 'sent' ? true : null), 'the entry is marked as sent');
const numbers = async (): Promise<unknown[]> =>
  (await database.connection.collection('steps').find().sort({ _id: 1 }).toArray()).map(
    ({ number }) => number as unknown,
  );
/** A last message and its step: what came before it has been carried out then, whatever was to be. */
const lastStep = async (): Promise<void> => {
  await begin('last');
  await waitFor(async () => (await numbers()).includes('last'), 'the last step');
};

describe('a message in the outbox', () => {
  test('starts its instance and is marked as sent', async () => {
    const id = await begin('1');
    relayOf([messageLine(engine)]).start();
    await sent(id);
    await waitFor(async () => (await numbers()).length > 0, 'the step');
    expect(await numbers()).toEqual(['1']);
    expect((await metrics.relayLagSeconds.get()).values.length).toBeGreaterThan(0);
  });

  test('is carried out once by two relays at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, (_, index) => begin(String(index))));
    relayOf([messageLine(engine)], 'relay-1').start();
    relayOf([messageLine(engine)], 'relay-2').start();
    await Promise.all(ids.map(sent));
    await lastStep();
    expect((await numbers()).length).toBe(41);
    const { values } = await metrics.relayed.get();
    expect(values).toMatchObject([{ labels: { kind: 'message', outcome: 'sent' }, value: 41 }]);
  });

  test('of a relay killed after publishing it is marked by the next one, and starts nothing twice', async () => {
    const id = await begin('1');
    const child = spawn(
      process.execPath,
      [
        ...['--import', './test/helpers/typescript-loader.mjs', 'test/fixtures/workers/crashing-relay.ts'],
        database.connection.name,
      ],
      { cwd: inProject(), env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    expect((await entry(id))?.state).toBe('pending');

    // The next one takes the place of the killed one as soon as its lease is over, and what that had taken with it.
    const leases = createLeases({ database });
    const slot = await waitFor(
      async () => {
        const taken = await takeSlot({ leases, name: 'relay', log });
        if (taken.owner() === 'relay-1') return taken;
        await taken.giveBack();
        return null;
      },
      'the place of the killed relay',
      20_000,
    );
    await outbox.release(slot.owner());
    relayOf([messageLine(engine)], slot.owner()).start();
    await sent(id);
    await slot.giveBack();
    await lastStep();
    expect(await numbers()).toEqual(['1', 'last']);
    const { values } = await metrics.relayed.get();
    expect(values.find(({ labels }) => labels.outcome === 'repeated')?.value).toBe(1);
  });

  test('waits while the engine is down, and goes out when it is back', async () => {
    const { settings } = testStack();
    const nowhere = createEngine({ engine: { ...settings.engine, grpcAddress: 'grpc://127.0.0.1:9' } }, { retries: 0 });
    let down = true;
    const line = messageLine({ publishMessage: (message) => (down ? nowhere : engine).publishMessage(message) });
    const id = await begin('1');
    relayOf([line]).start();
    await waitFor(async () => (((await entry(id))?.attempts ?? 0) >= 2 ? true : null), 'two attempts');
    expect(await entry(id)).toMatchObject({ state: 'pending', lastErrorCode: 'unavailable' });
    down = false;
    await sent(id);
    await waitFor(async () => (await numbers()).length > 0, 'the step');
    await nowhere.close();
  });

  test('that can never be carried out is given up and shown, and holds up no other', async () => {
    const faulty = await begin('0');
    await database.connection
      .collection<OutboxEntry>('outbox')
      .updateOne({ _id: faulty }, { $unset: { message: true } });
    const id = await begin('1');
    relayOf([messageLine(engine)]).start();
    await sent(id);
    await waitFor(async () => ((await entry(faulty))?.state === 'failed' ? true : null), 'the refusal');
    expect(await entry(faulty)).toMatchObject({ lastErrorCode: 'refused' });
  });

  test('waits for an earlier one of the same key that could not be carried out', async () => {
    const [first, second] = [await begin('1', 'same'), await begin('2', 'same')];
    const delivered: string[] = [];
    const line: RelayLine = {
      ...messageLine(engine),
      deliver: ({ _id, attempts }) => {
        if (_id === first && attempts <= 3) return Promise.reject(new RetryableError('not now'));
        delivered.push(_id);
        return Promise.resolve('sent');
      },
    };
    relayOf([line]).start();
    await Promise.all([sent(first), sent(second)]);
    expect(delivered).toEqual([first, second]);
  });
});

describe('the end of a relay', () => {
  test('comes after what it has begun', async () => {
    let begun: (() => void) | undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const line: RelayLine = {
      ...messageLine(engine),
      deliver: async () => {
        begun?.();
        await sleep(500);
        return 'sent';
      },
    };
    const id = await begin('1');
    const relay = relayOf([line]);
    relay.start();
    await hasBegun;
    await relay.stop();
    expect((await entry(id))?.state).toBe('sent');
  });
});
