import { Temporal } from 'temporal-polyfill';

/** The legal day of a moment in a jurisdiction's zone, as 'YYYY-MM-DD'. */
export function localDay(at: Date, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate().toString();
}
