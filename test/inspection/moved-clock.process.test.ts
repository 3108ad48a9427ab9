import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nextReportAt, type StoredClock } from '../../core/clock-truth.js';
import { named, staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { minuteMs, openStage, testMs, type Stage } from './stage.js';

/** Idea 2: an open timer can't be moved, so what it leads to asks the stored clock what is true by now. */
let stage: Stage;
let moved: InspectionCase;
let stoppedMeanwhile: InspectionCase;
let former: StoredClock;
const dayMs = 24 * 60 * minuteMs;

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
  for (const it of [moved, stoppedMeanwhile]) await moveLater(await it.clock('DL-INS-1'));
}, testMs);
afterAll(() => stage?.close(), testMs);

/** Moves a clock three days later, as a count on a changed calendar does. */
async function moveLater(clock: StoredClock): Promise<void> {
  const later = (at: Date | null): Date | null => at && new Date(at.getTime() + 3 * dayMs);
  const changes = { targetAt: later(clock.targetAt), dueAt: later(clock.dueAt) };
  await stage.services.database.connection
    .collection<StoredClock>('clocks')
    .updateOne({ _id: clock._id }, { $set: { ...changes, nextReportAt: nextReportAt({ ...clock, ...changes }) } });
}

describe('a clock that was moved later', () => {
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
      await stage.travel({ to: new Date(clock.dueAt!.getTime() - 10 * minuteMs) });
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
