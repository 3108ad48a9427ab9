import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { tellOfClock } from '../../../core/clock-notices.js';
import { writeClockOffset } from '../../../core/clock.js';
import { answerTimer, gravestUnreported } from '../../../core/clock-truth.js';
import type { StoredClock } from '../../../core/clocks.js';
import { loadDeadlineTable } from '../../../core/deadline-table.js';
import { newId } from '../../../core/ids.js';
import { registerInspection, type Trigger } from '../../../core/inspection/intake.js';
import type { Services } from '../../../core/services.js';
import { createWatchdog, type Watchdog } from '../../../core/watchdog.js';
import { seed } from '../../../local/play/seed.js';
import { reportClock } from '../../../workers/shared/report-clock.js';
import { startClock } from '../../../workers/shared/start-clock.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** A Thursday evening in Almaty; three working days: target on Monday 18:30, due on Tuesday at the end of the day. */
const revealedAt = '2026-04-16T13:00:00.000Z';
/** `P2D,PT4H`: two working days and four hours before the target. */
const firstWarning = '2026-04-16T13:30:00.000Z';
const secondWarning = '2026-04-20T09:30:00.000Z';
const targetAt = '2026-04-20T13:30:00.000Z';
const dueAt = '2026-04-21T18:59:59.999Z';

let site: WorkerSite;
let services: Services;
let watchdog: Watchdog;
let caseId: string;
let caseNumber: string;

beforeAll(async () => {
  site = await WorkerSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
  watchdog = createWatchdog({
    ...services,
    notify: async (tx, { clockId, reportKind }) => {
      const clock = clockId === null ? null : await services.clocks.find(clockId, tx);
      if (clock && reportKind) await tellOfClock(services, tx, clock, reportKind);
    },
    sweepOrphans: () => Promise.resolve(0),
    clockGraceMs: 0,
  });
  await watchdog.init();
});
afterAll(() => site.stop());
beforeEach(async () => {
  // What an earlier test left running is none of this one's business.
  await services.database.connection.collection('clocks').deleteMany({});
  await travelTo(revealedAt);
  const trigger: Trigger = {
    ...{ triggerKind: 'officialInformation', receivedAt: null, channel: 'paper', sourceRefNo: null, sender: null },
    ...{ language: 'ru', facts: ['Сведения переданы третьему лицу.'], thirdParties: [], period: null },
    ...{ employeeIds: ['SC-1018'], namedEmployees: [] },
  };
  const { case: record } = await registerInspection(services, { kind: 'person', id: 'registrar' }, trigger, null);
  caseId = record._id;
  caseNumber = record.number;
});

/** Sets legal time; it goes on from there. */
async function travelTo(moment: string | number): Promise<void> {
  const { database, clock } = services;
  await writeClockOffset(database.connection, new Date(moment).getTime() - clock.wallNow().getTime());
  await clock.refresh();
}

/** Starts the clock as the diagram does, with a row that warns. */
async function start(warnings: string): Promise<StoredClock> {
  const row = (await loadDeadlineTable()).rowFor('DL-INS-1', '2026-04-16');
  const { clockId } = await site.deliver(startClock, {
    ...{ caseId, caseNumber, rule: 'DL-INS-1', clockSubject: newId(), startedAt: revealedAt },
    deadlineRow: { ...row, warnings },
  });
  return stored(clockId);
}
const stored = async (clockId: string): Promise<StoredClock> => (await services.clocks.find(clockId))!;
/** What a sweep at a moment, and another one after it, newly report of a clock. */
async function reportedAt(clock: StoredClock, moment: string | number): Promise<string[]> {
  const before = (await stored(clock._id)).reports.length;
  await travelTo(moment);
  for (let sweep = 0; sweep < 2; sweep += 1) expect(await watchdog.sweep()).toMatchObject({ failed: 0 });
  const { reports } = await stored(clock._id);
  return reports.slice(before).map(({ kind, momentAt }) => `${kind} ${momentAt.toISOString()}`);
}
const minuteBefore = (moment: string): number => Date.parse(moment) - 60_000;
const lettersOf = async (purpose: string): Promise<number> =>
  (await services.letters.ofCase(caseId)).filter(({ template }) => template === `shared/${purpose}`).length;

describe('a row with two warnings', () => {
  test('gives its clock both, frozen in order, and the first of them as the next moment to report', async () => {
    const clock = await start('PT4H,P2D');
    expect(clock.warnAt.map((at) => at.toISOString())).toEqual([firstWarning, secondWarning]);
    expect(clock.nextReportAt?.toISOString()).toBe(firstWarning);
    const truthAt = (ms: number): string => services.clocks.truthOf(clock, new Date(ms)).state;
    expect([-1_000, 0].map((ms) => truthAt(Date.parse(firstWarning) + ms))).toEqual(['not-yet', 'warn']);
  });

  test.each([
    ['the first warning', firstWarning, 0, 'warn'],
    ['the second warning', secondWarning, 0, 'warn'],
    ['the target', targetAt, 0, 'target'],
    // Kept until its last millisecond has gone by.
    ['the due moment', dueAt, 1, 'broken'],
  ] as const)(
    'has nothing of %s to say one second before, nor one millisecond, and then has',
    async (_, moment, late, kind) => {
      const clock = await start('P2D,PT4H');
      const from = Date.parse(moment) + late;
      const unreported = (ms: number) => gravestUnreported(clock, new Date(from + ms));
      for (const ms of [-1_000, -1]) {
        expect(unreported(ms)?.momentAt.toISOString()).not.toBe(moment);
        expect(services.clocks.truthOf(clock, new Date(from + ms)).nextAt).toEqual(new Date(from));
      }
      expect(unreported(0)).toMatchObject({ kind, momentAt: new Date(moment) });
      if (kind === 'warn') return;
      const timer = kind === 'target' ? 'target' : 'due';
      expect(answerTimer(clock, timer, new Date(from - 1_000))).toEqual({ state: 'not-yet', nextAt: new Date(from) });
      expect(answerTimer(clock, timer, new Date(from))).toEqual({ state: kind, nextAt: null });
    },
  );

  test('has each reported once and in order, then the target, then the breach, and nothing before its moment', async () => {
    const clock = await start('P2D,PT4H');
    const seen: [string, string[]][] = [];
    for (const [name, moment] of Object.entries({ firstWarning, secondWarning, targetAt, dueAt })) {
      expect(await reportedAt(clock, minuteBefore(moment))).toEqual([]);
      seen.push([name, await reportedAt(clock, Date.parse(moment) + 1)]);
    }
    expect(seen).toEqual([
      ['firstWarning', [`warn ${firstWarning}`]],
      ['secondWarning', [`warn ${secondWarning}`]],
      ['targetAt', [`target ${targetAt}`]],
      ['dueAt', [`broken ${dueAt}`]],
    ]);
    expect((await stored(clock._id)).nextReportAt).toBeNull();
    const acts = (await services.trail.list(caseId)).filter(({ subject }) => subject === clock._id);
    expect(acts.map(({ type }) => type)).toEqual([
      ...['clock.started', 'clock.warned', 'clock.warned', 'clock.target-passed', 'clock.broken'],
    ]);
  });

  test.each([
    ['both warnings', secondWarning, `warn ${secondWarning}`],
    ['both warnings and the target', targetAt, `target ${targetAt}`],
    ['every moment', dueAt, `broken ${dueAt}`],
  ])('passed at once: of %s the gravest alone is reported', async (_, moment, gravest) => {
    const clock = await start('P2D,PT4H');
    expect(await reportedAt(clock, Date.parse(moment) + 1)).toEqual([gravest]);
    expect((await stored(clock._id)).reports).toHaveLength(1);
  });

  test('has those concerned written to at each warning, and again at the target', async () => {
    const clock = await start('P2D,PT4H');
    const perReport = new Set<number>();
    for (const [told, moment] of [firstWarning, secondWarning, targetAt].entries()) {
      await reportedAt(clock, Date.parse(moment) + 1);
      perReport.add((await lettersOf('clock-warning')) / (told + 1));
    }
    expect([...perReport]).toEqual([expect.any(Number)]);
    expect([...perReport][0]).toBeGreaterThan(0);
    expect(await lettersOf('clock-broken')).toBe(0);
  });

  test('reported by the step of a diagram is not reported again by the watchdog', async () => {
    const clock = await start('P2D,PT4H');
    await travelTo(Date.parse(firstWarning) + 1);
    await site.deliver(reportClock, { clockId: clock._id, clockState: 'warn' });
    expect(await reportedAt(clock, Date.parse(firstWarning) + 2)).toEqual([]);
    expect((await stored(clock._id)).reports).toEqual([expect.objectContaining({ kind: 'warn', by: 'engine' })]);
  });

  test('leaves no finding of a warning, which no timer stands for, but one of the target that the engine missed', async () => {
    const clock = await start('P2D,PT4H');
    const findings = async () => (await watchdog.findings(50)).filter(({ clockId }) => clockId === clock._id);
    await reportedAt(clock, Date.parse(secondWarning) + 1);
    expect(await findings()).toEqual([]);
    await reportedAt(clock, Date.parse(targetAt) + 1);
    expect(await findings()).toMatchObject([{ kind: 'clock-unreported', reportKind: 'target' }]);
  });
});

test('a row without warnings reports nothing before its target', async () => {
  const clock = await start('');
  expect(clock.warnAt).toEqual([]);
  expect(await reportedAt(clock, minuteBefore(targetAt))).toEqual([]);
});
