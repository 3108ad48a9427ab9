import type { Calendar, CalendarDay, Country, LocalName } from './calendar.js';
import { PermanentError } from './errors.js';
import { atLocalTime, dayNumber, dayOf, endOfDay, isoDay, startOfDay, type DayNumber } from './legal-day.js';

export { legalDay } from './legal-day.js';

/** Units that turn a moment into a deadline. LOOKBACK and WD_BEFORE compare legal days instead: see day-comparisons.ts. */
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
  reason: 'day-of-event' | 'calendar-day' | 'first-day-after' | 'earliest-day' | CalendarDay['kind'];
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
  const { days, usedVersions } = calendarDaysOf(basis);
  const count = { length, startedAt: startedAt.getTime(), zone: basis.zone, officeHours: basis.officeHours, days };
  const counted = counters[unit](count);
  return {
    targetAt: new Date(counted.target),
    dueAt: new Date(counted.due),
    days: counted.days,
    calendarVersions: usedVersions(),
  };
}

/** The days of a basis's calendar, and the ids of the tables that were looked at. */
export function calendarDaysOf({ calendar, country }: Pick<CountingBasis, 'calendar' | 'country'>): {
  days: (day: DayNumber) => CalendarDay;
  usedVersions: () => string[];
} {
  const used = new Set<string>();
  let year = '';
  return {
    days: (day) => {
      const date = isoDay(day);
      if (!date.startsWith(year) || year === '') {
        year = date.slice(0, 4);
        used.add(calendar.version(country, Number(year)));
      }
      return calendar.day(country, date);
    },
    usedVersions: () => [...used].sort(),
  };
}

interface Count {
  length: number;
  /** Milliseconds since 1970, UTC, as the two of the answer. */
  startedAt: number;
  zone: string;
  officeHours: CountingBasis['officeHours'];
  days: (day: DayNumber) => CalendarDay;
}

interface Counted {
  target: number;
  due: number;
  days: CountedDay[];
}

const counters: Record<Term['unit'], (count: Count) => Counted> = {
  WD: workingDays,
  CD: calendarDays,
  DUR: duration,
  GT_CD: moreThanCalendarDays,
};

/** WD(n): due at the end of the n-th working day after the event's; target counts the event's own day if it is worked. */
function workingDays({ length, startedAt, zone, officeHours, days: of }: Count): Counted {
  let number = dayOf(startedAt, zone);
  const first = of(number);
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
  for (let counted = 0; counted < length;) {
    number += 1;
    const day = of(number);
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
  return { target: closingOf(target, zone, officeHours.end), due: endOfDay(number, zone), days };
}

/** CD(n): due at the end of the n-th day after the event's, days off included; target a day earlier. */
function calendarDays({ length, startedAt, zone }: Count): Counted {
  const eventDay = dayOf(startedAt, zone);
  return {
    target: endOfDay(eventDay + length - 1, zone),
    due: endOfDay(eventDay + length, zone),
    days: Array.from({ length: length + 1 }, (_, index) =>
      plainDay(eventDay, index, index === 0 ? null : index, index === length ? null : index + 1),
    ),
  };
}

/** DUR(PnD): due exactly n times 24 hours after the event; target the last moment of office hours that is not later. */
function duration({ length, startedAt, zone, officeHours, days: of }: Count): Counted {
  const due = startedAt + length * 24 * 60 * 60 * 1000;
  const eventDay = dayOf(startedAt, zone);
  const last = dayOf(due, zone);
  let number = last;
  let day = of(number);
  while (!day.working || atLocalTime(number, officeHours.start, zone) > due) {
    number -= 1;
    day = of(number);
  }
  return {
    target: Math.min(closingOf(day, zone, officeHours.end), due),
    due,
    days: Array.from({ length: last - eventDay + 1 }, (_, index) => {
      const counted = index === 0 ? null : index;
      return plainDay(eventDay, index, counted, counted);
    }),
  };
}

/** GT_CD(n), "more than n calendar days": 00:00 of the day n + 1 after the event's, in both readings. */
function moreThanCalendarDays({ length, startedAt, zone }: Count): Counted {
  const eventDay = dayOf(startedAt, zone);
  const reached = startOfDay(eventDay + length + 1, zone);
  const days = Array.from({ length: length + 2 }, (_, index) => {
    const number = index === 0 || index > length ? null : index;
    return plainDay(eventDay, index, number, number);
  });
  (days.at(-1) as CountedDay).reason = 'first-day-after';
  return { target: reached, due: reached, days };
}

function plainDay(eventDay: DayNumber, offset: number, counted: number | null, strict: number | null): CountedDay {
  return {
    date: isoDay(eventDay + offset),
    counted,
    strict,
    reason: offset === 0 ? 'day-of-event' : 'calendar-day',
    name: null,
    provisional: false,
  };
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
  if (warnings === '') return [];
  const { zone } = basis;
  const targetDay = dayOf(targetAt.getTime(), zone);
  return parseWarnings(warnings)
    .map(({ days, hours }) => {
      let day = targetDay;
      for (let left = days; left > 0;) {
        day -= 1;
        if (unit !== 'WD' || basis.calendar.isWorkingDay(basis.country, isoDay(day))) left -= 1;
      }
      // The same time of an earlier day; a change of the zone in between moves it with the wall clock.
      const sinceMidnight = targetAt.getTime() - startOfDay(targetDay, zone);
      return new Date(Math.min(startOfDay(day, zone) + sinceMidnight, endOfDay(day, zone)) - hours * 3_600_000);
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

function closingOf(day: CalendarDay, zone: string, officeEnd: string): number {
  const earlier = day.closesAt ?? minutesBefore(officeEnd, day.shorterBy ?? 0);
  return atLocalTime(dayNumber(day.date), earlier < officeEnd ? earlier : officeEnd, zone);
}

/** HH:MM, some minutes before another. */
function minutesBefore(time: string, minutes: number): string {
  const left = Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) - minutes;
  return [Math.floor(left / 60), left % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
