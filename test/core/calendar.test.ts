import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { checkCalendarTable, countWorkingDays, readCalendarTables } from '../../config/calendar-schema.js';
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

describe('the calendars', () => {
  test('cover 2020 to 2027, each day with its act and its name in three languages', () => {
    const years = [2020, 2021, 2022, 2023, 2024, 2025, 2026, 2027];
    expect([calendar.years('KZ'), calendar.years('KG')]).toEqual([years, years]);
    for (const table of readCalendarTables()) {
      expect(table.versionId).toMatch(/^k[zg]-\d{4}\.\d+-[0-9a-f]{12}$/);
      const languages = table.country === 'KZ' ? ['kk', 'ru', 'en'] : ['ky', 'ru', 'en'];
      for (const entry of table.days) {
        expect(Object.keys(table.names[entry.name] ?? {})).toEqual(languages);
        expect(table.sources[entry.source]?.act).toBeTruthy();
      }
    }
  });

  test('have as many working days a year as was counted when their sources were read', () => {
    // Published: KZ 2021 245; 2022 245 before the holidays changed; 2024 248 before Kurban Ait was determined (`published` in the tables).
    const counts = (country: 'KZ' | 'KG') =>
      readCalendarTables()
        .filter((table) => table.country === country)
        .map((table) => countWorkingDays(table, String(table.year)));
    expect(counts('KZ')).toEqual([246, 245, 246, 246, 249, 246, 247, 247]);
    expect(counts('KG')).toEqual([248, 247, 246, 246, 248, 248, 245, 248]);
  });

  test('answer one kind for every day of every year, and no two weeks without a working day', () => {
    for (const { country, year } of readCalendarTables()) {
      let off = 0;
      for (
        let date = Temporal.PlainDate.from({ year, month: 1, day: 1 });
        date.year === year;
        date = date.add({ days: 1 })
      ) {
        const day = calendar.day(country, date);
        const worked = ['working', 'moved-work', 'shortened'].includes(day.kind);
        expect({ ...day, working: worked }).toEqual(day);
        // A Saturday or Sunday is worked only in exchange, and only then.
        if (date.dayOfWeek > 5)
          expect({ date: day.date, working: day.working }).toEqual({
            date: day.date,
            working: day.kind === 'moved-work',
          });
        off = day.working ? 0 : off + 1;
        expect({ date: day.date, tooLong: off > 11 }).toEqual({ date: day.date, tooLong: false });
      }
    }
  });

  test('give for every exchanged day of rest exactly one day of work', () => {
    for (const table of readCalendarTables()) {
      const dates = (kind: string, field: 'date' | 'for') =>
        table.days
          .filter((day) => day.kind === kind)
          .map((day) => day[field])
          .sort();
      expect(dates('moved-work', 'for')).toEqual(dates('moved-rest', 'date'));
      expect(dates('moved-rest', 'for')).toEqual(dates('moved-work', 'date'));
    }
  });

  test('shorten in Kyrgyzstan each working day before a holiday, by an hour, and none in Kazakhstan', () => {
    for (const { country, year, days } of readCalendarTables()) {
      const shorter = days.filter((day) => day.shorterBy !== undefined);
      if (country === 'KZ') expect(shorter).toEqual([]);
      else
        for (const holiday of days.filter((day) => ['holiday', 'rest-day'].includes(day.kind))) {
          const eve = Temporal.PlainDate.from(holiday.date).subtract({ days: 1 });
          if (eve.year !== year || !calendar.isWorkingDay('KG', eve)) continue;
          expect(calendar.day('KG', eve)).toMatchObject({ date: eve.toString(), shorterBy: 60 });
        }
    }
  });
});

describe('the calendar of Kyrgyzstan', () => {
  const kg = (date: string) => calendar.day('KG', Temporal.PlainDate.from(date));
  test.each([
    ['2020-01-02', false, 'moved-rest'],
    ['2020-02-24', true, 'moved-work'],
    ['2020-04-07', false, 'holiday'],
    ['2020-05-25', false, 'observed'],
    ['2020-11-10', false, 'observed'],
    ['2021-05-10', true, 'moved-work'],
    ['2021-08-30', false, 'moved-rest'],
    ['2022-04-30', true, 'moved-work'],
    ['2023-01-09', true, 'moved-work'],
    ['2024-09-02', true, 'moved-work'],
    ['2025-01-03', false, 'extra-rest'],
    ['2025-03-10', true, 'working'],
    ['2025-03-31', true, 'working'],
    ['2025-11-07', true, 'shortened'],
    ['2026-01-09', false, 'extra-rest'],
    ['2026-02-23', true, 'shortened'],
    ['2026-03-09', true, 'working'],
    ['2026-03-19', true, 'shortened'],
    ['2026-03-20', false, 'rest-day'],
    ['2026-05-08', false, 'rest-day'],
    ['2026-08-31', false, 'rest-day'],
    ['2027-03-09', false, 'rest-day'],
  ])('%s: worked %s, %s', (date, working, kind) => {
    expect(kg(date)).toMatchObject({ date, working, kind });
  });

  test('marks the feasts of 2027 and the eve of one as not determined yet', () => {
    const provisional = readCalendarTables()
      .filter(({ country }) => country === 'KG')
      .flatMap(({ days }) => days.filter((day) => day.provisional).map((day) => day.date));
    expect(provisional).toEqual(['2027-03-09', '2027-05-16']);
  });
});

describe('the calendar of Kazakhstan', () => {
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
    ['2020-03-30', true, 'working'],
    ['2020-05-08', false, 'moved-rest'],
    ['2020-05-11', true, 'moved-work'],
    ['2020-12-01', false, 'holiday'],
    ['2021-07-05', false, 'moved-rest'],
    ['2022-01-04', false, 'observed'],
    ['2022-05-10', false, 'observed'],
    ['2022-10-25', false, 'holiday'],
    ['2022-12-01', true, 'working'],
    ['2022-12-19', true, 'working'],
    ['2023-07-01', true, 'moved-work'],
    ['2023-12-18', false, 'observed'],
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
      // A day of rest that an order moved on would have been observed on the day that is now worked.
      const observed = table.days.filter((day) => day.kind === 'observed' || day.observes).map((day) => day.date);
      expect({ file: table.file, observed }).toEqual({ file: table.file, observed: expected });
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
    expect(() => calendar.day('KG', Temporal.PlainDate.from('2019-12-31'))).toThrow('config/calendars/kg-2019.json');
    expect(() => calendar.version('KZ', 2019)).toThrow('kz-2019.json');
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
    [
      'a shortened day with two readings of how much',
      (table) =>
        table.days.push({ ...table.days[0]!, date: '2030-06-03', kind: 'shortened', closesAt: '16:00', shorterBy: 60 }),
      'wants either closesAt or shorterBy',
    ],
    [
      'a worked weekday that observes no holiday',
      (table) => (table.days[3] = { ...table.days[3]!, date: '2030-05-06', observes: '2030-05-03' }),
      '`observes` must be an earlier holiday on a weekend',
    ],
    [
      'a name without its language',
      (table) => (table.names.feast.kk = undefined as never),
      'names feast: kk is missing',
    ],
    [
      'a source that nothing cites',
      (table) => Object.assign(table.sources, { other: { act: 'x' } }),
      'nothing cites it',
    ],
    [
      'a published norm that the days contradict',
      (table) => Object.assign(table, { published: [{ period: '2030-03', workingDays: 21, by: 'x' }] }),
      'says 21 working days, the table has 20',
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
