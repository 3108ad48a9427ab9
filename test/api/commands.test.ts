import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caseCommands } from '../../api/cases/commands.js';
import { inspectionCommands } from '../../api/inspection/commands.js';
import { writeClockOffset } from '../../core/clock.js';
import { somebody } from '../helpers/database.js';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';

let site: ApiSite;
let officer: Caller;
let manager: Caller;
let central: Caller;

beforeAll(async () => {
  site = await ApiSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  [officer, manager, central] = await Promise.all([
    site.as('iss.ala'),
    site.as('management.ala'),
    site.as('iss.central'),
  ]);
});
afterAll(() => site.stop());

const send = (by: Caller, number: string, name: string, body: unknown = {}) =>
  by.post(`/api/cases/${number}/${name}`, body);
const done = async (by: Caller, number: string, name: string, body: unknown = {}): Promise<Record<string, string>> => {
  const response = await send(by, number, name, body);
  expect([name, response.statusCode, response.body]).toEqual([name, 200, expect.any(String)]);
  return response.json();
};
/** Sends a command that has to be refused, and sees that nothing at all was written. Returns the problem. */
const refused = async (by: Caller, number: string, name: string, body: unknown, status = 422): Promise<SeenProblem> => {
  const before = await site.holdings();
  const response = await send(by, number, name, body);
  expect([name, response.statusCode]).toEqual([name, status]);
  expect(await site.holdings()).toEqual(before);
  return response.json<SeenProblem>();
};
const lineOf = async (number: string, index = 0): Promise<string> =>
  (await site.caseOf(number)).inspection.lines[index]!.lineId;
const readable = async (number: string) => site.services.vault.reveal((await site.caseOf(number)).inspection);
const screen = async (number: string): Promise<void> => {
  const { record, inspection } = await site.caseOf(number);
  const { inspectingUnit, branchCode } = inspection;
  await site.services.database.transaction(somebody, (tx) =>
    site.services.inspections.screen(tx, record._id, { result: 'inScope', inspectingUnit, branchCode }),
  );
};
const conclude = async (number: string): Promise<void> => {
  const { record, inspection } = await site.caseOf(number);
  await site.services.database.transaction(somebody, (tx) =>
    site.services.inspections.addConclusion(tx, record._id, {
      conclusionId: 'C1',
      number: 'CON-2026-000001',
      signedAt: tx.at,
      author: 'iss@sc.example',
      authorUnit: inspection.inspectingUnit,
      branchCode: inspection.branchCode,
      findings: [],
      offenceSigns: [],
      attachments: [],
      sha256: '0'.repeat(64),
      paper: { documentId: 'D1', sha256: '0'.repeat(64) },
      supersededBy: null,
    }),
  );
};
const messagesOf = async (number: string, name: string) =>
  (await site.outboxOf(number)).flatMap(({ message }) => (message?.name === name ? [message] : []));
const fromNow = (hours: number): string =>
  new Date(site.services.clock.legalNow().getTime() + hours * 3_600_000).toISOString();
const dayFromNow = (days: number): string => fromNow(days * 24).slice(0, 10);
const unknown = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

describe('the notes of the screening', () => {
  test('are kept sealed, and the trail says that they were noted, not what', async () => {
    const number = await site.file('SC-1018');
    await done(officer, number, 'screening-reason', { text: 'Дерек жария етілмеген.' });
    await done(officer, number, 'no-extract-reason', { text: 'Жүйеде із жоқ.' });
    await done(officer, number, 'extract-scope', {
      facts: ['Мекенжайды қарау'],
      periodFrom: dayFromNow(-30),
      periodTo: dayFromNow(-2),
    });
    expect(await readable(number)).toMatchObject({
      screeningReason: 'Дерек жария етілмеген.',
      noExtractReason: 'Жүйеде із жоқ.',
      extractScope: { facts: ['Мекенжайды қарау'], periodFrom: dayFromNow(-30) },
    });
    expect(JSON.stringify(await site.caseOf(number))).not.toContain('Дерек жария');
    expect(await site.actsOf(number)).toEqual(
      expect.arrayContaining(['screening-reason.noted', 'no-extract-reason.noted', 'extract-scope.set']),
    );
  });

  test.each([
    [-2, -9, 'periodFrom', 'after-end'],
    [-2, 3, 'periodTo', 'in-future'],
    ['yesterday', -2, 'periodFrom', 'date'],
  ])('of an impossible period, from %s to %s in days from now, are refused', async (from, to, field, code) => {
    const number = await site.file('SC-1018');
    const [periodFrom, periodTo] = [from, to].map((day) => (typeof day === 'number' ? dayFromNow(day) : day));
    const { errors } = await refused(officer, number, 'extract-scope', {
      facts: ['Факт болды.'],
      periodFrom,
      periodTo,
    });
    expect(errors).toEqual([expect.objectContaining({ field, code })]);
  });

  test('without words are refused', async () => {
    const number = await site.file('SC-1018');
    const { errors } = await refused(officer, number, 'screening-reason', { text: '   ' });
    expect(errors).toEqual([expect.objectContaining({ field: 'text', code: 'too-short' })]);
  });
});

describe('an employee', () => {
  test('is a line of the case once, however often named, and can be taken out before the screening', async () => {
    const number = await site.file('SC-1018');
    const { lineId } = await done(officer, number, 'employees', { employeeId: 'SC-1020' });
    expect(await done(officer, number, 'employees', { employeeId: 'SC-1020' })).toEqual({ lineId });
    expect((await site.caseOf(number)).inspection.lines).toHaveLength(2);
    expect(await messagesOf(number, 'inspection.employee-added')).toEqual([]);
    await done(officer, number, 'employee-removals', { lineId });
    expect((await site.caseOf(number)).inspection.lines.map(({ employeeId }) => employeeId)).toEqual(['SC-1018']);
  });

  test('who is found after the screening is announced to the running case, and stays', async () => {
    const number = await site.file('SC-1018');
    await screen(number);
    // The instance has not taken the lines over yet: it will find this one by itself.
    await done(officer, number, 'employees', { employeeId: 'SC-1036' });
    expect(await messagesOf(number, 'inspection.employee-added')).toEqual([]);
    const { record } = await site.caseOf(number);
    await site.services.database.transaction({ kind: 'worker', id: 'inspection.open-inspection' }, (tx) =>
      site.services.inspections.open(tx, record._id),
    );
    const { lineId } = await done(officer, number, 'employees', { employeeId: 'SC-1020' });
    expect(await messagesOf(number, 'inspection.employee-added')).toEqual([
      expect.objectContaining({ correlationKey: number, messageId: lineId, variables: { lineId } }),
    ]);
    const problem = await refused(officer, number, 'employee-removals', { lineId }, 409);
    expect(problem.type).toBe('urn:merzim:problem:already-screened');
  });

  test.each([
    ['is not in the directory', 'SC-9999', 'unknown-employee'],
    ['has neither access nor part in services (R3)', 'SC-1073', 'employee-not-inspectable'],
    ['serves in the security service that inspects (AMB-INS-08)', 'SC-1014', 'security-officer'],
  ])('who %s is refused after the screening', async (_what, employeeId, code) => {
    const number = await site.file('SC-1018');
    await screen(number);
    const { errors } = await refused(officer, number, 'employees', { employeeId });
    expect(errors).toEqual([expect.objectContaining({ field: 'employeeId', code })]);
  });

  test('is added no more once the conclusion is signed; nor is a finding or a request', async () => {
    const number = await site.file('SC-1018');
    await conclude(number);
    for (const [name, body] of [
      ['employees', { employeeId: 'SC-1020' }],
      ['findings', { lineId: await lineOf(number), transferConfirmed: true, reasoning: 'Себебі бар.' }],
      ['requests', { addresseeId: 'SC-1015', question: 'Не болды?' }],
    ] as const)
      expect((await refused(officer, number, name, body, 409)).type).toBe('urn:merzim:problem:conclusion-signed');
  });
});

describe('signs of an offence', () => {
  test('of a branch start both clocks at the moment they were revealed, and are reported by the running case', async () => {
    const number = await site.file('SC-1018');
    const revealedAt = fromNow(0);
    const { signId } = await done(officer, number, 'signs', {
      kinds: ['administrative', 'criminal', 'criminal'].slice(0, 2),
      revealedAt,
    });
    const { record } = await site.caseOf(number);
    const clocks = (await site.services.clocks.ofCase(record._id)).filter(({ subject }) => subject === signId);
    expect(clocks.map(({ rule, startedAt }) => [rule, startedAt.toISOString()]).sort()).toEqual([
      ['DL-INS-1', revealedAt],
      ['DL-INS-2', revealedAt],
    ]);
    expect(clocks.every(({ dueAt }) => dueAt !== null)).toBe(true);
    expect(await messagesOf(number, 'inspection.signs-revealed')).toEqual([
      expect.objectContaining({ correlationKey: number, messageId: signId }),
    ]);
  });

  test('of the central office start the one clock of the authorised body', async () => {
    const number = await site.file('SC-1027');
    const { signId } = await done(central, number, 'signs', { kinds: ['criminal'] });
    const { record } = await site.caseOf(number);
    const clocks = (await site.services.clocks.ofCase(record._id)).filter(({ subject }) => subject === signId);
    expect(clocks.map(({ rule }) => rule)).toEqual(['DL-INS-1']);
  });

  test('are recorded though the calendar of the year is missing: their clocks wait for it', async () => {
    const { database, clock } = site.services;
    const travelTo = async (offsetMs: number): Promise<void> => {
      await writeClockOffset(database.connection, offsetMs);
      await clock.refresh();
    };
    await travelTo(Date.parse('2027-12-30T10:00:00+05:00') - clock.wallNow().getTime());
    try {
      const number = await site.file('SC-1018');
      const { signId } = await done(officer, number, 'signs', { kinds: ['criminal'] });
      const clocks = await site.services.clocks.ofCase((await site.caseOf(number)).record._id);
      expect(
        clocks
          .filter(({ subject }) => subject === signId)
          .map(({ rule, calendarVersions }) => [rule, calendarVersions]),
      ).toEqual([
        ['DL-INS-1', ['kz-2028.missing']],
        ['DL-INS-2', ['kz-2028.missing']],
      ]);
    } finally {
      await travelTo(0);
    }
  });

  test('that come out after the case was closed have clocks of their own and start a report of their own (AMB-INS-12)', async () => {
    const number = await site.file('SC-1018');
    await site.close(number);
    const { signId } = await done(officer, number, 'signs', { kinds: ['criminal'] });
    expect(await messagesOf(number, 'inspection.signs-revealed')).toEqual([]);
    expect(await messagesOf(number, 'inspection.late-signs-revealed')).toEqual([
      expect.objectContaining({
        messageId: signId,
        variables: expect.objectContaining({ caseNumber: number, signId }),
      }),
    ]);
    const { record } = await site.caseOf(number);
    const clocks = (await site.services.clocks.ofCase(record._id)).filter(({ subject }) => subject === signId);
    expect(clocks).toHaveLength(2);
  });

  test.each([
    ['in the future', () => ({ kinds: ['criminal'], revealedAt: fromNow(1) }), 'revealedAt', 'in-future'],
    ['before the receipt', () => ({ kinds: ['criminal'], revealedAt: fromNow(-24) }), 'revealedAt', 'before-receipt'],
    ['at no moment', () => ({ kinds: ['criminal'], revealedAt: 'today' }), 'revealedAt', 'datetime'],
    ['of no kind', () => ({ kinds: [] }), 'kinds', 'too-few'],
    ['of a kind that there is not', () => ({ kinds: ['moral'] }), 'kinds[0]', 'not-one-of'],
  ] as const)('%s are refused', async (_what, body, field, code) => {
    const number = await site.file('SC-1018');
    const { errors } = await refused(officer, number, 'signs', body());
    expect(errors).toEqual([expect.objectContaining({ field, code })]);
  });
});

describe('requests and what does not come', () => {
  test('additional information is planned, with its question sealed', async () => {
    const number = await site.file('SC-1018');
    const { requestId } = await done(officer, number, 'requests', {
      addresseeId: 'SC-1015',
      question: 'Ауысым кестесі?',
    });
    const stored = await site.services.documents.find(requestId!);
    expect(stored).toMatchObject({ state: 'planned', kind: 'additionalInformation', addresseeId: 'SC-1015' });
    expect(stored?.question).toMatch(/^mz1:/);
  });

  test.each([
    ['SC-1018', 'inspected-employee'],
    ['SC-9999', 'unknown-employee'],
  ])('%s can not be asked: %s', async (addresseeId, code) => {
    const number = await site.file('SC-1018');
    const { errors } = await refused(officer, number, 'requests', { addresseeId, question: 'Не болды?' });
    expect(errors).toEqual([expect.objectContaining({ field: 'addresseeId', code })]);
  });

  test('a reason is noted; the non-receipt itself settles the request once, with one message', async () => {
    const number = await site.file('SC-1018');
    const { requestId } = await site.ask(number, 'employeeExplanatoryNote');
    await done(officer, number, 'non-receipt-notes', { requestId, reason: 'Жұмыскер демалыста.' });
    expect(await site.services.documents.find(requestId)).toMatchObject({ state: 'requested' });
    await done(officer, number, 'non-receipts', { requestId, reason: 'Жауап бермеді.' });
    expect(await site.services.documents.find(requestId)).toMatchObject({ state: 'not-received' });
    expect(await messagesOf(number, 'document.received')).toHaveLength(1);
    for (const name of ['non-receipts', 'non-receipt-notes']) {
      const { errors } = await refused(officer, number, name, { requestId, reason: 'Тағы да жоқ.' });
      expect(errors).toEqual([expect.objectContaining({ field: 'requestId', code: 'no-open-request' })]);
    }
  });

  test('of a request of another case nothing is recorded', async () => {
    const [number, other] = [await site.file('SC-1018'), await site.file('SC-1018')];
    const { requestId } = await site.ask(other, 'employeeExplanatoryNote');
    const { errors } = await refused(officer, number, 'non-receipts', { requestId, reason: 'Жауап бермеді.' });
    expect(errors).toEqual([expect.objectContaining({ field: 'requestId', code: 'no-open-request' })]);
  });
});

describe('findings and measures', () => {
  test('a finding is of one line; a measure follows a confirmed transfer', async () => {
    const number = await site.file('SC-1018', 'SC-1019');
    const [first, second] = [await lineOf(number), await lineOf(number, 1)];
    const reasoning = 'Журналда із бар.';
    await done(officer, number, 'findings', { lineId: first, transferConfirmed: true, reasoning });
    await done(officer, number, 'findings', { lineId: second, transferConfirmed: false, reasoning });
    const measure = { kind: 'Сөгіс', legalGround: 'ҚР Еңбек кодексі, 64-бап', decidedOn: dayFromNow(0) };
    const { measureId } = await done(manager, number, 'measures', { lineId: first, ...measure });
    expect((await readable(number)).measures).toEqual([
      expect.objectContaining({ measureId, lineId: first, kind: 'Сөгіс', decidedBy: 'management.ala' }),
    ]);
    const { errors } = await refused(manager, number, 'measures', { lineId: second, ...measure });
    expect(errors).toEqual([expect.objectContaining({ field: 'lineId', code: 'transfer-not-confirmed' })]);
    const future = await refused(manager, number, 'measures', { lineId: first, ...measure, decidedOn: dayFromNow(2) });
    expect(future.errors).toEqual([expect.objectContaining({ field: 'decidedOn', code: 'in-future' })]);
  });

  test.each(['findings', 'measures', 'employee-removals'])('%s of an unknown line are refused', async (name) => {
    const number = await site.file('SC-1018');
    const bodies: Record<string, unknown> = {
      findings: { lineId: unknown, transferConfirmed: true, reasoning: 'Себебі бар.' },
      measures: { lineId: unknown, kind: 'Сөгіс', legalGround: '64-бап', decidedOn: dayFromNow(0) },
      'employee-removals': { lineId: unknown },
    };
    const { errors } = await refused(name === 'measures' ? manager : officer, number, name, bodies[name]);
    expect(errors).toEqual([expect.objectContaining({ field: 'lineId', code: 'unknown-line' })]);
  });
});

describe('the address of a letter', () => {
  test('is corrected only where the letter could not be delivered, and only in its own case', async () => {
    const [number, other] = [await site.file('SC-1018'), await site.file('SC-1018')];
    const { letters, database } = site.services;
    const [letter] = await letters.ofCase((await site.caseOf(number)).record._id);
    const body = { letterId: letter!._id, email: 'mended@applicant.example' };
    const early = await refused(officer, number, 'letter-addresses', body);
    expect(early.errors).toEqual([expect.objectContaining({ field: 'letterId', code: 'letter-not-failed' })]);
    await database.connection
      .collection('letters')
      .updateOne({ _id: letter!._id as never }, { $set: { state: 'failed' } });
    const foreign = await refused(officer, other, 'letter-addresses', body);
    expect(foreign.errors).toEqual([expect.objectContaining({ field: 'letterId', code: 'letter-not-failed' })]);
    const wrong = await refused(officer, number, 'letter-addresses', { ...body, email: 'nowhere' });
    expect(wrong.errors).toEqual([expect.objectContaining({ field: 'email', code: 'email' })]);
    await done(officer, number, 'letter-addresses', body);
    expect((await site.outboxOf(number)).filter(({ kind }) => kind === 'mail')).toHaveLength(2);
  });
});

describe('the case as a whole', () => {
  test('a withdrawal is noted once and stops nothing (AMB-INS-11)', async () => {
    const number = await site.file('SC-1018');
    await done(officer, number, 'withdrawal');
    await done(officer, number, 'withdrawal');
    expect((await site.actsOf(number)).filter((act) => act === 'application.withdrawn')).toHaveLength(1);
    expect(await messagesOf(number, 'inspection.application-withdrawn')).toHaveLength(1);
    const { record } = await site.caseOf(number);
    expect(record.state).toBe('open');
    expect((await site.services.clocks.ofCase(record._id)).every(({ state }) => state === 'running')).toBe(true);
  });

  test('the central office takes over, and every clock stays (AMB-INS-09)', async () => {
    const number = await site.file('SC-1018');
    const { record } = await site.caseOf(number);
    const before = await site.services.clocks.ofCase(record._id);
    await done(central, number, 'unit', { inspectingUnit: 'centralOffice' });
    expect((await site.caseOf(number)).inspection).toMatchObject({ inspectingUnit: 'centralOffice', branchCode: null });
    expect(await site.services.clocks.ofCase(record._id)).toEqual(
      before.map((clock) => ({ ...clock, unit: 'centralOffice', responsible: 'iss:centralOffice' })),
    );
    expect(await messagesOf(number, 'inspection.unit-changed')).toHaveLength(1);
    expect((await officer.get(`/api/cases/${number}`)).statusCode).toBe(404);
  });

  test.each([
    ['of several units', ['SC-1018', 'SC-1025'], 'employees-of-several-units'],
    ['of the security service of the branch', ['SC-1014'], 'security-officer'],
  ])('employees %s are not handed to a branch', async (_what, employees, code) => {
    const number = await site.file(...employees);
    expect((await site.caseOf(number)).inspection.inspectingUnit).toBe('centralOffice');
    const { errors } = await refused(central, number, 'unit', { inspectingUnit: 'branch' });
    expect(errors).toEqual([expect.objectContaining({ field: 'inspectingUnit', code })]);
  });

  test('a mistaken case is voided by the management, with its reason sealed', async () => {
    const number = await site.file('SC-1018');
    await done(manager, number, 'void', { reason: 'Екі рет тіркелген.' });
    const { record } = await site.caseOf(number);
    expect(record.voidReason).toMatch(/^mz1:/);
    expect(await messagesOf(number, 'case.voided')).toEqual([expect.objectContaining({ correlationKey: number })]);
    await refused(officer, number, 'void', { reason: 'Екі рет тіркелген.' }, 403);
  });
});

test('nothing but late signs and corrected addresses is taken by a closed case', async () => {
  const number = await site.file('SC-1018');
  const lineId = await lineOf(number);
  const { requestId } = await site.ask(number, 'employeeExplanatoryNote');
  await site.close(number);
  const bodies: Record<string, unknown> = {
    'screening-reason': { text: 'Себебі бар.' },
    employees: { employeeId: 'SC-1020' },
    'request-facts': { lineId, facts: ['Факт болды.'] },
    'employee-removals': { lineId },
    'extract-scope': { facts: ['Факт болды.'], periodFrom: dayFromNow(-9), periodTo: dayFromNow(-2) },
    'no-extract-reason': { text: 'Себебі бар.' },
    requests: { addresseeId: 'SC-1015', question: 'Не болды?' },
    'non-receipt-notes': { requestId, reason: 'Себебі бар.' },
    'non-receipts': { requestId, reason: 'Себебі бар.' },
    findings: { lineId, transferConfirmed: true, reasoning: 'Себебі бар.' },
    measures: { lineId, kind: 'Сөгіс', legalGround: '64-бап', decidedOn: dayFromNow(0) },
    withdrawal: {},
    unit: { inspectingUnit: 'centralOffice' },
    void: { reason: 'Екі рет тіркелген.' },
  };
  // Letters of an ended case may still have to reach their addressee.
  const taken = ['signs', 'letter-addresses'];
  const names = [...caseCommands, ...inspectionCommands]
    .map(({ name }) => name)
    .filter((name) => !taken.includes(name));
  expect(Object.keys(bodies).sort()).toEqual([...names].sort());
  for (const name of names) {
    const by = ['measures', 'void'].includes(name) ? manager : officer;
    const problem = await refused(by, number, name, bodies[name], 409);
    expect([problem.type, problem.title]).toEqual(['urn:merzim:problem:case-closed', expect.stringContaining(number)]);
  }
});

test('a case that is closed at the same time either has the signs in its course or reports them by themselves, never neither', async () => {
  for (let round = 0; round < 5; round += 1) {
    const number = await site.file('SC-1018');
    const [signs] = await Promise.all([
      done(officer, number, 'signs', { kinds: ['criminal'] }),
      site.closeAsTheStep(number),
    ]);
    const running = await messagesOf(number, 'inspection.signs-revealed');
    const late = await messagesOf(number, 'inspection.late-signs-revealed');
    expect([...running, ...late].map(({ messageId }) => messageId)).toEqual([signs['signId']]);
    const { record } = await site.caseOf(number);
    // Where the case has closed before, the report is one of its own; else the case has to stay open for it.
    expect(record.state === 'closed' ? late.length : running.length).toBe(1);
  }
});

test('the trail takes the login of whoever signs in by an address', async () => {
  const number = await site.file('SC-1018');
  await conclude(number);
  expect(await site.actsOf(number)).toContain('conclusion.signed');
  const { record } = await site.caseOf(number);
  expect(await site.services.trail.verifyChain(record._id)).toMatchObject({ ok: true });
});
