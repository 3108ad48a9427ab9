import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StoredClock } from '../../core/clock-truth.js';
import { named, staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** DL-INS-5: the organisation's own term for the whole inspection, from the receipt of the trigger to the end. */
let stage: Stage;
let open: InspectionCase;
let ended: InspectionCase;
let clock: StoredClock;

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  [open, ended] = await Promise.all([
    stage.file({ employees: named(staff.ofCentralOffice) }),
    stage.file({ employees: [] }),
  ]);
  await open.task('UserTask_ScreenTrigger');
  await ended.writes('screening-reason', { text: 'Өтініш дербес деректерге қатысты емес.' });
  await ended.decides('UserTask_ScreenTrigger', { screeningResult: 'outOfScope' });
  await ended.ended();
  clock = await open.clock('DL-INS-5');
}, testMs);
afterAll(() => stage?.close(), testMs);

describe('the term of the whole inspection', () => {
  test(
    'is not reported one second before its target',
    async () => {
      await stage.standAt(new Date(clock.targetAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await open.reportsOf(clock)).toEqual([]);
    },
    testMs,
  );

  test(
    'is reported at its target and once it was due, while the inspection goes on',
    async () => {
      await stage.travel({ to: clock.targetAt! });
      await open.reported(clock, 'target');
      await stage.standAt(new Date(clock.dueAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await open.reportsOf(clock)).toEqual(['target']);
      await stage.travel({ to: new Date(clock.dueAt!.getTime() + 1000) });
      await open.reported(clock, 'broken');
      await stage.allHadTheirTurn();
      expect(await open.reportsOf(clock)).toEqual(['target', 'broken']);
      expect((await open.record()).state).toBe('open');

      await open.writes('screening-reason', { text: 'Өтініш дербес деректерге қатысты емес.' });
      await open.decides('UserTask_ScreenTrigger', { screeningResult: 'outOfScope' });
      expect(await open.ended()).toMatchObject({ outcome: 'out-of-scope' });
      expect(await open.clock('DL-INS-5')).toMatchObject({ state: 'stopped', kept: false });
    },
    testMs,
  );

  test(
    'is never reported of an inspection that had ended',
    async () => {
      const kept = await ended.clock('DL-INS-5');
      expect(kept).toMatchObject({ state: 'stopped', kept: true, reports: [] });
      expect(await ended.reportsOf(kept)).toEqual([]);
    },
    testMs,
  );
});
