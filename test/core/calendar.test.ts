import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { checkCalendarTable, readCalendarTables } from '../../config/calendar-schema.js';
import { SettingsError } from '../../config/index.js';
import { CalendarMissingError, createCalendar } from '../../core/calendar.js';

const calendar = createCalendar();
const on = (date: string) => calendar.day('KZ', Temporal.PlainDate.from(date));

/** Every date of the year in its weekday and working state, as `working` decides. */
function workingDays(year: number): string[] {
  const days: string[] = [];
  for (let date = Temporal.PlainDate.from({ year, month: 1, day: 1 }); date.year === year; date = date.add({ days: 1 }))
    if (calendar.isWorkingDay('KZ', date)) days.push(date.toString());
  return days;
}

/** A table that is right, for tests that make one thing wrong in it. */
const sound = () => ({
  country: 'KZ',
  year: 2030,
  version: 1,
  status: 'complete',
  note: 'for tests',
  weekend: ['saturday', 'sunday'],
  sources: { law: { act: 'A law' } },
  names: { feast: { kk: 'Мереке', ru: 'Праздник', en: 'Feast' } },
  days: [
    { date: '2030-03-09', kind: 'holiday', name: 'feast', source: 'law' },
    { date: '2030-03-11', kind: 'observed', name: 'feast', source: 'law', for: '2030-03-09' },
    { date: '2030-05-03', kind: 'moved-rest', name: 'feast', source: 'law', for: '2030-05-04' },
    { date: '2030-05-04', kind: 'moved-work', name: 'feast', source: 'law', for: '2030-05-03' },
  ] as Record<string, unknown>[],
  readings: [] as Record<string, unknown>[],
});

describe('the calendar of Kazakhstan', () => {
  test('covers 2024 to 2027, each day with its act and its name in three languages', () => {
    expect(calendar.years('KZ')).toEqual([2024, 2025, 2026, 2027]);
    for (const table of readCalendarTables()) {
      expect(table.versionId).toMatch(/^kz-\d{4}\.\d+-[0-9a-f]{12}$/);
      for (const entry of table.days) {
        expect(Object.keys(table.names[entry.name] ?? {})).toEqual(['kk', 'ru', 'en']);
        expect(table.sources[entry.source]?.act).toBeTruthy();
      }
    }
  });

  test('has as many working days a month as the published five-day calendars', () => {
    // As published: January, March and May 2026, June and October 2025. August 2026 follows from the reading of 31 August.
    const inMonth = (month: string) =>
      workingDays(Number(month.slice(0, 4))).filter((day) => day.startsWith(month)).length;
    expect(inMonth('2026-01')).toBe(19);
    expect(inMonth('2026-03')).toBe(18);
    expect(inMonth('2026-05')).toBe(17);
    expect(inMonth('2025-10')).toBe(22);
    expect(inMonth('2025-06')).toBe(20);
    expect(inMonth('2026-08')).toBe(21);
  });

  test.each([
    ['2024-05-04', true, 'moved-work'],
    ['2024-05-08', false, 'moved-rest'],
    ['2024-06-17', true, 'working'],
    ['2025-01-03', false, 'moved-rest'],
    ['2025-01-05', true, 'moved-work'],
    ['2025-05-08', true, 'working'],
    ['2025-09-01', false, 'observed'],
    ['2026-01-07', false, 'rest-day'],
    ['2026-03-16', true, 'working'],
    ['2026-03-25', false, 'observed'],
    ['2026-05-11', false, 'observed'],
    ['2026-05-27', false, 'rest-day'],
    ['2026-08-30', false, 'weekend'],
    ['2026-08-31', true, 'working'],
    ['2027-03-15', false, 'holiday'],
    ['2027-08-30', true, 'working'],
  ])('%s: worked %s, %s', (date, working, kind) => {
    expect(on(date)).toMatchObject({ date, working, kind });
  });

  test('each holiday on a weekend gives the next working day off, and no other day is observed', () => {
    for (const table of readCalendarTables()) {
      const off = new Set(
        table.days.filter((day) => !['observed', 'moved-work'].includes(day.kind)).map((day) => day.date),
      );
      const expected: string[] = [];
      for (const holiday of table.days.filter((day) => day.kind === 'holiday')) {
        const date = Temporal.PlainDate.from(holiday.date);
        if (date.dayOfWeek < 6) continue;
        let next = date.add({ days: 1 });
        while (next.dayOfWeek > 5 || off.has(next.toString()) || expected.includes(next.toString()))
          next = next.add({ days: 1 });
        expected.push(next.toString());
      }
      const observed = table.days.filter((day) => day.kind === 'observed').map((day) => day.date);
      expect({ year: table.year, observed }).toEqual({ year: table.year, observed: expected });
    }
  });

  test('marks days that are not determined yet', () => {
    expect(on('2026-05-27').provisional).toBe(true);
    expect(on('2027-05-16').provisional).toBe(true);
    expect(on('2026-05-26').provisional).toBe(false);
  });

  test('refuses a year without a table, naming country, year and file', () => {
    expect(() => on('2028-01-10')).toThrow(CalendarMissingError);
    expect(() => on('2028-01-10')).toThrow('KZ for 2028 is missing: config/calendars/kz-2028.json');
    expect(() => calendar.day('KG', Temporal.PlainDate.from('2026-01-10'))).toThrow('config/calendars/kg-2026.json');
    expect(() => calendar.version('KZ', 2023)).toThrow('kz-2023.json');
  });
});

describe('a calendar table', () => {
  test('that is right is taken, and a change of content changes its version id', () => {
    const first = checkCalendarTable(sound(), 'kz-2030.json');
    const second = checkCalendarTable({ ...sound(), days: sound().days.slice(0, 2) }, 'kz-2030.json');
    if (Array.isArray(first) || Array.isArray(second)) throw new Error('refused');
    expect(first.versionId).not.toBe(second.versionId);
    expect(checkCalendarTable(sound(), 'other-name.json')).toMatchObject({ versionId: first.versionId });
  });

  test.each<[string, (table: ReturnType<typeof sound>) => void, string]>([
    ['a day of another year', (table) => (table.days[0]!.date = '2029-03-10'), 'lies outside 2030'],
    ['a day named twice', (table) => table.days.splice(1, 0, { ...table.days[0]! }), 'is named twice'],
    ['a holiday on a weekend without its observed day', (table) => table.days.splice(1, 1), 'exactly one observed day'],
    ['an observed day on a weekend', (table) => (table.days[1]!.date = '2030-03-10'), "can't be a sunday"],
    ['a moved day off on a weekend', (table) => (table.days[2]!.date = '2030-04-28'), "can't be a sunday"],
    ['half of an exchange', (table) => table.days.splice(3, 1), 'must name a moved-work, found no entry'],
    ['an unknown name', (table) => (table.days[0]!.name = 'other'), 'name "other" is not in names'],
    ['an unknown source', (table) => (table.days[0]!.source = 'press'), 'source "press" is not in sources'],
    ['days out of order', (table) => table.days.reverse(), 'must come in order of date'],
    ['an unknown kind', (table) => (table.days[0]!.kind = 'free'), 'days.0.kind'],
    ['a shortened day without its hour', (table) => (table.days[0]!.kind = 'shortened'), 'closesAt'],
    [
      'a reading that the days contradict',
      (table) => table.readings.push({ on: '2030-03-11', taken: 'working', why: 'x', source: 'law' }),
      'says working, but days make it observed',
    ],
  ])('with %s is refused', (_, spoil, message) => {
    const table = sound();
    spoil(table);
    expect(checkCalendarTable(table, 'config/calendars/kz-2030.json')).toEqual(
      expect.arrayContaining([expect.stringContaining(message)]),
    );
  });

  test('in a folder is refused with the names of all faulty files at once', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'merzim-calendars-'));
    writeFileSync(path.join(folder, 'kz-2030.json'), '{');
    writeFileSync(path.join(folder, 'kz-2031.json'), JSON.stringify(sound()));
    expect(() => readCalendarTables(folder)).toThrow(SettingsError);
    expect(() => readCalendarTables(folder)).toThrow(/kz-2030\.json: is not JSON[^]*kz-2031\.json: holds KZ 2030/);
  });
});
