import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../../core/clock.js';
import type { StoredClock } from '../../../core/clocks.js';
import { declaredDecisions } from '../../../core/declared-decisions.js';
import { newId } from '../../../core/ids.js';
import { recordNonReceipt } from '../../../workers/shared/record-non-receipt.js';
import { completionOf, recordDecision } from '../../../workers/shared/record-decision.js';
import { reportClock } from '../../../workers/shared/report-clock.js';
import { stopClock } from '../../../workers/shared/stop-clock.js';
import { composeAnswer } from '../../../workers/technical-request/compose-answer.js';
import { informOfDelay } from '../../../workers/technical-request/inform-of-delay.js';
import { readFulfilment } from '../../../workers/technical-request/read-fulfilment.js';
import { releaseClock } from '../../../workers/technical-request/release-clock.js';
import { phoneCall } from '../../builders/technical-request.js';
import { ApiSite } from '../../helpers/api-site.js';
import { somebody } from '../../helpers/database.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** What counts is when a person completed a task, not when a step came to record it (idea 2). */

const calledAt = '2026-04-15T05:00:00.000Z';
/** R15: three calendar days, in Almaty. */
const inTime = '2026-04-18T18:58:00.000Z';
const afterDue = '2026-04-18T19:20:00.000Z';

let site: ApiSite;
let workers: WorkerSite;
let caseId: string;
let number: string;

async function travelTo(moment: string): Promise<void> {
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse(moment) - database.clock.wallNow().getTime());
  await database.clock.refresh();
}

beforeAll(async () => {
  site = await ApiSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  workers = WorkerSite.of(site.services);
  await site.services.people.seen({ login: 'is.admin', employeeId: 'SC-1016', roles: ['is-admin'] });
  await site.services.people.seen({ login: 'iss.ala', employeeId: 'SC-1013', roles: ['iss', 'employee'] });
}, 120_000);
beforeEach(() => travelTo(calledAt));
afterAll(() => site.stop());

/** One delivery of decision.record for a task that was completed at a moment. */
async function decided(
  decision: string,
  answers: Record<string, unknown>,
  completedAt: string,
  { by = 'is.admin', decisionSubject = '' } = {},
): Promise<string | null> {
  const worker = recordDecision(declaredDecisions);
  const input = { caseId, decision, taskElementId: 'UserTask_Any', decisionSubject, answers };
  const reached = { key: newId(), assignee: by, elementInstanceKey: newId(), createdAt: calledAt, completedAt };
  const job = { processInstanceKey: '1', epoch: 'E1' };
  const given = { input, job, services: site.services, reached };
  const { refusalReason } = await site.services.database.transaction(somebody, (tx) =>
    worker.run({ ...given, tx } as unknown as Parameters<typeof worker.run>[0]),
  );
  return refusalReason;
}
const clockOf = async (rule: string): Promise<StoredClock> =>
  (await site.services.clocks.ofCase(caseId)).find((clock) => clock.rule === rule)!;
const purposes = async (): Promise<string[]> =>
  (await site.services.letters.ofCase(caseId)).map(({ purpose }) => purpose);
const clockActs = async (): Promise<string[]> =>
  (await workers.acts(caseId)).filter((act) => act.startsWith('clock.')).map((act) => act.slice('clock.'.length));

describe('the moment of a completed task', () => {
  const now = new Date(afterDue);
  test.each([
    ['is that of the engine', calledAt, inTime, inTime],
    ['is never later than now', calledAt, '2026-04-19T00:00:00.000Z', afterDue],
    ['is never before the task was there', inTime, calledAt, inTime],
    ['is now where the engine tells none', calledAt, null, afterDue],
    ['needs no moment of the task itself', null, inTime, inTime],
  ])('%s', (_name, createdAt, completedAt, moment) => {
    expect(completionOf({ createdAt, completedAt }, now)).toEqual(new Date(moment));
  });
});

describe('a technical request that is decided on in time, and recorded after its term', () => {
  const fulfils = () => decided('technical-request.fulfil-request', { fulfilment: 'fulfilled' }, inTime);
  const classifies = (classification: string, at: string) =>
    decided('technical-request.classify-request', { classification }, at);
  const resolved = async () =>
    (await site.as('is.admin')).post(`/api/cases/${number}/resolution`, { text: 'Қолжетімділік қалпына келтірілді.' });
  const informs = async () =>
    workers.deliver(informOfDelay, { caseId, fulfilmentClockId: (await clockOf('DL-TECH-1'))._id });

  beforeEach(async () => {
    const filed = await (await site.as('registrar')).post('/api/technical-requests', phoneCall());
    number = filed.json<{ number: string }>().number;
    caseId = (await site.services.cases.byNumber(number))!._id;
  });

  test('keeps it by its fulfilment, and nobody is told of a delay', async () => {
    expect(await classifies('functioning', calledAt)).toBeNull();
    await resolved();
    await travelTo(afterDue);
    expect(await fulfils()).toBeNull();
    await informs();
    expect(await purposes()).not.toContain('delay');
    const { fulfilledAt } = await workers.deliver(readFulfilment, { caseId });
    expect(fulfilledAt).toBe(inTime);
    const { _id: clockId } = await clockOf('DL-TECH-1');
    expect(await workers.deliver(stopClock, { clockId, stoppedAt: fulfilledAt })).toEqual({ clockKept: true });
    const [record] = await site.services.decisions.ofCase(caseId).then((all) => all.slice(-1));
    expect(record).toMatchObject({ decidedAt: new Date(inTime) });
    expect(record!.at.getTime()).toBeGreaterThanOrEqual(Date.parse(afterDue));
  });

  test('has a breach that was reported meanwhile disproved: in clock, trail and page, to those who were told of it', async () => {
    expect(await classifies('functioning', calledAt)).toBeNull();
    await resolved();
    await travelTo(afterDue);
    const { _id: clockId, dueAt } = await clockOf('DL-TECH-1');
    await workers.deliver(reportClock, { clockId, clockState: 'broken' });
    await informs();
    expect(await fulfils()).toBeNull();
    await workers.deliver(stopClock, { clockId, stoppedAt: inTime });
    expect(await clockOf('DL-TECH-1')).toMatchObject({
      ...{ kept: true, stoppedAt: new Date(inTime), nextReportAt: null },
      reports: [{ kind: 'broken', momentAt: dueAt, disprovedAt: expect.any(Date) }],
    });
    expect(await clockActs()).toEqual(['started', 'broken', 'breach-disproved', 'stopped']);
    const broken = (await purposes()).filter((purpose) => purpose === 'clock-broken');
    expect((await purposes()).filter((purpose) => purpose === 'clock-disproved')).toEqual(
      broken.map(() => 'clock-disproved'),
    );
    const page = (await (await site.as('is.admin')).page(`/cases/${number}`)).body;
    expect(page).toMatch(/Нарушение срока не подтвердилось|Мерзімнің бұзылуы расталмады/);

    const { letterId } = await workers.deliver(composeAnswer, { caseId });
    expect((await site.services.letters.open(letterId!)).text).toContain('жіберілген хабарлама жарамсыз');
    await workers.deliver(stopClock, { clockId, stoppedAt: inTime });
    expect((await purposes()).filter((purpose) => purpose === 'clock-disproved')).toHaveLength(broken.length);
  });

  test('and answered late keeps its breach, and the answer says nothing of it', async () => {
    expect(await classifies('functioning', calledAt)).toBeNull();
    await resolved();
    await travelTo(afterDue);
    const { _id: clockId } = await clockOf('DL-TECH-1');
    await workers.deliver(reportClock, { clockId, clockState: 'broken' });
    await informs();
    expect(await decided('technical-request.fulfil-request', { fulfilment: 'fulfilled' }, afterDue)).toBeNull();
    await workers.deliver(stopClock, { clockId, stoppedAt: afterDue });
    expect(await clockActs()).toEqual(['started', 'broken', 'stopped']);
    expect(await purposes()).not.toContain('clock-disproved');
    const { letterId } = await workers.deliver(composeAnswer, { caseId });
    expect((await site.services.letters.open(letterId!)).text).not.toContain('жарамсыз');
  });

  test('as something else has its clock released, neither kept nor broken', async () => {
    await travelTo(afterDue);
    const { _id: clockId } = await clockOf('DL-TECH-1');
    await workers.deliver(reportClock, { clockId, clockState: 'broken' });
    expect(await classifies('other', inTime)).toBeNull();
    await informs();
    await workers.deliver(releaseClock, { caseId });
    expect(await clockOf('DL-TECH-1')).toMatchObject({ state: 'cancelled', kept: null, released: true });
    expect(await clockActs()).toEqual(['started', 'broken', 'breach-disproved', 'released']);
    expect(await purposes()).toContain('clock-disproved');
    expect(await purposes()).not.toContain('delay');
    // Corrected back it runs on, and has run out now.
    const { process, rule, startedAt } = await clockOf('DL-TECH-1');
    await site.services.database.transaction(somebody, (tx) =>
      site.services.clocks.start(tx, { caseId, caseNumber: number, process, rule, startedAt }),
    );
    await workers.deliver(reportClock, { clockId, clockState: 'broken' });
    expect((await clockActs()).slice(-2)).toEqual(['resumed', 'broken']);
  });

  test('as something else after its term leaves it broken', async () => {
    await travelTo(afterDue);
    expect(await classifies('other', '2026-04-18T19:10:00.000Z')).toBeNull();
    await workers.deliver(releaseClock, { caseId });
    expect(await clockOf('DL-TECH-1')).toMatchObject({ stoppedAt: new Date('2026-04-18T19:10:00.000Z'), kept: false });
  });

  test('has the clock of its answer stopped when the answer was said to be ready', async () => {
    expect(await classifies('other', calledAt)).toBeNull();
    await resolved();
    const clock = { caseId, caseNumber: number, process: 'technical-request', rule: 'DL-TECH-2' };
    const { _id: clockId } = await site.services.database.transaction(somebody, (tx) =>
      site.services.clocks.start(tx, { ...clock, startedAt: new Date(calledAt) }),
    );
    await travelTo(afterDue);
    expect(await decided('technical-request.answer-request', { answerReady: true }, inTime)).toBeNull();
    await workers.deliver(stopClock, { clockId, stoppedAt: null, stoppedBy: 'technical-request.answer-request' });
    expect(await clockOf('DL-TECH-2')).toMatchObject({ state: 'stopped', stoppedAt: new Date(inTime) });
    const { answerReady } = await site.services.technicalRequests.get(caseId);
    expect(answerReady?.at).toEqual(new Date(inTime));
  });
});

describe('an inspection', () => {
  beforeEach(async () => {
    number = await site.file('SC-1018');
    caseId = (await site.services.cases.byNumber(number))!._id;
  });

  test('has a request end in the moment in which its non-receipt was decided', async () => {
    const { requestId } = await site.ask(number, 'employeeExplanatoryNote');
    const { requestId: other } = await site.ask(number, 'personalCharacteristic');
    const { documents, database } = site.services;
    const { subjectId } = (await site.services.cases.byNumber(number))!;
    for (const asked of [requestId, other])
      await database.transaction(somebody, (tx) =>
        documents.noteNonReceipt(tx, { requestId: asked, subjectId, reason: 'Қызметкер жауап бермеді.' }),
      );
    await travelTo(afterDue);
    const answers = { missingDocument: 'nonReceipt' };
    const decides = (decisionSubject: string, at: string) =>
      decided('document.decide-on-missing', answers, at, { by: 'iss.ala', decisionSubject });
    expect(await decides(requestId, inTime)).toBeNull();
    expect(await decides(other, '2026-04-18T19:05:00.000Z')).toBeNull();
    await workers.deliver(recordNonReceipt, { caseId, requestId });
    expect((await documents.find(requestId))?.settledAt).toEqual(new Date(inTime));
  });

  test('that is closed has its total term stopped by what was done last, not by the step', async () => {
    await travelTo(afterDue);
    const record = { caseId, subject: '', elementId: 'UserTask_ScreenTrigger', processInstanceKey: '1', epoch: 'E1' };
    const taken = { ...record, decision: 'inspection.screen-trigger', by: 'iss.ala', answers: {} };
    await site.services.database.transaction(somebody, async (tx) => {
      const { decisions } = site.services;
      const accepted = { ...taken, accepted: true, refusal: null, decidedAt: new Date(inTime) };
      await decisions.record(tx, { ...accepted, userTaskKey: newId() });
      const refused = { ...taken, accepted: false, refusal: 'no-role', decidedAt: new Date(afterDue) };
      await decisions.record(tx, { ...refused, userTaskKey: newId() });
    });
    await site.closeAsTheStep(number);
    expect(await clockOf('DL-INS-5')).toMatchObject({ state: 'stopped', stoppedAt: new Date(inTime) });
  });
});
