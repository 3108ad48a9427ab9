import { Temporal } from 'temporal-polyfill';
import { ensureCollection } from '../collections.js';
import type { Database, Tx } from '../database.js';
import { atLocalTime, dayOf, isoDay, localDay } from '../legal-day.js';
import type { Services } from '../services.js';
import type { Trail } from '../trail.js';
import { periodicKinds, upkeepChain, type PeriodicKind } from './upkeep-records.js';

/** How one periodic work on one system stands on a legal day. */
export interface UpkeepTerm {
  kind: PeriodicKind;
  system: string;
  /** ISO 8601, e.g. `P7D`. */
  every: string;
  /** Legal day on which it was last done; null where it never was. */
  lastOn: string | null;
  /** Legal day on which it has to be done again; null where it never was: then at once. */
  dueOn: string | null;
  state: 'kept' | 'due' | 'overdue';
}

/** When it has to be done again, by days of the calendar. @param today legal day. */
export function termOf(every: string, lastOn: string | null, today: string): Pick<UpkeepTerm, 'dueOn' | 'state'> {
  if (lastOn === null) return { dueOn: null, state: 'due' };
  const dueOn = Temporal.PlainDate.from(lastOn).add(every).toString();
  return { dueOn, state: dueOn > today ? 'kept' : dueOn === today ? 'due' : 'overdue' };
}

type DueServices = Pick<Services, 'organisation' | 'settings' | 'upkeepRecords'>;

/** Every system of the registry with every periodic work for which the organisation has set a period (DL-TECH-4); without one there is none. */
export function upkeepTerms(services: DueServices, now: Date): Promise<UpkeepTerm[]> {
  return termsOn(services, localDay(now, services.organisation.timeZone));
}

async function termsOn(services: DueServices, today: string, tx?: Tx): Promise<UpkeepTerm[]> {
  const { organisation, settings, upkeepRecords } = services;
  const { timeZone, access } = organisation;
  const terms: UpkeepTerm[] = [];
  for (const { code: system } of access.systems)
    for (const kind of periodicKinds) {
      const every = settings.upkeep[kind];
      if (every === null) continue;
      const last = await upkeepRecords.lastDone(kind, system, tx);
      const lastOn = last && localDay(last, timeZone);
      terms.push({ kind, system, every, lastOn, ...termOf(every, lastOn, today) });
    }
  return terms;
}

/** `technical-upkeep` looks at 23:35 by the engine's clock, which may be minutes ahead of ours. */
const looksFrom = '23:30';

/** The legal day at whose end a look is taken: one that waited over midnight is about the day that was over, and not about one that has just begun. */
export function dayOfLook(at: Date, timeZone: string): string {
  const day = dayOf(at.getTime(), timeZone);
  return isoDay(at.getTime() < atLocalTime(day, looksFrom, timeZone) ? day - 1 : day);
}

/** Which of them had to be done by the end of the day of a look. */
export async function dueUpkeep(services: DueServices, at: Date, tx: Tx): Promise<UpkeepTerm[]> {
  const terms = await termsOn(services, dayOfLook(at, services.organisation.timeZone), tx);
  return terms.filter(({ state }) => state !== 'kept');
}

/** Spans of days, of `days` from a legal day on, on which no roster has anybody; first and last day of each. */
export function rosterGaps(
  rosters: readonly { from: string; to: string }[],
  first: string,
  days: number,
): { from: string; to: string }[] {
  const gaps: { from: string; to: string }[] = [];
  let open = false;
  for (let index = 0; index < days; index += 1) {
    const day = Temporal.PlainDate.from(first).add({ days: index }).toString();
    const manned = rosters.some(({ from, to }) => from <= day && day <= to);
    if (!manned && open) gaps.at(-1)!.to = day;
    else if (!manned) gaps.push({ from: day, to: day });
    open = !manned;
  }
  return gaps;
}

/** Days that the page looks ahead for a gap in the rosters. */
const rosterDays = 7;

/** When nobody is on duty in the coming days, by the systems that use rosters (R17(1)). */
export async function upkeepGaps(
  { organisation, upkeepRecords }: Pick<Services, 'organisation' | 'upkeepRecords'>,
  now: Date,
): Promise<{ system: string; gaps: { from: string; to: string }[] }[]> {
  const today = localDay(now, organisation.timeZone);
  const found: { system: string; gaps: { from: string; to: string }[] }[] = [];
  for (const { code: system } of organisation.access.systems) {
    const rosters = await upkeepRecords.rosters(system, today);
    const gaps = rosters === null ? [] : rosterGaps(rosters, today, rosterDays);
    if (gaps.length > 0) found.push({ system, gaps });
  }
  return found;
}

/** On which legal days the administrators were written to (collection `upkeep-reminders`), each with an entry of the trail. */
export interface UpkeepReminders {
  isNoted(tx: Tx, day: string): Promise<boolean>;
  note(tx: Tx, day: string, due: readonly UpkeepTerm[]): Promise<void>;
  init(): Promise<void>;
}

export function createUpkeepReminders({ database, trail }: { database: Database; trail: Trail }): UpkeepReminders {
  const reminders = database.connection.collection<{ _id: string; at: Date }>('upkeep-reminders');
  return {
    isNoted: async ({ session }, day) => (await reminders.findOne({ _id: day }, { session })) !== null,
    note: async (tx, day, due) => {
      await reminders.insertOne({ _id: day, at: tx.at }, { session: tx.session });
      const data = { day, due: due.map(({ kind, system }) => `${kind}:${system}`) };
      await trail.record(tx, { caseId: upkeepChain, type: 'upkeep.reminded', subject: day, data });
    },
    init: () => ensureCollection(database.connection, 'upkeep-reminders'),
  };
}

const dayMs = 24 * 3600 * 1000;

/** Writes one mail to each administrator of the information systems about all that is due; once for the day of a look, and not where nothing is. */
export async function writeUpkeepReminder(
  services: DueServices & Pick<Services, 'outbox' | 'people' | 'upkeepReminders'>,
  tx: Tx,
): Promise<void> {
  const { organisation, outbox, people, settings, upkeepReminders } = services;
  const day = dayOfLook(tx.at, organisation.timeZone);
  if (await upkeepReminders.isNoted(tx, day)) return;
  const due = await dueUpkeep(services, tx.at, tx);
  if (due.length === 0) return;
  await upkeepReminders.note(tx, day, due);
  const works = due.map(({ kind, system, dueOn }) => ({ kind, system, ...(dueOn === null ? {} : { dueOn }) }));
  const employeeIds = (await people.withRoles(['is-admin'])).flatMap((person) => person.employeeId ?? []);
  for (const employeeId of new Set(employeeIds))
    await outbox.notice(tx, {
      ...{ caseId: '', key: `upkeep-due/${day}/${employeeId}`, employeeId, taskId: null },
      template: 'technical-request/upkeep-due',
      data: { day, works, link: `${settings.web.publicUrl}/upkeep-records` },
      // The next day's tells the same again.
      staleAt: new Date(tx.at.getTime() + dayMs),
    });
}
