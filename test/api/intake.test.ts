import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCalendar } from '../../core/calendar.js';
import { isUncounted } from '../../core/clock-truth.js';
import { createClocks } from '../../core/clocks.js';
import { loadDeadlineTable } from '../../core/deadline-table.js';
import { registerInspection, type Trigger } from '../../core/inspection/intake.js';
import { application } from '../builders/application.js';
import { somebody } from '../helpers/database.js';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';
import { pdfText } from '../helpers/pdf-text.js';

let site: ApiSite;
let registrar: Caller;
let machine: Caller;
let auditor: Caller;

interface Registered {
  number: string;
  state: string;
  receivedAt: string;
  registeredAt: string;
  accessCode: string | null;
  clocks: { rule: string; startedAt: string; dueAt: string | null; state: string }[];
  links: { case: string; follow: string };
}

beforeAll(async () => {
  site = await ApiSite.start();
  [registrar, machine, auditor] = await Promise.all([site.as('registrar'), site.machine(), site.as('auditor')]);
});
afterAll(() => site.stop());

const filed = async (caller: Caller, body: unknown, headers: Record<string, string> = {}): Promise<Registered> => {
  const response = await caller.post('/api/inspections', body, headers);
  expect([response.statusCode, response.body]).toEqual([201, expect.any(String)]);
  return response.json();
};
const yearNow = (): string => String(site.services.clock.legalNow().getFullYear());
let keys = 0;
const newKey = (): Record<string, string> => ({ 'idempotency-key': `key-of-a-test-${(keys += 1)}` });

const trigger: Trigger = {
  triggerKind: 'officialInformation',
  receivedAt: null,
  channel: 'paper',
  sourceRefNo: null,
  sender: null,
  language: 'kk',
  facts: ['Деректер жарияланған.'],
  thirdParties: [],
  employeeIds: ['SC-1018'],
  namedEmployees: [],
  period: null,
};

describe('an application', () => {
  test('of anybody is a case at once, with its number, its code and its first clock', async () => {
    const response = await site.anybody.post('/api/inspections', application());
    expect(response.statusCode).toBe(201);
    const registered = response.json<Registered>();
    expect(registered.number).toMatch(new RegExp(`^INS-${yearNow()}-\\d{6}$`));
    expect(registered.accessCode).toMatch(/^([2-9A-Z]{4}-){3}[2-9A-Z]{4}$/);
    expect(registered.receivedAt).toBe(registered.registeredAt);
    expect(response.headers.location).toBe(registered.links.case);
    expect(registered.clocks).toEqual([
      expect.objectContaining({ rule: 'DL-INS-5', startedAt: registered.receivedAt, state: 'running' }),
    ]);
    const record = await site.services.cases.byNumber(registered.number);
    expect(await site.services.clocks.ofCase(record!._id)).toHaveLength(1);
    expect(record).toMatchObject({ state: 'open', instanceKey: null, legalBasis: expect.stringContaining('231/НҚ') });
  });

  test('is a case too when the calendar of the year is missing: its clock waits and is marked', async () => {
    const { services } = site;
    const calendar = createCalendar([]);
    const calendars = { current: () => Promise.resolve(calendar), latest: calendar };
    const clocks = createClocks({ ...services, calendars, table: await loadDeadlineTable() });
    const { case: record } = await registerInspection({ ...services, calendar, clocks }, somebody, trigger, null);
    expect(await services.cases.byNumber(record.number)).toMatchObject({ state: 'open' });
    expect((await site.outboxOf(record.number)).filter(({ kind }) => kind === 'message')).toHaveLength(1);
    const [clock] = await services.clocks.ofCase(record._id);
    expect(clock).toMatchObject({ rule: 'DL-INS-5', state: 'running', dueAt: null });
    expect(clock && isUncounted(clock)).toBe(true);
  });

  test('leaves one message to the engine, by the number of the case and without a value of a person', async () => {
    const { number } = await filed(site.anybody, application());
    const record = await site.services.cases.byNumber(number);
    const messages = (await site.outboxOf(number)).filter(({ kind }) => kind === 'message');
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({
      state: 'pending',
      message: {
        name: 'inspection.trigger-registered',
        correlationKey: number,
        messageId: number,
        variables: { caseId: record!._id, caseNumber: number },
      },
    });
  });

  test('is acknowledged by a letter in its language, with the code to follow it by', async () => {
    const { number, accessCode } = await filed(site.anybody, application());
    const record = await site.services.cases.byNumber(number);
    const mails = (await site.outboxOf(number)).filter(({ kind }) => kind === 'mail');
    expect(mails).toHaveLength(1);
    const [letter] = await site.services.letters.ofCase(record!._id);
    expect(letter).toMatchObject({ template: 'inspection/receipt', languages: ['kk'], state: 'composed' });
    const { pages } = pdfText(await site.services.letters.render(letter!._id));
    expect(pages.join()).toContain(accessCode);
    expect(await site.actsOf(number)).toEqual(['case.registered', 'clock.started', 'letter.composed']);
  });

  test('without an address has no letter, and is registered all the same', async () => {
    const { number } = await filed(site.anybody, application({ sender: { name: 'Серікбаева Гүлнар Ерланқызы' } }));
    expect((await site.outboxOf(number)).map(({ kind }) => kind)).toEqual(['message']);
  });

  test('by a registrar may name employees, channel and the moment of receipt; the branch of the employee inspects', async () => {
    const receivedAt = '2026-05-08T09:00:00+05:00';
    const { number, ...registered } = await filed(
      registrar,
      application({ receivedAt, channel: 'paper', sourceRefNo: 'ВХ-1', employees: [{ employeeId: 'SC-1018' }] }),
    );
    expect(registered.receivedAt).toBe('2026-05-08T04:00:00.000Z');
    expect(registered.clocks[0]?.startedAt).toBe('2026-05-08T04:00:00.000Z');
    const seen = (await auditor.get(`/api/cases/${number}`)).json<Record<string, unknown>>();
    expect(seen).toMatchObject({
      inspectingUnit: 'branch',
      branchCode: 'ALA',
      employees: [{ employeeId: 'SC-1018', hasPersonalDataAccess: true }],
      trail: expect.arrayContaining([
        expect.objectContaining({ type: 'case.registered', by: { kind: 'person', id: 'registrar' } }),
      ]),
    });
  });

  test('by a machine client with the scope intake is a case of that machine', async () => {
    const { number } = await filed(
      machine,
      application({ triggerKind: 'officialInformation', sender: undefined, channel: 'machine', sourceRefNo: 'M-1' }),
    );
    const [entry] = (await auditor.get(`/api/cases/${number}`)).json<{ trail: unknown[] }>().trail;
    expect(entry).toMatchObject({ type: 'case.registered', by: { kind: 'machine', id: 'client:registry' } });
  });

  test('by a machine client without the scope may say no more than anybody', async () => {
    const stranger = await site.machine('');
    const response = await stranger.post('/api/inspections', application({ channel: 'machine' }));
    expect(response.statusCode).toBe(403);
    expect(response.json<SeenProblem>().errors).toEqual([
      expect.objectContaining({ field: 'channel', code: 'staff-only' }),
    ]);
    expect((await stranger.post('/api/inspections', application())).statusCode).toBe(201);
  });

  test('official information has no applicant: no code and no letter', async () => {
    const { number, accessCode } = await filed(
      registrar,
      application({ triggerKind: 'officialInformation', sender: undefined }),
    );
    expect(accessCode).toBeNull();
    expect((await site.outboxOf(number)).map(({ kind }) => kind)).toEqual(['message']);
  });

  test('keeps what it says sealed: no value of a person is in the database as it was typed', async () => {
    const secret = 'Құпияүйсінбекова';
    const { number } = await filed(
      site.anybody,
      application({
        sender: {
          name: secret,
          iin: '850412400121',
          email: 'secret-of-a-test@applicant.example',
          phone: '+77012345678',
        },
        facts: [`${secret} туралы мәлімет`],
        employees: [{ name: secret }],
        thirdParties: [secret],
      }),
    );
    const { connection, trail } = site.services.database;
    for (const db of [connection.db!, trail.db!])
      for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
        const stored = JSON.stringify(await db.collection(name).find().toArray());
        for (const value of [secret, 'secret-of-a-test', '+77012345678'])
          expect([name, stored.includes(value)]).toEqual([name, false]);
      }
    // The control: what is looked for can be found.
    expect((await auditor.get(`/api/cases/${number}`)).body).toContain(secret);
  });
});

describe('a repeat', () => {
  test('with the same key and content is the same case and the same answer, and writes nothing', async () => {
    const key = newKey();
    const first = await site.anybody.post('/api/inspections', application(), key);
    const before = await site.holdings();
    const again = await site.anybody.post('/api/inspections', application(), key);
    expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
    expect(again.json()).toEqual(first.json());
    expect(await site.holdings()).toEqual(before);
  });

  test('with the same key and other content is refused, naming the case', async () => {
    const key = newKey();
    const { number } = await filed(site.anybody, application(), key);
    const before = await site.holdings();
    const again = await site.anybody.post('/api/inspections', application({ facts: ['Басқа факт болды.'] }), key);
    expect(again.statusCode).toBe(409);
    const problem = again.json<SeenProblem>();
    expect(problem.type).toBe('urn:merzim:problem:idempotency-conflict');
    expect(problem.title).toContain(number);
    expect(problem.errors).toEqual([
      expect.objectContaining({ field: 'Idempotency-Key', code: 'used-with-other-content' }),
    ]);
    expect(await site.holdings()).toEqual(before);
  });

  test('of the key by another client is another case', async () => {
    const key = newKey();
    const body = application({ channel: 'paper' });
    const [first, second] = [await filed(registrar, body, key), await filed(machine, body, key)];
    expect(second.number).not.toBe(first.number);
  });

  test('fifty times at once is one case, one clock, one message, one letter', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => site.anybody.post('/api/inspections', application(), key)),
    );
    expect(new Set(answers.map((answer) => answer.json<Registered>().number)).size).toBe(1);
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(49);
    expect(new Set(answers.map((answer) => answer.json<Registered>().accessCode)).size).toBe(1);
    const { number } = answers[0]!.json<Registered>();
    expect((await site.outboxOf(number)).map(({ kind }) => kind).sort()).toEqual(['mail', 'message']);
    expect(await site.actsOf(number)).toEqual(['case.registered', 'clock.started', 'letter.composed']);
  });

  test('of channel and number of the sender is the same case, whoever brings it, without the applicant’s code', async () => {
    const body = application({ channel: 'mail', sourceRefNo: ' 12-05/77 ' });
    const first = await filed(registrar, body);
    const again = await machine.post('/api/inspections', { ...body, sourceRefNo: '12-05/77' });
    expect(again.statusCode).toBe(200);
    expect(again.json<Registered>()).toMatchObject({ number: first.number, accessCode: null });
    const other = await machine.post('/api/inspections', { ...body, facts: ['Сведения о другом.'] });
    expect(other.statusCode).toBe(409);
    expect(other.json()).toMatchObject({ errors: [{ field: 'sourceRefNo', code: 'number-of-other-content' }] });
    const elsewhere = await filed(registrar, { ...body, channel: 'paper' });
    expect(elsewhere.number).not.toBe(first.number);
  });

  test('thirty times at once by the number of the sender is one case', async () => {
    const body = application({ channel: 'paper', sourceRefNo: 'ВХ-30' });
    const answers = await Promise.all(Array.from({ length: 30 }, () => registrar.post('/api/inspections', body)));
    expect(new Set(answers.map((answer) => answer.json<Registered>().number)).size).toBe(1);
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
  });

  test('by a number of the sender is not for anybody: it would tell of the case of another', async () => {
    await filed(registrar, application({ channel: 'page', sourceRefNo: 'ВХ-foreign' }));
    const response = await site.anybody.post('/api/inspections', application({ sourceRefNo: 'ВХ-foreign' }));
    expect(response.statusCode).toBe(403);
    expect(response.body).not.toContain('INS-');
  });
});

describe('numbers', () => {
  test('have no gap, though many were refused and many filed at once', async () => {
    const last = async (): Promise<number> => {
      const counter = await site.services.database.connection
        .collection<{ _id: string; last: number }>('counters')
        .findOne({ _id: `INS-${yearNow()}` });
      return counter?.last ?? 0;
    };
    const before = await last();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        site.anybody.post('/api/inspections', application(index % 2 ? { facts: [] } : {})),
      ),
    );
    const numbers = answers
      .filter(({ statusCode }) => statusCode === 201)
      .map((answer) => Number(answer.json<Registered>().number.slice(-6)));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => before + 1 + index));
    expect(await last()).toBe(before + 20);
  });
});
