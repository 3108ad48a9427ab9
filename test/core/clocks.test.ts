import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CalendarMissingError, createCalendar } from '../../core/calendar.js';
import { figuresIndex, figuresPipeline, fromIndex } from '../../core/clock-figures.js';
import type { StoredClock } from '../../core/clocks.js';
import { PermanentError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { openClockFixture, type ClockFixture } from './clock-fixture.js';

/** Thursday evening: target Monday 20 April 18:30, due Tuesday 21 April at the end of the day, both UTC+5. */
const revealedAt = '2026-04-16T18:00:00+05:00';
const beforeTarget = '2026-04-20T10:00:00+05:00';
const afterTarget = '2026-04-21T09:00:00+05:00';
const dueAt = '2026-04-21T18:59:59.999Z';
const afterDue = '2026-04-22T00:10:00+05:00';

let fixture: ClockFixture;
beforeAll(async () => {
  fixture = await openClockFixture();
});
afterAll(async () => {
  await fixture.close();
});

const started = () => fixture.start({ rule: 'DL-INS-1', startedAt: revealedAt, subject: newId() });
const stop = (clock: StoredClock, stoppedAt: string) =>
  fixture.run((tx) => fixture.clocks.stop(tx, { clockId: clock._id, stoppedAt: new Date(stoppedAt) }));
const report = (clock: StoredClock, kind: 'warn' | 'target' | 'broken', by: 'engine' | 'watchdog' = 'engine') =>
  fixture.run((tx) => fixture.clocks.report(tx, { clockId: clock._id, kind, by }));
const now = async (clock: StoredClock) => (await fixture.clocks.find(clock._id)) as StoredClock;
const truth = async (clock: StoredClock, at: string) => {
  const { state, nextAt } = fixture.clocks.truthOf(await now(clock), new Date(at));
  return [state, nextAt?.toISOString() ?? null];
};

describe('starting a clock', () => {
  test('freezes the row, the calendar and the explanation, and records it', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    expect(await now(clock)).toEqual(clock);
    expect(clock).toMatchObject({
      rule: 'DL-INS-1',
      basis: 'act',
      term: { length: 3, unit: 'WD' },
      row: { act: 'Order No. 231/НҚ of 5 June 2020', item: 'R9', length: 3 },
      zone: 'Asia/Almaty',
      targetAt: new Date('2026-04-20T13:30:00.000Z'),
      dueAt: new Date(dueAt),
      state: 'running',
      kept: null,
      nextReportAt: new Date('2026-04-20T13:30:00.000Z'),
      calendarVersions: [expect.stringMatching(/^kz-2026\.1-/)],
    });
    expect(clock.days.map((day) => day.counted)).toEqual([null, 1, null, null, 2, 3]);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started']);
  });

  test('twice answers the same clock; another subject or rule has its own', async () => {
    const caseId = newId();
    const [first, again, other, rule] = [
      await fixture.start({ caseId, rule: 'DL-INS-1', subject: 'A', startedAt: revealedAt }),
      await fixture.start({ caseId, rule: 'DL-INS-1', subject: 'A', startedAt: '2026-04-17T10:00:00Z' }),
      await fixture.start({ caseId, rule: 'DL-INS-1', subject: 'B', startedAt: revealedAt }),
      await fixture.start({ caseId, rule: 'DL-INS-2', subject: 'A', startedAt: revealedAt }),
    ];
    expect(again).toEqual(first);
    expect(new Set([first._id, other._id, rule._id]).size).toBe(3);
    expect(await fixture.clocks.ofCase(caseId)).toHaveLength(3);
  });

  test('at the same time from ten sides is there once', async () => {
    const caseId = newId();
    const clocks = await Promise.all(
      Array.from({ length: 10 }, () => fixture.start({ caseId, rule: 'DL-INS-1', startedAt: revealedAt })),
    );
    expect(new Set(clocks.map((clock) => clock._id)).size).toBe(1);
    expect(await fixture.clocks.ofCase(caseId)).toHaveLength(1);
    expect(await fixture.history(caseId)).toEqual(['clock.started']);
  });

  test("of a silent rule takes the organisation's term, and without one has no moment and never speaks", async () => {
    const own = await fixture.start({ rule: 'DL-INS-3', startedAt: revealedAt });
    expect(own).toMatchObject({ basis: 'organisation', dueAt: new Date('2026-04-23T18:59:59.999Z') });
    const silent = await fixture.start({ rule: 'DL-INS-6', startedAt: revealedAt });
    expect(silent).toMatchObject({ basis: 'silent', targetAt: null, dueAt: null, nextReportAt: null });
    expect(await truth(silent, '2030-01-01T00:00:00Z')).toEqual(['silent', null]);
    await fixture.travelTo(afterDue);
    expect(await report(silent, 'warn')).toMatchObject({ first: false });
    expect(await stop(silent, afterDue)).toMatchObject({ state: 'stopped', kept: null });
  });

  test('by the installed table is confirmed once by the row that the engine answers, which goes before', async () => {
    const row = fixture.table.rowFor('DL-INS-1', '2026-04-16');
    const of = { caseId: newId(), caseNumber: 'INS-2026-000001', process: 'inspection', rule: 'DL-INS-1' };
    const answer = (length: number) =>
      fixture.run((tx) =>
        fixture.clocks.start(tx, { ...of, startedAt: new Date(revealedAt), row: { ...row, length } }),
      );
    const begun = await fixture.start({ caseId: of.caseId, rule: of.rule, startedAt: revealedAt });
    expect(begun.rowFrom).toBe('file');
    const confirmed = await answer(4);
    expect(confirmed).toMatchObject({ _id: begun._id, rowFrom: 'engine', row: { length: 4 }, term: { length: 4 } });
    expect(confirmed.dueAt).toEqual(new Date('2026-04-22T18:59:59.999Z'));
    expect(await answer(5)).toEqual(confirmed);
    expect(await now(begun)).toEqual(confirmed);
    expect(await fixture.history(of.caseId)).toEqual(['clock.started', 'clock.recounted']);
  });

  test('by the installed table stays as it is where the engine answers the same row', async () => {
    const caseId = newId();
    const begun = await fixture.start({ caseId, rule: 'DL-INS-1', startedAt: revealedAt });
    const confirmed = await fixture.run((tx) =>
      fixture.clocks.start(tx, {
        ...{ caseId, caseNumber: 'INS-2026-000001', process: 'inspection', rule: 'DL-INS-1' },
        ...{ startedAt: new Date(revealedAt), row: fixture.table.rowFor('DL-INS-1', '2026-04-16') },
      }),
    );
    expect(confirmed).toEqual({ ...begun, rowFrom: 'engine' });
    expect(await fixture.history(caseId)).toEqual(['clock.started']);
  });

  test("with the engine's row takes that row, and refuses one of another rule or time, or of another shape", async () => {
    const row = fixture.table.rowFor('DL-INS-1', '2026-04-16');
    const withRow = (rule: string, answered: unknown) =>
      fixture.run((tx) =>
        fixture.clocks.start(tx, {
          caseId: newId(),
          caseNumber: 'INS-2026-000001',
          process: 'inspection',
          rule,
          startedAt: new Date(revealedAt),
          row: answered as typeof row,
        }),
      );
    expect(await withRow('DL-INS-1', { ...row, length: 4 })).toMatchObject({
      dueAt: new Date('2026-04-22T18:59:59.999Z'),
    });
    await expect(withRow('DL-INS-2', row)).rejects.toThrow('deadlineRow of DL-INS-2: it is of rule DL-INS-1');
    await expect(withRow('DL-INS-1', { ...row, validTo: '2026-04-15' })).rejects.toThrow('not on 2026-04-16');
    await expect(withRow('DL-INS-1', { ...row, unit: 'weeks' })).rejects.toThrow('deadlineRow of DL-INS-1: unit');
    await expect(withRow('DL-INS-1', { ...row, length: '3' })).rejects.toThrow(PermanentError);
    await expect(withRow('DL-INS-1', { ...row, warnings: 'soon' })).rejects.toThrow('warnings: expected days or hours');
    await expect(withRow('DL-INS-1', { ...row, unit: 'GT_CD', length: null })).rejects.toThrow('can be silent');
    await expect(withRow('DL-INS-1', null)).rejects.toThrow('the deployed table has no row of the rule');
    await expect(withRow('DL-INS-1', [row, row])).rejects.toThrow('2 rows were answered; expected one');
  });

  test("of another country goes by that country's zone, days and office hours", async () => {
    const clock = await fixture.start({ rule: 'DL-DSR-1', startedAt: '2026-04-16T20:00:00+06:00' });
    expect(clock).toMatchObject({
      zone: 'Asia/Bishkek',
      dueAt: new Date('2026-04-23T14:00:00.000Z'),
      targetAt: new Date('2026-04-23T12:00:00.000Z'),
      calendarVersions: [expect.stringMatching(/^kg-2026/)],
    });
  });

  test.each(['DL-ACC-3', 'DL-DSR-3'])('of %s is refused: it compares days', async (rule) => {
    await expect(fixture.start({ rule, startedAt: revealedAt })).rejects.toThrow('it has no clock');
  });

  test('that reaches a year without a calendar, or of an unknown rule, leaves nothing behind', async () => {
    const caseId = newId();
    await expect(fixture.start({ caseId, rule: 'DL-INS-1', startedAt: '2027-12-30T10:00:00Z' })).rejects.toThrow(
      CalendarMissingError,
    );
    await expect(fixture.start({ caseId, rule: 'DL-INS-9', startedAt: revealedAt })).rejects.toThrow('DL-INS-9');
    expect(await fixture.clocks.ofCase(caseId)).toEqual([]);
    expect(await fixture.history(caseId)).toEqual([]);
  });
});

describe('a clock that may wait for a calendar', () => {
  const waiting = (caseId: string) =>
    fixture.run((tx) =>
      fixture.clocksWith({ calendar: createCalendar([]) }).start(tx, {
        caseId,
        caseNumber: 'INS-2026-000001',
        process: 'inspection',
        rule: 'DL-INS-1',
        startedAt: new Date(revealedAt),
        withoutCalendar: 'wait',
      }),
    );

  test('is stored without moments, and counted from its event once the table is there', async () => {
    const caseId = newId();
    const clock = await waiting(caseId);
    expect(clock).toMatchObject({ targetAt: null, dueAt: null, basis: 'act', calendarVersions: ['kz-2026.missing'] });
    expect((await fixture.clocks.uncounted()).map(({ _id }) => _id)).toEqual([clock._id]);
    expect(await fixture.recount.run({ kind: 'system', id: 'test' })).toEqual({ recounted: 1, moved: 1, failed: [] });
    expect(await fixture.clocks.find(clock._id)).toMatchObject({ dueAt: new Date(dueAt), state: 'running' });
    expect(await fixture.clocks.uncounted()).toEqual([]);
    expect(await fixture.history(caseId)).toEqual(['clock.started', 'clock.recounted']);
  });

  test('is refused to a diagram while it waits, and given to it once it is counted', async () => {
    const caseId = newId();
    const { _id } = await waiting(caseId);
    const asked = () => fixture.start({ caseId, rule: 'DL-INS-1', startedAt: revealedAt });
    await expect(asked()).rejects.toThrow(new CalendarMissingError('KZ', 2026));
    expect((await waiting(caseId))._id).toBe(_id);
    await fixture.recount.run({ kind: 'system', id: 'test' });
    expect(await asked()).toMatchObject({ _id, dueAt: new Date(dueAt) });
  });

  test('goes on waiting, with nothing written, while the table is missing', async () => {
    const caseId = newId();
    const clock = await waiting(caseId);
    const without = fixture.recountWith({ calendar: createCalendar([]) });
    const { recounted, failed } = await without.run({ kind: 'system', id: 'test' });
    expect([recounted, failed.includes(clock._id)]).toEqual([0, false]);
    expect(await fixture.clocks.find(clock._id)).toEqual(clock);
    expect(await fixture.history(caseId)).toEqual(['clock.started']);
  });
});

describe('stopping a clock', () => {
  test('at the last millisecond of the day keeps the term; one later breaks it', async () => {
    expect(await stop(await started(), dueAt)).toMatchObject({ kept: true, state: 'stopped', nextReportAt: null });
    const late = await stop(await started(), '2026-04-21T19:00:00.000Z');
    expect(late).toMatchObject({ kept: false, nextReportAt: new Date(dueAt) });
  });

  test('tells the diagrams once, under the id of the clock', async () => {
    const clock = await started();
    await stop(clock, beforeTarget);
    await stop(clock, beforeTarget);
    expect(await fixture.messagesOf(clock.caseId)).toEqual([`clock.stopped ${clock._id} ${clock._id}`]);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.stopped']);
  });

  test('again: the earliest moment wins, a later one changes nothing', async () => {
    const clock = await started();
    await stop(clock, afterDue);
    expect(await stop(clock, '2026-04-25T10:00:00Z')).toMatchObject({ stoppedAt: new Date(afterDue), kept: false });
    expect(await stop(clock, beforeTarget)).toMatchObject({ stoppedAt: new Date(beforeTarget), kept: true });
  });

  test('that is not there is refused, naming the field', async () => {
    await expect(
      fixture.run((tx) => fixture.clocks.stop(tx, { clockId: 'none', stoppedAt: new Date(dueAt) })),
    ).rejects.toThrow('there is no clock none');
  });

  test('of a void case cancels it: neither kept nor broken, never reported, told to the diagrams', async () => {
    const clock = await started();
    expect(await fixture.run((tx) => fixture.clocks.cancelOfCase(tx, clock.caseId))).toBe(1);
    expect(await fixture.run((tx) => fixture.clocks.cancelOfCase(tx, clock.caseId))).toBe(0);
    expect(await stop(clock, afterDue)).toMatchObject({ state: 'cancelled', kept: null, stoppedAt: null });
    await fixture.travelTo(afterDue);
    expect(await report(clock, 'broken')).toMatchObject({ first: false });
    expect(await truth(clock, afterDue)).toEqual(['stopped', null]);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.cancelled']);
    expect(await fixture.messagesOf(clock.caseId)).toHaveLength(1);
  });
});

describe('a withdrawal', () => {
  const withdraw = (clock: StoredClock) =>
    fixture.run((tx) => fixture.clocks.cancelOfCase(tx, clock.caseId, 'withdrawn'));

  test('in time leaves a clock neither kept nor broken', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    expect(await withdraw(clock)).toBe(1);
    expect(await now(clock)).toMatchObject({ state: 'cancelled', cancelledAs: 'withdrawn', kept: null });
  });

  test('after the term leaves it broken', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    await fixture.travelTo(afterDue);
    expect(await withdraw(clock)).toBe(1);
    expect(await now(clock)).toMatchObject({ state: 'stopped', kept: false });
  });
});

describe('releasing a clock', () => {
  const release = (clock: StoredClock) =>
    fixture.run((tx) => fixture.clocks.releaseOfCase(tx, clock.caseId, { reason: 'not-functioning', at: tx.at }));
  const resume = ({ caseId, subject }: StoredClock) =>
    fixture.start({ caseId, rule: 'DL-INS-1', subject, startedAt: revealedAt });

  test('in time leaves it neither kept nor broken; started again it runs on from the same event', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    expect([await release(clock), await release(clock)]).toEqual([1, 0]);
    expect(await now(clock)).toMatchObject({ state: 'cancelled', kept: null, nextReportAt: null });
    const { _id, startedAt, targetAt, dueAt, nextReportAt } = clock;
    const resumed = await resume(clock);
    expect(resumed).toMatchObject({ ...{ _id, startedAt, targetAt, dueAt, nextReportAt }, state: 'running' });
    expect(await resume(clock)).toEqual(resumed);
    expect(await stop(clock, beforeTarget)).toMatchObject({ kept: true });
    expect(await fixture.history(clock.caseId)).toEqual(
      ['started', 'released', 'resumed', 'stopped'].map((act) => `clock.${act}`),
    );
  });

  test('that has run out leaves it broken, and the breach is reported once', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    await fixture.travelTo(afterDue);
    await release(clock);
    expect(await now(clock)).toMatchObject({ state: 'stopped', kept: false, nextReportAt: new Date(dueAt) });
    expect(await report(clock, 'broken')).toMatchObject({ first: true });
    await resume(clock);
    expect(await report(clock, 'broken')).toMatchObject({ first: false });
  });

  test('never touches what was cancelled with its case', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await started();
    await fixture.run((tx) => fixture.clocks.cancelOfCase(tx, clock.caseId));
    expect(await resume(clock)).toMatchObject({ state: 'cancelled' });
  });
});

describe('the truth of a clock', () => {
  test('goes from not yet to target to broken, each with the next moment to look', async () => {
    const clock = await started();
    expect(await truth(clock, beforeTarget)).toEqual(['not-yet', '2026-04-20T13:30:00.000Z']);
    expect(await truth(clock, '2026-04-20T13:30:00.000Z')).toEqual(['target', '2026-04-21T19:00:00.000Z']);
    expect(await truth(clock, dueAt)).toEqual(['target', '2026-04-21T19:00:00.000Z']);
    expect(await truth(clock, '2026-04-21T19:00:00.000Z')).toEqual(['broken', null]);
  });

  test('answers the timer of the target: report it once, and nothing once it is reported', async () => {
    const clock = await started();
    const ask = async (moment: 'target' | 'due', at: string) =>
      fixture.clocks.answerTimer(await now(clock), moment, new Date(at));
    expect(await ask('target', beforeTarget)).toEqual({
      state: 'not-yet',
      nextAt: new Date('2026-04-20T13:30:00.000Z'),
    });
    expect(await ask('target', afterTarget)).toEqual({ state: 'target', nextAt: null });
    expect(await ask('due', afterTarget)).toEqual({ state: 'not-yet', nextAt: new Date('2026-04-21T19:00:00.000Z') });
    await fixture.travelTo(afterTarget);
    await report(clock, 'target');
    expect(await ask('target', afterTarget)).toEqual({ state: 'stopped', nextAt: null });
    expect(await ask('due', afterDue)).toEqual({ state: 'broken', nextAt: null });
    await stop(clock, afterDue);
    expect(await ask('due', afterDue)).toEqual({ state: 'stopped', nextAt: null });
  });

  test('answers the timer of the target with broken when both moments have passed', async () => {
    const clock = await started();
    expect(fixture.clocks.answerTimer(clock, 'target', new Date(afterDue)).state).toBe('broken');
  });
});

describe('a paper that was entered late', () => {
  test.each([
    ['after its target', afterTarget, 'target', dueAt],
    ['after its term', afterDue, 'broken', null],
  ] as const)(
    '%s has a clock from its receipt, and the gravest moment is reported at once',
    async (_, entered, kind, next) => {
      await fixture.travelTo(entered);
      const clock = await started();
      expect(clock).toMatchObject({ startedAt: new Date(revealedAt), dueAt: new Date(dueAt), state: 'running' });
      expect(await report(clock, 'target')).toMatchObject({ first: true, kind });
      expect(await report(clock, 'target')).toMatchObject({ first: false });
      expect(await now(clock)).toMatchObject({ nextReportAt: next && new Date(next) });
    },
  );

  test('and answered in time before that keeps its term', async () => {
    await fixture.travelTo(afterDue);
    expect(await stop(await started(), beforeTarget)).toMatchObject({ kept: true, nextReportAt: null });
  });
});

describe('reporting a clock', () => {
  test('that has not passed yet, or was stopped in time, records nothing', async () => {
    const [early, kept] = [await started(), await started()];
    await fixture.travelTo(beforeTarget);
    expect(await report(early, 'target')).toMatchObject({ first: false, kind: null });
    await stop(kept, beforeTarget);
    await fixture.travelTo(afterDue);
    expect(await report(kept, 'broken')).toMatchObject({ first: false });
    expect(await fixture.history(kept.caseId)).toEqual(['clock.started', 'clock.stopped']);
  });

  test('once for the target and once for the end', async () => {
    const clock = await started();
    await fixture.travelTo(afterTarget);
    expect(await report(clock, 'target')).toMatchObject({ first: true, kind: 'target' });
    expect(await report(clock, 'target')).toMatchObject({ first: false });
    expect(await report(clock, 'broken')).toMatchObject({ first: false });
    await fixture.travelTo(afterDue);
    expect(await report(clock, 'broken', 'watchdog')).toMatchObject({ first: true, kind: 'broken' });
    expect(await report(clock, 'broken')).toMatchObject({ first: false });
    expect((await now(clock)).reports).toEqual([
      { kind: 'target', momentAt: new Date('2026-04-20T13:30:00.000Z'), reportedAt: expect.any(Date), by: 'engine' },
      { kind: 'broken', momentAt: new Date(dueAt), reportedAt: expect.any(Date), by: 'watchdog' },
    ]);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.target-passed', 'clock.broken']);
    expect(await now(clock)).toMatchObject({ nextReportAt: null, state: 'running' });
  });

  test('of which both moments have passed reports the graver alone', async () => {
    const clock = await started();
    await fixture.travelTo(afterDue);
    expect(await report(clock, 'target')).toMatchObject({ first: true, kind: 'broken' });
    expect(await report(clock, 'target')).toMatchObject({ first: false });
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.broken']);
  });

  test('from engine and watchdog at the same time is recorded once', async () => {
    const clock = await started();
    await fixture.travelTo(afterDue);
    const reports = await Promise.all([
      ...Array.from({ length: 5 }, () => report(clock, 'broken', 'engine')),
      ...Array.from({ length: 5 }, () => report(clock, 'broken', 'watchdog')),
    ]);
    expect(reports.filter(({ first }) => first)).toHaveLength(1);
    expect((await now(clock)).reports).toHaveLength(1);
    expect(await fixture.trail.verifyChain(clock.caseId)).toMatchObject({ ok: true, entries: 2 });
  });

  test('warnings come before the target, once each', async () => {
    const row = { ...fixture.table.rowFor('DL-INS-1', '2026-04-16'), warnings: 'P1D' };
    const clock = await fixture.run((tx) =>
      fixture.clocks.start(tx, {
        caseId: newId(),
        caseNumber: 'INS-2026-000001',
        process: 'inspection',
        rule: 'DL-INS-1',
        startedAt: new Date(revealedAt),
        row,
      }),
    );
    expect(clock.nextReportAt).toEqual(new Date('2026-04-17T13:30:00.000Z'));
    expect(await truth(clock, beforeTarget)).toEqual(['warn', '2026-04-20T13:30:00.000Z']);
    await fixture.travelTo(beforeTarget);
    expect(await report(clock, 'warn')).toMatchObject({ first: true, kind: 'warn' });
    expect(await report(clock, 'warn')).toMatchObject({ first: false });
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.warned']);
  });
});

describe('figures', () => {
  test('count open clocks, those due within a day, and those that ran out, by rule', async () => {
    const own = await openClockFixture();
    try {
      await own.travelTo('2026-04-21T10:00:00+05:00');
      const soon = await own.start({ rule: 'DL-INS-1', startedAt: revealedAt });
      await own.start({ rule: 'DL-INS-2', startedAt: '2026-04-20T10:00:00+05:00' });
      await own.start({ rule: 'DL-INS-1', startedAt: '2026-04-01T10:00:00+05:00' });
      const late = await own.start({ rule: 'DL-INS-2', startedAt: '2026-04-01T10:00:00+05:00' });
      await own.run((tx) => own.clocks.stop(tx, { clockId: late._id, stoppedAt: new Date(beforeTarget) }));
      await own.start({ rule: 'DL-INS-6', startedAt: revealedAt });
      expect(await own.clocks.clockFigures()).toEqual({
        open: 4,
        dueSoon: 1,
        broken: 2,
        byRule: {
          'DL-INS-1': { open: 2, dueSoon: 1, broken: 1 },
          'DL-INS-2': { open: 1, dueSoon: 0, broken: 1 },
          'DL-INS-6': { open: 1, dueSoon: 0, broken: 0 },
        },
      });
      await own.run((tx) => own.clocks.stop(tx, { clockId: soon._id, stoppedAt: new Date(beforeTarget) }));
      expect(await own.clocks.clockFigures()).toMatchObject({ open: 3, dueSoon: 0, broken: 2 });
      const plan = JSON.stringify(
        await own.database.connection
          .collection('clocks')
          .aggregate(figuresPipeline(own.database.clock.legalNow()), fromIndex)
          .explain('queryPlanner'),
        (name, value: unknown) => (name === 'rejectedPlans' ? [] : value),
      );
      const stages = new Set([...plan.matchAll(/"stage":"([A-Z_]+)"/g)].map(([, stage]) => stage));
      expect([stages.has('IXSCAN'), stages.has('COLLSCAN'), stages.has('FETCH')]).toEqual([true, false, false]);
      expect([...plan.matchAll(/"indexName":"([^"]+)"/g)].map(([, name]) => name)).toContain(figuresIndex.name);
    } finally {
      await own.close();
    }
  });
});
