import ical, { ICalAlarmType, ICalEventClass, ICalEventTransparency, type ICalEventData } from 'ical-generator';
import type { StoredClock } from '../../core/clock-truth.js';
import type { Person } from '../../core/people.js';
import { readableClocks } from '../../core/reading.js';
import type { RunningCursor } from '../../core/running-clocks.js';
import type { Services } from '../../core/services.js';
import type { Text } from '../../core/text.js';

/** Clocks in a feed at most, the soonest due first: calendars give up on files of any length. */
export const mostClocks = 1000;
const atOnce = 100;
const daySeconds = 24 * 3600;

/**
 * The clocks of a feed: running ones of cases that somebody may read at this moment, which have a due moment. None for nobody, and none for
 * an employee whom the directory no longer has, whatever roles his last sign-in left.
 */
export async function clocksOf(services: Services, person: Person | null): Promise<StoredClock[]> {
  if (!person || (person.employeeId !== null && person.unitId === null)) return [];
  const found: StoredClock[] = [];
  let after: RunningCursor | null = null;
  do {
    const { clocks, next } = await readableClocks(services, person, {}, { after, limit: atOnce });
    found.push(...clocks.flatMap(({ clock }) => (clock.dueAt ? [clock] : [])));
    // Those without a term stand at the end.
    after = next?.dueAt ? next : null;
  } while (after && found.length < mostClocks);
  return found;
}

/**
 * A feed of clocks as iCalendar (RFC 5545): an event for the target and one for the due moment, each with an alarm a day before. Case
 * number, rule and link; nothing of what the case is about. `host` makes the UIDs unique among installations.
 */
export function feedOf(
  clocks: readonly StoredClock[],
  { text, host, publicUrl }: { text: Text; host: string; publicUrl: string },
): string {
  const events = clocks.flatMap((clock): ICalEventData[] => {
    const { targetAt, dueAt } = clock;
    const moments = [
      // Where both readings end at the same moment, one event says it.
      ...(targetAt && targetAt.getTime() !== dueAt?.getTime() ? [['target', targetAt] as const] : []),
      ...(dueAt ? [['due', dueAt] as const] : []),
    ];
    return moments.map(([moment, start]) => eventOf(clock, { moment, start, text, host, publicUrl }));
  });
  const calendar = ical({
    prodId: { company: 'Merzim', product: 'deadlines', language: text.language.toUpperCase() },
    name: text.say('feed.name'),
    ttl: 3600,
    events,
  });
  // RFC 5545, 3.1: the last line ends as all others do.
  return `${calendar.toString()}\r\n`;
}

function eventOf(
  clock: StoredClock,
  {
    moment,
    start,
    text,
    host,
    publicUrl,
  }: { moment: 'target' | 'due'; start: Date; text: Text; host: string; publicUrl: string },
): ICalEventData {
  const key = `rule.${clock.rule}`;
  const rule = text.has(key) ? text.say(key) : clock.rule;
  const summary = text.say(`feed.${moment}`, { number: clock.caseNumber, rule });
  const link = `${publicUrl}/cases/${clock.caseNumber}`;
  const changedAt = clock.replaced.at(-1)?.replacedAt ?? clock.startedAt;
  return {
    id: `${clock._id}-${moment}@${host}`,
    // Without a METHOD the stamp, too, tells when it was changed last (3.8.7.2).
    stamp: changedAt,
    lastModified: changedAt,
    sequence: clock.replaced.length,
    start,
    summary,
    description: link,
    url: link,
    class: ICalEventClass.CONFIDENTIAL,
    transparency: ICalEventTransparency.TRANSPARENT,
    alarms: [{ type: ICalAlarmType.display, trigger: daySeconds, description: summary }],
  };
}
