import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Temporal } from 'temporal-polyfill';
import { createCalendar, type Calendar } from '../../core/calendar.js';
import { createCounter, type Recounted } from '../../core/clock-recount.js';
import type { StoredClock } from '../../core/clocks.js';
import { newId } from '../../core/ids.js';
import { deadlineOf } from '../../core/rule-deadline.js';
import { openClockFixture, type ClockFixture } from './clock-fixture.js';

/** Thursday evening: three working days end on Tuesday 21 April 2026, at the end of the day in Almaty (UTC+5). */
const revealedAt = '2026-04-16T18:00:00+05:00';
const beforeTarget = '2026-04-20T10:00:00+05:00';
const dueAt = '2026-04-21T18:59:59.999Z';
const dueLater = '2026-04-22T18:59:59.999Z';
const dueEarlier = '2026-04-20T18:59:59.999Z';

let fixture: ClockFixture;
beforeEach(async () => {
  fixture = await openClockFixture();
  await fixture.travelTo(revealedAt);
});
afterEach(() => fixture.close());

/** The calendar of a new version of 2026 in which some days are other ones. */
const changed = (days: Record<string, { working: boolean }>, name = 'changed'): Calendar => ({
  ...fixture.calendar,
  version: (country, year) => `${fixture.calendar.version(country, year)}${year === 2026 ? `-${name}` : ''}`,
  day: (country, on: Temporal.PlainDate) => {
    const other = days[on.toString()];
    const day = fixture.calendar.day(country, on);
    return other ? { ...day, ...other, kind: other.working ? 'moved-work' : 'moved-rest' } : day;
  },
});
const dayOff = () => changed({ '2026-04-20': { working: false } });
const dayOn = () => changed({ '2026-04-18': { working: true } }, 'earlier');
const started = (of: { rule?: string; caseId?: string; subject?: string; startedAt?: string } = {}) =>
  fixture.start({ rule: 'DL-INS-1', startedAt: revealedAt, ...of });
const now = async (clock: StoredClock) => (await fixture.clocks.find(clock._id)) as StoredClock;
const recount = (calendar: Calendar, options?: { batch?: number }) =>
  fixture.recountWith({ calendar }).run({ kind: 'person', id: 'a.seitkali' }, options);
const previewed = async (calendar: Calendar): Promise<Recounted[]> => {
  const found: Recounted[] = [];
  for await (const recounted of fixture.recountWith({ calendar }).preview(calendar)) found.push(recounted);
  return found;
};
const recountsOf = async (caseId: string) =>
  (await fixture.trail.list(caseId)).filter(({ type }) => type === 'clock.recounted');

describe('a running clock on a changed calendar', () => {
  test.each([
    ['later', dayOff, dueLater],
    ['earlier', dayOn, dueEarlier],
  ] as const)('moves %s, and keeps its earlier count', async (direction, calendarOf, due) => {
    const clock = await started();
    expect(await recount(calendarOf())).toEqual({ recounted: 1, moved: 1, failed: [] });
    const moved = await now(clock);
    expect(moved).toMatchObject({
      dueAt: new Date(due),
      nextReportAt: moved.targetAt,
      toTell: { targetAt: clock.targetAt, dueAt: clock.dueAt },
      state: 'running',
    });
    expect(moved.replaced).toEqual([
      {
        ...{ warnAt: clock.warnAt, targetAt: clock.targetAt, dueAt: clock.dueAt, days: clock.days },
        calendarVersions: clock.calendarVersions,
        replacedAt: expect.any(Date),
      },
    ]);
    expect(await recountsOf(clock.caseId)).toMatchObject([
      {
        by: { kind: 'person', id: 'a.seitkali' },
        subject: clock._id,
        data: {
          rule: 'DL-INS-1',
          reason: 'calendar-changed',
          source: moved.calendarVersions,
          appliedBy: ['a.seitkali'],
          moved: direction,
          earlierTargetAt: clock.targetAt?.toISOString(),
          earlierDueAt: dueAt,
          dueAt: due,
        },
      },
    ]);
    expect(await fixture.trail.verifyChain(clock.caseId)).toMatchObject({ ok: true, entries: 2 });
  });

  test('whose days are the same keeps its moments, and the trail names the version', async () => {
    const clock = await started();
    expect(await recount(changed({ '2026-12-01': { working: false } }))).toEqual({
      recounted: 1,
      moved: 0,
      failed: [],
    });
    expect(await now(clock)).toMatchObject({ targetAt: clock.targetAt, dueAt: clock.dueAt, toTell: null });
    expect(await recountsOf(clock.caseId)).toMatchObject([{ data: { moved: 'not' } }]);
  });

  test('is counted again once, however often that is asked', async () => {
    const clock = await started();
    await recount(dayOff());
    expect(await recount(dayOff())).toEqual({ recounted: 0, moved: 0, failed: [] });
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.recounted']);
  });

  test('and moved back to what was told last need not be told of', async () => {
    const clock = await started();
    await recount(dayOff());
    await recount(changed({}, 'back'));
    expect(await now(clock)).toMatchObject({ dueAt: new Date(dueAt), toTell: null, replaced: [{}, {}] });
  });

  test('lets the timer of its former moment wait for the new one', async () => {
    const clock = await started();
    await recount(dayOff());
    expect(fixture.clocks.answerTimer(await now(clock), 'due', new Date('2026-04-22T00:10:00+05:00'))).toEqual({
      state: 'not-yet',
      nextAt: new Date('2026-04-22T19:00:00.000Z'),
    });
  });

  test("counts with the organisation's term that was frozen, whatever it is now", async () => {
    const clock = await started({ rule: 'DL-INS-3' });
    const organisation = { ...fixture.organisation, terms: {} };
    await fixture.recountWith({ calendar: dayOff(), organisation }).run({ kind: 'system', id: 'test' });
    expect(await now(clock)).toMatchObject({ basis: 'organisation', dueAt: new Date('2026-04-24T18:59:59.999Z') });
  });

  test('that reaches a year without a table keeps its count and is named', async () => {
    const fine = await started();
    const clock = await started({ startedAt: '2026-12-28T10:00:00+05:00' });
    const without = changed(Object.fromEntries([29, 30, 31].map((day) => [`2026-12-${day}`, { working: false }])));
    const short: Calendar = {
      ...without,
      years: () => [2024, 2025, 2026],
      version: (country, year) =>
        year > 2026 ? createCalendar([]).version(country, year) : without.version(country, year),
    };
    const faults = (await previewed(short)).filter(({ fault }) => fault !== null);
    expect(faults).toMatchObject([{ clock: { _id: clock._id }, count: null, fault: expect.stringContaining('2027') }]);
    expect(await recount(short)).toEqual({ recounted: 1, moved: 0, failed: [clock._id] });
    expect(await now(clock)).toEqual(clock);
    expect((await now(fine)).calendarVersions).not.toEqual(fine.calendarVersions);
  });
});

describe('what a changed calendar leaves alone', () => {
  test('stopped, cancelled and silent clocks', async () => {
    const [stopped, cancelled, silent] = [await started(), await started(), await started({ rule: 'DL-INS-6' })];
    await fixture.travelTo(beforeTarget);
    await fixture.run((tx) => fixture.clocks.stop(tx, { clockId: stopped._id, stoppedAt: new Date(beforeTarget) }));
    await fixture.run((tx) => fixture.clocks.cancelOfCase(tx, cancelled.caseId));
    const before = await Promise.all([stopped, cancelled, silent].map(now));
    expect(await previewed(dayOff())).toEqual([]);
    expect(await recount(dayOff())).toEqual({ recounted: 0, moved: 0, failed: [] });
    expect(await Promise.all([stopped, cancelled, silent].map(now))).toEqual(before);
  });

  test('everything, as long as it is only looked at', async () => {
    const clock = await started();
    expect(await previewed(dayOff())).toMatchObject([
      { clock: { _id: clock._id }, moved: 'later', count: { dueAt: new Date(dueLater) }, fault: null },
    ]);
    expect(await now(clock)).toEqual(clock);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started']);
  });
});

describe('many clocks', () => {
  test('of a few cases, counted by several at once in small batches: each once, each chain unbroken', async () => {
    const cases = Array.from({ length: 12 }, () => newId());
    for (const caseId of cases)
      await Promise.all(['A', 'B', 'C', 'D', 'E'].map((subject) => started({ caseId, subject })));
    const results = await Promise.all([1, 2, 3].map(() => recount(dayOff(), { batch: 7 })));
    expect(results.reduce((sum, { recounted }) => sum + recounted, 0)).toBe(60);
    for (const caseId of cases) {
      const stored = await fixture.clocks.ofCase(caseId);
      expect(stored.map((clock) => [clock.dueAt?.toISOString(), clock.replaced.length])).toEqual(
        Array(5).fill([dueLater, 1]),
      );
      const recounts = await recountsOf(caseId);
      expect(recounts.map(({ subject }) => subject).sort()).toEqual(stored.map(({ _id }) => _id).sort());
      expect(await fixture.trail.verifyChain(caseId)).toMatchObject({ ok: true, entries: 10 });
    }
  }, 60_000);

  test('are counted as each alone would be, warnings before the event and every unit included', () => {
    const calendar = dayOff();
    const counter = createCounter(fixture.organisation, calendar);
    const row = fixture.table.rowFor('DL-INS-1', '2026-04-16');
    const moment = fc.date({
      min: new Date('2026-01-05T00:00:00Z'),
      max: new Date('2026-11-30T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        fc.constantFrom('WD' as const, 'CD' as const, 'DUR' as const, 'GT_CD' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('', 'P1D', 'P2D,PT4H'),
        moment,
        (unit, length, warnings, startedAt) => {
          const term = { unit, length };
          const alone = deadlineOf({ ...row, ...term, warnings }, startedAt, {
            organisation: fixture.organisation,
            calendar,
          });
          const clock = { row: { ...row, warnings }, term, startedAt, zone: fixture.organisation.timeZone };
          const { count } = counter({ ...clock, ...alone } as unknown as StoredClock);
          expect({ ...alone, ...count }).toEqual(alone);
        },
      ),
      { numRuns: 600 },
    );
  });
});
