import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StoredClock } from '../../core/clock-truth.js';
import { messages } from '../../core/messages.js';
import { named, staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { minuteMs, openStage, testMs, type Stage } from './stage.js';

/** R9: materials to the authorised body (DL-INS-1) and, from a branch, notice to the central office (DL-INS-2). */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
}, testMs);
afterAll(() => stage?.close(), testMs);

const ofCentralOffice = { employees: named(staff.ofCentralOffice) };

describe('signs of an offence', () => {
  test.concurrent(
    'found by the central office: it has nobody to notify',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.inspected({ signs: ['criminal'] });

      await it.materialsApproved();

      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
      expect(await it.clocks('DL-INS-2')).toEqual([]);
      expect(await it.letters('inspection/notice-to-central-office')).toEqual([]);
      expect(await it.letters('inspection/materials-to-authorised-body')).toMatchObject([{ state: 'sent' }]);
    },
    testMs,
  );

  test.concurrent(
    'found by a branch: the notice does not wait for the materials, and both clocks start at the same moment',
    async () => {
      const it = await stage.file();
      await it.inspected({ signs: ['criminal'] });
      const materials = await it.started('DL-INS-1');
      const notice = await it.started('DL-INS-2');
      expect(notice).toMatchObject({ startedAt: materials.startedAt, dueAt: materials.dueAt });

      // Who may not decide on it leaves it as it was.
      expect(
        await it.decides('UserTask_NotifyCentralOffice', { noticeApproved: true }, { as: 'auditor' }),
      ).not.toBeNull();
      await it.noticeApproved();
      expect(await it.stopped('DL-INS-2')).toMatchObject({ kept: true });
      expect(await it.clock('DL-INS-1')).toMatchObject({ state: 'running' });
      expect((await it.record()).state).toBe('open');

      await it.materialsApproved();
      expect(await it.stopped('DL-INS-1')).toMatchObject({ kept: true });
      await it.ended();
    },
    testMs,
  );

  test.concurrent(
    'found by a branch: the materials do not wait for the notice',
    async () => {
      const it = await stage.file();
      await it.inspected({ signs: ['administrative'] });

      await it.materialsApproved();
      const stopped = await it.stopped('DL-INS-1');
      const [letter] = await it.letters('inspection/materials-to-authorised-body');
      expect(stopped).toMatchObject({ kept: true, stoppedAt: letter!.sentAt });
      expect(await it.clock('DL-INS-2')).toMatchObject({ state: 'running' });
      expect((await it.record()).state).toBe('open');

      await it.noticeApproved();
      await it.ended();
    },
    testMs,
  );

  test.concurrent(
    'recorded during the screening: the report runs beside, and the case closes out of scope only after it',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.task('UserTask_ScreenTrigger');
      const signId = await it.signs();
      await it.task('UserTask_SendMaterials');

      await it.writes('screening-reason', { text: 'Өтініш дербес деректерге қатысты емес.' });
      await it.decides('UserTask_ScreenTrigger', { screeningResult: 'outOfScope' });
      await it.trailed('trigger.found-out-of-scope');
      await stage.allHadTheirTurn();
      expect((await it.record()).state).toBe('open');

      await it.materialsApproved(signId);
      expect(await it.ended()).toMatchObject({ outcome: 'out-of-scope' });
    },
    testMs,
  );

  test.concurrent(
    'revealed before the conclusion: the materials leave while documents are still awaited',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.screened();
      await it.asked({}, 4);

      const signId = await it.signs(['criminal']);
      await it.materialsApproved(signId);
      expect(await it.stopped('DL-INS-1', signId)).toMatchObject({ kept: true });
      expect(await it.requests({ state: 'requested' })).toHaveLength(4);

      await it.documented();
      await it.studied();
      await it.found(false);
      await it.concluded();
      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
      expect(await it.clocks('DL-INS-1')).toHaveLength(1);
      expect(await it.letters('inspection/materials-to-authorised-body')).toHaveLength(1);
    },
    testMs,
  );

  test.concurrent(
    'with more materials than one mail holds: each letter is sent, and the clock stops with the last',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.task('UserTask_ScreenTrigger');
      const officer = await stage.as(await it.officer());
      for (const name of ['first.txt', 'second.txt']) {
        const file = { name, type: 'text/plain', content: name.repeat(9e5) };
        expect((await officer.upload(`/cases/${it.number}/documents`, file)).status).toBe(303);
      }
      const signId = await it.signs(['criminal']);

      await it.materialsApproved(signId);

      const stopped = await it.stopped('DL-INS-1', signId);
      const letters = await it.letters('inspection/materials-to-authorised-body');
      expect(letters).toMatchObject([{ state: 'sent' }, { state: 'sent' }]);
      const last = Math.max(...letters.map(({ sentAt }) => sentAt!.getTime()));
      expect(stopped).toMatchObject({ kept: true, stoppedAt: new Date(last) });
    },
    testMs,
  );

  test.concurrent(
    'further signs have clocks and a report of their own, each from the moment at which they were revealed',
    async () => {
      const receivedAt = new Date((await stage.now()).getTime() - 5 * 24 * 60 * minuteMs);
      const it = await stage.file({ ...ofCentralOffice, receivedAt: receivedAt.toISOString() });
      const yesterday = new Date((await stage.now()).getTime() - 24 * 60 * minuteMs);
      const first = await it.signs(['administrative'], yesterday);
      const second = await it.signs(['criminal']);

      const clockOfFirst = await it.started('DL-INS-1', first);
      const clockOfSecond = await it.started('DL-INS-1', second);
      expect(clockOfFirst.startedAt).toEqual(yesterday);
      expect(clockOfSecond.startedAt.getTime()).toBeGreaterThan(yesterday.getTime());

      await it.materialsApproved(second);
      expect(await it.stopped('DL-INS-1', second)).toMatchObject({ kept: true });
      expect(await it.clocks('DL-INS-1')).toMatchObject([{ subject: first, state: 'running' }, {}]);
      await it.materialsApproved(first);
      await it.stopped('DL-INS-1', first);
    },
    testMs,
  );

  test.concurrent(
    'revealed after the case was closed: they are reported all the same, and the case stays closed',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.inspected();
      const { closedAt } = await it.ended();

      const signId = await it.signs(['criminal']);
      await it.task('UserTask_SendMaterials');
      // The message comes twice: the second instance finds the report open.
      const again = `${signId}-again`;
      await stage.engine.publishMessage({
        ...{ name: messages.inspectionLateSignsRevealed.name, correlationKey: again, messageId: again },
        ...{ timeToLiveMs: minuteMs, variables: { caseId: it.caseId, caseNumber: it.number, signId } },
      });
      await it.waitFor(async () => {
        for (const key of await stage.instancesPast('EndEvent_ReportAlreadyOpen'))
          if ((await stage.variable(key, 'signId')) === signId) return true;
        return false;
      }, 'the end of the second report');
      await it.materialsApproved(signId);

      expect(await it.stopped('DL-INS-1', signId)).toMatchObject({ kept: true });
      expect(await it.letters('inspection/materials-to-authorised-body')).toHaveLength(1);
      expect(await it.record()).toMatchObject({ state: 'closed', outcome: 'not-confirmed', closedAt });
    },
    testMs,
  );

  test.concurrent(
    'whose message the inspection missed are found when it would close: they are reported first',
    async () => {
      const it = await stage.file(ofCentralOffice);
      await it.screened();
      await it.documented();
      await it.studied();
      await it.found(false);
      const signs = { kinds: ['administrative' as const], revealedAt: await stage.now() };
      const signId = await stage.services.database.transaction({ kind: 'person', id: 'iss.central' }, (tx) =>
        stage.services.inspections.recordSigns(tx, it.caseId, signs, 'no'),
      );
      await it.concluded();

      await it.task('UserTask_SendMaterials', { name: 'signId', value: signId });
      expect((await it.record()).state).toBe('open');
      await it.materialsApproved(signId);
      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
    },
    testMs,
  );

  test.concurrent(
    'revealed long ago and recorded only now: both moments have passed, and only the graver is reported',
    async () => {
      const twoWeeksAgo = new Date((await stage.now()).getTime() - 14 * 24 * 60 * minuteMs);
      const it = await stage.file({ ...ofCentralOffice, receivedAt: twoWeeksAgo.toISOString() });
      const signId = await it.signs(['administrative'], twoWeeksAgo);
      const clock = await it.started('DL-INS-1', signId);

      await it.reported(clock, 'broken');
      await it.task('UserTask_SendMaterials');
      await stage.allHadTheirTurn();
      expect(await it.reportsOf(clock)).toEqual(['broken']);
    },
    testMs,
  );
});

describe('the clocks of R9', () => {
  let branch: InspectionCase;
  let inTime: InspectionCase;
  let clocks: StoredClock[];
  let tasks: string[];

  const reports = (): Promise<string[][]> => Promise.all(clocks.map((clock) => branch.reportsOf(clock)));

  beforeAll(async () => {
    await stage.toWorkingMorning();
    branch = await stage.file();
    inTime = await stage.file();
    await Promise.all([branch.signs(['criminal']), inTime.signs(['criminal'])]);
    await inTime.materialsApproved();
    await inTime.noticeApproved();
    clocks = [await branch.started('DL-INS-1'), await branch.started('DL-INS-2')];
    tasks = [
      (await branch.task('UserTask_SendMaterials')).key,
      (await branch.task('UserTask_NotifyCentralOffice')).key,
    ];
    await inTime.stopped('DL-INS-1');
    await inTime.stopped('DL-INS-2');
  }, testMs);

  test(
    'are not reported before the target',
    async () => {
      await stage.standAt(new Date(clocks[0]!.targetAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await reports()).toEqual([[], []]);
    },
    testMs,
  );

  test(
    'are reported at the target, to those on duty and to the branch, and the tasks stay open',
    async () => {
      await stage.travel({ to: new Date(clocks[0]!.targetAt!.getTime() + 1000) });
      for (const clock of clocks) await branch.reported(clock, 'target');
      await stage.allHadTheirTurn();
      expect(await reports()).toEqual([['target'], ['target']]);
      expect(await branch.letters('shared/clock-warning')).toHaveLength(2 * clocks.length);
      expect((await branch.task('UserTask_SendMaterials')).key).toBe(tasks[0]);
      expect((await branch.task('UserTask_NotifyCentralOffice')).key).toBe(tasks[1]);
    },
    testMs,
  );

  test(
    'are not broken before they are due',
    async () => {
      await stage.standAt(new Date(clocks[0]!.dueAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await reports()).toEqual([['target'], ['target']]);
    },
    testMs,
  );

  test(
    'are broken once they were due: reported once each, after the target, and the tasks stay open',
    async () => {
      await stage.travel({ to: new Date(clocks[0]!.dueAt!.getTime() + 1000) });
      for (const clock of clocks) await branch.reported(clock, 'broken');
      await stage.allHadTheirTurn();
      expect(await reports()).toEqual([
        ['target', 'broken'],
        ['target', 'broken'],
      ]);
      for (const clock of await branch.clocks('DL-INS-1'))
        expect(clock.reports.map(({ by }) => by)).toEqual(['engine', 'engine']);
      expect(await branch.letters('shared/clock-broken')).toHaveLength(2 * clocks.length);
      expect((await branch.task('UserTask_SendMaterials')).key).toBe(tasks[0]);
    },
    testMs,
  );

  test(
    'stop when the duty is done late, as not kept; one may be kept and the other not',
    async () => {
      await branch.materialsApproved();
      expect(await branch.stopped('DL-INS-1')).toMatchObject({ kept: false });
      expect(await branch.clock('DL-INS-2')).toMatchObject({ state: 'running' });
      await branch.noticeApproved();
      expect(await branch.stopped('DL-INS-2')).toMatchObject({ kept: false });
    },
    testMs,
  );

  test(
    'that were stopped in time are never reported',
    async () => {
      for (const clock of [...(await inTime.clocks('DL-INS-1')), ...(await inTime.clocks('DL-INS-2'))]) {
        expect(clock).toMatchObject({ state: 'stopped', kept: true, reports: [] });
        expect(await inTime.reportsOf(clock)).toEqual([]);
      }
    },
    testMs,
  );
});
