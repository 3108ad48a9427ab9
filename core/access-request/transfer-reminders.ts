import { CalendarMissingError } from '../calendar.js';
import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import { remindOfApplication } from './account-letters.js';
import type { StoredAccount } from './account-store.js';

/** The act sets no term; without one of the organisation's own nobody is reminded. */
const rule = 'DL-ACC-7';
/** Accounts of one step. */
const most = 100;

/**
 * R27, DL-ACC-7: user and applicant are reminded of the application for the rights of the new position, each time the organisation's term has gone by since the block
 * or the last reminder, until that application is there; one that was refused, withdrawn or voided is none. A repeat on the same day finds nothing.
 * @returns whether all accounts have been looked at.
 */
export async function remindOfTransfers(services: Services, tx: Tx): Promise<boolean> {
  if (!services.organisation.terms[rule]) return true;
  let reminded = 0;
  for (const account of await services.accounts.waitingForChange(tx)) {
    if (!isDue(services, account, tx.at) || (await hasApplied(services, tx, account))) continue;
    if (reminded === most) return false;
    await remindOfApplication(services, tx, account);
    await services.accounts.noteReminded(tx, account);
    reminded += 1;
  }
  return true;
}

function isDue({ clocks }: Pick<Services, 'clocks'>, { remindedAt, blockedAt }: StoredAccount, now: Date): boolean {
  const since = remindedAt ?? blockedAt;
  if (!since) return false;
  try {
    const { dueAt } = clocks.momentsOf(rule, since);
    return dueAt !== null && dueAt < now;
  } catch (error) {
    // The watchdog reports a calendar that is missing; whoever is unused is blocked all the same.
    if (error instanceof CalendarMissingError) return false;
    throw error;
  }
}

async function hasApplied(
  { accessRequests, cases }: Pick<Services, 'accessRequests' | 'cases'>,
  tx: Tx,
  { employeeId }: StoredAccount,
): Promise<boolean> {
  if (employeeId === null) return false;
  for (const caseId of await accessRequests.unansweredChanges(employeeId, tx))
    if ((await cases.find(caseId, tx))?.state === 'open') return true;
  return false;
}
