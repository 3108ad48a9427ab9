import { Temporal } from 'temporal-polyfill';
import type { Calendar, CalendarDay, Country, LocalName } from './calendar.js';
import { PermanentError } from './errors.js';

/** Units that turn a moment into a deadline. LOOKBACK and WD_BEFORE compare legal days instead: see the functions below. */
export const forwardUnits = ['WD', 'CD', 'DUR', 'GT_CD'] as const;
export const units = [...forwardUnits, 'LOOKBACK', 'WD_BEFORE'] as const;
export type Unit = (typeof units)[number];

/** `length` counts working days (WD), calendar days (CD, GT_CD) or spans of 24 hours (DUR). */
export interface Term {
  length: number;
  unit: (typeof forwardUnits)[number];
}

/** By whose days and hours a term is counted. */
export interface CountingBasis {
  calendar: Calendar;
  country: Country;
  /** IANA zone in which legal days begin and end. */
  zone: string;
  /** HH:MM each. */
  officeHours: { start: string; end: string };
}

/** One line of the explanation: a legal day, its number in each reading (null: not counted), and why. */
export interface CountedDay {
  /** YYYY-MM-DD. */
  date: string;
  /** Number in the ordinary reading, which ends in `dueAt`. */
  counted: number | null;
  /** Number in the strict reading, which ends in `targetAt`. */
  strict: number | null;
  reason: 'day-of-event' | 'calendar-day' | 'first-day-after' | CalendarDay['kind'];
  name: LocalName | null;
  /** The calendar's entry may still change. */
  provisional: boolean;
}

export interface Deadline {
  /** Strict reading: warn and escalate. May lie before the event itself (WD(1) after office hours): then it has passed at once. */
  targetAt: Date;
  /** Ordinary reading: the last moment in which the term is kept. Always after the event. */
  dueAt: Date;
  days: CountedDay[];
  /** Ids of the calendar tables that the count looked at; empty where it needed none. */
  calendarVersions: string[];
}

/**
 * Counts a term from the moment of its event, by section 0.2 of the requirements (docs/adr/0003-counting-of-terms.md): the day of the
 * event is not counted for `dueAt`, no roll-forward, days end at 23:59:59.999 local.
 * @throws CalendarMissingError when the count reaches a year without a table; PermanentError for a length that is no positive integer.
 */
export function countTerm({ length, unit }: Term, startedAt: Date, basis: CountingBasis): Deadline {
  if (!Number.isInteger(length) || length < 1)
    throw new PermanentError(`a term's length must be a positive integer, found ${length}`, { field: 'length' });
  const used = new Set<string>();
  const dayOf = (date: Temporal.PlainDate): CalendarDay => {
    used.add(basis.calendar.version(basis.country, date.year));
    return basis.calendar.day(basis.country, date);
  };
  const counted = {
    WD: () => workingDays(length, startedAt, basis.zone, dayOf, basis.officeHours.end),
    CD: () => calendarDays(length, startedAt, basis.zone),
    DUR: () => duration(length, startedAt, basis, dayOf),
    GT_CD: () => moreThanCalendarDays(length, startedAt, basis.zone),
  }[unit]();
  return { ...counted, calendarVersions: [...used].sort() };
}

type Counted = Omit<Deadline, 'calendarVersions'>;
type DayOf = (date: Temporal.PlainDate) => CalendarDay;

/** WD(n): due at the end of the n-th working day after the event's; target counts the event's own day if it is worked. */
function workingDays(length: number, startedAt: Date, zone: string, dayOf: DayOf, closing: string): Counted {
  const eventDay = legalDay(startedAt, zone);
  const first = dayOf(eventDay);
  let strict = first.working ? 1 : 0;
  let target = strict === length ? first : undefined;
  const days: CountedDay[] = [
    {
      date: first.date,
      counted: null,
      strict: first.working ? 1 : null,
      reason: 'day-of-event',
      name: first.name,
      provisional: first.provisional,
    },
  ];
  let date = eventDay;
  for (let counted = 0; counted < length;) {
    date = date.add({ days: 1 });
    const day = dayOf(date);
    if (day.working) {
      counted += 1;
      strict += 1;
      if (strict === length) target = day;
    }
    days.push({
      date: day.date,
      counted: day.working ? counted : null,
      strict: day.working && strict <= length ? strict : null,
      reason: day.kind,
      name: day.name,
      provisional: day.provisional,
    });
  }
  if (!target) throw new Error('unreachable: the strict reading ends no later than the ordinary one');
  return { targetAt: closingOf(target, zone, closing), dueAt: endOfDay(date, zone), days };
}

/** CD(n): due at the end of the n-th day after the event's, days off included; target a day earlier. */
function calendarDays(length: number, startedAt: Date, zone: string): Counted {
  const eventDay = legalDay(startedAt, zone);
  return {
    targetAt: endOfDay(eventDay.add({ days: length - 1 }), zone),
    dueAt: endOfDay(eventDay.add({ days: length }), zone),
    days: Array.from({ length: length + 1 }, (_, index) =>
      plainDay(eventDay, index, index === 0 ? null : index, index === length ? null : index + 1),
    ),
  };
}

/** DUR(PnD): due exactly n times 24 hours after the event; target the last moment of office hours that is not later. */
function duration(length: number, startedAt: Date, { zone, officeHours }: CountingBasis, dayOf: DayOf): Counted {
  const dueAt = new Date(startedAt.getTime() + length * 24 * 60 * 60 * 1000);
  const eventDay = legalDay(startedAt, zone);
  const last = legalDay(dueAt, zone);
  let date = last;
  let day = dayOf(date);
  const opensAt = (): Date => atLocalTime(date, officeHours.start, zone);
  while (!day.working || opensAt() > dueAt) {
    date = date.subtract({ days: 1 });
    day = dayOf(date);
  }
  const closesAt = closingOf(day, zone, officeHours.end);
  const span = eventDay.until(last, { largestUnit: 'day' }).days;
  return {
    targetAt: closesAt < dueAt ? closesAt : dueAt,
    dueAt,
    days: Array.from({ length: span + 1 }, (_, index) =>
      plainDay(eventDay, index, index === 0 ? null : index, index === 0 ? null : index),
    ),
  };
}

/** GT_CD(n), "more than n calendar days": 00:00 of the day n + 1 after the event's, in both readings. */
function moreThanCalendarDays(length: number, startedAt: Date, zone: string): Counted {
  const eventDay = legalDay(startedAt, zone);
  const reachedAt = startOfDay(eventDay.add({ days: length + 1 }), zone);
  const days = Array.from({ length: length + 2 }, (_, index) => {
    const number = index === 0 || index > length ? null : index;
    return plainDay(eventDay, index, number, number);
  });
  (days.at(-1) as CountedDay).reason = 'first-day-after';
  return { targetAt: reachedAt, dueAt: reachedAt, days };
}

function plainDay(
  eventDay: Temporal.PlainDate,
  offset: number,
  counted: number | null,
  strict: number | null,
): CountedDay {
  return {
    date: eventDay.add({ days: offset }).toString(),
    counted,
    strict,
    reason: offset === 0 ? 'day-of-event' : 'calendar-day',
    name: null,
    provisional: false,
  };
}

/**
 * LOOKBACK(n years): whether a document of `documentOn` is no older than `years` on `applicationOn`. The same day n years before is
 * still in time (29 February -> 28 February); a document of the future is not (AMB-ACC-03).
 */
export function isWithinLookback(
  years: number,
  documentOn: Temporal.PlainDate,
  applicationOn: Temporal.PlainDate,
): boolean {
  return (
    Temporal.PlainDate.compare(applicationOn.subtract({ years }), documentOn) <= 0 &&
    Temporal.PlainDate.compare(documentOn, applicationOn) <= 0
  );
}

/**
 * WD_BEFORE(n): the earliest days on which something announced on `announcedOn` may be published. `ordinaryOn`: the n-th working day after
 * the announcement. `strictOn`: the first day with n full working days strictly between the two (AMB-DSR-13).
 */
export function earliestPublication(
  length: number,
  announcedOn: Temporal.PlainDate,
  basis: Pick<CountingBasis, 'calendar' | 'country'>,
): { ordinaryOn: Temporal.PlainDate; strictOn: Temporal.PlainDate } {
  let date = announcedOn;
  for (let counted = 0; counted < length;) {
    date = date.add({ days: 1 });
    if (basis.calendar.isWorkingDay(basis.country, date)) counted += 1;
  }
  return { ordinaryOn: date, strictOn: date.add({ days: 1 }) };
}

/**
 * Moments at which a warning is due before the target: `warnings` are ISO 8601 durations of days or hours, separated by commas, e.g.
 * `P1D` or `P2D,PT4H`. Days are working days where the term is counted in working days. Moments not after the event are left out.
 */
export function warningMoments(
  warnings: string,
  unit: Unit,
  startedAt: Date,
  targetAt: Date,
  basis: CountingBasis,
): Date[] {
  return parseWarnings(warnings)
    .map(({ days, hours }) => {
      const target = Temporal.Instant.fromEpochMilliseconds(targetAt.getTime()).toZonedDateTimeISO(basis.zone);
      let date = target.toPlainDate();
      for (let left = days; left > 0;) {
        date = date.subtract({ days: 1 });
        if (unit !== 'WD' || basis.calendar.isWorkingDay(basis.country, date)) left -= 1;
      }
      const moment = date
        .toZonedDateTime({ timeZone: basis.zone, plainTime: target.toPlainTime() })
        .subtract({ hours });
      return new Date(moment.epochMilliseconds);
    })
    .filter((moment) => moment > startedAt)
    .sort((a, b) => a.getTime() - b.getTime());
}

/** The spans in a row's `warnings`. Throws PermanentError for anything but whole days (`P2D`) or hours (`PT4H`). */
export function parseWarnings(warnings: string): { days: number; hours: number }[] {
  return warnings
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const found = /^P(?:(\d{1,3})D|T(\d{1,3})H)$/.exec(part);
      if (!found)
        throw new PermanentError(`"${part}" is no warning; expected days or hours like P1D or PT4H`, {
          field: 'warnings',
        });
      return { days: Number(found[1] ?? 0), hours: Number(found[2] ?? 0) };
    });
}

/** The legal day on which a moment falls. */
export function legalDay(moment: Date, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(moment.getTime()).toZonedDateTimeISO(zone).toPlainDate();
}

function startOfDay(date: Temporal.PlainDate, zone: string): Date {
  return new Date(date.toZonedDateTime(zone).epochMilliseconds);
}

/** 23:59:59.999; on a day that is an hour longer (2024-02-29 in Almaty), of its second pass. */
function endOfDay(date: Temporal.PlainDate, zone: string): Date {
  return new Date(startOfDay(date.add({ days: 1 }), zone).getTime() - 1);
}

function atLocalTime(date: Temporal.PlainDate, time: string, zone: string): Date {
  return new Date(date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds);
}

function closingOf(day: CalendarDay, zone: string, officeEnd: string): Date {
  const usual = Temporal.PlainTime.from(officeEnd);
  const earlier = day.closesAt === null ? usual.subtract({ minutes: day.shorterBy ?? 0 }) : day.closesAt;
  const time = Temporal.PlainTime.compare(earlier, usual) < 0 ? Temporal.PlainTime.from(earlier) : usual;
  return atLocalTime(Temporal.PlainDate.from(day.date), time.toString(), zone);
}
