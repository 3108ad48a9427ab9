import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DocumentRequest } from '../../core/documents.js';
import { staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** INS-16: the study asks units for more, once or several times, before anything is concluded. */
let stage: Stage;
let it: InspectionCase;
let inTime: DocumentRequest;
let late: DocumentRequest;
let targetAt: Date;
let dueAt: Date;

const kind = 'additionalInformation';
const decision = 'UserTask_DecideOnMissingDocument';
const ofRequest = ({ _id }: DocumentRequest) => ({ name: 'requestId', value: _id });
const asksFor = (question: string, addresseeId: string): Promise<{ requestId: string }> =>
  it.writes('requests', { addresseeId, question });
const study = (studyResult: string): Promise<string | null> => it.decides('UserTask_StudyMaterials', { studyResult });
const openTasks = async (elementId: string, variable: { name: string; value: string }) =>
  stage.engine.userTasks({ elementId, state: 'CREATED', variable });
const remindersOf = async ({ _id }: DocumentRequest): Promise<number> =>
  (await it.trail('document.reminded')).filter(({ subject }) => subject === _id).length;

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  it = await stage.file();
  await it.screened();
  await it.documented();
  const first = await asksFor('Кезек журналының көшірмесін ұсыныңыз.', staff.headOfAla1);
  const second = await asksFor('Кім кезекші болды?', staff.alsoOfAlmaty);
  expect((await it.requests({ kind })).map(({ state }) => state)).toEqual(['planned', 'planned']);
  expect(await study('requestInformation')).toBeNull();
  const asked = await it.asked({ kind }, 2);
  inTime = asked.find(({ _id }) => _id === first.requestId)!;
  late = asked.find(({ _id }) => _id === second.requestId)!;
  const clock = await it.started('DL-INS-3', late._id);
  targetAt = clock.targetAt!;
  dueAt = clock.dueAt!;
}, testMs);
afterAll(() => stage?.close(), testMs);

describe('additional information', () => {
  test(
    'is asked for by a letter to each who was named, under a clock of its own, and the study waits',
    async () => {
      expect([inTime.addresseeId, late.addresseeId]).toEqual([staff.headOfAla1, staff.alsoOfAlmaty]);
      for (const request of [inTime, late]) {
        const clock = await it.started('DL-INS-3', request._id);
        expect(clock).toMatchObject({ state: 'running', targetAt, dueAt });
        await it.waitFor(
          async () => (await it.letters()).find(({ _id, state }) => _id === request.letterId && state === 'sent'),
          'the letter',
        );
      }
      await stage.allHadTheirTurn();
      expect(await openTasks('UserTask_StudyMaterials', { name: 'caseNumber', value: it.number })).toEqual([]);
    },
    testMs,
  );

  test(
    'is not reminded of before its target, and at its target only where it has not come',
    async () => {
      await it.handsIn(inTime);
      expect(await it.stopped('DL-INS-3', inTime._id)).toMatchObject({ kept: true });
      await stage.standAt(new Date(targetAt.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await it.trail('document.reminded')).toEqual([]);

      await stage.travel({ to: new Date(targetAt.getTime() + 1000) });
      await it.trailed('document.reminded');
      await stage.allHadTheirTurn();
      expect([await remindersOf(inTime), await remindersOf(late)]).toEqual([0, 1]);
    },
    testMs,
  );

  test(
    'is nothing to decide on before it is due; then somebody has to, unless it had come',
    async () => {
      await stage.standAt(new Date(dueAt.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await it.trail('clock.broken')).toEqual([]);
      expect(await openTasks(decision, { name: 'caseNumber', value: it.number })).toEqual([]);

      await stage.travel({ to: new Date(dueAt.getTime() + 1000) });
      await it.task(decision, ofRequest(late));
      expect((await it.trail('clock.broken')).map(({ subject }) => subject)).toEqual([
        (await it.started('DL-INS-3', late._id))._id,
      ]);
      expect(await openTasks(decision, ofRequest(inTime))).toEqual([]);
    },
    testMs,
  );

  test(
    'that comes late ends the decision on it, its clock is not kept, and the study goes on',
    async () => {
      await it.handsIn(late);
      expect(await it.stopped('DL-INS-3', late._id)).toMatchObject({ kept: false });
      await it.task('UserTask_StudyMaterials');
      await it.waitFor(
        async () => (await openTasks(decision, ofRequest(late))).length === 0,
        'the end of the decision on what came',
      );
    },
    testMs,
  );

  test(
    'may be asked for a second time, but only what is newly planned; then the inspection is concluded with all of it',
    async () => {
      expect(await study('requestInformation')).toBe('no-request-planned');
      await asksFor('Журналды кім жүргізеді?', staff.headOfAla1);
      expect(await study('requestInformation')).toBeNull();
      const [again] = (await it.asked({ kind, state: 'requested' })) as [DocumentRequest];
      await it.handsIn(again);
      await it.studied();
      await it.found(false);
      await it.concluded();

      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
      expect(await it.requests({ kind, state: 'received' })).toHaveLength(3);
      expect(await it.requests()).toHaveLength(4 + 3);
      expect(await it.trail('document.requested')).toHaveLength(4 + 3);
      expect((await it.inspection()).conclusions[0]!.attachments).toHaveLength(4 + 3);
    },
    testMs,
  );
});
