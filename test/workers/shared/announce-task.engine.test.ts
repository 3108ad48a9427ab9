import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { newId } from '../../../core/ids.js';
import { createUserTasks, type OpenTask, type UserTasks } from '../../../core/user-tasks.js';
import { waitFor } from '../../../local/play/tasks.js';
import type { Engine } from '../../../workers/engine.js';
import { announceTask } from '../../../workers/shared/announce-task.js';
import { openTestDatabase, type TestDatabase } from '../../helpers/database.js';
import { newJobType, startRuntime, type TestRuntime } from '../../helpers/runtime.js';
import { deployFixtures, testEngine } from '../../helpers/stack.js';

jest.setTimeout(90_000);

let database: TestDatabase;
let engine: Engine;
let runtime: TestRuntime;
let userTasks: UserTasks;
let jobType: string;

beforeAll(async () => {
  engine = testEngine();
  await deployFixtures(engine, 'announced-task');
});
beforeEach(async () => {
  database = await openTestDatabase();
  userTasks = createUserTasks({ database });
  await userTasks.init();
  jobType = newJobType();
});
afterEach(async () => {
  await runtime.stop(1_000);
  await database.drop();
});
afterAll(() => engine.close());

const work = async (): Promise<void> => {
  const workers = [{ ...announceTask, type: jobType }];
  runtime = await startRuntime({ database, engine, workers, services: { userTasks } });
};
const begin = async (): Promise<{ caseId: string; key: string }> => {
  const caseId = newId();
  const variables = { jobType, caseId, caseNumber: 'INS-2026-000001', subject: 'SIGN1' };
  const { processInstanceKey } = await engine.startInstance('test-announced-task', variables);
  return { caseId, key: processInstanceKey };
};
const announced = (): Promise<OpenTask | undefined> =>
  waitFor(async () => {
    const [task] = await userTasks.open();
    return task ?? null;
  }, 'the task to be announced');
const created = (processInstanceKey: string) =>
  waitFor(
    async () => (await engine.userTasks({ processInstanceKey, state: 'CREATED' }))[0] ?? null,
    'the engine to tell of the task',
  );

describe('a user task that opens', () => {
  test('is announced once, with the decision and the subject of its diagram, under the keys by which the engine knows it', async () => {
    await work();
    const { caseId, key } = await begin();
    const task = await created(key);
    expect(await announced()).toMatchObject({
      caseId,
      caseNumber: 'INS-2026-000001',
      decision: 'inspection.study-materials',
      subject: 'SIGN1',
      elementId: 'UserTask_Decide',
      processInstanceKey: key,
      elementInstanceKey: task.elementInstanceKey,
      announcedAt: null,
      closedAt: null,
    });
    expect(await userTasks.open()).toHaveLength(1);
    expect(await runtime.count(jobType, 'completed')).toBe(1);
    await engine.cancelInstance(key);
  });

  test('while no worker runs is announced when one comes', async () => {
    const { key } = await begin();
    await work();
    expect(await announced()).toMatchObject({ processInstanceKey: key });
    expect((await created(key)).elementId).toBe('UserTask_Decide');
    await engine.cancelInstance(key);
  });
});
