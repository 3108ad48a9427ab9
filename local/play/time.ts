import { Temporal } from 'temporal-polyfill';
import { createCalendar } from '../../core/calendar.js';
import { readClockOffset, writeClockOffset } from '../../core/clock.js';
import type { Database } from '../../core/database.js';
import { addOffset, readOffset } from '../stack/engine-clock.js';

/** How far to travel: a span of legal time, or to a moment. Forward only. */
export type Journey = { workingDays: number } | { days: number } | { hours: number } | { ms: number } | { to: Date };

const zone = 'Asia/Almaty';

/**
 * Travels: stores the offset first, so that nobody who reads it computes in the past, and moves the engine's clock after. Working days
 * are those of Kazakhstan, and the time of day stays. Returns the legal moment in which we are then.
 */
export async function travel(database: Database, managementUrl: string, journey: Journey): Promise<Date> {
  await database.clock.refresh();
  const now = database.clock.legalNow();
  const ms = Math.ceil(destination(journey, now).getTime() - now.getTime());
  if (ms < 0) throw new Error('travel goes forward only');
  const engineOffset = await readOffset(managementUrl);
  const offset = (await readClockOffset(database.connection)) + ms;
  await writeClockOffset(database.connection, offset);
  await addOffset(managementUrl, Math.max(0, Math.round(offset - engineOffset)));
  await database.clock.refresh();
  return database.clock.legalNow();
}

function destination(journey: Journey, now: Date): Date {
  if ('to' in journey) return journey.to;
  if ('ms' in journey) return new Date(now.getTime() + journey.ms);
  if ('hours' in journey) return new Date(now.getTime() + journey.hours * 3_600_000);
  if ('days' in journey) return new Date(now.getTime() + journey.days * 86_400_000);
  const calendar = createCalendar();
  let moment = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone);
  for (let left = journey.workingDays; left > 0;) {
    moment = moment.add({ days: 1 });
    if (calendar.day('KZ', moment.toPlainDate()).working) left -= 1;
  }
  return new Date(moment.epochMilliseconds);
}
