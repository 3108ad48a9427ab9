import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../core/clock.js';
import type { StoredClock } from '../../core/clock-truth.js';
import { runningQueries, type RunningFilter } from '../../core/running-clocks.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** The running clocks of all cases: in which order, for whom, narrowed down by what, and from which index. */

interface Seen {
  caseNumber: string;
  rule: string;
  state: string;
  dueAt: string | null;
  unit: string | null;
  responsible: { role: string | null; unit: string | null; employeeId: string | null; name: string | null } | null;
}
interface Listed {
  deadlines: Seen[];
  next: string | null;
}

let site: ApiSite;
/** A case of Almaty, one of Shymkent, and one of the central office about a security officer of Almaty. */
let almaty: string;
let shymkent: string;
let central: string;
let employeeOfShymkent: string;

const clocks = () => site.services.database.connection.collection<StoredClock>('clocks');
const list = async (login: string, query = ''): Promise<Listed> =>
  (await (await site.as(login)).get(`/api/deadlines${query}`)).json<Listed>();
const numbers = ({ deadlines }: Listed): string[] => [...new Set(deadlines.map(({ caseNumber }) => caseNumber))].sort();

async function startClock(number: string, rule: string, startedAt: string, subject = ''): Promise<void> {
  const { record } = await site.caseOf(number);
  await site.services.database.transaction(somebody, (tx) =>
    site.services.clocks.start(tx, {
      ...{ caseId: record._id, caseNumber: number, process: 'inspection', rule, subject },
      startedAt: new Date(startedAt),
    }),
  );
}

beforeAll(async () => {
  site = await ApiSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse('2026-04-20T05:00:00Z') - database.clock.wallNow().getTime());
  await database.clock.refresh();
  const ofShymkent = await database.connection
    .collection<{ _id: string }>('employees')
    .findOne({ branchCode: 'SHY', headOfUnit: false, login: { $not: /^(iss|management)/ } });
  employeeOfShymkent = ofShymkent!._id;
  almaty = await site.file('SC-1018');
  shymkent = await site.file(employeeOfShymkent);
  central = await site.file('SC-1014');
  await startClock(almaty, 'DL-INS-1', '2026-04-10T06:00:00Z', 'signs-of-april');
  const { requestId } = await site.ask(almaty, 'employeeExplanatoryNote');
  await startClock(almaty, 'DL-INS-3', '2026-04-20T05:00:00Z', requestId);
});
afterAll(() => site.stop());

describe('who sees which clocks', () => {
  test('a branch its own, the central office and an auditor all, others none', async () => {
    expect(numbers(await list('iss.ala'))).toEqual([almaty]);
    expect(numbers(await list('iss.shy'))).toEqual([shymkent]);
    expect(numbers(await list('iss.central'))).toEqual([almaty, shymkent, central].sort());
    expect(numbers(await list('auditor'))).toEqual([almaty, shymkent, central].sort());
    for (const login of ['registrar', 'administrator', 'employee.ala1', 'head.ala1'])
      expect(numbers(await list(login))).toEqual([]);
  });

  test('a branch that asks for the clocks of another one gets none, and no sign that there are any', async () => {
    expect(await list('iss.ala', '?unit=SHY')).toEqual({ deadlines: [], next: null });
    expect(await list('iss.ala', `?person=${employeeOfShymkent}`)).toEqual({ deadlines: [], next: null });
  });

  test('what a branch sees moves with the unit that inspects', async () => {
    const number = await site.file('SC-1018');
    expect(numbers(await list('iss.ala'))).toContain(number);
    const moved = await (
      await site.as('iss.central')
    ).post(`/api/cases/${number}/unit`, {
      inspectingUnit: 'centralOffice',
    });
    expect(moved.statusCode).toBe(200);
    expect(numbers(await list('iss.ala'))).not.toContain(number);
    const found = (await list('iss.central', '?unit=centralOffice')).deadlines.find((row) => row.caseNumber === number);
    expect(found).toMatchObject({ unit: 'centralOffice', responsible: { role: 'iss', unit: 'centralOffice' } });
    await site.close(number);
    await clocks().updateMany({ caseNumber: number }, { $set: { state: 'cancelled' } });
  });
});

describe('the list', () => {
  test('has what is overdue on top, then the soonest due, and names whom a request was sent to', async () => {
    const { deadlines } = await list('iss.ala');
    expect(deadlines.map(({ rule, state }) => `${rule} ${state}`)).toEqual([
      'DL-INS-1 overdue',
      'DL-INS-3 running',
      'DL-INS-5 running',
    ]);
    expect(deadlines.map(({ responsible }) => responsible?.role ?? responsible?.employeeId)).toEqual([
      'management',
      'SC-1018',
      'iss',
    ]);
    const { directory } = site.services;
    expect(deadlines[1]?.responsible?.name).toBe((await directory.employee('SC-1018'))?.fullName);
  });

  test('is narrowed down by unit, rule, process and who acts', async () => {
    const rules = async (login: string, query: string) =>
      (await list(login, query)).deadlines.map(({ caseNumber, rule }) => `${caseNumber} ${rule}`);
    expect(await rules('auditor', '?unit=SHY')).toEqual([`${shymkent} DL-INS-5`]);
    expect(await rules('auditor', '?rule=DL-INS-1')).toEqual([`${almaty} DL-INS-1`]);
    expect(await rules('auditor', '?process=access-request')).toEqual([]);
    expect(await rules('auditor', '?person=SC-1018')).toEqual([`${almaty} DL-INS-3`]);
    expect(await rules('iss.ala', '?person=me')).toEqual([`${almaty} DL-INS-5`]);
    await (await site.as('management.ala')).get('/api/deadlines');
    expect(await rules('management.ala', '?person=me')).toEqual([`${almaty} DL-INS-1`]);
  });

  test('comes a page at a time, each clock once, those without a term at the end', async () => {
    await clocks().updateMany({ caseNumber: central }, { $set: { dueAt: null, targetAt: null } });
    const all = (await list('auditor')).deadlines;
    expect(all.at(-1)).toMatchObject({ caseNumber: central, state: 'silent' });
    const paged: Seen[] = [];
    let next: string | null = null;
    do {
      const page: Listed = await list('auditor', `?limit=1${next ? `&after=${next}` : ''}`);
      paged.push(...page.deadlines);
      next = page.next;
    } while (next);
    expect(paged).toEqual(all);
    expect(all.length).toBeGreaterThan(3);
  });

  test('refuses a cursor and a filter that can be none', async () => {
    const auditor = await site.as('auditor');
    for (const query of ['after=x', 'unit=$ne', 'rule=all', 'person=%7B%7D', 'other=1'])
      expect((await auditor.get(`/api/deadlines?${query}`)).statusCode).toBe(422);
  });

  test('is a page too, which shows a branch nothing of another one', async () => {
    const { body, statusCode } = await (await site.as('iss.ala')).page('/deadlines?process=&unit=&person=&rule=');
    expect(statusCode).toBe(200);
    expect(body).toContain(almaty);
    expect(body).not.toContain(shymkent);
    expect(body.indexOf('DL-INS-1')).toBeLessThan(body.lastIndexOf('DL-INS-5'));
  });
});

describe('every query', () => {
  const values = {
    process: 'inspection',
    rule: 'DL-INS-5',
    units: ['ALA', null],
    responsible: ['iss:ALA', 'employee:1'],
  };
  const names = Object.keys(values) as (keyof typeof values)[];
  const combinations = Array.from({ length: 2 ** names.length }, (_, bits): RunningFilter =>
    Object.fromEntries(names.flatMap((name, index) => ((bits >> index) & 1 ? [[name, values[name]]] : []))),
  );

  /** Stages of a plan, from the answer down. */
  const stagesOf = (plan: Record<string, unknown>): string[] =>
    [
      plan['stage'],
      ...[plan['inputStage'], ...((plan['inputStages'] as unknown[] | undefined) ?? [])].flatMap((inner) =>
        inner ? stagesOf(inner as Record<string, unknown>) : [],
      ),
    ] as string[];

  test.each(combinations.map((filter) => [Object.keys(filter).join(', ') || 'nothing', filter] as const))(
    'narrowed down by %s reads an index in its order: no scan of the collection, no sorting',
    async (_name, filter) => {
      const cursor = { dueAt: new Date('2026-05-01T00:00:00Z'), id: '0'.repeat(26) };
      const asked = [null, cursor].map((after) => runningQueries(clocks() as never, filter, after, 10));
      const queries = asked.flatMap(({ dated, silent }) => [...dated, ...silent]);
      expect(queries.length).toBeGreaterThan(3);
      for (const query of queries) {
        const { queryPlanner } = (await query.explain('queryPlanner')) as {
          queryPlanner: { winningPlan: Record<string, unknown> };
        };
        const stages = stagesOf(queryPlanner.winningPlan);
        expect(stages).toContain('IXSCAN');
        expect(stages).not.toContain('COLLSCAN');
        expect(stages).not.toContain('SORT');
      }
    },
  );
});
