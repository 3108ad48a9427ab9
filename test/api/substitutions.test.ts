import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../core/clock.js';
import { declaredDecisions } from '../../core/declared-decisions.js';
import { createDigests } from '../../core/digest.js';
import { newId } from '../../core/ids.js';
import type { OutboxEntry } from '../../core/outbox.js';
import { substitutionChain } from '../../core/substitutions.js';
import { announceTask } from '../../core/task-notices.js';
import type { OpenTask } from '../../core/user-tasks.js';
import { recordDecision } from '../../workers/shared/record-decision.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** Who acts for whom: with whose rights, until when, and what stays closed to the pair. */

let site: ApiSite;
/** A case of Almaty, of which the personnel officer hr.ala (SC-1015) reads nothing by himself. */
let number: string;

async function travelTo(moment: string): Promise<void> {
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse(moment) - database.clock.wallNow().getTime());
  await database.clock.refresh();
}

/** Signs somebody in as the identity provider does, so that his roles are known. */
const signIns: [login: string, employeeId: string, roles: string[]][] = [
  ['iss.ala', 'SC-1013', ['iss', 'employee']],
  ['management.ala', 'SC-1012', ['management', 'employee']],
  ['hr.ala', 'SC-1015', ['hr', 'employee']],
  ['iss.central', 'SC-1003', ['iss', 'employee']],
  ['auditor', 'SC-1007', ['auditor', 'employee']],
];

beforeAll(async () => {
  site = await ApiSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  await site.services.database.connection.collection('people').deleteMany({});
  for (const [login, employeeId, roles] of signIns) await site.services.people.seen({ login, employeeId, roles });
  await travelTo('2026-04-15T05:00:00Z');
  number = await site.file('SC-1018');
}, 120_000);
beforeEach(async () => {
  await travelTo('2026-04-15T05:00:00Z');
  for (const name of ['substitutions', 'outbox', 'user-tasks', 'digest-runs'])
    await site.services.database.connection.collection(name).deleteMany({});
});
afterAll(() => site.stop());

const arrange = async (by: string, substitute: string, more: Record<string, string> = {}): Promise<number> => {
  const form = { substitute, from: '2026-04-15', until: '2026-04-17', ...more };
  return (await (await site.as(by)).form('/substitutions', form)).statusCode;
};
const reads = async (login: string, asked = number): Promise<number> =>
  (await (await site.as(login)).page(`/cases/${asked}`)).statusCode;

async function open(decision: string): Promise<OpenTask> {
  const { database, userTasks } = site.services;
  const { record } = await site.caseOf(number);
  const elementInstanceKey = newId();
  await database.transaction(somebody, (tx) =>
    userTasks.opened(tx, {
      ...{ caseId: record._id, caseNumber: number, decision, subject: '', epoch: 'E1', elementInstanceKey },
      ...{ processInstanceKey: '2251799813685251', elementId: 'UserTask_Any' },
    }),
  );
  return (await userTasks.find(`E1/${elementInstanceKey}`))!;
}

describe('a substitute', () => {
  test('acts with the rights of the principal from the first day to the last, and no longer', async () => {
    expect(await reads('hr.ala')).toBe(404);
    expect(await arrange('iss.ala', 'hr.ala', { from: '2026-04-16' })).toBe(303);
    expect(await reads('hr.ala')).toBe(404);
    await travelTo('2026-04-15T19:00:00Z');
    expect(await reads('hr.ala')).toBe(200);
    await travelTo('2026-04-17T18:59:59Z');
    expect(await reads('hr.ala')).toBe(200);
    await travelTo('2026-04-17T19:00:01Z');
    expect(await reads('hr.ala')).toBe(404);
  });

  test('until it is ended', async () => {
    await arrange('iss.ala', 'hr.ala');
    expect(await reads('hr.ala')).toBe(200);
    const { body } = await (await site.as('iss.ala')).page('/substitutions');
    const [, id = ''] = /substitutions\/(\w+)\/end/.exec(body) ?? [];
    expect((await (await site.as('hr.ala')).form(`/substitutions/${id}/end`, {})).statusCode).toBe(404);
    expect((await (await site.as('iss.ala')).form(`/substitutions/${id}/end`, {})).statusCode).toBe(303);
    expect(await reads('hr.ala')).toBe(404);
  });

  test('leaves acts in his own name that say for whom, in the trail, on the page and in the access log', async () => {
    await arrange('iss.ala', 'hr.ala');
    const hr = await site.as('hr.ala');
    expect((await hr.post(`/api/cases/${number}/withdrawal`, {})).statusCode).toBe(200);
    const { record } = await site.caseOf(number);
    const noted = (await site.services.trail.list(record._id)).at(-1)!;
    expect([noted.by, noted.data['onBehalfOf']]).toEqual([{ kind: 'person', id: 'hr.ala' }, 'iss.ala']);
    expect((await hr.page(`/cases/${number}?lang=en`)).body).toContain('hr.ala for iss.ala');
    const [access] = await site.services.accessLog.list({ login: 'hr.ala', limit: 1 });
    expect(access!.by).toEqual({ kind: 'person', id: 'hr.ala', onBehalfOf: 'iss.ala' });
    expect(await site.services.trail.verifyChain(record._id)).toMatchObject({ ok: true });
  });

  test('decides: the step after the task accepts it and records for whom', async () => {
    await arrange('management.ala', 'hr.ala');
    const task = await open('inspection.take-measures');
    expect(await decided(task, 'hr.ala')).toEqual({ decisionAccepted: false, refusalReason: 'measures-not-confirmed' });
    const { record } = await site.caseOf(number);
    const [decision] = (await site.services.decisions.ofCase(record._id)).slice(-1);
    expect(decision).toMatchObject({ by: 'hr.ala', onBehalfOf: 'management.ala', refusal: 'measures-not-confirmed' });
    const entry = (await site.services.trail.list(record._id)).at(-1)!;
    expect([entry.type, entry.by.id, entry.data['onBehalfOf']]).toEqual([
      'decision.refused',
      'hr.ala',
      'management.ala',
    ]);
    await travelTo('2026-04-18T05:00:00Z');
    expect(await decided(await open('inspection.take-measures'), 'hr.ala')).toMatchObject({ refusalReason: 'no-role' });
  });

  test('is written to about tasks and each morning, like the one for whom he stands in', async () => {
    await arrange('management.ala', 'hr.ala');
    const task = await open('inspection.take-measures');
    const { services } = site;
    await announceTask(services, declaredDecisions, task);
    const digests = createDigests({
      services,
      decisions: declaredDecisions,
      holderOf: () => Promise.resolve({ login: null }),
    });
    await digests.init();
    await digests.sweep();
    const mails = await services.database.connection
      .collection<OutboxEntry>('outbox')
      .find({ kind: 'notice', 'notice.employeeId': 'SC-1015' })
      .toArray();
    expect(mails.map(({ notice }) => notice!.template).sort()).toEqual(['shared/daily-digest', 'shared/task-opened']);
    expect(JSON.stringify(mails)).toContain('inspection.take-measures');
    expect((await (await site.as('hr.ala')).page('/tasks')).body).toContain(number);
  });
});

/** What the step after a task answers when somebody has completed it. */
async function decided(task: OpenTask, login: string): Promise<unknown> {
  const { database } = site.services;
  const worker = recordDecision(declaredDecisions);
  const input = {
    ...{ caseId: task.caseId, decision: task.decision, taskElementId: task.elementId, decisionSubject: '' },
    answers: { measuresRecorded: false },
  };
  const reached = { key: newId(), assignee: login, elementInstanceKey: task.elementInstanceKey };
  const job = { epoch: 'E1', processInstanceKey: task.processInstanceKey };
  return database.transaction(somebody, (tx) =>
    worker.run({ input, job, tx, services: site.services, reached } as unknown as Parameters<typeof worker.run>[0]),
  );
}

describe('segregation of duties holds for the pair', () => {
  test('a substitute who is inspected, or heads the unit concerned, sees nothing by standing in', async () => {
    const own = await site.file('SC-1015');
    await arrange('iss.ala', 'hr.ala');
    expect(await reads('hr.ala', number)).toBe(200);
    expect(await reads('hr.ala', own)).toBe(404);
    expect(await arrange('administrator', 'head.ala1', { principal: 'iss.ala' })).toBe(303);
    expect(await reads('head.ala1', number)).toBe(404);
  });

  test('who stands in for somebody that is excluded gains nothing', async () => {
    const ofDriver = await site.file('SC-1073');
    await arrange('management.ala', 'hr.ala');
    expect(await reads('hr.ala', number)).toBe(200);
    expect(await reads('hr.ala', ofDriver)).toBe(404);
  });

  test('an auditor writes nothing for another either', async () => {
    await arrange('iss.central', 'auditor');
    const ofCentral = await site.file('SC-1014');
    expect((await (await site.as('auditor')).post(`/api/cases/${ofCentral}/withdrawal`, {})).statusCode).toBe(403);
  });

  test('a request is answered by who was asked alone', async () => {
    const { requestId } = await site.ask(number, 'employeeExplanatoryNote');
    await arrange('administrator', 'employee.ala2', { principal: 'SC-1018' });
    const content = '%PDF-1.4\n%%EOF\n';
    const answer = await (
      await site.as('employee.ala2')
    ).upload(`/requests/${requestId}`, [['file', { name: 'a.pdf', type: 'application/pdf', content }]]);
    expect(answer.statusCode).toBe(404);
  });
});

describe('who may arrange it', () => {
  test.each([
    ['iss.ala2', 'iss.ala2', 303],
    ['iss.ala', 'iss.ala2', 303],
    ['administrator', 'SC-1014', 303],
    ['management.ala', 'iss.ala2', 403],
    ['hr.ala', 'iss.ala2', 403],
    ['employee.ala2', 'nobody.at.all', 403],
    ['registrar', 'iss.ala2', 403],
  ])('%s for %s: %i', async (by, principal, status) => {
    expect(await arrange(by, 'hr.ala', { principal })).toBe(status);
  });

  test.each([
    ['whom the directory does not have', { substitute: 'nobody' }, 'substitute'],
    ['of another branch', { substitute: 'hr.shy' }, 'substitute'],
    ['himself', { substitute: 'iss.ala' }, 'substitute'],
    ['until before it begins', { until: '2026-04-14' }, 'until'],
    ['in the past', { from: '2026-04-01', until: '2026-04-14' }, 'until'],
    ['on a day that is none', { from: '2026-02-30' }, 'from'],
  ])('nobody by one %s', async (_name, more, field) => {
    const answer = await (
      await site.as('iss.ala')
    ).form(
      '/substitutions',
      { substitute: 'hr.ala', from: '2026-04-15', until: '2026-04-17', ...more },
      { accept: 'application/json' },
    );
    expect([answer.statusCode, answer.json<{ errors: { field: string }[] }>().errors[0]!.field]).toEqual([422, field]);
    expect(await site.services.database.connection.collection('substitutions').countDocuments()).toBe(0);
  });

  test('each is an entry of a chain of the principal, and its end too', async () => {
    const chain = substitutionChain('SC-1014');
    const before = (await site.services.trail.list(chain)).length;
    await arrange('iss.ala2', 'hr.ala');
    const [made] = await site.services.substitutions.list(null, null, 1);
    await (await site.as('iss.ala')).form(`/substitutions/${made!._id}/end`, {});
    const entries = (await site.services.trail.list(chain)).slice(before);
    expect(entries.map(({ type, by, subject, data }) => [type, by.id, subject, data['substituteId']])).toEqual([
      ['substitution.made', 'iss.ala2', made!._id, 'SC-1015'],
      ['substitution.ended', 'iss.ala', made!._id, 'SC-1015'],
    ]);
    expect(await site.services.trail.verifyChain(chain)).toMatchObject({ ok: true });
  });

  test('a head sees those of his unit, an administrator all, others their own', async () => {
    await arrange('iss.ala2', 'hr.ala');
    const sees = async (login: string): Promise<boolean> =>
      /\/end"/.test((await (await site.as(login)).page('/substitutions')).body);
    const named = async (login: string): Promise<boolean> =>
      (await (await site.as(login)).page('/substitutions')).body.includes('Нурланова');
    expect([await sees('iss.ala'), await sees('administrator'), await sees('iss.ala2')]).toEqual([true, true, true]);
    expect([await sees('hr.ala'), await named('hr.ala')]).toEqual([false, true]);
    expect([await named('management.ala'), await named('employee.ala1')]).toEqual([false, false]);
  });
});
