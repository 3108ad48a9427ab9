import type { Temporal } from 'temporal-polyfill';
import { isWeekendDay, readCalendarTables, type CalendarTable, type dayKinds } from '../config/calendar-schema.js';
import { PermanentError } from './errors.js';

export type Country = 'KZ' | 'KG';

/** A name in the languages that its source has. */
export type LocalName = Partial<Record<'kk' | 'ky' | 'ru' | 'en', string>>;

/** What a legal day is in a country. */
export interface CalendarDay {
  /** YYYY-MM-DD. */
  date: string;
  working: boolean;
  /** Kinds of the tables (config/calendars/README.md), and `working` or `weekend` for a day that no table names. */
  kind: 'working' | 'weekend' | (typeof dayKinds)[number];
  name: LocalName | null;
  /** The act that makes the day what it is; null for a plain working day or weekend. */
  source: string | null;
  /** Not determined yet: the day may still change. */
  provisional: boolean;
  /** HH:MM at which a shortened day closes; null for any other. */
  closesAt: string | null;
  /** Minutes by which the working day is shorter than usual; null where the act names a time in `closesAt`, or the day is not shortened. */
  shorterBy: number | null;
}

/** The working calendars of countries. Each method throws {@link CalendarMissingError} for a year without a table. */
export interface Calendar {
  day(country: Country, date: Temporal.PlainDate): CalendarDay;
  isWorkingDay(country: Country, date: Temporal.PlainDate): boolean;
  /** The id of the content that answers for a year, e.g. `kz-2026.1-3fa94c0e12ab`. */
  version(country: Country, year: number): string;
  /** The years that have a table, in order. */
  years(country: Country): number[];
}

/** No table of a year: counting there would be a guess. Names country, year and the file that would be right. */
export class CalendarMissingError extends PermanentError {
  readonly file: string;
  constructor(
    readonly country: Country,
    readonly year: number,
  ) {
    const file = `config/calendars/${country.toLowerCase()}-${year}.json`;
    super(`the working calendar of ${country} for ${year} is missing: ${file}`, { field: 'calendar' });
    this.file = file;
  }
}

/** The calendars of the given tables; without any, of all files in `config/calendars`. */
export function createCalendar(tables: CalendarTable[] = readCalendarTables()): Calendar {
  const byYear = new Map(tables.map((table) => [`${table.country}-${table.year}`, indexed(table)]));
  const tableOf = (country: Country, year: number): ReturnType<typeof indexed> => {
    const found = byYear.get(`${country}-${year}`);
    if (!found) throw new CalendarMissingError(country, year);
    return found;
  };
  const day = (country: Country, on: Temporal.PlainDate): CalendarDay => {
    const { table, days } = tableOf(country, on.year);
    const date = on.toString();
    const entry = days.get(date);
    if (!entry) {
      const weekend = isWeekendDay(table, on.dayOfWeek);
      return {
        date,
        working: !weekend,
        kind: weekend ? 'weekend' : 'working',
        name: null,
        source: null,
        provisional: false,
        closesAt: null,
        shorterBy: null,
      };
    }
    return {
      date,
      working: entry.kind === 'moved-work' || entry.kind === 'shortened',
      kind: entry.kind,
      name: table.names[entry.name] ?? null,
      source: table.sources[entry.source]?.act ?? null,
      provisional: entry.provisional === true,
      closesAt: entry.closesAt ?? null,
      shorterBy: entry.shorterBy ?? null,
    };
  };
  return {
    day,
    isWorkingDay: (country, date) => day(country, date).working,
    version: (country, year) => tableOf(country, year).table.versionId,
    years: (country) =>
      tables
        .filter((table) => table.country === country)
        .map((table) => table.year)
        .sort((a, b) => a - b),
  };
}

function indexed(table: CalendarTable) {
  return { table, days: new Map(table.days.map((entry) => [entry.date, entry])) };
}
