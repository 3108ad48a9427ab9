import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { draw } from '../../api/cases/audit.js';
import { csvLine } from '../../core/csv.js';
import { tellCases, type ToldCases } from '../builders/told-cases.js';
import { staff } from '../builders/inspection.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';

let site: ApiSite;
let told: ToldCases;
let auditor: Caller;

beforeAll(async () => {
  site = await ApiSite.start();
  told = await tellCases(site);
  auditor = await site.as('auditor');
}, 120_000);
afterAll(() => site.stop());

const found = async (query: string, by = auditor): Promise<string[]> => {
  const response = await by.get(`/api/cases?${query}`);
  expect(response.statusCode).toBe(200);
  return response.json<{ cases: { number: string }[] }>().cases.map(({ number }) => number);
};
/** Where the search of a value leads. */
const search = async (value: string, by = auditor): Promise<string> => {
  const { headers } = await by.form('/cases/search', { value });
  return headers['location'] as string;
};
const foundBy = async (value: string, by = auditor): Promise<string[]> =>
  found((await search(value, by)).replace(/^[^?]*\?/, ''), by);

describe('the register, narrowed', () => {
  test.each([
    ['state=voided', () => [told.voided]],
    ['outcome=confirmed', () => [told.concluded]],
    ['outcome=out-of-scope&state=closed', () => [told.outOfScope]],
    ['broken=true', () => [told.concluded, told.inStudy]],
    ['unit=centralOffice', () => [told.filed.number]],
    ['process=inspection&broken=false&unit=ALA', () => [told.voided, told.outOfScope]],
    ['to=2020-01-01', () => []],
    ['from=2020-01-01&state=open&broken=false', () => [told.filed.number]],
  ])('by %s', async (query, expected) => {
    expect(await found(query)).toEqual(expected());
  });

  test('goes on by cursor to each case once', async () => {
    const seen: string[] = [];
    for (let before = ''; ;) {
      const response = await auditor.get(`/api/cases?limit=2&from=2020-01-01${before}`);
      const { cases, next } = response.json<{ cases: { number: string }[]; next: string | null }>();
      seen.push(...cases.map(({ number }) => number));
      if (next === null) break;
      before = `&before=${next}`;
    }
    expect(seen).toEqual(await found('limit=100'));
    expect(new Set(seen).size).toBe(5);
  });

  test('refuses a filter that is none, and says which', async () => {
    const response = await auditor.get('/api/cases?state=lost');
    expect(response.statusCode).toBe(422);
    expect(response.json<{ errors: { field: string }[] }>().errors[0]?.field).toBe('state');
  });
});

describe('the search', () => {
  test('finds by number and by the code of a branch, however they are typed', async () => {
    expect(await foundBy(` ${told.voided.toLowerCase()} `)).toEqual([told.voided]);
    expect(await search('ala')).toBe('/cases?unit=ALA');
  });

  test.each([
    ['name, in another case and spacing', 'әбілқасымова  ҰЛЖАН Іңкәрқызы'],
    ['IIN', '850412400121'],
    ['address', 'Ulzhan@applicant.example'],
  ])('finds the case of an applicant by the whole %s', async (_what, value) => {
    expect(await foundBy(value)).toContain(told.filed.number);
    expect(await search(value)).toMatch(/^\/cases\?person=[0-9a-f]{64}$/);
  });

  test('finds the cases of an inspected employee, and nothing by a part of the name', async () => {
    const employee = await site.services.directory.employee(staff.ofAlmaty);
    expect(await foundBy(employee!.fullName)).toEqual([told.voided, told.concluded, told.inStudy]);
    expect(await foundBy(employee!.iin)).toEqual([told.voided, told.concluded, told.inStudy]);
    expect(await foundBy(employee!.fullName.split(' ')[0]!)).toEqual([]);
  });

  test('finds nothing that the reader may not see', async () => {
    const employee = await site.services.directory.employee(staff.ofAlmaty);
    for (const login of ['iss.shy', 'employee.ala1', 'registrar'])
      expect(await foundBy(employee!.fullName, await site.as(login))).toEqual([]);
  });

  test('does not tell the keyed hashes of a sender in the case file', async () => {
    const { body } = await auditor.get(`/api/cases/${told.filed.number}`);
    expect(body).not.toContain('senderIndex');
  });
});

test('a sample is drawn again by its seed, whatever the order of the cases, and another by another', () => {
  const numbers = Array.from({ length: 50 }, (_, index) => `INS-2026-${String(index).padStart(6, '0')}`);
  expect(draw([...numbers].reverse(), '7')).toEqual(draw(numbers, '7'));
  expect(draw(numbers, '8')).not.toEqual(draw(numbers, '7'));
  expect([...draw(numbers, '7')].sort()).toEqual(numbers);
});

describe('the register as CSV', () => {
  test('has a byte order mark, a head and a line for each case that the reader sees', async () => {
    const response = await (await site.as('iss.ala')).get('/api/cases.csv?lang=en&broken=true');
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8');
    const lines = response.body.split('\r\n');
    expect(lines[0]).toBe('\uFEFFCase number,State,Outcome,Inspecting unit,Received,Ended,Next due,Broken terms');
    expect(lines.slice(1, -1).map((line) => line.split(',')[0])).toEqual([told.concluded, told.inStudy]);
    expect(lines.at(-1)).toBe('');
  });

  test('quotes by RFC 4180 and makes no formula of a value', () => {
    expect(csvLine(['a,b', 'say "so"', 'two\r\nlines', 'plain'])).toBe('"a,b","say ""so""","two\r\nlines",plain\r\n');
    expect(csvLine(['=1+1', '+7', '-1', '@x', '\tx', '=a,"b"'])).toBe(`'=1+1,'+7,'-1,'@x,'\tx,"'=a,""b"""\r\n`);
  });
});

test('every look of the register at the database is by an index', async () => {
  const { connection } = site.services.database;
  const db = connection.db!;
  const plans: string[] = [];
  const person = (await search('850412400121')).split('=')[1]!;
  await db.command({ profile: 2 });
  try {
    for (const query of [
      '',
      'state=open',
      'process=inspection',
      'outcome=confirmed',
      'unit=ALA',
      'broken=true',
      'from=2026-01-01&to=2026-12-31',
      `number=${told.voided}`,
      `person=${person}`,
      'before=7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    ]) {
      await auditor.page(`/cases?${query}`);
      if (!query.startsWith('before')) await auditor.get(`/api/cases.csv?${query}`);
    }
  } finally {
    await db.command({ profile: 0 });
  }
  for (const { ns, planSummary, command } of await db.collection('system.profile').find().toArray())
    if (/\.(cases|inspections|clocks|employees)$/.test(String(ns)))
      plans.push(
        `${String(ns).split('.').at(-1)} ${String(planSummary)} ${JSON.stringify((command as { filter?: unknown }).filter)}`,
      );
  expect(plans.length).toBeGreaterThan(60);
  expect(plans.filter((plan) => !/^\w+ (IXSCAN|IDHACK|EOF|DISTINCT_SCAN)/.test(plan))).toEqual([]);
});
