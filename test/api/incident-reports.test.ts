import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Violation } from '../../core/access-request/violations.js';
import { newId } from '../../core/ids.js';
import { localDay } from '../../core/legal-day.js';
import type { OutboxEntry } from '../../core/outbox.js';
import {
  phoneCall,
  technicalForm,
  technicalRequest,
  type TechnicalRequestBody,
} from '../builders/technical-request.js';
import { ApiSite, type SeenProblem } from '../helpers/api-site.js';

/** R5(5), ACC-40 to -42: users say that they report damage to data or an incident of security, and the administrators of information security are told. */

let site: ApiSite;
beforeAll(async () => {
  site = await ApiSite.start();
}, 60_000);
afterAll(() => site.stop());

const url = '/api/technical-requests';
async function filed(changes: Partial<TechnicalRequestBody>): Promise<{ number: string; caseId: string }> {
  const answer = await site.anybody.post(url, technicalRequest(changes));
  expect(answer.statusCode).toBe(201);
  return idsOf(answer.json<{ number: string }>().number);
}
const idsOf = async (number: string) => ({ number, caseId: (await site.services.cases.byNumber(number))!._id });
const noticesOf = (caseId: string): Promise<OutboxEntry[]> =>
  site.services.database.connection.collection<OutboxEntry>('outbox').find({ kind: 'notice', caseId }).toArray();

test('an incident that a user reports on the page is told to each administrator of information security, by its number alone', async () => {
  const form = technicalForm(technicalRequest({ concerns: 'securityIncident' }));
  const answer = await site.anybody.upload('/technical-requests/new', form, { accept: 'text/html' });
  const { number, caseId } = await idsOf(/(TEC-\d{4}-\d{6})/.exec(answer.body)![1]!);
  const notices = await noticesOf(caseId);
  expect(notices.map(({ notice }) => notice!.employeeId).sort()).toEqual(['SC-1074', 'SC-1075']);
  const { data, template } = notices[0]!.notice!;
  expect(template).toBe('technical-request/incident-reported');
  expect(Object.keys(data).sort()).toEqual(['caseNumber', 'concerns', 'link', 'receivedAt']);
  expect(data).toMatchObject({ caseNumber: number, concerns: 'securityIncident' });
  for (const login of ['ib.admin', 'is.admin']) {
    const { body, statusCode } = await (await site.as(login)).page(`/cases/${number}?lang=en`);
    expect([statusCode, body.includes('an incident of information security')]).toEqual([200, true]);
  }
  const trail = await site.services.trail.list(caseId);
  expect(trail[0]).toMatchObject({ type: 'case.registered', data: { concerns: 'securityIncident' } });
  expect(trail.find(({ type }) => type === 'incident.told')).toMatchObject({ data: { administrators: 2 } });
});

test('where nobody has signed in as one yet, the trail says so', async () => {
  const people = site.services.database.connection.collection<{ _id: string }>('people');
  const all = await people.find({ roles: 'ib-admin' }).toArray();
  await people.deleteMany({ roles: 'ib-admin' });
  try {
    const { caseId } = await filed({ concerns: 'securityIncident' });
    expect(await noticesOf(caseId)).toEqual([]);
    const told = (await site.services.trail.list(caseId)).find(({ type }) => type === 'incident.told');
    expect(told).toMatchObject({ data: { administrators: 0 } });
  } finally {
    await people.insertMany(all);
  }
});

test('who stands in for an administrator is told, and reports the violation in his place', async () => {
  const { clock, organisation } = site.services;
  const today = localDay(clock.legalNow(), organisation.timeZone);
  const admin = await site.as('ib.admin');
  const arranged = { substitute: 'iss.central', from: today, until: today };
  expect((await admin.form('/substitutions', arranged)).statusCode).toBe(303);
  const { number, caseId } = await filed({ concerns: 'securityIncident' });
  expect((await noticesOf(caseId)).map(({ notice }) => notice!.employeeId)).toContain('SC-1003');

  const substitute = await site.as('iss.central');
  const { body } = await substitute.page(`/cases/${number}`);
  const [, link = ''] = /href="(\/access-violations\?[^"]+)"/.exec(body) ?? [];
  expect((await substitute.page(link)).statusCode).toBe(200);
  const reported = await substitute.post('/api/access-violations', {
    kind: 'foreignAccount',
    login: 'u-some',
    facts: 'Деректер.',
  });
  expect(reported.statusCode).toBe(201);
  const violations = site.services.database.connection.collection<Violation>('access-violations');
  const violation = await violations.findOne({ number: reported.json<{ number: string }>().number });
  const entries = site.services.database.trail.collection<{ type: string; subject: string | null; data: object }>(
    'trail',
  );
  const [act] = await entries
    .find({ 'data.onBehalfOf': 'ib.admin', 'by.id': 'iss.central' })
    .sort({ _id: -1 })
    .toArray();
  expect([act!.type, JSON.stringify(act)]).toEqual(['violation.reported', expect.stringContaining(violation!._id)]);
  expect((await substitute.page('/access-violations')).statusCode).toBe(200);
  const [read] = await entries.find({ 'data.route': 'access-violations' }).sort({ _id: -1 }).limit(1).toArray();
  expect(read).toMatchObject({
    type: 'personal-data.read',
    by: { id: 'iss.central' },
    data: { onBehalfOf: 'ib.admin' },
  });
  // What oversees the administrators passes to nobody.
  expect((await substitute.page('/role-holders')).statusCode).toBe(403);
  await site.services.database.connection.collection('substitutions').deleteMany({});
});

test('its page leads an administrator of information security to the report of the violation, which then names it', async () => {
  const { number } = await filed({ concerns: 'dataIntegrity' });
  const admin = await site.as('ib.admin');
  const { body } = await admin.page(`/cases/${number}`);
  const [, link = ''] = /href="(\/access-violations\?[^"]+)"/.exec(body) ?? [];
  const form = await admin.page(link);
  expect([form.statusCode, form.body.includes(`value="${number}"`)]).toEqual([200, true]);
  const sent = { kind: 'dataModified', login: 'u-some', facts: 'Деректер өзгерген.', technicalRequest: number };
  expect((await admin.form('/access-violations', { ...sent, idempotencyKey: newId() })).statusCode).toBe(303);
  const violations = site.services.database.connection.collection<Violation>('access-violations');
  const violation = await violations.findOne({ technicalRequest: number });
  expect((await admin.page(`/cases/${number}`)).body).toContain(violation!.number);
  expect((await admin.page('/access-violations')).body).toContain(`/cases/${number}`);
  // Who keeps neither is not led there.
  expect((await (await site.as('is.admin')).page(`/cases/${number}`)).body).not.toContain('/access-violations');
});

test('the same told by phone is told on once, however often it is sent', async () => {
  const registrar = await site.as('registrar');
  const headers = { 'idempotency-key': newId() };
  const body = phoneCall({ concerns: 'dataIntegrity' });
  const answers = [await registrar.post(url, body, headers), await registrar.post(url, body, headers)];
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 200]);
  const { caseId } = await idsOf(answers[0]!.json<{ number: string }>().number);
  expect(await noticesOf(caseId)).toHaveLength(2);
  const other = await registrar.post(url, { ...body, concerns: 'failure' }, headers);
  expect(other.statusCode).toBe(409);
});

test.each([{ concerns: 'failure' }, { concerns: 'question' }, {}] as const)(
  'a request with %j stays among the administrators of the information systems',
  async (changes) => {
    const { number, caseId } = await filed(changes);
    expect(await noticesOf(caseId)).toEqual([]);
    const admin = await site.as('ib.admin');
    expect((await admin.get(`/api/cases/${number}`)).statusCode).toBe(404);
    expect((await admin.get('/api/cases.csv?process=technical-request')).body).not.toContain(number);
    const own = (await (await site.as('is.admin')).get(`/api/cases/${number}`)).json<{ concerns: string | null }>();
    expect(own.concerns).toBe('concerns' in changes ? changes.concerns : null);
  },
);

test('an administrator of information security reads such a request, and writes nothing in it', async () => {
  const { number } = await filed({ concerns: 'securityIncident' });
  const admin = await site.as('ib.admin');
  expect((await admin.get('/api/cases.csv?process=technical-request')).body).toContain(number);
  for (const [command, body] of [
    ['resolution', { text: 'Түзетілді.' }],
    ['void', { reason: 'Қате.' }],
  ] as const)
    expect((await admin.post(`/api/cases/${number}/${command}`, body)).statusCode).toBe(403);
});

test('what none of the choices is, is refused by its field', async () => {
  const answer = await site.anybody.post(url, { ...technicalRequest(), concerns: 'theft' });
  expect([answer.statusCode, ...answer.json<SeenProblem>().errors!.map(({ field }) => field)]).toEqual([
    422,
    'concerns',
  ]);
});
