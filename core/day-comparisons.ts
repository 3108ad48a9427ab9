import { Temporal } from 'temporal-polyfill';
import { calendarDaysOf, type CountedDay, type CountingBasis } from './deadlines.js';
import { dayNumber, isoDay } from './legal-day.js';

/** The units that compare legal days (section 0.2): no clock runs for them, a decision looks at two days. */
type Comparing = Pick<CountingBasis, 'calendar' | 'country'>;

/** LOOKBACK(n years): the earliest day that a document may bear on `applicationOn`: the same day n years before (29 February -> 28 February). */
export function earliestDocument(years: number, applicationOn: Temporal.PlainDate): Temporal.PlainDate {
  return applicationOn.subtract({ years });
}

/** LOOKBACK(n years): whether a document is no older than `years` on `applicationOn`; one of the future is not good (AMB-ACC-03). */
export function isWithinLookback(
  years: number,
  documentOn: Temporal.PlainDate,
  applicationOn: Temporal.PlainDate,
): boolean {
  return (
    Temporal.PlainDate.compare(earliestDocument(years, applicationOn), documentOn) <= 0 &&
    Temporal.PlainDate.compare(documentOn, applicationOn) <= 0
  );
}

/**
 * WD_BEFORE(n): the earliest days on which something announced on `announcedOn` may be published. `ordinaryOn`: the n-th working day after
 * the announcement. `strictOn`: the first day with n full working days strictly between the two (AMB-DSR-13).
 * @throws CalendarMissingError when it reaches a year without a table.
 */
export function earliestPublication(
  length: number,
  announcedOn: Temporal.PlainDate,
  basis: Comparing,
): { ordinaryOn: Temporal.PlainDate; strictOn: Temporal.PlainDate } {
  const { days } = calendarDaysOf(basis);
  let day = dayNumber(announcedOn.toString());
  for (let counted = 0; counted < length;) {
    day += 1;
    if (days(day).working) counted += 1;
  }
  return { ordinaryOn: Temporal.PlainDate.from(isoDay(day)), strictOn: Temporal.PlainDate.from(isoDay(day + 1)) };
}

/**
 * WD_BEFORE(n) counted back from the publication: the last days on which it may be announced, so that {@link earliestPublication} of each
 * is no later. `strictOn` is never after `ordinaryOn`. `days` has every day from `strictOn` to the publication.
 * @throws CalendarMissingError when it reaches a year without a table.
 */
export function latestAnnouncement(
  length: number,
  publishedOn: Temporal.PlainDate,
  basis: Comparing,
): { ordinaryOn: Temporal.PlainDate; strictOn: Temporal.PlainDate; days: CountedDay[]; calendarVersions: string[] } {
  const calendar = calendarDaysOf(basis);
  const published = dayNumber(publishedOn.toString());
  const days: CountedDay[] = [];
  let day = published;
  let ordinary: number | null = null;
  let counted = 0;
  let strict = 0;
  for (; strict < length; day -= 1) {
    const { date, working, kind, name, provisional } = calendar.days(day);
    const ofOrdinary = working && counted < length;
    const ofStrict = working && day < published;
    if (ofOrdinary) counted += 1;
    if (ofStrict) strict += 1;
    days.unshift({
      date,
      counted: ofOrdinary ? counted : null,
      strict: ofStrict ? strict : null,
      reason: kind,
      name,
      provisional,
    });
    if (ordinary === null && counted === length) ordinary = day - 1;
  }
  const { date, kind, name, provisional } = calendar.days(day);
  days.unshift({ date, counted: null, strict: null, reason: kind, name, provisional });
  return {
    ordinaryOn: Temporal.PlainDate.from(isoDay(ordinary as number)),
    strictOn: Temporal.PlainDate.from(date),
    days,
    calendarVersions: calendar.usedVersions(),
  };
}
