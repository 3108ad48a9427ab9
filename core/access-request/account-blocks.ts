import type { Tx } from '../database.js';
import { messages } from '../messages.js';
import type { Services } from '../services.js';
import { tellOfBlock, tellOfRefused, tellOfRelease } from './account-letters.js';
import type { BlockGround, BlockOutcome, StoredAccount } from './account-store.js';
import { journalBlock } from './journal-rows.js';

/** An account that SKUD was asked to block, and what it did. */
export interface SettledBlock {
  accountId: string;
  outcome: BlockOutcome;
}

/** An account that SKUD refused to block, and how: asked again it would not do otherwise. */
export interface RefusedBlock {
  accountId: string;
  skudId: string;
  error: Error;
}

/** Notes what SKUD refused to block, of which the administrators are told: it stays to be blocked, and is asked for again on another legal day. */
export async function settleRefused(
  services: Services,
  tx: Tx,
  refused: readonly RefusedBlock[],
  day: string,
): Promise<void> {
  if (refused.length === 0) return;
  await services.accounts.noteRefused(
    tx,
    refused.map(({ accountId }) => accountId),
    day,
  );
  await tellOfRefused(services, tx, { day, skudIds: refused.map(({ skudId }) => skudId) });
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
    await endAwaitedSignIn(services, tx, account);
    blocked.push(account);
  }
  return blocked;
}

/** What only a repeated application ends, however it turns out (R29); a violation may turn out to be none, and a transfer is followed by other rights. */
const lasting: readonly BlockGround[] = ['inactivity30', 'dismissal'];

/** E5: who is blocked for good before his first sign-in is awaited no more. */
async function endAwaitedSignIn(services: Services, tx: Tx, { skudId, blockGrounds }: StoredAccount): Promise<void> {
  if (blockGrounds.some((ground) => lasting.includes(ground))) await endWaits(services, tx, skudId, null);
}

/**
 * The requests that wait for the first sign-in to an account, but for `byCaseId`, which has just given it a new password, wait for nothing any more: their links
 * end, and their processes are told.
 */
export async function endWaits(
  { accessRequests, outbox, passwordLinks }: Pick<Services, 'accessRequests' | 'outbox' | 'passwordLinks'>,
  tx: Tx,
  skudId: string,
  byCaseId: string | null,
): Promise<void> {
  for (const { caseId, userId } of await accessRequests.awaiting(skudId, tx)) {
    if (caseId === byCaseId) continue;
    await passwordLinks.withdraw(tx, userId);
    await accessRequests.lapseRegistration(tx, caseId, userId);
    await outbox.message(tx, {
      ...{ caseId, name: messages.accessAccountBlocked.name, correlationKey: userId, variables: {} },
      messageId: `${userId}:blocked`,
    });
  }
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
