import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { z } from 'zod';
import { createDecisions, defineDecision, type Decisions, type RightsContext } from '../../../core/decisions.js';
import { newId } from '../../../core/ids.js';
import { createPeople } from '../../../core/people.js';
import { createUserTasks } from '../../../core/user-tasks.js';
import { createTrail, type Trail } from '../../../core/trail.js';
import { waitFor } from '../../../local/play/tasks.js';
import type { Engine, PlainValue } from '../../../workers/engine.js';
import { completionOf, recordDecision } from '../../../workers/shared/record-decision.js';
import { openTestDatabase, type TestDatabase } from '../../helpers/database.js';
import { newJobType, startRuntime, type TestRuntime } from '../../helpers/runtime.js';
import { deployFixtures, testEngine } from '../../helpers/stack.js';

jest.setTimeout(90_000);

let database: TestDatabase;
let engine: Engine;
let runtime: TestRuntime;
let decisions: Decisions;
let trail: Trail;
let jobType: string;
/** What the case file lacks; null when it holds all. */
let missing: string | null;
const taken = new Set<string>();

const central: RightsContext = {
  process: 'inspection',
  caseState: 'open',
  inspectingUnit: 'centralOffice',
  branchCode: null,
  inspectedEmployees: ['SC-1666'],
  concernedHeads: [],
};
/** One that the table of rights knows, with a requirement that a test sets. */
const study = defineDecision({
  name: 'inspection.study-materials',
  answers: z.strictObject({ choice: z.enum(['conclude', 'again']) }),
  context: () => Promise.resolve(central),
  requires: () => Promise.resolve(missing),
  apply: async ({ tx, answers, caseId }) => {
    await database.connection
      .collection('applied')
      .insertOne({ caseId, choice: answers.choice, by: tx.by.id }, { session: tx.session });
  },
});

beforeAll(async () => {
  engine = testEngine();
  await deployFixtures(engine, 'decided-by-person');
});

beforeEach(async () => {
  database = await openTestDatabase();
  decisions = createDecisions({ database });
  trail = createTrail({ database });
  const people = createPeople({ database });
  await decisions.init();
  await trail.init();
  await people.init();
  await database.connection
    .collection<{ _id: string }>('employees')
    .insertMany(['SC-1001', 'SC-1666'].map((_id) => ({ _id, unitId: 'ISS', branchCode: null, active: true })));
  await people.seen({ login: 'officer', employeeId: 'SC-1001', roles: ['iss'] });
  await people.seen({ login: 'suspect', employeeId: 'SC-1666', roles: ['iss'] });
  await people.seen({ login: 'auditor', employeeId: null, roles: ['auditor'] });
  missing = null;
  jobType = newJobType();
  runtime = await startRuntime({
    database,
    engine,
    workers: [{ ...recordDecision([study]), type: jobType }],
    services: { decisions, trail, people, userTasks: createUserTasks({ database }) },
  });
});

afterEach(async () => {
  await runtime.stop(1_000);
  await database.drop();
});

afterAll(async () => {
  await engine.close();
});

const begin = async (): Promise<{ caseId: string; processInstanceKey: string }> => {
  const caseId = newId();
  const variables = { jobType, caseId, decisionName: study.name };
  return { caseId, ...(await engine.startInstance('test-decided-by-person', variables)) };
};

/** Completes the open task of an instance as a person does in Tasklist; null completes it without taking it. */
async function complete(processInstanceKey: string, login: string | null, choice: PlainValue): Promise<void> {
  const task = await waitFor(
    async () => (await engine.userTasks({ processInstanceKey, state: 'CREATED' })).find(({ key }) => !taken.has(key)),
    'the open task',
  );
  taken.add(task.key);
  if (login) await engine.assignUserTask(task.key, login);
  await waitFor(() => engine.completeUserTask(task.key, { choice }), 'the task to be completed');
}
const recordsOf = (caseId: string, count: number) =>
  waitFor(async () => {
    const records = await decisions.ofCase(caseId);
    return records.length === count ? records : null;
  }, `${count} decisions on record`);
const hasEnded = (key: string) => waitFor(async () => !(await engine.isInstanceAlive(key)), 'the end of the instance');

describe('a decision', () => {
  test('of somebody who may take it is recorded under that person, applied, and the process goes on', async () => {
    const { caseId, processInstanceKey } = await begin();
    await complete(processInstanceKey, 'officer', 'conclude');
    await hasEnded(processInstanceKey);
    const [record] = await recordsOf(caseId, 1);
    expect(record).toMatchObject({ by: 'officer', accepted: true, refusal: null, answers: { choice: 'conclude' } });
    const [task] = await engine.userTasks({ processInstanceKey, state: 'COMPLETED' });
    expect(completionOf(task!, record!.at)).toEqual(record!.decidedAt);
    expect(task!.completedAt).not.toBeNull();
    expect(await trail.list(caseId)).toMatchObject([
      { type: 'decision.recorded', by: { kind: 'person', id: 'officer' }, data: { userTaskKey: record?.userTaskKey } },
    ]);
    expect(await database.connection.collection('applied').find().toArray()).toMatchObject([{ caseId, by: 'officer' }]);
    expect(await decisions.newest(caseId, study.name)).toMatchObject({ by: 'officer' });
  });

  test.each([
    ['suspect', 'inspected'],
    ['auditor', 'auditor-reads-only'],
    ['stranger', 'person-unknown'],
    [null, 'person-unknown'],
  ])('of %s, who may not, is refused as %s, and the task comes back', async (login, refusal) => {
    const { caseId, processInstanceKey } = await begin();
    await complete(processInstanceKey, login, 'conclude');
    const [refused] = await recordsOf(caseId, 1);
    expect(refused).toMatchObject({ by: login, accepted: false, refusal });
    await complete(processInstanceKey, 'officer', 'conclude');
    await hasEnded(processInstanceKey);
    const [, accepted] = await recordsOf(caseId, 2);
    expect(accepted).toMatchObject({ by: 'officer', accepted: true });
    expect((await trail.list(caseId)).map(({ type }) => type)).toEqual(['decision.refused', 'decision.recorded']);
    expect(await database.connection.collection('applied').countDocuments()).toBe(1);
  });

  test('for which the case file lacks something is refused with what is missing, and nothing is applied', async () => {
    missing = 'materials-missing';
    const { caseId, processInstanceKey } = await begin();
    await complete(processInstanceKey, 'officer', 'conclude');
    expect(await recordsOf(caseId, 1)).toMatchObject([{ by: 'officer', refusal: 'materials-missing' }]);
    expect((await trail.list(caseId))[0]?.data).toMatchObject({ reason: 'materials-missing' });
    expect(await database.connection.collection('applied').countDocuments()).toBe(0);
    await engine.cancelInstance(processInstanceKey);
  });

  test('with an answer that its form does not offer is refused, and the answer is not kept', async () => {
    const { caseId, processInstanceKey } = await begin();
    await complete(processInstanceKey, 'officer', 'Серик Сериков');
    expect(await recordsOf(caseId, 1)).toMatchObject([{ refusal: 'answers-wrong', answers: {} }]);
    await engine.cancelInstance(processInstanceKey);
  });
});
