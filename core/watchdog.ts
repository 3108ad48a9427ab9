import type { Organisation } from '../config/index.js';
import type { Calendars } from './calendars.js';
import type { CaseRecord } from './cases.js';
import { gravestUnreported, isUncounted, type StoredClock } from './clock-truth.js';
import type { Recount } from './clock-recount.js';
import type { Clocks } from './clocks.js';
import { ensureCollection } from './collections.js';
import type { Actor, Database, Tx } from './database.js';
import { PermanentError } from './errors.js';
import type { Finding } from './finding.js';
import type { LastBeat } from './heartbeats.js';
import { newId } from './ids.js';
import type { Logger } from './log.js';
import type { Trail } from './trail.js';

export type { Finding } from './finding.js';

export interface SweepResult {
  /** What this sweep recorded for the first time. */
  findings: Finding[];
  /** How many moments of clocks it reported: those among the findings, and the warnings. */
  reported: number;
  /** How many running clocks were counted again because a calendar changed. */
  recounted: number;
  /** How many things look wrong, those still within their grace included. */
  suspected: number;
  /** How many files that nothing refers to were removed. */
  orphans: number;
  /** How many could not be dealt with; they come again with the next sweep. */
  failed: number;
}

/** Finds in MongoDB alone what the engine did not report: the net under every timer. */
export interface Watchdog {
  /** One round. To be run every few seconds by one process at a time (a second one does no harm). */
  sweep(): Promise<SweepResult>;
  /** Findings, newest first; at most `limit`. */
  findings(limit: number): Promise<Finding[]>;
  init(): Promise<void>;
}

/** When something looks wrong for the first time, in wall time. Gone as soon as a sweep no longer sees it. */
interface Suspicion {
  _id: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

interface Suspect {
  key: string;
  graceMs: number;
  record(notify: Notify | null): Promise<Finding | null>;
}

type Notify = (tx: Tx, finding: Finding) => Promise<void>;

export const watchdogActor: Actor = { kind: 'system', id: 'watchdog' };
const daysAhead = 120;
/** The sweep has more to do than that; the next one goes on. */
const recountedASweep = 5_000;
const dayMs = 24 * 60 * 60 * 1000;
/** A file is adopted in the request or job that stored it; the longest of them is over by far. */
const orphanMs = dayMs;

/**
 * The engine gets the first go: something is recorded only when sweeps have seen it for its whole grace. Grace runs in wall time, because an
 * engine needs seconds of real time to fire a timer, however far legal time has jumped. It is kept in MongoDB, so that a
 * restarted watchdog goes on where it was.
 */
export function createWatchdog(deps: {
  database: Database;
  clocks: Clocks;
  trail: Trail;
  calendars: Pick<Calendars, 'current'>;
  recount: Recount;
  organisation: Organisation;
  log: Logger;
  /** Writes the letters about a finding, in its transaction; may run several times. A PermanentError of it leaves the record standing. */
  notify: Notify;
  /** Writes to those concerned by clocks that a calendar moved and that nobody has told of. */
  tellMoves?: () => Promise<void>;
  /** Epoch of the engine that is connected, or null when it is unknown; cases bound in another epoch then count as without instance. */
  currentEpoch?: () => Promise<string | null>;
  /** The newest sign of life of each component that ever had one (core/heartbeats.ts). */
  newestBeats?: () => Promise<LastBeat[]>;
  /** Removes files that nobody adopted within so many milliseconds of wall time; says how many (core/files.ts). */
  sweepOrphans: (olderThanMs: number) => Promise<number>;
  /** How long a passed moment may stay unreported, in milliseconds of wall time. */
  clockGraceMs?: number;
  /** How long an open case may be without a process instance or a clock, likewise. */
  caseGraceMs?: number;
  /** How old a component's last sign of life has to be, and how long it is then seen so: a whole site that starts again gets that long. */
  stillMs?: number;
  stillGraceMs?: number;
}): Watchdog {
  const { database, clocks, trail, calendars, recount, organisation, log, notify, tellMoves } = deps;
  const { clockGraceMs = 30 * 1000, caseGraceMs = 2 * 60 * 1000 } = deps;
  const { stillMs = 2 * 60 * 1000, stillGraceMs = 60 * 1000 } = deps;
  const findings = database.connection.collection<Finding>('findings');
  const suspicions = database.connection.collection<Suspicion>('suspicions');
  const cases = database.connection.collection<CaseRecord>('cases');
  const { clock } = database;

  /** Records a finding unless it is there: in one transaction with what `found` does, its trail entry and its letters. */
  const recordOnce = (
    write: Notify | null,
    found: (tx: Tx) => Promise<(Pick<Finding, 'key' | 'kind'> & Partial<Finding>) | null>,
  ): Promise<Finding | null> =>
    database.transaction(watchdogActor, async (tx) => {
      const facts = await found(tx);
      if (!facts || (await findings.findOne({ key: facts.key }, { session: tx.session }))) return null;
      const finding: Finding = {
        _id: newId(),
        caseId: null,
        caseNumber: null,
        process: null,
        clockId: null,
        rule: null,
        reportKind: null,
        momentAt: null,
        year: null,
        component: null,
        lastBeatAt: null,
        foundAt: tx.at,
        foundWallAt: clock.wallNow(),
        notified: write !== null,
        ...facts,
      };
      if (!isWarning(finding)) await findings.insertOne(finding, { session: tx.session });
      if (write) await write(tx, finding);
      return finding;
    });

  const suspectClock = (stored: StoredClock, at: Date): Suspect[] => {
    const unreported = gravestUnreported(stored, at);
    if (!unreported) return [];
    const key = `clock-unreported:${stored._id}:${unreported.kind}:${unreported.momentAt.toISOString()}`;
    return [
      {
        key,
        graceMs: unreported.kind === 'warn' ? 0 : clockGraceMs,
        record: (write) =>
          recordOnce(write, async (tx) => {
            const {
              first,
              kind,
              clock: reported,
            } = await clocks.report(tx, {
              clockId: stored._id,
              kind: unreported.kind,
              by: 'watchdog',
            });
            if (!first) return null;
            return {
              key,
              kind: 'clock-unreported',
              caseId: reported.caseId,
              caseNumber: reported.caseNumber,
              process: reported.process,
              clockId: reported._id,
              rule: reported.rule,
              reportKind: kind,
              momentAt: reported.reports.at(-1)?.momentAt ?? null,
            };
          }),
      },
    ];
  };

  const suspectCase = (
    { _id, number, process }: CaseRecord,
    kind: 'case-without-instance' | 'case-without-clock',
    about: string,
    stillSo: (tx: Tx, record: CaseRecord) => Promise<boolean>,
  ): Suspect => ({
    key: `${kind}:${_id}${about}`,
    graceMs: caseGraceMs,
    record: (write) =>
      recordOnce(write, async (tx) => {
        const record = await cases.findOne({ _id, state: 'open' }, { session: tx.session });
        const key = `${kind}:${_id}${about}`;
        if (!record || !(await stillSo(tx, record)) || (await findings.findOne({ key }, { session: tx.session })))
          return null;
        await trail.record(tx, { caseId: _id, type: trailTypes[kind] });
        return { key, kind, caseId: _id, caseNumber: number, process };
      }),
  });

  const casesWithoutInstance = async (): Promise<Suspect[]> => {
    const epoch = (await deps.currentEpoch?.().catch(() => null)) ?? null;
    const isLost = (record: CaseRecord): boolean =>
      record.instanceKey === null || (epoch !== null && record.engineEpoch !== epoch);
    const lost = await cases
      .find({ state: 'open', ...(epoch === null ? { instanceKey: null } : { engineEpoch: { $ne: epoch } }) })
      .toArray();
    return lost
      .filter(isLost)
      .map((record) =>
        suspectCase(record, 'case-without-instance', `:${record.engineEpoch ?? 'never'}`, (_, now) =>
          Promise.resolve(isLost(now)),
        ),
      );
  };

  const casesWithoutClock = async (): Promise<Suspect[]> => {
    const without = await cases
      .aggregate<CaseRecord>([
        { $match: { state: 'open' } },
        {
          $lookup: {
            from: 'clocks',
            localField: '_id',
            foreignField: 'caseId',
            pipeline: [{ $limit: 1 }, { $project: { _id: 1 } }],
            as: 'someClock',
          },
        },
        { $match: { someClock: { $size: 0 } } },
        { $project: { someClock: 0 } },
      ])
      .toArray();
    return without.map((record) =>
      suspectCase(record, 'case-without-clock', '', async (tx) => (await clocks.ofCase(record._id, tx)).length === 0),
    );
  };

  /** Without the table of a year every term that reaches it is refused: said months before. */
  const missingCalendar = async (at: Date): Promise<Suspect[]> => {
    const year = new Date(at.getTime() + daysAhead * dayMs).getUTCFullYear();
    const country = organisation.jurisdiction;
    if ((await calendars.current()).years(country).includes(year)) return [];
    const key = `calendar-missing:${country}-${year}`;
    return [
      {
        key,
        graceMs: 0,
        record: (write) => recordOnce(write, () => Promise.resolve({ key, kind: 'calendar-missing', year })),
      },
    ];
  };

  /** One finding for a component and outage: the last sign of life stays the same until there is a new one. */
  const standingStill = async (wall: Date): Promise<Suspect[]> => {
    const beats = (await deps.newestBeats?.()) ?? [];
    return beats
      .filter(({ at }) => wall.getTime() - at.getTime() >= stillMs)
      .map(({ component, at }) => {
        const key = `standing-still:${component}:${at.toISOString()}`;
        return {
          key,
          graceMs: stillGraceMs,
          record: (write) =>
            recordOnce(write, () => Promise.resolve({ key, kind: 'standing-still', component, lastBeatAt: at })),
        };
      });
  };

  /** A clock that waits for the calendar of a year: nobody is told of its moments before the table is there. */
  const suspectUncounted = (stored: StoredClock): Suspect => {
    const key = `clock-uncounted:${stored._id}`;
    const year = Number(/-(\d{4})\./.exec(stored.calendarVersions.join())?.[1] ?? 0) || null;
    const { caseId, caseNumber, process, rule, _id: clockId } = stored;
    return {
      key,
      graceMs: 0,
      record: (write) =>
        recordOnce(write, async (tx) => {
          const now = await clocks.find(clockId, tx);
          if (now?.state !== 'running' || !isUncounted(now)) return null;
          return { key, kind: 'clock-uncounted', caseId, caseNumber, process, clockId, rule, year };
        }),
    };
  };

  /** Those of the suspects that were seen for their whole grace and are not on record yet. */
  const afterGrace = async (suspects: Suspect[], wall: Date): Promise<Suspect[]> => {
    if (suspects.length > 0)
      await suspicions.bulkWrite(
        suspects.map(({ key }) => ({
          updateOne: {
            filter: { _id: key },
            update: { $setOnInsert: { firstSeenAt: wall }, $max: { lastSeenAt: wall } },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    await suspicions.deleteMany({ lastSeenAt: { $lt: wall } });
    const keys = suspects.map(({ key }) => key);
    const [seen, known] = await Promise.all([
      suspicions.find({ _id: { $in: keys } }).toArray(),
      findings.find({ key: { $in: keys } }, { projection: { key: 1 } }).toArray(),
    ]);
    const since = new Map(seen.map(({ _id, firstSeenAt }) => [_id, firstSeenAt.getTime()]));
    const onRecord = new Set(known.map(({ key }) => key));
    return suspects.filter(
      ({ key, graceMs }) => !onRecord.has(key) && wall.getTime() - (since.get(key) ?? wall.getTime()) >= graceMs,
    );
  };

  return {
    sweep: async () => {
      await clock.refresh();
      const result: SweepResult = { findings: [], reported: 0, recounted: 0, suspected: 0, orphans: 0, failed: 0 };
      const attempt = async (work: () => Promise<void>, where: string): Promise<void> => {
        try {
          await work();
        } catch (error) {
          result.failed += 1;
          log.error({ err: error, where }, 'the watchdog could not deal with one of its findings');
        }
      };
      await attempt(async () => {
        const { recounted, failed } = await recount.run(watchdogActor, { limit: recountedASweep });
        result.recounted += recounted;
        result.failed += failed.length;
        if (failed.length > 0) log.error({ clockIds: failed }, 'clocks that the calendars in force no longer count');
      }, 'recount');
      if (tellMoves) await attempt(tellMoves, 'tell of moves');

      await attempt(async () => {
        result.orphans = await deps.sweepOrphans(orphanMs);
        if (result.orphans > 0) log.info({ count: result.orphans }, 'files that nothing refers to were removed');
      }, 'orphans');

      const at = clock.legalNow();
      const wall = clock.wallNow();
      const suspects = [
        ...(await clocks.unreported(at)).flatMap((stored) => suspectClock(stored, at)),
        ...(await casesWithoutInstance()),
        ...(await casesWithoutClock()),
        ...(await missingCalendar(at)),
        ...(await clocks.uncounted()).map(suspectUncounted),
        ...(await standingStill(wall)),
      ];
      result.suspected = suspects.length;
      for (const suspect of await afterGrace(suspects, wall))
        await attempt(async () => {
          const finding = await suspect.record(notify).catch((error: unknown) => {
            if (!(error instanceof PermanentError)) throw error;
            log.error({ err: error, where: 'notify' }, 'those concerned by a finding could not be written to');
            return suspect.record(null);
          });
          if (!finding) return;
          if (isWarning(finding)) {
            result.reported += 1;
            log.info(
              { caseNumber: finding.caseNumber, clockId: finding.clockId, rule: finding.rule },
              'a clock warned',
            );
            return;
          }
          result.findings.push(finding);
          if (finding.kind === 'clock-unreported') result.reported += 1;
          log.warn(
            {
              findingKind: finding.kind,
              caseNumber: finding.caseNumber,
              clockId: finding.clockId,
              rule: finding.rule,
              kind: finding.reportKind,
              year: finding.year,
              where: finding.component,
            },
            'the watchdog found what nothing else had reported',
          );
        }, 'record');
      return result;
    },
    findings: (limit) => findings.find().sort({ _id: -1 }).limit(limit).toArray(),
    init: async () => {
      await ensureCollection(database.connection, 'findings', [{ key: { key: 1 }, name: 'key', unique: true }]);
      await ensureCollection(database.connection, 'suspicions');
    },
  };
}

/** No timer of a diagram stands for a warning of a row: to give it is the watchdog's own work, and nothing that the engine failed to say. */
const isWarning = ({ reportKind }: Finding): boolean => reportKind === 'warn';

const trailTypes = {
  'case-without-instance': 'case.found-without-instance',
  'case-without-clock': 'case.found-without-clock',
} as const;
