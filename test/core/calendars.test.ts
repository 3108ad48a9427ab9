import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { checkCalendarTable, readCalendarTables, type CalendarTable } from '../../config/calendar-schema.js';
import { createCalendars, type Calendars } from '../../core/calendars.js';
import type { Actor } from '../../core/database.js';
import { PermanentError } from '../../core/errors.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';
import { changedTable } from '../helpers/calendar-tables.js';

const officer: Actor = { kind: 'person', id: 'a.seitkali' };
const friday = Temporal.PlainDate.from('2026-04-17');
const files = readCalendarTables();
const of2026 = files.find(({ country, year }) => country === 'KZ' && year === 2026) as CalendarTable;
const dayOff = changedTable(of2026, { '2026-04-17': 'rest-day' });

let database: TestDatabase;
let calendars: Calendars;
/** The same database as another process sees it. */
const inAnotherProcess = async (from = files): Promise<Calendars> => {
  const other = createCalendars({ database, files: from });
  await other.init();
  return other;
};
beforeEach(async () => {
  database = await openTestDatabase();
  calendars = await inAnotherProcess();
});
afterEach(() => database.drop());

const isWorked = async (by: Calendars) => (await by.current()).isWorkingDay('KZ', friday);

describe('calendars in force', () => {
  test('are those of the files, until one is put in their place', async () => {
    expect(await calendars.tables()).toEqual(files);
    expect(await isWorked(calendars)).toBe(true);
    expect(calendars.appliedBy(of2026.versionId)).toBe('config');
  });

  test('are new ones for every process at once, without a restart', async () => {
    const other = await inAnotherProcess();
    expect(await calendars.apply(officer, dayOff)).toBe(true);
    expect(await isWorked(other)).toBe(false);
    expect(other.latest.isWorkingDay('KZ', friday)).toBe(false);
    expect(other.latest.version('KZ', 2026)).toBe(dayOff.versionId);
    expect(other.appliedBy(dayOff.versionId)).toBe('a.seitkali');
    expect(await isWorked(await inAnotherProcess())).toBe(false);
  });

  test('are for a transaction those of the moment in which it began', async () => {
    const other = await inAnotherProcess();
    const seen = await database.transaction(somebody, async (tx) => {
      const before = (await calendars.current(tx)).version('KZ', 2026);
      await other.apply(officer, dayOff);
      return [before, (await calendars.current(tx)).version('KZ', 2026)];
    });
    expect(seen).toEqual([of2026.versionId, of2026.versionId]);
    expect((await calendars.current()).version('KZ', 2026)).toBe(dayOff.versionId);
  });

  test('that a process holds already do not change under its hands', async () => {
    const held = await calendars.current();
    await calendars.apply(officer, dayOff);
    expect(held.isWorkingDay('KZ', friday)).toBe(true);
  });

  test('take a year that had no table', async () => {
    const without = files.filter(({ year }) => year !== 2027);
    const own = await openTestDatabase();
    try {
      const fewer = createCalendars({ database: own, files: without });
      await fewer.init();
      expect((await fewer.current()).years('KZ')).not.toContain(2027);
      await fewer.apply(officer, files.find(({ country, year }) => country === 'KZ' && year === 2027) as CalendarTable);
      expect((await fewer.current()).years('KZ')).toContain(2027);
    } finally {
      await own.drop();
    }
  });
});

describe('a table', () => {
  test('that is in force already changes nothing', async () => {
    await calendars.apply(officer, dayOff);
    expect(await calendars.apply(somebody, dayOff)).toBe(false);
    expect(calendars.appliedBy(dayOff.versionId)).toBe('a.seitkali');
  });

  test('put in force by several at once is there once', async () => {
    const others = await Promise.all([inAnotherProcess(), inAnotherProcess(), inAnotherProcess()]);
    const applied = await Promise.all(others.map((each) => each.apply(officer, dayOff)));
    expect(applied.filter(Boolean)).toHaveLength(1);
    expect(await database.connection.collection('calendars').countDocuments({ year: 2026, country: 'KZ' })).toBe(2);
  });

  test('whose version is not greater is refused, with the number that would be right', async () => {
    const { file, versionId: _, ...content } = of2026;
    const same = checkCalendarTable({ ...content, note: 'another' }, file) as CalendarTable;
    await expect(calendars.apply(officer, same)).rejects.toThrow(PermanentError);
    await expect(calendars.apply(officer, same)).rejects.toThrow(`raise "version" to ${of2026.version + 1}`);
    expect(await isWorked(calendars)).toBe(true);
  });

  test('of a file that differs does not count by a start alone', async () => {
    const upgraded = await inAnotherProcess(files.map((file) => (file === of2026 ? dayOff : file)));
    expect(await isWorked(upgraded)).toBe(true);
  });
});
