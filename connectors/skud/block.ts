import type { RefusedBlock, SettledBlock } from '../../core/access-request/account-blocks.js';
import type { StoredAccount } from '../../core/access-request/account-store.js';
import { BusinessError, PermanentError } from '../../core/errors.js';
import type { SkudClient } from './client.js';

/**
 * Blocks accounts whose block is intended. Where a sign-in would spare the account, it is read again together with its version: who enters
 * between the look and the block keeps it. One that SKUD refuses to block, now and when it is asked again, is no reason to leave the others open.
 */
export async function blockIntended(
  skud: SkudClient,
  accounts: readonly StoredAccount[],
  { heartbeat, signal }: { heartbeat: () => Promise<void>; signal: AbortSignal },
): Promise<{ settled: SettledBlock[]; refused: RefusedBlock[] }> {
  const settled: SettledBlock[] = [];
  const refused: RefusedBlock[] = [];
  for (const { _id: accountId, skudId, blocking } of accounts) {
    if (!blocking) continue;
    await heartbeat();
    const { ground, unlessSignedInSince } = blocking;
    try {
      const { account, blocked } = unlessSignedInSince
        ? await skud.blockUnused(skudId, unlessSignedInSince, signal)
        : { account: await skud.block(skudId, signal), blocked: true };
      settled.push({ accountId, outcome: { ground, blocked, lastSignInAt: account?.lastSignInAt ?? null } });
    } catch (error) {
      if (!isOfOneAccount(error)) throw error;
      refused.push({ accountId, skudId, error });
    }
  }
  return { settled, refused };
}

/** Not what may pass, and not the sign-in of ours that SKUD refuses: that one holds for all. */
function isOfOneAccount(error: unknown): error is BusinessError | PermanentError {
  return error instanceof BusinessError || (error instanceof PermanentError && error.field !== 'SKUD_TOKEN');
}
