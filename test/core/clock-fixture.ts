import { loadOrganisation, type Organisation } from '../../config/index.js';
import { createCalendar, type Calendar } from '../../core/calendar.js';
import type { Calendars } from '../../core/calendars.js';
import { writeClockOffset } from '../../core/clock.js';
import { createRecount, type Recount } from '../../core/clock-recount.js';
import { createClocks, type Clocks } from '../../core/clocks.js';
import { openDatabase, type Database, type Tx } from '../../core/database.js';
import { loadDeadlineTable, type DeadlineTable } from '../../core/deadline-table.js';
import { newId } from '../../core/ids.js';
import { createOutbox, type Outbox, type OutboxEntry } from '../../core/outbox.js';
import { createTrail, type Trail } from '../../core/trail.js';
import { somebody, testMongodbUri } from '../helpers/database.js';

/** Stores with clocks on a database of their own, whose legal time a test sets. */
export interface ClockFixture {
  database: Database;
  trail: Trail;
  outbox: Outbox;
  calendar: Calendar;
  table: DeadlineTable;
  organisation: Organisation;
  clocks: Clocks;
  recount: Recount;
  /** Clocks on the same database, with another calendar or organisation. */
  clocksWith(changed: { calendar?: Calendar; organisation?: Organisation }): Clocks;
  recountWith(changed: { calendar?: Calendar; organisation?: Organisation }): Recount;
  /** Sets legal time; it goes on from there. */
  travelTo(moment: string): Promise<void>;
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  start(clock: { rule: string; startedAt: string; caseId?: string; subject?: string }): ReturnType<Clocks['start']>;
  /** Types of a case's trail, in order. */
  history(caseId: string): Promise<string[]>;
  messagesOf(caseId: string): Promise<string[]>;
  close(): Promise<void>;
}

/** A calendar that is in force for good, put there by one person. */
export const inForce = (calendar: Calendar): Pick<Calendars, 'current' | 'latest' | 'appliedBy'> => ({
  latest: calendar,
  current: () => Promise.resolve(calendar),
  appliedBy: () => 'a.seitkali',
});

export async function openClockFixture(): Promise<ClockFixture> {
  const name = `test_clocks_${newId().toLowerCase()}`;
  const database = await openDatabase({
    mongo: { uri: testMongodbUri(), database: name, trailDatabase: `${name}_trail` },
    clock: { travel: true },
  });
  const trail = createTrail({ database });
  const outbox = createOutbox({ database });
  const calendar = createCalendar();
  const table = await loadDeadlineTable();
  const organisation = { ...loadOrganisation('demo'), terms: { 'DL-INS-3': { length: 5, unit: 'WD' as const } } };
  const clocksWith: ClockFixture['clocksWith'] = (changed) =>
    createClocks({
      ...{ database, trail, outbox, table, organisation, ...changed },
      calendars: inForce(changed.calendar ?? calendar),
    });
  const recountWith: ClockFixture['recountWith'] = (changed) =>
    createRecount({
      ...{ database, trail, organisation, ...changed },
      calendars: inForce(changed.calendar ?? calendar),
    });
  const clocks = clocksWith({});
  for (const part of [trail, outbox, clocks]) await part.init();
  const run: ClockFixture['run'] = (work) => database.transaction(somebody, work);
  return {
    database,
    trail,
    outbox,
    calendar,
    table,
    organisation,
    clocks,
    recount: recountWith({}),
    clocksWith,
    recountWith,
    run,
    travelTo: async (moment) => {
      await writeClockOffset(database.connection, Date.parse(moment) - database.clock.wallNow().getTime());
      await database.clock.refresh();
    },
    start: ({ rule, startedAt, caseId = newId(), subject = '' }) =>
      run((tx) =>
        clocks.start(tx, {
          caseId,
          caseNumber: 'INS-2026-000001',
          process: 'inspection',
          rule,
          subject,
          startedAt: new Date(startedAt),
        }),
      ),
    history: async (caseId) => (await trail.list(caseId)).map((entry) => entry.type),
    messagesOf: async (caseId) =>
      (await database.connection.collection<OutboxEntry>('outbox').find({ caseId, kind: 'message' }).toArray()).map(
        ({ message }) => `${message?.name} ${message?.correlationKey} ${message?.messageId}`,
      ),
    close: async () => {
      await database.connection.dropDatabase();
      await database.trail.dropDatabase();
      await database.close();
    },
  };
}
