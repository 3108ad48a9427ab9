import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { CalendarMissingError, createCalendar, type LegalDay } from '../../core/calendar.js';
import { earliestPublication, isWithinLookback, latestAnnouncement } from '../../core/day-comparisons.js';
import {
  countTerm,
  legalDay,
  parseWarnings,
  warningMoments,
  type CountingBasis,
  type Term,
} from '../../core/deadlines.js';
import { PermanentError } from '../../core/errors.js';
import { almaty, referenceOf } from './deadlines.reference.js';

const basis: CountingBasis = {
  calendar: createCalendar(),
  country: 'KZ',
  zone: 'Asia/Almaty',
  officeHours: { start: '09:00', end: '18:30' },
};
const at = (iso: string) => new Date(iso);
const count = (term: Term, startedAt: string) => {
  const { targetAt, dueAt } = countTerm(term, at(startedAt), basis);
  return { targetAt: targetAt.toISOString(), dueAt: dueAt.toISOString() };
};
const workingDays = (length: number): Term => ({ length, unit: 'WD' });

describe('three working days', () => {
  test('from a Thursday evening: due on Tuesday at the end of the day, target on Monday at the end of office hours', () => {
    expect(count(workingDays(3), '2026-04-16T18:00:00+05:00')).toEqual({
      targetAt: '2026-04-20T13:30:00.000Z',
      dueAt: '2026-04-21T18:59:59.999Z',
    });
  });

  test('from a Saturday: the day of the event counts in neither reading', () => {
    expect(count(workingDays(3), '2026-04-18T10:00:00+05:00')).toEqual({
      targetAt: '2026-04-22T13:30:00.000Z',
      dueAt: '2026-04-22T18:59:59.999Z',
    });
  });

  test('over Nauryz 2026: five days off in a row are not counted', () => {
    expect(count(workingDays(3), '2026-03-20T11:00:00+05:00').dueAt).toBe('2026-03-30T18:59:59.999Z');
  });

  test('over 31 August 2026: that Monday is worked (Constitution Day moved to 15 March)', () => {
    expect(count(workingDays(3), '2026-08-27T11:00:00+05:00').dueAt).toBe('2026-09-01T18:59:59.999Z');
  });

  test('over Sunday 5 January 2025, which was worked', () => {
    expect(count(workingDays(1), '2025-01-03T11:00:00+05:00').dueAt).toBe('2025-01-05T18:59:59.999Z');
  });

  test('a moment before midnight and one after it belong to different legal days', () => {
    expect(count(workingDays(1), '2026-04-15T18:59:59.999Z').dueAt).toBe('2026-04-16T18:59:59.999Z');
    expect(count(workingDays(1), '2026-04-15T19:00:00.000Z').dueAt).toBe('2026-04-17T18:59:59.999Z');
  });

  test('explains each day: which were counted in which reading, and why not', () => {
    const { days, calendarVersions } = countTerm(workingDays(2), at('2026-05-08T10:00:00+05:00'), basis);
    expect(days.map(({ date, counted, strict, reason }) => ({ date, counted, strict, reason }))).toEqual([
      { date: '2026-05-08', counted: null, strict: 1, reason: 'day-of-event' },
      { date: '2026-05-09', counted: null, strict: null, reason: 'holiday' },
      { date: '2026-05-10', counted: null, strict: null, reason: 'weekend' },
      { date: '2026-05-11', counted: null, strict: null, reason: 'observed' },
      { date: '2026-05-12', counted: 1, strict: 2, reason: 'working' },
      { date: '2026-05-13', counted: 2, strict: null, reason: 'working' },
    ]);
    expect(days[3]?.name?.ru).toBe('День Победы');
    expect(calendarVersions).toEqual([expect.stringMatching(/^kz-2026\.1-/)]);
  });

  test('marks a day that may still change', () => {
    const { days } = countTerm(workingDays(2), at('2026-05-26T10:00:00+05:00'), basis);
    expect(days.filter((day) => day.provisional).map((day) => day.date)).toEqual(['2026-05-27']);
  });

  test('across the new year names both tables', () => {
    const { calendarVersions } = countTerm(workingDays(3), at('2026-12-30T10:00:00+05:00'), basis);
    expect(calendarVersions.map((version) => version.slice(0, 7))).toEqual(['kz-2026', 'kz-2027']);
  });

  test('reaching a year without a table is refused', () => {
    expect(() => count(workingDays(3), '2027-12-30T10:00:00+05:00')).toThrow(CalendarMissingError);
    expect(() => count(workingDays(3), '2027-12-30T10:00:00+05:00')).toThrow('config/calendars/kz-2028.json');
    expect(() => count(workingDays(3), '2019-12-27T10:00:00+05:00')).toThrow('kz-2019.json');
  });
});

describe('one working day', () => {
  test('after office hours: the target of the strict reading has passed already, the term has not', () => {
    expect(count(workingDays(1), '2026-04-16T20:00:00+05:00')).toEqual({
      targetAt: '2026-04-16T13:30:00.000Z',
      dueAt: '2026-04-17T18:59:59.999Z',
    });
  });
});

describe('the change of the zone on 1 March 2024', () => {
  test('29 February 2024 had 25 hours: the day ends with its second pass', () => {
    expect(count({ length: 1, unit: 'CD' }, '2024-02-28T10:00:00+06:00')).toEqual({
      targetAt: '2024-02-28T17:59:59.999Z',
      dueAt: '2024-02-29T18:59:59.999Z',
    });
  });

  test('a term over it ends at UTC+5', () => {
    expect(count(workingDays(3), '2024-02-27T10:00:00+06:00').dueAt).toBe('2024-03-01T18:59:59.999Z');
  });
});

describe('the days around 1 March 2024 in both countries', () => {
  const bishkek: CountingBasis = { ...basis, country: 'KG', zone: 'Asia/Bishkek' };
  const moments = (term: Term, startedAt: string, by: CountingBasis) => {
    const { targetAt, dueAt } = countTerm(term, at(startedAt), by);
    return [targetAt.toISOString(), dueAt.toISOString()];
  };
  const oneDay: Term = { length: 1, unit: 'CD' };

  // Almaty put its clocks back from 24:00 to 23:00 at 18:00Z of 29 February; Bishkek has UTC+6 before and after.
  test.each<[string, Term, string, [string, string], [string, string]]>([
    [
      'the last millisecond at UTC+6 is of 29 February in both',
      oneDay,
      '2024-02-29T17:59:59.999Z',
      ['2024-02-29T18:59:59.999Z', '2024-03-01T18:59:59.999Z'],
      ['2024-02-29T17:59:59.999Z', '2024-03-01T17:59:59.999Z'],
    ],
    [
      'the first at UTC+5 is still of 29 February in Almaty, of 1 March in Bishkek',
      oneDay,
      '2024-02-29T18:00:00.000Z',
      ['2024-02-29T18:59:59.999Z', '2024-03-01T18:59:59.999Z'],
      ['2024-03-01T17:59:59.999Z', '2024-03-02T17:59:59.999Z'],
    ],
    [
      'the last of the second hour before midnight as well',
      oneDay,
      '2024-02-29T18:59:59.999Z',
      ['2024-02-29T18:59:59.999Z', '2024-03-01T18:59:59.999Z'],
      ['2024-03-01T17:59:59.999Z', '2024-03-02T17:59:59.999Z'],
    ],
    [
      'midnight at UTC+5 is of 1 March in both',
      oneDay,
      '2024-02-29T19:00:00.000Z',
      ['2024-03-01T18:59:59.999Z', '2024-03-02T18:59:59.999Z'],
      ['2024-03-01T17:59:59.999Z', '2024-03-02T17:59:59.999Z'],
    ],
    [
      'working days over it close by the offset of their own day; Saturday 2 March was worked in Kyrgyzstan',
      workingDays(3),
      '2024-02-28T04:00:00.000Z',
      ['2024-03-01T13:30:00.000Z', '2024-03-04T18:59:59.999Z'],
      ['2024-03-01T12:30:00.000Z', '2024-03-02T17:59:59.999Z'],
    ],
    [
      'seven times 24 hours are so everywhere; the office had closed on Friday in Almaty, on Saturday in Bishkek',
      { length: 7, unit: 'DUR' },
      '2024-02-26T00:00:00.000Z',
      ['2024-03-01T13:30:00.000Z', '2024-03-04T00:00:00.000Z'],
      ['2024-03-02T12:30:00.000Z', '2024-03-04T00:00:00.000Z'],
    ],
    [
      'more than thirty days are reached at 00:00 of the new offset',
      { length: 30, unit: 'GT_CD' },
      '2024-02-10T06:00:00.000Z',
      ['2024-03-11T19:00:00.000Z', '2024-03-11T19:00:00.000Z'],
      ['2024-03-11T18:00:00.000Z', '2024-03-11T18:00:00.000Z'],
    ],
  ])('%s', (_, term, startedAt, inAlmaty, inBishkek) => {
    expect(moments(term, startedAt, basis)).toEqual(inAlmaty);
    expect(moments(term, startedAt, bishkek)).toEqual(inBishkek);
  });
});

describe('an event on a day off', () => {
  // 21 to 25 March 2026: Nauryz on a weekend, and three days off after it.
  test.each<[string, Term, string, { targetAt: string; dueAt: string }]>([
    [
      'on a Sunday: the first working day counts in both readings',
      workingDays(1),
      '2026-04-19T12:00:00+05:00',
      { targetAt: '2026-04-20T13:30:00.000Z', dueAt: '2026-04-20T18:59:59.999Z' },
    ],
    [
      'on the last day of a row of holidays',
      workingDays(3),
      '2026-03-25T23:59:59.999+05:00',
      { targetAt: '2026-03-30T13:30:00.000Z', dueAt: '2026-03-30T18:59:59.999Z' },
    ],
    [
      'in calendar days: the day off counts for the strict reading',
      { length: 3, unit: 'CD' },
      '2026-03-21T12:00:00+05:00',
      { targetAt: '2026-03-23T18:59:59.999Z', dueAt: '2026-03-24T18:59:59.999Z' },
    ],
    [
      'in spans of 24 hours that end on a Sunday: the target is the Friday before',
      { length: 7, unit: 'DUR' },
      '2026-04-12T12:00:00+05:00',
      { targetAt: '2026-04-17T13:30:00.000Z', dueAt: '2026-04-19T07:00:00.000Z' },
    ],
  ])('%s', (_, term, startedAt, moments) => {
    expect(count(term, startedAt)).toEqual(moments);
  });
});

describe('other units', () => {
  test('calendar days: no roll-forward when the term ends on a day off', () => {
    expect(count({ length: 3, unit: 'CD' }, '2026-03-18T10:00:00+05:00')).toEqual({
      targetAt: '2026-03-20T18:59:59.999Z',
      dueAt: '2026-03-21T18:59:59.999Z',
    });
  });

  test('a duration ends to the second; its target is the last moment of office hours before', () => {
    expect(count({ length: 7, unit: 'DUR' }, '2026-04-13T22:00:00+05:00')).toEqual({
      targetAt: '2026-04-20T13:30:00.000Z',
      dueAt: '2026-04-20T17:00:00.000Z',
    });
  });

  test('a duration that ends within office hours has its end as target', () => {
    const { targetAt, dueAt } = count({ length: 7, unit: 'DUR' }, '2026-04-13T11:11:11+05:00');
    expect(targetAt).toBe(dueAt);
  });

  test('more than thirty calendar days are reached on the 31st at 00:00', () => {
    const { targetAt, dueAt } = count({ length: 30, unit: 'GT_CD' }, '2026-04-01T23:30:00+05:00');
    expect(dueAt).toBe('2026-05-01T19:00:00.000Z');
    expect(targetAt).toBe(dueAt);
  });

  test.each([0, -1, 1.5, Number.NaN])('a length of %s is refused', (length) => {
    expect(() => countTerm({ length, unit: 'WD' }, at('2026-04-16T18:00:00Z'), basis)).toThrow(PermanentError);
  });

  test('a shortened day closes the strict reading earlier', () => {
    const shortened = {
      ...basis.calendar,
      day: (country: 'KZ' | 'KG', date: LegalDay) => ({
        ...basis.calendar.day(country, date),
        closesAt: date.toString() === '2026-04-20' ? '16:00' : null,
      }),
    };
    const { targetAt } = countTerm(workingDays(3), at('2026-04-16T18:00:00+05:00'), { ...basis, calendar: shortened });
    expect(targetAt.toISOString()).toBe('2026-04-20T11:00:00.000Z');
  });
});

describe('a document no older than a year', () => {
  test.each([
    ['2025-03-01', '2026-03-01', true],
    ['2025-02-28', '2026-03-01', false],
    ['2026-03-01', '2026-03-01', true],
    ['2026-03-02', '2026-03-01', false],
    ['2027-02-28', '2028-02-29', true],
    ['2027-02-27', '2028-02-29', false],
  ])('of %s on %s: %s', (document, application, within) => {
    expect(isWithinLookback(1, Temporal.PlainDate.from(document), Temporal.PlainDate.from(application))).toBe(within);
  });
});

describe('a publication fourteen working days after its announcement', () => {
  test('has fourteen full working days between in the strict reading', () => {
    const { ordinaryOn, strictOn } = earliestPublication(14, Temporal.PlainDate.from('2026-04-13'), basis);
    expect([ordinaryOn.toString(), strictOn.toString()]).toEqual(['2026-05-04', '2026-05-05']);
  });

  test('counted back from the publication: the strict reading wants it announced a day earlier', () => {
    const { ordinaryOn, strictOn, days } = latestAnnouncement(14, Temporal.PlainDate.from('2026-05-05'), basis);
    expect([ordinaryOn.toString(), strictOn.toString()]).toEqual(['2026-04-14', '2026-04-13']);
    expect([days[0]?.date, days.at(-1)?.date]).toEqual(['2026-04-13', '2026-05-05']);
    expect(days.flatMap((day) => day.strict ?? [])).toEqual(Array.from({ length: 14 }, (_, index) => 14 - index));
  });
});

describe('warnings', () => {
  const target = at('2026-04-20T18:30:00+05:00');
  const warn = (warnings: string, unit: 'WD' | 'CD') =>
    warningMoments(warnings, unit, at('2026-04-16T18:00:00+05:00'), target, basis).map((moment) =>
      moment.toISOString(),
    );

  test('come working days before the target where the term has working days, else calendar days', () => {
    expect(warn('P1D', 'WD')).toEqual(['2026-04-17T13:30:00.000Z']);
    expect(warn('P1D', 'CD')).toEqual(['2026-04-19T13:30:00.000Z']);
  });

  test('come in order, and those before the event are left out', () => {
    expect(warn('PT4H,P1D,P9D', 'WD')).toEqual(['2026-04-17T13:30:00.000Z', '2026-04-20T09:30:00.000Z']);
    expect(warn('', 'WD')).toEqual([]);
  });

  test.each(['1D', 'P1W', 'PT1M', 'P1D;P2D'])('%s is refused', (wrong) => {
    expect(() => parseWarnings(wrong)).toThrow(PermanentError);
  });
});

describe('against a slow reference', () => {
  const reference = referenceOf(almaty).count;
  const from = Date.UTC(2024, 0, 3);
  const change = Date.UTC(2024, 1, 29, 18);
  const moments = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: from, max: Date.UTC(2027, 9, 1) }) },
    { weight: 1, arbitrary: fc.integer({ min: change - 3 * 86_400_000, max: change + 86_400_000 }) },
    // The last and first milliseconds of legal days.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: 60, max: 1300 }), fc.integer({ min: -2, max: 2 }))
        .map(([day, ms]) => Date.UTC(2024, 0, day, 19) + ms),
    },
  );

  test.each(['WD', 'CD', 'DUR', 'GT_CD'] as const)('%s agrees for 2,000 moments', (unit) => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 15 }), (moment, length) => {
        const { targetAt, dueAt } = countTerm({ length, unit }, new Date(moment), basis);
        expect({ target: targetAt.getTime(), due: dueAt.getTime() }).toEqual(reference(unit, length, moment));
      }),
      { numRuns: 2000, seed: 20200605 },
    );
  });

  test('a term always ends after its event, the strict reading never after the ordinary one, and the explanation adds up', () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 15 }), fc.constantFrom('WD', 'CD'), (moment, length, unit) => {
        const { targetAt, dueAt, days } = countTerm({ length, unit }, new Date(moment), basis);
        expect(dueAt.getTime()).toBeGreaterThan(moment);
        expect(targetAt.getTime()).toBeLessThanOrEqual(dueAt.getTime());
        const ordinary = days.flatMap((day) => day.counted ?? []);
        expect(ordinary).toEqual(Array.from({ length }, (_, index) => index + 1));
        expect(days.flatMap((day) => day.strict ?? [])).toEqual(ordinary);
        expect(days.at(-1)?.date).toBe(legalDay(dueAt, basis.zone).toString());
      }),
      { numRuns: 1000, seed: 20200605 },
    );
  });
});
