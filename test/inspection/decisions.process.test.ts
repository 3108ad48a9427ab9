import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { named, staff } from '../builders/inspection.js';
import { openStage, testMs, type Stage } from './stage.js';

/** Idea 6: a completed task counts once who completed it may, and the case file holds what the decision needs. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, testMs);
afterAll(() => stage?.close(), testMs);

const outOfScope = { screeningResult: 'outOfScope' };

describe('a decision is refused, recorded as such, and opens again', () => {
  test.concurrent.each([
    { as: 'registrar', reason: 'no-role' },
    { as: 'iss.shy', reason: 'other-unit' },
    { as: 'auditor', reason: 'auditor-reads-only' },
    { as: 'nobody.here', reason: 'person-unknown' },
  ])(
    'when $as completes a task of the branch of Almaty: $reason',
    async ({ as, reason }) => {
      const it = await stage.file();
      await it.writes('screening-reason', { text: 'Өтініш дербес деректерге қатысты емес.' });
      const { key, processInstanceKey } = await it.task('UserTask_ScreenTrigger');

      expect(await it.decides('UserTask_ScreenTrigger', outOfScope, { as })).toBe(reason);

      expect(await it.trail('decision.refused')).toMatchObject([
        { by: { id: as }, data: { decision: 'inspection.screen-trigger', userTaskKey: key, reason } },
      ]);
      expect((await it.inspection()).screening).toBeNull();
      await it.waitFor(
        async () => (await stage.variable(processInstanceKey, 'refusalReason')) === reason,
        'the reason in the task that opens again',
      );
      // The right person, and the same answer: nothing else was in the way.
      expect(await it.decides('UserTask_ScreenTrigger', outOfScope)).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'out-of-scope' });
    },
    testMs,
  );

  test.concurrent(
    'when the inspected officer, or the head of his unit, decides on his own case',
    async () => {
      const it = await stage.file({ employees: named(staff.securityOfficerOfAlmaty) });
      // A branch whose security officer is suspected does not inspect (AMB-INS-08).
      expect((await it.inspection()).inspectingUnit).toBe('centralOffice');

      expect(await it.decides('UserTask_ScreenTrigger', outOfScope, { as: 'iss.ala2' })).toBe('inspected');
      expect(await it.decides('UserTask_ScreenTrigger', outOfScope, { as: 'iss.ala' })).toBe('unit-head-concerned');
      expect((await it.inspection()).screening).toBeNull();
    },
    testMs,
  );

  test.concurrent(
    'when the branch of a suspected security officer is to inspect; the central office may',
    async () => {
      const it = await stage.file({ employees: named(staff.securityOfficerOfAlmaty) });
      await it.writes('no-extract-reason', { text: 'Үзінді қажет емес.' });
      const inScope = { screeningResult: 'inScope', nitNeeded: false };

      expect(await it.decides('UserTask_ScreenTrigger', { ...inScope, inspectingUnit: 'branch' })).toBe(
        'security-officer-inspected',
      );
      expect(await it.decides('UserTask_ScreenTrigger', { ...inScope, inspectingUnit: 'centralOffice' })).toBeNull();
      await it.asked({}, 4);
    },
    testMs,
  );

  test.concurrent(
    'when the director of a branch would decide on his own case; the management of the central office stands in (AMB-INS-08)',
    async () => {
      const it = await stage.file({ employees: named(staff.directorOfAlmaty) });
      await it.inspected({ confirmed: true, signs: ['criminal'] });
      const tasks = [
        ['UserTask_TakeMeasures', 'measuresRecorded'] as const,
        ['UserTask_SendMaterials', 'materialsApproved'] as const,
      ];
      for (const [elementId, answer] of tasks) {
        expect((await it.task(elementId)).candidateGroups).toEqual(['ins-mgmt-central']);
        expect(await it.decides(elementId, { [answer]: true }, { as: 'management.ala' })).toBe('inspected');
      }
      // The security service of the branch inspects all the same, and tells the central office.
      expect((await it.inspection()).inspectingUnit).toBe('branch');
      await it.measured({ as: 'management.central' });
      await it.materialsApproved(undefined, 'management.central');
      await it.noticeApproved();
      expect(await it.ended()).toMatchObject({ outcome: 'confirmed' });
    },
    testMs,
  );

  test.concurrent(
    'when the screening lacks what the case file has to hold',
    async () => {
      const it = await stage.file({ employees: [] });
      const decides = (answers: Record<string, string | boolean>): Promise<string | null> =>
        it.decides('UserTask_ScreenTrigger', answers);
      const inScope = { screeningResult: 'inScope', inspectingUnit: 'centralOffice', nitNeeded: false };

      expect(await decides({ screeningResult: 'outOfScope' })).toBe('screening-reason-missing');
      expect(await decides({ screeningResult: 'inScope', nitNeeded: false })).toBe('inspecting-unit-missing');
      expect(await decides(inScope)).toBe('no-employee-named');
      await it.writes('employees', { employeeId: staff.notInspectable });
      expect(await decides(inScope)).toBe('employee-not-inspectable');
      await it.writes('employee-removals', { lineId: await it.lineOf(staff.notInspectable) });
      await it.writes('employees', { employeeId: staff.ofCentralOffice });
      await it.writes('employees', { employeeId: staff.ofAlmaty });
      expect(await decides({ ...inScope, inspectingUnit: 'branch' })).toBe('employees-of-several-units');
      expect(await decides({ ...inScope, nitNeeded: true })).toBe('extract-scope-missing');
      expect(await decides(inScope)).toBe('no-extract-reason-missing');
      expect(await it.requests()).toEqual([]);
      await it.writes('no-extract-reason', { text: 'Үзінді қажет емес.' });
      expect(await decides(inScope)).toBeNull();
      expect(await it.trail('decision.refused')).toHaveLength(7);
    },
    testMs,
  );

  test.concurrent(
    'when the conclusion lacks a finding, and when the measures are missing or taken by the officer',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.documented();
      expect(await it.decides('UserTask_StudyMaterials', { studyResult: 'requestInformation' })).toBe(
        'no-request-planned',
      );
      await it.studied();

      const ready = { conclusionReady: true, offenceSigns: [] };
      expect(await it.decides('UserTask_DrawUpConclusion', ready)).toBe('finding-missing');
      await it.found(true);
      expect(await it.decides('UserTask_DrawUpConclusion', { ...ready, conclusionReady: false })).toBe(
        'conclusion-not-ready',
      );
      expect((await it.inspection()).conclusions).toEqual([]);
      await it.concluded();

      const taken = { measuresRecorded: true };
      expect(await it.decides('UserTask_TakeMeasures', taken, { as: 'management.ala' })).toBe('measure-missing');
      expect(await it.decides('UserTask_TakeMeasures', taken, { as: 'iss.ala' })).toBe('no-role');
      expect(await it.trail('measures.taken')).toEqual([]);
      await it.measured();
      expect(await it.ended()).toMatchObject({ outcome: 'confirmed' });
    },
    testMs,
  );
});
