import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StoredClock } from '../../core/clock-truth.js';
import { localDay } from '../../core/legal-day.js';
import { named, staff } from '../builders/inspection.js';
import { takeDaysOff } from '../helpers/calendar-tables.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** Idea 2: an open timer can't be moved, so what it leads to asks the stored clock what is true by now. */
let stage: Stage;
let moved: InspectionCase;
let stoppedMeanwhile: InspectionCase;
let former: StoredClock;
let giveBack: (() => Promise<void>) | undefined;

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  [moved, stoppedMeanwhile] = await Promise.all([
    stage.file({ employees: named(staff.ofCentralOffice) }),
    stage.file({ employees: named(staff.ofCentralOffice) }),
  ]);
  for (const it of [moved, stoppedMeanwhile]) {
    await it.signs(['criminal']);
    await it.task('UserTask_SendMaterials');
  }
  former = await moved.started('DL-INS-1');
  await stoppedMeanwhile.started('DL-INS-1');
  // The target's day and two more are off: the new target lies after the former due moment.
  giveBack = await takeDaysOff(stage.services, localDay(former.targetAt!, former.zone), 3);
}, testMs);
afterAll(async () => {
  await giveBack?.();
  await stage?.close();
}, testMs);

describe('a clock that a changed calendar moved later', () => {
  test(
    'has new moments and remembers its former ones',
    async () => {
      const clock = await moved.clock('DL-INS-1');
      expect(clock.targetAt!.getTime()).toBeGreaterThan(former.dueAt!.getTime());
      expect(clock.replaced).toMatchObject([{ targetAt: former.targetAt, dueAt: former.dueAt }]);
      expect(await moved.trail('clock.recounted')).toContainEqual(
        expect.objectContaining({ subject: clock._id, data: expect.objectContaining({ moved: 'later' }) }),
      );
    },
    testMs,
  );

  test(
    'is not reported at its former moments',
    async () => {
      await stage.travel({ to: new Date(former.dueAt!.getTime() + 1000) });
      await stage.allHadTheirTurn();
      expect(await moved.reportsOf(former)).toEqual([]);
      expect(await stoppedMeanwhile.reportsOf(await stoppedMeanwhile.clock('DL-INS-1'))).toEqual([]);
    },
    testMs,
  );

  test(
    'is reported at its new ones, once each',
    async () => {
      const clock = await moved.clock('DL-INS-1');
      await stoppedMeanwhile.materialsApproved();
      await stoppedMeanwhile.stopped('DL-INS-1');

      await stage.travel({ to: new Date(clock.targetAt!.getTime() + 1000) });
      await moved.reported(clock, 'target');
      await stage.standAt(new Date(clock.dueAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await moved.reportsOf(clock)).toEqual(['target']);

      await stage.travel({ to: new Date(clock.dueAt!.getTime() + 1000) });
      await moved.reported(clock, 'broken');
      await stage.allHadTheirTurn();
      expect(await moved.reportsOf(clock)).toEqual(['target', 'broken']);
      const { reports } = await moved.clock('DL-INS-1');
      expect(reports.map(({ momentAt }) => momentAt)).toEqual([clock.targetAt, clock.dueAt]);
    },
    testMs,
  );

  test(
    'and stopped before its new moment is not reported at all',
    async () => {
      const clock = await stoppedMeanwhile.clock('DL-INS-1');
      expect(clock).toMatchObject({ state: 'stopped', kept: true, reports: [] });
      expect(await stoppedMeanwhile.reportsOf(clock)).toEqual([]);
    },
    testMs,
  );
});
