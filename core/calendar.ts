import type { Temporal } from 'temporal-polyfill';
import { isWeekendDay, readCalendarTables, type CalendarTable, type dayKinds } from '../config/calendar-schema.js';
import { PermanentError } from './errors.js';
import { dayNumber, isoDay, weekdayOf } from './legal-day.js';

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

/** A legal day: YYYY-MM-DD, or as Temporal has it. */
export type LegalDay = string | Temporal.PlainDate;

/** The working calendars of countries. Each method throws {@link CalendarMissingError} for a year without a table. */
export interface Calendar {
  /** What a day is; the same object each time, and frozen. */
  day(country: Country, date: LegalDay): CalendarDay;
  isWorkingDay(country: Country, date: LegalDay): boolean;
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
  const byYear = new Map(tables.map((table) => [`${table.country}-${table.year}`, table]));
  const tableOf = (country: Country, year: number): CalendarTable => {
    const found = byYear.get(`${country}-${year}`);
    if (!found) throw new CalendarMissingError(country, year);
    return found;
  };
  /** Every day of the years that somebody has asked for: counting asks for the same days again and again. */
  const known: Record<Country, Map<string, CalendarDay>> = { KZ: new Map(), KG: new Map() };
  const day = (country: Country, on: LegalDay): CalendarDay => {
    const date = typeof on === 'string' ? on : on.toString();
    const found = known[country].get(date);
    if (found) return found;
    for (const entry of daysOf(tableOf(country, Number(date.slice(0, 4))))) known[country].set(entry.date, entry);
    return known[country].get(date) as CalendarDay;
  };
  return {
    day,
    isWorkingDay: (country, date) => day(country, date).working,
    version: (country, year) => tableOf(country, year).versionId,
    years: (country) =>
      tables
        .filter((table) => table.country === country)
        .map((table) => table.year)
        .sort((a, b) => a - b),
  };
}

/** All days of a table's year, in order. */
function daysOf(table: CalendarTable): CalendarDay[] {
  const named = new Map(table.days.map((entry) => [entry.date, entry]));
  const first = dayNumber(`${table.year}-01-01`);
  const count = dayNumber(`${table.year + 1}-01-01`) - first;
  return Array.from({ length: count }, (_, index) => {
    const date = isoDay(first + index);
    const entry = named.get(date);
    const weekend = isWeekendDay(table, weekdayOf(first + index));
    return Object.freeze<CalendarDay>(
      entry
        ? {
            date,
            working: entry.kind === 'moved-work' || entry.kind === 'shortened',
            kind: entry.kind,
            name: table.names[entry.name] ?? null,
            source: table.sources[entry.source]?.act ?? null,
            provisional: entry.provisional === true,
            closesAt: entry.closesAt ?? null,
            shorterBy: entry.shorterBy ?? null,
          }
        : {
            date,
            working: !weekend,
            kind: weekend ? 'weekend' : 'working',
            name: null,
            source: null,
            provisional: false,
            closesAt: null,
            shorterBy: null,
          },
    );
  });
}
