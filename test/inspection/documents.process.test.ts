import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DocumentRequest } from '../../core/documents.js';
import { named, staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** R5: what is asked for each employee, and what becomes of a document that does not come. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
}, testMs);
afterAll(() => stage?.close(), testMs);

const ofRequest = ({ _id }: DocumentRequest) => ({ subject: { name: 'requestId', value: _id } });

describe('the documents of an inspection', () => {
  test.concurrent(
    'are each freed by their own upload, and the study begins after the last of them',
    async () => {
      const it = await stage.file();
      await it.screened();
      const requests = await it.asked({}, 4);
      const last = requests.at(-1)!;
      for (const request of requests.slice(0, 3)) {
        await it.handsIn(request);
        expect(await it.stopped('DL-INS-3', request._id)).toMatchObject({ kept: true });
      }
      expect((await it.started('DL-INS-3', last._id)).state).toBe('running');

      await it.handsIn(last);

      const task = await it.task('UserTask_StudyMaterials');
      const settled = (await it.requests()).map(({ settledAt }) => settledAt!.getTime());
      expect(Date.parse(task.createdAt!)).toBeGreaterThanOrEqual(Math.max(...settled));
      expect(await it.documents()).toHaveLength(4);
    },
    testMs,
  );

  test.concurrent(
    'are handed in by those who are asked, under their own sign-in; nobody else may answer for them',
    async () => {
      const it = await stage.file();
      await it.screened();
      const [request] = await it.asked({ kind: 'employeeExplanatoryNote' });
      expect(request!.addresseeId).toBe(staff.ofAlmaty);
      const file = { name: 'note.txt', type: 'text/plain', content: 'Түсініктеме\n' };

      const byAnother = await (await stage.as('employee.ala2')).upload(`/requests/${request!._id}`, file);
      expect(byAnother.status).toBeGreaterThanOrEqual(400);
      expect(await it.requests({ state: 'received' })).toEqual([]);

      const byHimself = await (await stage.as('employee.ala1')).upload(`/requests/${request!._id}`, file);
      expect(byHimself.status).toBe(303);
      await it.stopped('DL-INS-3', request!._id);
    },
    testMs,
  );

  test.concurrent(
    'are asked for an employee found later too, and nothing is concluded without them',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.documented();
      await it.task('UserTask_StudyMaterials');

      await it.writes('employees', { employeeId: staff.ofAlmatyToo });
      const lineId = await it.lineOf(staff.ofAlmatyToo);
      await it.asked({ lineId }, 4);

      await it.studied();
      expect((await it.trailed('materials.checked')).map(({ data }) => data['missing'])).toEqual([4]);
      for (const request of await it.requests({ lineId })) await it.handsIn(request);
      await it.studied();
      await it.found(false);
      await it.concluded();
      await it.ended();
      expect(await it.requests()).toHaveLength(8);
    },
    testMs,
  );

  test.concurrent(
    'are asked once for an employee who is added before the screening',
    async () => {
      const it = await stage.file();
      await it.writes('employees', { employeeId: staff.ofAlmatyToo });
      await it.inspected();

      await it.ended();
      expect(await it.requests()).toHaveLength(8);
      expect(new Set((await it.requests()).map(({ kind, lineId }) => `${kind} ${lineId}`)).size).toBe(8);
    },
    testMs,
  );

  test.concurrent(
    'go on when the application is withdrawn: no clock stops and the inspection comes to its end',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.waitFor(async () => (await it.clocks('DL-INS-3')).length === 4, 'four clocks DL-INS-3');
      const before = await it.clocks();

      await it.writes('withdrawal', {});
      await it.trailed('inspection.continued-after-withdrawal');
      expect(await it.clocks()).toEqual(before);

      await it.documented();
      await it.studied();
      await it.found(false);
      await it.concluded();
      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
    },
    testMs,
  );

  test.concurrent(
    'stay under their clocks when the unit changes, and what comes later goes to the new unit',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.waitFor(async () => (await it.clocks('DL-INS-3')).length === 4, 'four clocks DL-INS-3');
      const before = await it.clocks();

      await it.writes('unit', { inspectingUnit: 'centralOffice' }, 'iss.central');
      const { instanceKey } = await it.record();
      await it.waitFor(
        async () => (await stage.variable(instanceKey!, 'issGroup')) === 'ins-iss-central',
        'the new group',
      );
      // Whose case it is now is all that changes of a clock; who is asked for a document is asked still.
      expect(await it.clocks()).toEqual(
        before.map((clock) => ({
          ...clock,
          unit: 'centralOffice',
          responsible: clock.responsible === 'iss:ALA' ? 'iss:centralOffice' : clock.responsible,
        })),
      );

      await it.documented();
      expect((await it.task('UserTask_StudyMaterials')).candidateGroups).toEqual(['ins-iss-central']);
      expect(await it.decides('UserTask_StudyMaterials', { studyResult: 'conclude' }, { as: 'iss.ala' })).toBe(
        'other-unit',
      );
      await it.studied();
    },
    testMs,
  );

  test.concurrent(
    'about a head of unit are asked from the next superior, never from himself',
    async () => {
      const it = await stage.file({ employees: named(staff.headOfAla1, staff.ofAlmaty) });
      await it.screened();
      await it.asked({}, 8);

      for (const employeeId of [staff.headOfAla1, staff.ofAlmaty]) {
        const lineId = await it.lineOf(employeeId);
        for (const kind of ['unitHeadExplanatoryNote', 'personalCharacteristic'])
          expect(await it.requests({ lineId, kind })).toMatchObject([{ addresseeId: staff.directorOfAlmaty }]);
        expect(await it.requests({ lineId, kind: 'employeeExplanatoryNote' })).toMatchObject([
          { addresseeId: employeeId },
        ]);
      }
    },
    testMs,
  );

  test.concurrent(
    'that are documented as not received on the case file page need no decision',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.documented({ except: ['personalCharacteristic'] });
      const [missing] = await it.requests({ state: 'requested' });

      await it.writes('non-receipts', { requestId: missing!._id, reason: 'Жұмыскер еңбек демалысында.' });

      await it.stopped('DL-INS-3', missing!._id);
      expect(await it.requests({ kind: 'personalCharacteristic' })).toMatchObject([{ state: 'not-received' }]);
      await it.studied();
      expect((await it.decisions()).filter(({ decision }) => decision === 'document.decide-on-missing')).toEqual([]);
    },
    testMs,
  );
});

describe('a document that does not come', () => {
  const decision = 'UserTask_DecideOnMissingDocument';
  let inTime: InspectionCase;
  let it: InspectionCase;
  /** Of four documents one each is waited for, reminded of, documented as not received, and handed in late. */
  let waited: DocumentRequest;
  let reminded: DocumentRequest;
  let given: DocumentRequest;
  let late: DocumentRequest;
  let targetAt: Date;
  let dueAt: Date;

  const remindersOf = async ({ _id }: DocumentRequest): Promise<number> =>
    (await it.trail('document.reminded')).filter(({ subject }) => subject === _id).length;

  beforeAll(async () => {
    await stage.toWorkingMorning();
    [it, inTime] = await Promise.all([stage.file(), stage.file()]);
    await Promise.all([it.screened(), inTime.screened()]);
    await inTime.documented();
    [waited, reminded, given, late] = (await it.asked({}, 4)) as [
      DocumentRequest,
      DocumentRequest,
      DocumentRequest,
      DocumentRequest,
    ];
    const clocks = await Promise.all([waited, reminded, given, late].map(({ _id }) => it.started('DL-INS-3', _id)));
    targetAt = clocks[0]!.targetAt!;
    dueAt = clocks[0]!.dueAt!;
    for (const clock of clocks) expect(clock).toMatchObject({ targetAt, dueAt });
  }, testMs);

  test(
    'is not reminded of before its target',
    async () => {
      await stage.standAt(new Date(targetAt.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await it.trail('document.reminded')).toEqual([]);
      expect(await it.trail('clock.target-passed')).toEqual([]);
    },
    testMs,
  );

  test(
    'is reminded of at its target, once',
    async () => {
      await stage.travel({ to: new Date(targetAt.getTime() + 1000) });
      await it.trailed('document.reminded', 4);
      await stage.allHadTheirTurn();
      for (const request of [waited, reminded, given, late]) expect(await remindersOf(request)).toBe(1);
      expect(await it.trail('clock.target-passed')).toHaveLength(4);
    },
    testMs,
  );

  test(
    'is nothing to decide on before it is due',
    async () => {
      await stage.standAt(new Date(dueAt.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await it.trail('clock.broken')).toEqual([]);
      const variable = { name: 'caseNumber', value: it.number };
      expect(await stage.engine.userTasks({ elementId: decision, variable })).toEqual([]);
    },
    testMs,
  );

  test(
    'is broken once it was due, and somebody has to decide',
    async () => {
      await stage.travel({ to: new Date(dueAt.getTime() + 1000) });
      await it.trailed('clock.broken', 4);
      for (const request of [waited, reminded, given, late])
        expect((await it.task(decision, ofRequest(request).subject)).candidateGroups).toEqual(['ins-iss-branch-ALA']);
    },
    testMs,
  );

  test(
    'that comes late is taken, ends the open decision, and its clock is not kept',
    async () => {
      await it.handsIn(late);
      expect(await it.stopped('DL-INS-3', late._id)).toMatchObject({ kept: false });
      await it.waitFor(
        async () =>
          (
            await stage.engine.userTasks({
              elementId: decision,
              state: 'CREATED',
              variable: ofRequest(late).subject,
            })
          ).length === 0,
        'the end of the decision on what came',
      );
    },
    testMs,
  );

  test(
    'is given up only with a reason: without one the decision is refused and opens again saying why',
    async () => {
      const { processInstanceKey, key } = await it.task(decision, ofRequest(given).subject);
      expect(await it.decides(decision, { missingDocument: 'nonReceipt' }, ofRequest(given))).toBe(
        'non-receipt-reason-missing',
      );
      await it.waitFor(
        async () => (await stage.variable(processInstanceKey, 'refusalReason')) === 'non-receipt-reason-missing',
        'the reason of the refusal',
      );
      expect(await it.requests({ state: 'not-received' })).toEqual([]);

      await it.writes('non-receipt-notes', { requestId: given._id, reason: 'Құжат жоғалған.' });
      expect(await it.decides(decision, { missingDocument: 'nonReceipt' }, ofRequest(given))).toBeNull();
      const decided = (await it.decisions()).filter(({ subject }) => subject === given._id);
      expect(decided.map(({ accepted }) => accepted)).toEqual([false, true]);
      expect(decided[0]!.userTaskKey).toBe(key);
      expect(await it.stopped('DL-INS-3', given._id)).toMatchObject({ kept: false });
      expect(await it.requests({ state: 'not-received' })).toMatchObject([{ _id: given._id }]);
    },
    testMs,
  );

  test(
    'is waited for as long as was chosen, or reminded of again; then it is asked about anew',
    async () => {
      const before = new Map<string, string>();
      for (const request of [waited, reminded])
        before.set(request._id, (await it.task(decision, ofRequest(request).subject)).key);
      expect(await it.decides(decision, { missingDocument: 'wait', askAgainIn: 'P1D' }, ofRequest(waited))).toBeNull();
      expect(
        await it.decides(decision, { missingDocument: 'remind', askAgainIn: 'P1D' }, ofRequest(reminded)),
      ).toBeNull();
      await it.trailed('document.reminded', 5);
      expect([await remindersOf(waited), await remindersOf(reminded)]).toEqual([1, 2]);

      await stage.travel({ hours: 24 });
      for (const request of [waited, reminded]) {
        const again = await it.waitFor(
          async () =>
            (
              await stage.engine.userTasks({
                elementId: decision,
                state: 'CREATED',
                variable: ofRequest(request).subject,
              })
            ).find(({ key }) => key !== before.get(request._id)),
          'the decision to come again',
        );
        expect(again.state).toBe('CREATED');
      }
      expect(await it.trail('clock.broken')).toHaveLength(4);
    },
    testMs,
  );

  test(
    'is no matter where all came in time',
    async () => {
      expect(await inTime.trail('document.reminded')).toEqual([]);
      for (const clock of await inTime.clocks('DL-INS-3'))
        expect(clock).toMatchObject({ state: 'stopped', kept: true, reports: [] });
    },
    testMs,
  );
});
