import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { localDay } from '../../core/legal-day.js';
import { messages } from '../../core/messages.js';
import { phoneCall, technicalRequest } from '../builders/technical-request.js';
import { openStage, testMs, type Stage } from '../inspection/stage.js';
import { TechnicalCase } from './technical-case.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  // Who decides is known from his sign-in.
  await Promise.all(['is.admin', 'ib.admin', 'auditor'].map((login) => stage.as(login)));
}, testMs);
afterAll(() => stage.close(), testMs);

describe('a technical request', () => {
  test.concurrent(
    'fulfilled in time: classified by the administrator of the systems alone, answered in Kazakh, the clock kept',
    async () => {
      const it = await TechnicalCase.file(stage);
      expect(await it.classifies('functioning', 'ib.admin')).toBe('no-role');
      expect(await it.classifies('functioning')).toBeNull();
      expect(await it.decides('UserTask_FulfilRequest', { fulfilment: 'fulfilled' })).toBe('resolution-missing');
      expect(await it.fulfils('fulfilled')).toBeNull();

      expect(await it.ended()).toMatchObject({ outcome: 'fulfilled' });
      const { fulfilled, answers } = await it.request();
      expect(await it.clock()).toMatchObject({ rule: 'DL-TECH-1', kept: true, stoppedAt: fulfilled!.at });
      const letters = await it.letters('answer');
      expect(letters).toEqual([expect.objectContaining({ state: 'sent', languages: ['kk'] })]);
      expect(answers).toEqual([{ letterId: letters[0]!._id, at: letters[0]!.sentAt }]);
    },
    testMs,
  );

  test.concurrent(
    'not connected with functioning: the clock is released, that of the first answer runs from the application, and it is answered',
    async () => {
      const it = await TechnicalCase.file(stage, technicalRequest(), 'is.admin');
      expect(await it.classifies('other')).toBeNull();
      await it.task('UserTask_AnswerRequest');
      const { startedAt, ...released } = await it.clock('DL-TECH-1');
      expect(released).toMatchObject({ state: 'cancelled', kept: null, nextReportAt: null });
      expect(await it.clock('DL-TECH-2')).toMatchObject({ basis: 'organisation', state: 'running', startedAt });
      expect(await it.decides('UserTask_AnswerRequest', { answerReady: true })).toBe('resolution-missing');
      await it.writes('resolution', { text: 'Инструкция — в разделе «Помощь».' });
      expect(await it.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'answered' });
      expect(await it.letters('answer')).toEqual([expect.objectContaining({ state: 'sent', languages: ['ru'] })]);
      const { answerReady } = await it.request();
      expect(await it.clock('DL-TECH-2')).toMatchObject({ kept: true, stoppedAt: answerReady!.at });
    },
    testMs,
  );

  test.concurrent(
    'corrected to a failure: the clock runs on from the application, and the request is fulfilled in time',
    async () => {
      const asked = new Date((await stage.now()).getTime() - 3_600_000);
      const it = await TechnicalCase.file(stage, phoneCall({ receivedAt: asked.toISOString() }));
      expect(await it.classifies('other')).toBeNull();
      await it.task('UserTask_AnswerRequest');
      const released = await it.clock('DL-TECH-1');
      expect(released).toMatchObject({ state: 'cancelled', kept: null, released: true });
      expect((await it.corrects('other')).status).toBe(422);
      expect((await it.corrects('functioning')).status).toBe(200);
      await it.task('UserTask_FulfilRequest');
      const { startedAt, dueAt } = released;
      expect(startedAt).toEqual(asked);
      expect(await it.clock('DL-TECH-2')).toMatchObject({ state: 'cancelled', kept: null });
      expect(await it.clock('DL-TECH-1')).toMatchObject({ _id: released._id, state: 'running', startedAt, dueAt });
      expect(await it.fulfils('fulfilled')).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'fulfilled' });
      expect(await it.clock('DL-TECH-1')).toMatchObject({ kept: true });
      expect(await it.trail()).toEqual(
        expect.arrayContaining(['clock.released', 'request.reclassified', 'clock.resumed', 'clock.stopped']),
      );
    },
    testMs,
  );

  test.concurrent(
    'corrected to another question: the task of fulfilment ends, the clock is released with its reason, and it is answered',
    async () => {
      const it = await TechnicalCase.file(stage);
      expect(await it.classifies('functioning')).toBeNull();
      await it.task('UserTask_FulfilRequest');
      expect((await it.corrects('other')).status).toBe(200);
      await it.task('UserTask_AnswerRequest');
      expect(await it.clock('DL-TECH-1')).toMatchObject({ state: 'cancelled', kept: null, nextReportAt: null });
      const { reclassified } = await it.request();
      expect(reclassified).toEqual([expect.objectContaining({ from: 'functioning', by: 'is.admin' })]);
      expect(reclassified![0]!.reason).not.toContain('Тексергенде');
      const trail = await stage.services.trail.list(it.caseId);
      expect(trail.find(({ type }) => type === 'clock.released')).toMatchObject({
        data: { reason: 'not-functioning' },
      });
      await it.writes('resolution', { text: 'Нұсқаулық 3-бөлімде.' });
      expect(await it.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'answered' });
    },
    testMs,
  );

  test.concurrent(
    'a workaround counts as fulfilment: answered, open until its defect is removed, answered again',
    async () => {
      const it = await TechnicalCase.file(stage);
      expect(await it.classifies('functioning')).toBeNull();
      expect(await it.fulfils('workaround')).toBe('defect-missing');
      await it.writes('defect', { reference: 'SIR-2041' });
      expect(await it.decides('UserTask_FulfilRequest', { fulfilment: 'workaround' })).toBeNull();
      await it.task('UserTask_RemoveDefect');
      expect(await it.clock()).toMatchObject({ kept: true });
      expect(await it.letters('answer')).toHaveLength(1);
      expect(await it.decides('UserTask_RemoveDefect', { defectOutcome: 'removed' })).toBe('resolution-missing');
      await it.writes('resolution', { text: 'Ақау жойылды.' });
      expect(await it.decides('UserTask_RemoveDefect', { defectOutcome: 'removed' })).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'fulfilled' });
      expect((await it.letters('answer')).map(({ state }) => state)).toEqual(['sent', 'sent']);
    },
    testMs,
  );

  test.concurrent(
    'found by monitoring: the same term, and nobody to answer',
    async () => {
      const { reporter: _reporter, ...found } = technicalRequest({ source: 'monitoring' });
      const it = await TechnicalCase.file(stage, found, 'is.admin');
      expect(await it.classifies('functioning')).toBeNull();
      expect(await it.fulfils('fulfilled')).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'fulfilled' });
      expect(await it.clock()).toMatchObject({ kept: true });
      expect(await it.letters('answer')).toEqual([]);
      expect((await it.request()).answers).toEqual([expect.objectContaining({ letterId: null })]);
    },
    testMs,
  );

  test.concurrent(
    'once: a start message that comes twice has one instance run the request, and the other ends at once',
    async () => {
      const it = await TechnicalCase.file(stage);
      const task = await it.task('UserTask_ClassifyRequest');
      await it.startsAgain(messages.technicalRequestRegistered.name);
      expect((await it.task('UserTask_ClassifyRequest')).key).toBe(task.key);
      expect((await it.trail()).filter((type) => type === 'case.started')).toHaveLength(1);
    },
    testMs,
  );

  test.concurrent(
    'voided: the instance ends, and the clock is neither kept nor broken',
    async () => {
      const it = await TechnicalCase.file(stage);
      await it.task('UserTask_ClassifyRequest');
      expect((await it.writes('void', { reason: 'Екі рет тіркелген.' })).status).toBe(200);
      expect(await it.ended()).toMatchObject({ state: 'voided' });
      expect(await it.clock()).toMatchObject({ state: 'cancelled', kept: null });
    },
    testMs,
  );
});

test(
  'late: the clock runs from the call, is reported at target and due, who called is told once, and the request stays open until it is fulfilled; one released before is not reported',
  async () => {
    const called = new Date((await stage.now()).getTime() - 26 * 3_600_000);
    const late = await TechnicalCase.file(stage, phoneCall({ receivedAt: called.toISOString() }));
    const released = await TechnicalCase.file(stage);
    expect(await late.classifies('functioning')).toBeNull();
    expect(await released.classifies('other')).toBeNull();
    await released.task('UserTask_AnswerRequest');
    const { startedAt, targetAt, dueAt } = await late.clock();
    expect(startedAt).toEqual(called);
    const zone = 'Asia/Almaty';
    const daysLater = (at: Date) => (Date.parse(localDay(at, zone)) - Date.parse(localDay(called, zone))) / 86_400_000;
    expect([daysLater(targetAt!), daysLater(dueAt!)]).toEqual([2, 3]);

    await stage.standAt(new Date(targetAt!.getTime() - 1_000));
    await stage.allHadTheirTurn();
    expect(await late.trail()).not.toContain('clock.target-passed');
    await stage.travel({ to: new Date(targetAt!.getTime() + 1_000) });
    await late.trailed('clock.target-passed');
    await stage.standAt(new Date(dueAt!.getTime() - 1_000));
    await stage.allHadTheirTurn();
    expect(await late.trail()).not.toContain('clock.broken');
    await stage.travel({ to: new Date(dueAt!.getTime() + 1_000) });
    await late.trailed('clock.broken');
    await late.waitFor(async () => (await late.letters('delay'))[0]?.state === 'sent', 'the letter about the delay');

    expect(await late.fulfils('fulfilled')).toBeNull();
    expect(await late.ended()).toMatchObject({ outcome: 'fulfilled' });
    expect(await late.clock()).toMatchObject({ kept: false });
    expect(await late.letters('delay')).toHaveLength(1);

    // Its clock would have passed both moments a day later.
    await stage.travel({ to: new Date(dueAt!.getTime() + 2 * 86_400_000) });
    await released.writes('resolution', { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await released.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
    expect(await released.ended()).toMatchObject({ outcome: 'answered' });
    expect((await released.trail()).filter((type) => /^clock\.(target|broken)/.test(type))).toEqual([]);
    expect(await released.letters('delay')).toEqual([]);
  },
  testMs,
);

test(
  'corrected after the term: a breach that happened stays one, and one that the correction brings to light is reported and told',
  async () => {
    const denied = await TechnicalCase.file(stage);
    const found = await TechnicalCase.file(stage);
    expect(await denied.classifies('functioning')).toBeNull();
    expect(await found.classifies('other')).toBeNull();
    await found.task('UserTask_AnswerRequest');
    const { dueAt } = await denied.clock();
    await stage.travel({ to: new Date(dueAt!.getTime() + 1_000) });
    await denied.trailed('clock.broken');
    expect(await found.trail()).not.toContain('clock.broken');

    expect((await denied.corrects('other')).status).toBe(200);
    expect((await found.corrects('functioning')).status).toBe(200);
    await denied.task('UserTask_AnswerRequest');
    expect(await denied.clock('DL-TECH-1')).toMatchObject({ state: 'stopped', kept: false });
    await found.trailed('clock.broken');
    await found.waitFor(async () => (await found.letters('delay'))[0]?.state === 'sent', 'the letter about the delay');
    expect(await found.fulfils('fulfilled')).toBeNull();
    expect(await found.ended()).toMatchObject({ outcome: 'fulfilled' });
    expect(await found.clock('DL-TECH-1')).toMatchObject({ kept: false });

    await denied.writes('resolution', { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await denied.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
    expect(await denied.ended()).toMatchObject({ outcome: 'answered' });
    for (const it of [denied, found])
      expect((await it.trail()).filter((type) => type === 'clock.broken')).toHaveLength(1);
  },
  testMs,
);

test(
  "a question that waits: the organisation's term of the first answer is reported at target and due, and nobody outside is told",
  async () => {
    const it = await TechnicalCase.file(stage);
    expect(await it.classifies('other')).toBeNull();
    await it.task('UserTask_AnswerRequest');
    const { targetAt, dueAt } = await it.clock('DL-TECH-2');
    await stage.travel({ to: new Date(targetAt!.getTime() + 1_000) });
    await it.trailed('clock.target-passed');
    await stage.standAt(new Date(dueAt!.getTime() - 1_000));
    await stage.allHadTheirTurn();
    expect(await it.trail()).not.toContain('clock.broken');
    await stage.travel({ to: new Date(dueAt!.getTime() + 1_000) });
    await it.trailed('clock.broken');
    await it.writes('resolution', { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await it.decides('UserTask_AnswerRequest', { answerReady: true })).toBeNull();
    expect(await it.ended()).toMatchObject({ outcome: 'answered' });
    expect(await it.clock('DL-TECH-2')).toMatchObject({ kept: false });
    expect(await it.letters('delay')).toEqual([]);
  },
  testMs,
);
