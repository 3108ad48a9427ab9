import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCalendar } from '../../core/calendar.js';
import { createCases, type CaseRecord, type Cases } from '../../core/cases.js';
import type { StoredClock } from '../../core/clocks.js';
import { PermanentError } from '../../core/errors.js';
import { createFiles } from '../../core/files.js';
import { newId } from '../../core/ids.js';
import { createHeartbeats } from '../../core/heartbeats.js';
import { createLog } from '../../core/log.js';
import { createVault } from '../../core/vault.js';
import { createWatchdog, type Finding, type Watchdog } from '../../core/watchdog.js';
import { inForce, openClockFixture, type ClockFixture } from './clock-fixture.js';

const revealedAt = '2026-04-16T18:00:00+05:00';
const beforeTarget = '2026-04-20T10:00:00+05:00';
const afterTarget = '2026-04-21T09:00:00+05:00';
const afterDue = '2026-04-22T00:10:00+05:00';

let fixture: ClockFixture;
let cases: Cases;
/** Findings of which those concerned were told, in transactions that held. */
const told = () => fixture.database.connection.collection<{ finding: string }>('letters-of-test').find().toArray();

beforeEach(async () => {
  fixture = await openClockFixture();
  cases = createCases({ database: fixture.database });
  await cases.init();
  await fixture.database.connection.createCollection('letters-of-test');
});
afterEach(async () => {
  await fixture.close();
});

type Options = Partial<Parameters<typeof createWatchdog>[0]>;
async function watchdogWith(options: Options = {}): Promise<Watchdog> {
  const watchdog = createWatchdog({
    ...fixture,
    calendars: inForce(fixture.calendar),
    log: createLog('test', 'silent'),
    notify: async (tx, finding) => {
      await fixture.database.connection
        .collection('letters-of-test')
        .insertOne({ finding: finding.key }, { session: tx.session });
    },
    sweepOrphans: () => Promise.resolve(0),
    clockGraceMs: 0,
    caseGraceMs: 0,
    ...options,
  });
  await watchdog.init();
  return watchdog;
}

async function openCase(facts: Partial<CaseRecord> = {}): Promise<string> {
  const caseId = newId();
  await fixture.run((tx) =>
    cases.create(tx, {
      _id: caseId,
      number: `INS-2026-${caseId.slice(-6)}`,
      process: 'inspection',
      jurisdiction: 'KZ',
      orgCode: 'kz-sc',
      state: 'open',
      outcome: null,
      legalBasis: 'Law',
      purpose: 'R2',
      receivedAt: tx.at,
      registeredAt: tx.at,
      closedAt: null,
      subjectId: newId(),
      instanceKey: '2251799813685251',
      engineEpoch: 'E1',
      instanceBoundAt: tx.at,
      accessCodeHash: null,
      idempotency: null,
      sourceRef: null,
      voidReason: null,
      ...facts,
    }),
  );
  return caseId;
}

const startClock = async (facts: Partial<CaseRecord> = {}): Promise<StoredClock> =>
  fixture.start({ caseId: await openCase(facts), rule: 'DL-INS-1', startedAt: revealedAt });
const kinds = (findings: Finding[]) => findings.map((finding) => finding.kind);
const reports = async (clock: StoredClock) =>
  (await fixture.clocks.find(clock._id))?.reports.map(({ kind, by }) => `${kind} by ${by}`);

describe('a clock whose moment has passed', () => {
  test('and that nobody reported is reported by the watchdog, with its finding, trail entry and letter, once', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await startClock();
    const watchdog = await watchdogWith();
    await fixture.travelTo(beforeTarget);
    expect(await watchdog.sweep()).toMatchObject({ reported: 0, findings: [], suspected: 0, failed: 0 });

    await fixture.travelTo(afterDue);
    const { findings, reported } = await watchdog.sweep();
    expect(reported).toBe(1);
    expect(findings).toEqual([
      expect.objectContaining({
        kind: 'clock-unreported',
        caseId: clock.caseId,
        clockId: clock._id,
        rule: 'DL-INS-1',
        reportKind: 'broken',
        momentAt: clock.dueAt,
        notified: true,
      }),
    ]);
    expect(await watchdog.sweep()).toMatchObject({ reported: 0, findings: [], failed: 0 });
    expect(await reports(clock)).toEqual(['broken by watchdog']);
    expect(await fixture.history(clock.caseId)).toEqual(['clock.started', 'clock.broken']);
    expect(await told()).toHaveLength(1);
    expect(kinds(await watchdog.findings(10))).toEqual(['clock-unreported']);
    expect((await fixture.trail.list(clock.caseId)).at(-1)?.by).toEqual({ kind: 'system', id: 'watchdog' });
  });

  test('is left to the engine within the grace, which runs in wall time however far legal time jumps', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await startClock();
    const watchdog = await watchdogWith({ clockGraceMs: 400 });
    await fixture.travelTo('2026-06-01T10:00:00+05:00');
    expect(await watchdog.sweep()).toMatchObject({ suspected: 1, reported: 0 });
    await fixture.run((tx) => fixture.clocks.report(tx, { clockId: clock._id, kind: 'broken', by: 'engine' }));
    await sleep(500);
    expect(await watchdog.sweep()).toMatchObject({ suspected: 0, reported: 0, findings: [] });
    expect(await reports(clock)).toEqual(['broken by engine']);
    expect(await told()).toEqual([]);
  });

  test('is reported when the grace is over, also by a watchdog that was started again', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await startClock();
    await fixture.travelTo(afterTarget);
    expect(await (await watchdogWith({ clockGraceMs: 300 })).sweep()).toMatchObject({ reported: 0 });
    await sleep(350);
    expect(await (await watchdogWith({ clockGraceMs: 300 })).sweep()).toMatchObject({ reported: 1 });
    expect(await reports(clock)).toEqual(['target by watchdog']);
  });

  test('is reported for the target and again for the end', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await startClock();
    const watchdog = await watchdogWith();
    await fixture.travelTo(afterTarget);
    await watchdog.sweep();
    await fixture.travelTo(afterDue);
    await watchdog.sweep();
    expect(await reports(clock)).toEqual(['target by watchdog', 'broken by watchdog']);
    expect(await told()).toHaveLength(2);
  });

  test('is reported though it was stopped, if it was stopped too late; not if in time', async () => {
    await fixture.travelTo(revealedAt);
    const [late, kept] = [await startClock(), await startClock()];
    const watchdog = await watchdogWith();
    await fixture.travelTo(afterDue);
    const stop = (clock: StoredClock, at: string) =>
      fixture.run((tx) => fixture.clocks.stop(tx, { clockId: clock._id, stoppedAt: new Date(at) }));
    await stop(late, afterDue);
    await stop(kept, afterTarget);
    expect(await watchdog.sweep()).toMatchObject({ reported: 1 });
    expect(await reports(late)).toEqual(['broken by watchdog']);
    expect(await reports(kept)).toEqual([]);
  });

  test('of fifty cases: each is reported once, though two watchdogs sweep at the same time', async () => {
    await fixture.travelTo(revealedAt);
    for (let index = 0; index < 50; index += 1) await startClock();
    await fixture.travelTo(afterDue);
    const watchdogs = [await watchdogWith(), await watchdogWith()];
    const rounds = await Promise.all(watchdogs.map((watchdog) => watchdog.sweep()));
    expect(rounds.reduce((sum, { reported }) => sum + reported, 0)).toBe(50);
    expect(await told()).toHaveLength(50);
    expect((await watchdogs[0]?.sweep())?.suspected).toBe(0);
  });

  test('is reported even when the letter fails for good, and stays for the next sweep when the fault may pass', async () => {
    await fixture.travelTo(revealedAt);
    const clock = await startClock();
    await fixture.travelTo(afterDue);
    const passing = await watchdogWith({ notify: () => Promise.reject(new Error('connection reset')) });
    expect(await passing.sweep()).toMatchObject({ reported: 0, failed: 1 });
    expect(await reports(clock)).toEqual([]);
    const lasting = await watchdogWith({ notify: () => Promise.reject(new PermanentError('no such template')) });
    const { findings } = await lasting.sweep();
    expect(findings).toMatchObject([{ kind: 'clock-unreported', notified: false }]);
    expect(await reports(clock)).toEqual(['broken by watchdog']);
  });

  test('that a changed calendar moved earlier is counted again and then reported', async () => {
    await fixture.travelTo(revealedAt);
    const working = { ...fixture.calendar };
    working.version = (country, year) => `${fixture.calendar.version(country, year)}-changed`;
    working.day = (country, on) => ({
      ...fixture.calendar.day(country, on),
      ...(on.toString() === '2026-04-18' ? { working: true, kind: 'moved-work' as const } : {}),
    });
    const clock = await startClock();
    const watchdog = await watchdogWith({
      calendars: inForce(working),
      recount: fixture.recountWith({ calendar: working }),
      clocks: fixture.clocksWith({ calendar: working }),
    });
    await fixture.travelTo('2026-04-21T08:00:00+05:00');
    expect(await watchdog.sweep()).toMatchObject({ recounted: 1, reported: 1 });
    expect(await fixture.clocks.find(clock._id)).toMatchObject({ dueAt: new Date('2026-04-20T18:59:59.999Z') });
    expect(await reports(clock)).toEqual(['broken by watchdog']);
    expect(await watchdog.sweep()).toMatchObject({ recounted: 0, reported: 0 });
  });
});

describe('an open case', () => {
  test('without process instance is found after its grace, once; with its own trail entry', async () => {
    await fixture.travelTo(revealedAt);
    const { caseId } = await startClock({ instanceKey: null, engineEpoch: null });
    const watchdog = await watchdogWith({ caseGraceMs: 300 });
    expect(await watchdog.sweep()).toMatchObject({ suspected: 1, findings: [] });
    await sleep(350);
    expect(kinds((await watchdog.sweep()).findings)).toEqual(['case-without-instance']);
    expect((await watchdog.sweep()).findings).toEqual([]);
    expect(await fixture.history(caseId)).toEqual(['clock.started', 'case.found-without-instance']);
    expect(await told()).toHaveLength(1);
  });

  test('that gets its instance within the grace is not found, and its grace begins anew', async () => {
    await fixture.travelTo(revealedAt);
    const { caseId } = await startClock({ instanceKey: null, engineEpoch: null });
    const watchdog = await watchdogWith({ caseGraceMs: 300 });
    await watchdog.sweep();
    await fixture.run((tx) => cases.bindInstance(tx, caseId, { key: '1', epoch: 'E1' }));
    await sleep(350);
    expect(await watchdog.sweep()).toMatchObject({ suspected: 0, findings: [] });
    expect(await fixture.database.connection.collection('suspicions').countDocuments()).toBe(0);
  });

  test('bound to an engine that is gone is found; bound to the one that runs it is not', async () => {
    await fixture.travelTo(revealedAt);
    const [lost] = [await startClock({ engineEpoch: 'E1' }), await startClock({ engineEpoch: 'E2' })];
    const watchdog = await watchdogWith({ currentEpoch: () => Promise.resolve('E2') });
    const { findings } = await watchdog.sweep();
    expect(findings.map(({ kind, caseId }) => [kind, caseId])).toEqual([['case-without-instance', lost.caseId]]);
    const blind = await watchdogWith({ currentEpoch: () => Promise.reject(new Error('engine down')) });
    expect(await blind.sweep()).toMatchObject({ suspected: 0, failed: 0 });
  });

  test('without any clock is found; a closed one is not', async () => {
    await fixture.travelTo(revealedAt);
    const caseId = await openCase();
    await openCase({ state: 'closed' });
    const watchdog = await watchdogWith();
    const { findings } = await watchdog.sweep();
    expect(findings.map((finding) => [finding.kind, finding.caseId])).toEqual([['case-without-clock', caseId]]);
    expect((await watchdog.sweep()).findings).toEqual([]);
  });
});

describe('a calendar', () => {
  test('that a clock waits for is found once for the clock; with the table the clock is counted and reported', async () => {
    await fixture.travelTo(afterDue);
    const without = createCalendar([]);
    const caseId = await openCase({ instanceKey: '1' });
    const clocks = fixture.clocksWith({ calendar: without });
    const clock = await fixture.run((tx) =>
      clocks.start(tx, {
        ...{ caseId, caseNumber: 'INS-2026-000001', process: 'inspection', rule: 'DL-INS-1' },
        startedAt: new Date(revealedAt),
        withoutCalendar: 'wait',
      }),
    );
    const blind = await watchdogWith({
      calendars: inForce(without),
      recount: fixture.recountWith({ calendar: without }),
      clocks,
    });
    const { findings, failed } = await blind.sweep();
    expect(failed).toBe(0);
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'clock-uncounted', clockId: clock._id, caseId, rule: 'DL-INS-1', year: 2026 }),
    );
    expect((await blind.sweep()).findings).toEqual([]);
    const seeing = await watchdogWith();
    const result = await seeing.sweep();
    expect(result.recounted).toBe(1);
    expect(result.findings).toMatchObject([{ kind: 'clock-unreported', clockId: clock._id, reportKind: 'broken' }]);
  });

  test('that will be needed within 120 days and is missing is found once', async () => {
    const watchdog = await watchdogWith();
    await fixture.travelTo('2027-08-30T10:00:00Z');
    expect((await watchdog.sweep()).findings).toEqual([]);
    await fixture.travelTo('2027-10-01T10:00:00Z');
    expect((await watchdog.sweep()).findings).toMatchObject([{ kind: 'calendar-missing', year: 2028, caseId: null }]);
    expect((await watchdog.sweep()).findings).toEqual([]);
  });
});

describe('a component', () => {
  test('whose last process gives no sign of life is found once for the outage, after its grace, and again after a new one', async () => {
    const heartbeats = createHeartbeats({ database: fixture.database });
    await heartbeats.init();
    const minute = 60_000;
    await heartbeats.beat('worker', 'a:1', 5 * minute);
    await heartbeats.beat('relay', 'a:2', 5 * minute);
    await heartbeats.beat('relay', 'b:2', minute);
    const options = { newestBeats: () => heartbeats.newest(), stillGraceMs: 300 };
    const watchdog = await watchdogWith(options);
    expect(await watchdog.sweep()).toMatchObject({ suspected: 1, findings: [] });
    await sleep(350);
    const { findings } = await watchdog.sweep();
    expect(findings.map(({ kind, component }) => [kind, component])).toEqual([['standing-still', 'worker']]);
    expect((await watchdog.sweep()).findings).toEqual([]);
    await heartbeats.beat('worker', 'a:3', 3 * minute);
    const again = await watchdogWith({ ...options, stillGraceMs: 0 });
    expect((await again.sweep()).findings).toMatchObject([{ kind: 'standing-still', component: 'worker' }]);
    await heartbeats.beat('worker', 'a:3', 0);
    expect(await again.sweep()).toMatchObject({ suspected: 0, findings: [] });
    expect(await told()).toHaveLength(2);
  });
});

describe('files that nothing refers to', () => {
  const hour = 3_600_000;

  test('are removed after a day, not before, and adopted ones never', async () => {
    const { database } = fixture;
    const vault = createVault({ database, masterKey: randomBytes(32) });
    const files = createFiles({ database, vault });
    for (const part of [vault, files]) await part.init();
    const subjectId = await vault.createSubject(null, 'case');
    const stored = async (hoursAgo: number): Promise<string> => {
      const content = Readable.from([randomBytes(100)]);
      const { fileId } = await files.store({ content, subjectId, caseId: newId(), contentType: 'text/plain' });
      const startedAt = new Date(database.clock.wallNow().getTime() - hoursAgo * hour);
      await database.connection
        .collection<{ _id: string }>('file-orphans')
        .updateOne({ _id: fileId }, { $set: { startedAt } });
      return fileId;
    };
    const [old, young, adopted] = [await stored(25), await stored(23), await stored(25)];
    await fixture.run((tx) => files.adopt(tx, adopted, { usedBy: 'document:1' }));
    const watchdog = await watchdogWith({ sweepOrphans: (olderThanMs) => files.sweepOrphans(olderThanMs) });
    expect(await watchdog.sweep()).toMatchObject({ orphans: 1, failed: 0 });
    await expect(files.open(old)).rejects.toThrow('is not stored');
    for (const kept of [young, adopted]) (await files.open(kept)).stream.destroy();
    expect(await watchdog.sweep()).toMatchObject({ orphans: 0, failed: 0 });
  });

  test('that cannot be removed keep nothing else from being found', async () => {
    await openCase();
    const watchdog = await watchdogWith({ sweepOrphans: () => Promise.reject(new Error('no disk')) });
    const { failed, findings } = await watchdog.sweep();
    expect([failed, findings.length > 0]).toEqual([1, true]);
  });
});
