import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import { tellOfBlock, tellOfRelease } from './account-letters.js';
import type { BlockOutcome, StoredAccount } from './account-store.js';
import { journalBlock } from './journal-rows.js';

/** An account that SKUD was asked to block, and what it did. */
export interface SettledBlock {
  accountId: string;
  outcome: BlockOutcome;
}

/**
 * Notes what SKUD did of what was intended: each account that is blocked by it gets its row in the journal, and user and applicant their letters.
 * @param by login of who had it blocked; left out where a rule did.
 */
export async function settleBlocks(
  services: Services,
  tx: Tx,
  settled: readonly SettledBlock[],
  by?: string,
): Promise<StoredAccount[]> {
  const blocked: StoredAccount[] = [];
  for (const { accountId, outcome } of settled) {
    const account = await services.accounts.settleBlock(tx, accountId, outcome);
    if (!account) continue;
    await journalBlock(services, tx, account, by);
    await tellOfBlock(services, tx, account);
    blocked.push(account);
  }
  return blocked;
}

/**
 * AMB-ACC-15: notes that these accounts were blocked for a violation that is none. What SKUD `opened`, and nothing else holds, is open again, with its row in
 * the journal and the letters.
 * @param by login of who said so.
 */
export async function settleRelease(
  services: Services,
  tx: Tx,
  violationId: string,
  { accountIds, opened, by }: { accountIds: readonly string[]; opened: ReadonlySet<string>; by: string },
): Promise<string[]> {
  const released: string[] = [];
  for (const accountId of accountIds) {
    const account = await services.accounts.release(tx, accountId, violationId, opened.has(accountId));
    if (!account) continue;
    await journalBlock(services, tx, account, by, 'released');
    await tellOfRelease(services, tx, account);
    released.push(accountId);
  }
  return released;
}
