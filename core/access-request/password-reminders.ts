import { CalendarMissingError } from '../calendar.js';
import type { Tx } from '../database.js';
import { atLocalTime, dayNumber } from '../legal-day.js';
import type { Services } from '../services.js';
import { remindOfPassword } from './account-letters.js';

/** The act sets no term (AMB-ACC-09); without one of the organisation's own nobody is reminded. */
const rule = 'DL-ACC-8';
/** Accounts of one step. */
const most = 100;

/**
 * R5(4), ACC-39, DL-ACC-8: who uses an account is reminded of renewing its password, each time the organisation's term has gone by since he changed
 * it or was reminded. Nothing is blocked for it. A repeat on the same day finds nothing.
 * @returns whether all accounts have been looked at.
 */
export async function remindOfPasswords(services: Services, tx: Tx): Promise<boolean> {
  const { accounts, organisation } = services;
  if (!organisation.terms[rule]) return true;
  const before = overdueBefore(services, tx.at);
  if (before === null) return true;
  const old = await accounts.withOldPasswords(tx, before, most + 1);
  for (const account of old.slice(0, most)) {
    await remindOfPassword(services, tx, account);
    await accounts.notePasswordReminded(tx, account);
  }
  return old.length <= most;
}

const minuteMs = 60_000;

/**
 * The moment before which a change of password is overdue, give or take a minute; null where none is. A later change is never due earlier, so that it is found
 * by halves. What is older than the act counts from its first day.
 */
function overdueBefore({ clocks, organisation }: Services, now: Date): Date | null {
  const { effectiveFrom } = organisation.acts['access-request'] ?? {};
  if (effectiveFrom === undefined) return null;
  const isDue = (since: number): boolean => {
    const { dueAt } = clocks.momentsOf(rule, new Date(since));
    return dueAt !== null && dueAt < now;
  };
  try {
    let due = atLocalTime(dayNumber(effectiveFrom), '00:00', organisation.timeZone);
    if (due >= now.getTime() || !isDue(due)) return null;
    for (let open = now.getTime(); open - due > minuteMs;) {
      const middle = Math.floor((due + open) / 2);
      if (isDue(middle)) due = middle;
      else open = middle;
    }
    return new Date(due);
  } catch (error) {
    // The watchdog reports a calendar that is missing; whoever is unused is blocked all the same.
    if (error instanceof CalendarMissingError) return null;
    throw error;
  }
}
