import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { triesPerMinute } from '../../api/limits.js';
import { application } from '../builders/application.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';

/** What an applicant sees of his case by number and code, and what whoever tries learns: nothing, by no answer and by no time. */

let site: ApiSite;
let number: string;
let code: string;
const absent = 'INS-2026-999999';
const wrongCode = 'AAAA-AAAA-AAAA-AAAA';

beforeAll(async () => {
  site = await ApiSite.start();
  const registrar = await site.as('registrar');
  const body = application({ employees: [{ employeeId: 'SC-1014' }] });
  ({ number, accessCode: code } = (await registrar.post('/api/inspections', body)).json<{
    number: string;
    accessCode: string;
  }>());
});
afterAll(() => site.stop());

let addresses = 0;
/** Nobody in particular, from an address that has not tried yet. */
const somebody = (): Caller => site.anybody.from(`10.2.0.${(addresses += 1)}`);
const byPage = (by: Caller, asked: string, given: string) => by.form('/follow', { number: asked, code: given });
const byApi = (by: Caller, asked: string, given: string) => by.get(`/api/cases/${asked}`, { 'x-access-code': given });
const ways = [
  ['page', byPage],
  ['API', byApi],
] as const;

function seen({ statusCode, headers, body }: LightMyRequestResponse, asked = number): unknown {
  const { date: _date, 'x-ratelimit-remaining': _left, 'x-ratelimit-reset': _reset, ...rest } = headers;
  return JSON.parse(JSON.stringify({ statusCode, headers: rest, body }).replaceAll(asked, number));
}

/** What a request asks the database, in order; the profiler of MongoDB tells. */
async function looksOf(send: () => Promise<LightMyRequestResponse>): Promise<string[]> {
  const db = site.services.database.connection.db!;
  await db.command({ profile: 2 });
  await send();
  await db.command({ profile: 0 });
  const looks = await db.collection('system.profile').find().sort({ ts: 1 }).toArray();
  await db.collection('system.profile').drop();
  return looks.map(({ op, ns }) => `${op} ${(ns as string).split('.').slice(1).join('.')}`);
}

describe.each(ways)('by the %s', (_way, ask) => {
  test('number and code show where the case stands, and nothing of its materials', async () => {
    const response = await ask(somebody(), number, code);
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain(number);
    expect(response.body).not.toMatch(/SC-1014|DL-INS|лерін|Мекенжай/);
  });

  test('the code may be typed with spaces, as it is read', async () => {
    expect((await ask(somebody(), number, ` ${code.slice(0, 9)} ${code.slice(9)} `)).statusCode).toBe(200);
  });

  test('a wrong code and a wrong number are answered alike', async () => {
    const wrong = await ask(somebody(), number, wrongCode);
    expect(wrong.statusCode).toBe(404);
    expect(seen(await ask(somebody(), absent, code), absent)).toEqual(seen(wrong));
    expect(seen(await ask(somebody(), absent, wrongCode), absent)).toEqual(seen(wrong));
  });

  test('take the same looks at the database', async () => {
    const wrong = await looksOf(() => ask(somebody(), number, wrongCode));
    expect(wrong.length).toBeGreaterThan(0);
    expect(await looksOf(() => ask(somebody(), absent, wrongCode))).toEqual(wrong);
    expect(await looksOf(() => ask(somebody(), number, code))).toEqual(wrong);
  });

  test('after too many tries the right code is answered like a wrong one; another address may go on', async () => {
    const by = somebody();
    for (let tried = 0; tried < triesPerMinute; tried += 1)
      expect((await ask(by, number, wrongCode)).statusCode).toBe(404);
    const limited = [
      seen(await ask(by, number, wrongCode)),
      seen(await ask(by, number, code)),
      seen(await ask(by, absent, code), absent),
    ] as { statusCode: number; headers: Record<string, unknown> }[];
    for (const each of limited) delete each.headers['retry-after'];
    expect(limited[0]).toMatchObject({ statusCode: 429 });
    expect(limited[1]).toEqual(limited[0]);
    expect(limited[2]).toEqual(limited[0]);
    expect((await ask(somebody(), number, code)).statusCode).toBe(200);
  });
});

test('a wrong number may have any form', async () => {
  for (const asked of ['', '17', 'ins-2026-999999', '../../etc', `${'9'.repeat(500)}`])
    expect([asked, (await byPage(somebody(), asked, code)).statusCode]).toEqual([asked, 404]);
  expect((await byApi(somebody(), '17', code)).statusCode).toBe(404);
});

test('tries by the API do not keep staff at the same address from their cases', async () => {
  const address = '10.2.1.1';
  for (let tried = 0; tried <= triesPerMinute; tried += 1) await byApi(site.anybody.from(address), number, wrongCode);
  expect((await (await site.as('auditor')).from(address).get(`/api/cases/${number}`)).statusCode).toBe(200);
});

test.each(['iss.ala2', 'iss.ala', 'employee.ala1', 'head.ala1', 'registrar'])(
  '%s, who may not see the case, takes the same looks at the database for it as for none',
  async (login) => {
    const by = await site.as(login);
    const hidden = await looksOf(() => by.get(`/api/cases/${number}`));
    expect(hidden.length).toBeGreaterThan(0);
    expect(await looksOf(() => by.get(`/api/cases/${absent}`))).toEqual(hidden);
  },
);

test('the next page of the list does not tell of a case between that the caller may not see', async () => {
  await site.file('SC-1007');
  const before = await site.file('SC-1018');
  const [auditor, first] = [await site.as('auditor'), '/api/cases?limit=1'];
  const page = (await auditor.get(first)).json<{ cases: { number: string }[]; next: string | null }>();
  expect(page.cases.map((each) => each.number)).toEqual([before]);
  const rest = (await auditor.get(`${first}&before=${page.next}`)).json<typeof page>();
  expect([rest.cases.map((each) => each.number), rest.next]).toEqual([[number], null]);
});
