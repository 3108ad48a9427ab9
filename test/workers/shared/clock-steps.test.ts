import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { writeClockOffset } from '../../../core/clock.js';
import type { StoredClock } from '../../../core/clocks.js';
import { loadDeadlineTable } from '../../../core/deadline-table.js';
import { PermanentError } from '../../../core/errors.js';
import type { Services } from '../../../core/services.js';
import { registerInspection, type Trigger } from '../../../core/inspection/intake.js';
import { seed } from '../../../local/play/seed.js';
import { checkClock } from '../../../workers/shared/check-clock.js';
import { reportClock } from '../../../workers/shared/report-clock.js';
import { resendLetter } from '../../../workers/shared/resend-letter.js';
import { startClock } from '../../../workers/shared/start-clock.js';
import { stopClock } from '../../../workers/shared/stop-clock.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** R9, DL-INS-1: three working days from the moment at which signs were revealed, a Thursday evening in Almaty. */
const revealedAt = '2026-04-16T13:00:00.000Z';
const beforeTarget = '2026-04-20T05:00:00Z';
const afterTarget = '2026-04-21T04:00:00Z';
const afterDue = '2026-04-21T19:10:00Z';
const none = '01JNAV5Q8E0000000000000000';

let site: WorkerSite;
let services: Services;
let caseId: string;
let caseNumber: string;

beforeAll(async () => {
  site = await WorkerSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
});
afterAll(() => site.stop());
beforeEach(async () => {
  await travelTo(revealedAt);
  const trigger: Trigger = {
    ...{ triggerKind: 'officialInformation', receivedAt: null, channel: 'paper', sourceRefNo: null, sender: null },
    ...{ language: 'ru', facts: ['Сведения переданы третьему лицу.'], thirdParties: [], period: null },
    ...{ employeeIds: ['SC-1018'], namedEmployees: [] },
  };
  const { case: record } = await registerInspection(services, { kind: 'person', id: 'registrar' }, trigger, null);
  caseId = record._id;
  caseNumber = record.number;
});

/** Sets legal time; it goes on from there. */
async function travelTo(moment: string): Promise<void> {
  const { database, clock } = services;
  await writeClockOffset(database.connection, Date.parse(moment) - clock.wallNow().getTime());
  await clock.refresh();
}

/** One delivery of clock.start with the row as the engine's decision answers it for the legal day of the event. */
const start = async (changes: Partial<z.input<typeof startClock.input>> = {}) =>
  site.deliver(startClock, {
    ...{ caseId, caseNumber, rule: 'DL-INS-1', clockSubject: 'SIGN1', startedAt: revealedAt },
    deadlineRow: (await loadDeadlineTable()).rowFor('DL-INS-1', '2026-04-16'),
    ...changes,
  });
const stored = async (clockId: string): Promise<StoredClock> => (await services.clocks.find(clockId))!;
const templates = async (): Promise<string[]> =>
  (await services.letters.ofCase(caseId)).map(({ template }) => template);
const clockActs = async (): Promise<string[]> => (await site.acts(caseId)).filter((act) => act.startsWith('clock.'));

describe('clock.start', () => {
  test('answers both moments and stores the clock with its case', async () => {
    const answer = await start();
    expect(answer).toEqual({
      clockId: answer.clockId,
      hasTerm: true,
      targetAt: '2026-04-20T13:30:00.000Z',
      dueAt: '2026-04-21T18:59:59.999Z',
    });
    expect(await stored(answer.clockId)).toMatchObject({ caseId, caseNumber, process: 'inspection', subject: 'SIGN1' });
  });

  test('delivered twice starts one clock', async () => {
    const before = (await clockActs()).length;
    expect(await start()).toEqual(await start());
    expect(await clockActs()).toHaveLength(before + 1);
  });

  test('without a term answers that no timer may be asked for', async () => {
    const deadlineRow = (await loadDeadlineTable()).rowFor('DL-INS-6', '2026-04-16');
    const answer = await start({ rule: 'DL-INS-6', deadlineRow });
    expect(answer).toMatchObject({ hasTerm: false, targetAt: null, dueAt: null });
  });

  test('for a case that is not there, or with the row of another rule, starts none', async () => {
    const before = await services.clocks.ofCase(caseId);
    await expect(start({ caseId: none })).rejects.toThrow(new PermanentError(`caseId ${none} names no case`));
    await expect(start({ rule: 'DL-INS-2' })).rejects.toThrow('deadlineRow of DL-INS-2: it is of rule DL-INS-1');
    expect(await services.clocks.ofCase(caseId)).toEqual(before);
  });
});

describe('clock.check', () => {
  test.each([
    ['before the target says when to look again', beforeTarget, 'target', 'not-yet', '2026-04-20T13:30:00.000Z'],
    ['after the target has it reported', afterTarget, 'target', 'target', null],
    ['before the due moment says when to look again', afterTarget, 'due', 'not-yet', '2026-04-21T19:00:00.000Z'],
    ['after the due moment has the breach reported', afterDue, 'due', 'broken', null],
    ['of a late target timer has the graver reported', afterDue, 'target', 'broken', null],
  ] as const)('%s', async (_name, at, moment, clockState, nextAt) => {
    const { clockId } = await start();
    await travelTo(at);
    expect(await site.deliver(checkClock, { clockId, moment })).toEqual({ clockState, nextAt });
  });

  test('of a stopped clock has nothing to do', async () => {
    const { clockId } = await start();
    await site.deliver(stopClock, { clockId });
    await travelTo(afterDue);
    const answer = await site.deliver(checkClock, { clockId, moment: 'due' });
    expect(answer).toEqual({ clockState: 'stopped', nextAt: null });
  });

  test('of a clock that is not there fails by its name', async () => {
    const checking = site.deliver(checkClock, { clockId: none, moment: 'due' });
    await expect(checking).rejects.toThrow(new PermanentError(`clockId ${none} names no clock`));
  });
});

describe('clock.report', () => {
  test('records a passed target and warns who is concerned, once', async () => {
    const { clockId } = await start();
    await travelTo(afterTarget);
    await site.deliver(reportClock, { clockId, clockState: 'target' });
    const letters = await templates();
    expect(letters).toContain('shared/clock-warning');
    expect(letters).not.toContain('shared/clock-broken');
    await site.deliver(reportClock, { clockId, clockState: 'target' });
    expect(await templates()).toEqual(letters);
    expect((await stored(clockId)).reports).toEqual([expect.objectContaining({ kind: 'target', by: 'engine' })]);
  });

  test('records the breach alone when both moments have passed, and tells of it', async () => {
    const { clockId } = await start();
    await travelTo(afterDue);
    await site.deliver(reportClock, { clockId, clockState: 'broken' });
    await site.deliver(reportClock, { clockId, clockState: 'target' });
    expect((await stored(clockId)).reports.map(({ kind }) => kind)).toEqual(['broken']);
    const letters = await templates();
    expect(letters).toContain('shared/clock-broken');
    expect(letters).not.toContain('shared/clock-warning');
    expect(await stored(clockId)).toMatchObject({ state: 'running', stoppedAt: null });
  });

  test('before a moment has passed says nothing', async () => {
    const { clockId } = await start();
    const before = await templates();
    await travelTo(beforeTarget);
    await site.deliver(reportClock, { clockId, clockState: 'broken' });
    expect((await stored(clockId)).reports).toEqual([]);
    expect(await templates()).toEqual(before);
  });
});

describe('clock.stop', () => {
  test.each([
    ['at its last moment is kept', '2026-04-21T18:59:59.999Z', true],
    ['a millisecond later is broken', '2026-04-21T19:00:00.000Z', false],
  ])('%s, whenever the step runs', async (_name, stoppedAt, clockKept) => {
    const { clockId } = await start();
    await travelTo(afterDue);
    expect(await site.deliver(stopClock, { clockId, stoppedAt })).toEqual({ clockKept });
    expect(await stored(clockId)).toMatchObject({ state: 'stopped', stoppedAt: new Date(stoppedAt), kept: clockKept });
  });

  test('without a moment stops now; delivered twice it is stopped once', async () => {
    const { clockId } = await start();
    await travelTo(beforeTarget);
    const before = (await clockActs()).length;
    expect(await site.deliver(stopClock, { clockId })).toEqual({ clockKept: true });
    await travelTo(afterDue);
    expect(await site.deliver(stopClock, { clockId })).toEqual({ clockKept: true });
    expect((await clockActs()).slice(before)).toEqual(['clock.stopped']);
  });

  test('of a clock that is not there fails', async () => {
    await expect(site.deliver(stopClock, { clockId: none })).rejects.toThrow(PermanentError);
  });
});

describe('letter.resend', () => {
  /** A letter of the case that could not be delivered. */
  async function failedLetter(): Promise<string> {
    const { clockId } = await start();
    await travelTo(afterTarget);
    await site.deliver(reportClock, { clockId, clockState: 'target' });
    const [letter] = await services.letters.ofCase(caseId);
    const { _id } = letter!;
    await services.database.connection
      .collection<{ _id: string }>('letters')
      .updateOne({ _id }, { $set: { state: 'failed' } });
    return _id;
  }
  const mails = async (letterId: string): Promise<number> =>
    services.database.connection.collection('outbox').countDocuments({ kind: 'mail', 'mail.letterId': letterId });

  test('puts a failed letter into the outbox again, once', async () => {
    const letterId = await failedLetter();
    const before = await mails(letterId);
    await site.deliver(resendLetter, { letterId });
    await site.deliver(resendLetter, { letterId });
    expect(await mails(letterId)).toBe(before + 1);
    expect((await services.letters.find(letterId))?.state).not.toBe('failed');
  });

  test('leaves one alone that is on its way', async () => {
    const letterId = await failedLetter();
    await site.deliver(resendLetter, { letterId });
    const [letter, before] = [await services.letters.find(letterId), await mails(letterId)];
    await site.deliver(resendLetter, { letterId });
    expect([await services.letters.find(letterId), await mails(letterId)]).toEqual([letter, before]);
  });

  test('of a letter that is not there fails by its name', async () => {
    const sending = site.deliver(resendLetter, { letterId: none });
    await expect(sending).rejects.toThrow(new PermanentError(`letterId ${none} names no letter`));
  });
});
