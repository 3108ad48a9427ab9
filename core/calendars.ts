import { readCalendarTables, type CalendarTable } from '../config/calendar-schema.js';
import { createCalendar, type Calendar, type Country } from './calendar.js';
import { ensureCollection } from './collections.js';
import type { Actor, Database, Tx } from './database.js';
import { PermanentError } from './errors.js';
import type { Logger } from './log.js';

/** A table as it was put in force (collection `calendars`). Never changed, never removed: clocks and the trail name it by its id. */
export interface CalendarVersion {
  /** `versionId` of the table. */
  _id: string;
  country: Country;
  year: number;
  version: number;
  content: CalendarTable;
  storedAt: Date;
  storedBy: Actor;
}

/** Which version of each year counts in a country (collection `calendars-in-force`). */
interface CalendarsInForce {
  _id: Country;
  /** Grows with every change: what a process has in memory is right as long as this is the same. */
  revision: number;
  years: Record<string, { versionId: string; version: number; since: Date; by: Actor }>;
}

/** The calendars that every process counts with: versions in MongoDB, seeded from `config/calendars` (docs/adr/0012). */
export interface Calendars {
  /**
   * The calendars in force, as the transaction sees them, or as they are now. One small read; a new version is loaded when there is one.
   * The calendar that is returned doesn't change any more.
   */
  current(tx?: Tx): Promise<Calendar>;
  /** The calendars in force when `current` was last asked, whoever asked. */
  readonly latest: Calendar;
  /** The tables in force, by country and year. */
  tables(): Promise<CalendarTable[]>;
  /** Who put a version in force: id of the actor; null for one that is not in force. As of when `current` was last asked. */
  appliedBy(versionId: string): string | null;
  /**
   * Puts a table in force: each transaction that begins from then on counts with it. False when it is in force already.
   * @throws PermanentError when its version is not greater than that of the table in force.
   */
  apply(by: Actor, table: CalendarTable): Promise<boolean>;
  /** Makes the collections, and puts in force the files of years that have no version yet. */
  init(): Promise<void>;
}

export function createCalendars(deps: {
  database: Database;
  log?: Logger;
  /** What the files say; they also answer for a year that has no version in MongoDB. */
  files?: CalendarTable[];
}): Calendars {
  const { database, log } = deps;
  const files = deps.files ?? readCalendarTables();
  const versions = database.connection.collection<CalendarVersion>('calendars');
  const inForce = database.connection.collection<CalendarsInForce>('calendars-in-force');
  const loaded = new Map<string, CalendarTable>();
  let now = { key: '', tables: files, calendar: createCalendar(files), appliedBy: new Map<string, string>() };

  const refresh = async (tx?: Tx): Promise<typeof now> => {
    const options = tx ? { session: tx.session } : {};
    const heads = await inForce.find({}, { ...options, sort: { _id: 1 } }).toArray();
    const key = heads.map(({ _id, revision }) => `${_id} ${revision}`).join();
    if (key === now.key) return now;
    const entries = heads.flatMap(({ years }) => Object.values(years));
    const unknown = entries.map(({ versionId }) => versionId).filter((id) => !loaded.has(id));
    if (unknown.length > 0)
      for (const { _id, content } of await versions.find({ _id: { $in: unknown } }, options).toArray())
        loaded.set(_id, { ...content, versionId: _id });
    const tables = entries.map(({ versionId }) => {
      const table = loaded.get(versionId);
      if (!table) throw new PermanentError(`calendar ${versionId} is in force, but it is not stored`);
      return table;
    });
    tables.push(...files.filter((file) => !tables.some((table) => isSameYear(table, file))));
    const appliedBy = new Map(entries.map(({ versionId, by }) => [versionId, by.id]));
    now = { key, tables, calendar: createCalendar(tables), appliedBy };
    return now;
  };

  const seed = async (file: CalendarTable): Promise<void> => {
    const by: Actor = { kind: 'system', id: 'config' };
    const at = database.clock.legalNow();
    const year = `years.${file.year}`;
    await versions.updateOne({ _id: file.versionId }, { $setOnInsert: versionOf(file, at, by) }, { upsert: true });
    await inForce.updateOne(
      { _id: file.country, [year]: { $exists: false } },
      {
        $set: { [year]: { versionId: file.versionId, version: file.version, since: at, by } },
        $inc: { revision: 1 },
      },
      { upsert: true },
    );
  };

  return {
    current: async (tx) => (await refresh(tx)).calendar,
    latest: {
      day: (...asked) => now.calendar.day(...asked),
      isWorkingDay: (...asked) => now.calendar.isWorkingDay(...asked),
      version: (...asked) => now.calendar.version(...asked),
      years: (...asked) => now.calendar.years(...asked),
    },
    tables: async () => [...(await refresh()).tables].sort(byCountryAndYear),
    appliedBy: (versionId) => now.appliedBy.get(versionId) ?? null,

    apply: async (by, table) => {
      const applied = await database.transaction(by, async (tx) => {
        const { session } = tx;
        const head = await inForce.findOne({ _id: table.country }, { session });
        const before = head?.years[String(table.year)];
        if (before?.versionId === table.versionId) return false;
        checkIsNewer(table, before);
        await versions.updateOne(
          { _id: table.versionId },
          { $setOnInsert: versionOf(table, tx.at, by) },
          { upsert: true, session },
        );
        await inForce.updateOne(
          { _id: table.country },
          {
            $set: {
              [`years.${table.year}`]: { versionId: table.versionId, version: table.version, since: tx.at, by },
            },
            $inc: { revision: 1 },
          },
          { upsert: true, session },
        );
        return true;
      });
      await refresh();
      return applied;
    },

    init: async () => {
      await ensureCollection(database.connection, 'calendars');
      await ensureCollection(database.connection, 'calendars-in-force');
      const heads = await inForce.find().toArray();
      for (const file of files) {
        const found = heads.find(({ _id }) => _id === file.country)?.years[String(file.year)];
        if (!found) await seed(file).catch(unlessSeededByAnother);
        else if (found.versionId !== file.versionId)
          log?.warn(
            { file: file.file, inForce: found.versionId },
            'a calendar file differs from the calendar in force; npm run calendar -- apply FILE shows what it would move',
          );
      }
      await refresh();
    },
  };
}

/** @throws PermanentError when a table may not take the place of the one in force. */
export function checkIsNewer(
  table: CalendarTable,
  before: { versionId: string; version: number } | null | undefined,
): void {
  if (before && before.versionId !== table.versionId && table.version <= before.version)
    throw new PermanentError(
      `${table.file}: version ${table.version} can't take the place of version ${before.version}, which is in force ` +
        `(${before.versionId}); raise "version" to ${before.version + 1}, also to go back to earlier days`,
      { field: 'version' },
    );
}

export const isSameYear = (
  a: Pick<CalendarTable, 'country' | 'year'>,
  b: Pick<CalendarTable, 'country' | 'year'>,
): boolean => a.country === b.country && a.year === b.year;

const byCountryAndYear = (a: CalendarTable, b: CalendarTable): number =>
  a.country.localeCompare(b.country) || a.year - b.year;

function versionOf(table: CalendarTable, storedAt: Date, storedBy: Actor): Omit<CalendarVersion, '_id'> {
  const { country, year, version } = table;
  return { country, year, version, content: table, storedAt, storedBy };
}

function unlessSeededByAnother(error: unknown): void {
  if ((error as { code?: unknown }).code !== 11_000) throw error;
}
