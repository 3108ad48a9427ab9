import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { StoredClock } from '../../core/clock-truth.js';
import { localDay } from '../../core/legal-day.js';
import { readResources, type Resource } from '../../workers/deployment.js';
import { named, staff } from '../builders/inspection.js';
import { takeDaysOff } from '../helpers/calendar-tables.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/**
 * A changed row of the table of terms, and a changed calendar, while cases run: what began keeps its row and follows the calendar; what begins
 * takes both.
 */
let stage: Stage;
let running: InspectionCase;
let begun: StoredClock;
const rule = 'DL-INS-1';
const tableName = 'shared/statutory-deadlines.dmn';

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  running = await stage.file({ employees: named(staff.ofCentralOffice) });
  await running.signs(['criminal']);
  await running.task('UserTask_SendMaterials');
  begun = await confirmed(running);
}, testMs);
afterAll(async () => {
  // Later files count with what is in the project.
  await stage?.engine.deploy([original()]);
  await stage?.close();
}, testMs);

const original = (): Resource => readResources().find(({ name }) => name === tableName)!;

/** The project's table with another length of the rule, as the Modeler saves it. */
function withLength(length: number): Resource {
  const cell = /(<outputEntry id="Cell_DL_INS_1_2020_length">\s*<text>)3(<\/text>)/;
  const xml = original().content.toString('utf8');
  if (!cell.test(xml)) throw new Error(`${tableName} has no longer three days for ${rule}`);
  return { name: tableName, content: Buffer.from(xml.replace(cell, `$1${length}$2`)) };
}

/** A case in which signs are revealed now. */
async function newCase(): Promise<StoredClock> {
  const it = await stage.file({ employees: named(staff.ofCentralOffice) });
  await it.signs(['criminal']);
  return confirmed(it);
}

/** The clock once the engine's table has answered for it. */
async function confirmed(it: InspectionCase): Promise<StoredClock> {
  await it.started(rule);
  await it.waitFor(async () => (await it.clock(rule)).rowFrom === 'engine', 'the row from the engine');
  return it.clock(rule);
}

describe('a row that is deployed with another length', () => {
  test(
    'counts for a new case, while a running one keeps its row and its moments',
    async () => {
      await stage.engine.deploy([withLength(5)]);
      const fresh = await newCase();
      expect(fresh.row).toMatchObject({ rule, length: 5 });
      expect(fresh.term).toEqual({ length: 5, unit: 'WD' });
      expect(fresh.dueAt!.getTime()).toBeGreaterThan(begun.dueAt!.getTime());
      expect(await running.clock(rule)).toEqual(begun);
      expect(begun.row).toMatchObject({ length: 3 });
    },
    testMs,
  );

  test(
    'and deployed as it was, counts as before',
    async () => {
      await stage.engine.deploy([original()]);
      const fresh = await newCase();
      expect(fresh.row).toEqual(begun.row);
      expect(fresh.dueAt).toEqual(begun.dueAt);
    },
    testMs,
  );
});

describe('a calendar that is applied with a day off more', () => {
  let giveBack: (() => Promise<void>) | undefined;
  let moved: StoredClock;
  beforeAll(async () => {
    giveBack = await takeDaysOff(stage.services, localDay(begun.targetAt!, begun.zone), 2);
    moved = await running.clock(rule);
  }, testMs);
  afterAll(async () => giveBack?.(), testMs);

  test(
    'moves the clock of a running case, with its row as it was, and counts for a new case',
    async () => {
      expect(moved.targetAt!.getTime()).toBeGreaterThan(begun.dueAt!.getTime());
      expect(moved).toMatchObject({ row: begun.row, replaced: [{ targetAt: begun.targetAt, dueAt: begun.dueAt }] });
      const fresh = await newCase();
      expect([fresh.targetAt, fresh.dueAt]).toEqual([moved.targetAt, moved.dueAt]);
      expect(fresh.calendarVersions).toEqual(moved.calendarVersions);
    },
    testMs,
  );

  test(
    'lets the engine pass the former moments and report the new ones, once each',
    async () => {
      await stage.travel({ to: new Date(begun.dueAt!.getTime() + 1000) });
      await stage.allHadTheirTurn();
      expect(await running.reportsOf(moved)).toEqual([]);

      await stage.travel({ to: new Date(moved.targetAt!.getTime() + 1000) });
      await running.reported(moved, 'target');
      await stage.standAt(new Date(moved.dueAt!.getTime() - 1000));
      await stage.allHadTheirTurn();
      expect(await running.reportsOf(moved)).toEqual(['target']);

      await stage.travel({ to: new Date(moved.dueAt!.getTime() + 1000) });
      await running.reported(moved, 'broken');
      await stage.allHadTheirTurn();
      expect(await running.reportsOf(moved)).toEqual(['target', 'broken']);
    },
    testMs,
  );
});
