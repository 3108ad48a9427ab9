import { Temporal } from 'temporal-polyfill';

/** A legal day as a number: days since 1970-01-01. What counts thousands of terms counts in these; ISO dates are what is stored and shown. */
export type DayNumber = number;

const dayMs = 86_400_000;
/** Remembered answers of the time zone database, which are the same for ever; emptied where somebody asks for days without end. */
const starts = new Map<string, Map<DayNumber, number>>();
const isoDates = new Map<DayNumber, string>();
const rememberedDays = 20_000;

/** The legal day of a moment in a jurisdiction's zone, as 'YYYY-MM-DD'. */
export function localDay(at: Date, zone: string): string {
  return isoDay(dayOf(at.getTime(), zone));
}

/** The legal day on which a moment falls. */
export function legalDay(moment: Date, zone: string): Temporal.PlainDate {
  return Temporal.PlainDate.from(localDay(moment, zone));
}

/** The legal day of a moment (milliseconds since 1970, UTC) in an IANA zone. */
export function dayOf(momentMs: number, zone: string): DayNumber {
  let day = Math.floor(momentMs / dayMs);
  while (startOfDay(day, zone) > momentMs) day -= 1;
  while (startOfDay(day + 1, zone) <= momentMs) day += 1;
  return day;
}

/** The first millisecond of a legal day. */
export function startOfDay(day: DayNumber, zone: string): number {
  const ofZone = starts.get(zone) ?? new Map<DayNumber, number>();
  starts.set(zone, ofZone);
  let start = ofZone.get(day);
  if (start === undefined) {
    if (ofZone.size >= rememberedDays) ofZone.clear();
    start = Temporal.PlainDate.from(isoDay(day)).toZonedDateTime(zone).epochMilliseconds;
    ofZone.set(day, start);
  }
  return start;
}

/** 23:59:59.999; on a day that is an hour longer (2024-02-29 in Almaty), of its second pass. */
export function endOfDay(day: DayNumber, zone: string): number {
  return startOfDay(day + 1, zone) - 1;
}

/** The moment at which a wall clock shows HH:MM on a legal day; of two such moments the first. */
export function atLocalTime(day: DayNumber, time: string, zone: string): number {
  const start = startOfDay(day, zone);
  // A day of 24 hours has no change of the zone in it.
  if (startOfDay(day + 1, zone) - start === dayMs)
    return start + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000;
  return Temporal.PlainDate.from(isoDay(day)).toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
}

/** YYYY-MM-DD. */
export function isoDay(day: DayNumber): string {
  let iso = isoDates.get(day);
  if (iso === undefined) {
    if (isoDates.size >= rememberedDays) isoDates.clear();
    iso = new Date(day * dayMs).toISOString().slice(0, -14);
    isoDates.set(day, iso);
  }
  return iso;
}

/** The number of a day written YYYY-MM-DD. */
export function dayNumber(iso: string): DayNumber {
  return Date.parse(iso) / dayMs;
}

/** 1 for Monday to 7 for Sunday. */
export function weekdayOf(day: DayNumber): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}
