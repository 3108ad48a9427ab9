/**
 * A second, slow reading of section 0.2, sharing nothing with the code under test: no Temporal, no calendar module. It goes day by day
 * and half hour by half hour, and asks Intl what the wall shows.
 */
export interface Place {
  zone: string;
  /** HH:MM, of a full or a half hour. */
  opens: string;
  closes: string;
  worked(date: string): boolean;
  /** HH:MM at which a shortened day closes. */
  closesEarlier?(date: string): string | undefined;
}

const weekdaysOff = new Set(
  `2024-01-01 2024-01-02 2024-03-08 2024-03-21 2024-03-22 2024-03-25 2024-05-01 2024-05-07 2024-05-08 2024-05-09 2024-07-08
   2024-08-30 2024-10-25 2024-12-16
   2025-01-01 2025-01-02 2025-01-03 2025-01-07 2025-03-10 2025-03-21 2025-03-24 2025-03-25 2025-05-01 2025-05-07 2025-05-09
   2025-06-06 2025-07-07 2025-09-01 2025-10-27 2025-12-16
   2026-01-01 2026-01-02 2026-01-07 2026-03-09 2026-03-23 2026-03-24 2026-03-25 2026-05-01 2026-05-07 2026-05-11 2026-05-27
   2026-07-06 2026-10-26 2026-12-16
   2027-01-01 2027-01-04 2027-01-07 2027-03-08 2027-03-15 2027-03-22 2027-03-23 2027-03-24 2027-05-03 2027-05-07 2027-05-10
   2027-07-06 2027-10-25 2027-12-16`.split(/\s+/),
);
const weekendsWorked = new Set(['2024-05-04', '2025-01-05']);
/** Almaty as its calendars were published, typed by hand: the files of the project play no part here. */
export const almaty: Place = {
  zone: 'Asia/Almaty',
  opens: '09:00',
  closes: '18:30',
  worked: (date) => (isSaturdayOrSunday(date) ? weekendsWorked.has(date) : !weekdaysOff.has(date)),
};

const halfHour = 30 * 60 * 1000;
const dayMs = 24 * 60 * 60 * 1000;

function isSaturdayOrSunday(date: string): boolean {
  const weekday = new Date(Date.parse(date)).getUTCDay();
  return weekday === 0 || weekday === 6;
}

function plus(date: string, days: number): string {
  return new Date(Date.parse(date) + days * dayMs).toISOString().slice(0, 10);
}

/** What `write` makes of a key, made once. */
function once<K, V>(write: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key) ?? write(key);
    known.set(key, found);
    return found;
  };
}

/** Target and due moment of a term, in milliseconds since 1970 (UTC). */
export type Reference = (
  unit: 'WD' | 'CD' | 'DUR' | 'GT_CD',
  length: number,
  moment: number,
) => { target: number; due: number };

/** The reference of a place, with what it reads of a moment for comparisons of days. */
export function referenceOf({ zone, opens, closes, worked, closesEarlier }: Place) {
  const wall = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  /** What a wall clock shows at a full or half hour: the date and HH:MM. */
  const shown = once((moment: number): { date: string; time: string } => {
    const [date = '', time = ''] = wall.format(moment).split(', ');
    return { date: date.split('/').reverse().join('-'), time };
  });
  /** Zones are whole half hours off UTC: within one the date does not change. */
  const dateOf = (moment: number): string => shown(Math.floor(moment / halfHour) * halfHour).date;
  const isWorked = once(worked);
  const next = once((date: string) => plus(date, 1));
  const previous = once((date: string) => plus(date, -1));
  const closing = (date: string): string => {
    const early = closesEarlier?.(date);
    return early !== undefined && early < closes ? early : closes;
  };

  /** All half hours of a legal day, in order. */
  const halfHoursOf = once((date: string): number[] => {
    const found: number[] = [];
    for (let moment = Date.parse(date) - dayMs; moment < Date.parse(date) + 2 * dayMs; moment += halfHour)
      if (shown(moment).date === date) found.push(moment);
    return found;
  });
  const endOf = (date: string): number => (halfHoursOf(date).at(-1) as number) + halfHour - 1;
  const closingOf = once(
    (date: string): number => halfHoursOf(date).find((moment) => shown(moment).time === closing(date)) as number,
  );

  /** The n-th worked day from `first` on. */
  const nthWorked = (first: string, n: number, step = next): string => {
    let date = first;
    for (let left = n; ; date = step(date)) {
      if (isWorked(date)) left -= 1;
      if (left === 0) return date;
    }
  };
  const daysOn = (date: string, n: number): string => {
    let day = date;
    for (let left = n; left > 0; left -= 1) day = next(day);
    return day;
  };

  const lastOfficeMoment = (until: number): number => {
    const from = Math.floor(until / halfHour) * halfHour;
    const { date, time } = shown(from);
    // Between two half hours the office is open when it was at the first of them and has not closed at it.
    if (isWorked(date) && time >= opens && (time < closing(date) || (time === closing(date) && from === until)))
      return until;
    for (let moment = from; ; moment -= halfHour) {
      const at = shown(moment);
      if (isWorked(at.date) && at.time >= opens && at.time <= closing(at.date)) return moment;
    }
  };

  const count: Reference = (unit, length, moment) => {
    const event = dateOf(moment);
    switch (unit) {
      case 'WD':
        return { target: closingOf(nthWorked(event, length)), due: endOf(nthWorked(next(event), length)) };
      case 'CD':
        return { target: endOf(daysOn(event, length - 1)), due: endOf(daysOn(event, length)) };
      case 'DUR':
        return { target: lastOfficeMoment(moment + length * dayMs), due: moment + length * dayMs };
      case 'GT_CD': {
        const reached = endOf(daysOn(event, length)) + 1;
        return { target: reached, due: reached };
      }
    }
  };

  /**
   * WD_BEFORE(n): whether an announcement of a day is in time for a publication. Ordinary: n worked days after the announcement have begun
   * with that of the publication; strict: n worked days lie between the two.
   */
  const inTime = (length: number, announced: string, published: string): { ordinary: boolean; strict: boolean } => {
    let between = 0;
    for (let date = next(announced); date < published; date = next(date)) if (isWorked(date)) between += 1;
    const withPublication = between + (announced < published && isWorked(published) ? 1 : 0);
    return { ordinary: withPublication >= length, strict: between >= length };
  };

  return { count, dateOf, endOf, inTime, next, previous };
}

/** The same day of the year before; 28 February where there was no 29th. */
export function yearBefore(date: string): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const earlier = `${year - 1}${date.slice(4)}`;
  const exists = new Date(Date.UTC(year - 1, month - 1, day)).getUTCDate() === day;
  return exists ? earlier : `${year - 1}-02-28`;
}
