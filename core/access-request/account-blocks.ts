import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import { tellOfBlock } from './account-letters.js';
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
