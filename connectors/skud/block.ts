import type { SettledBlock } from '../../core/access-request/account-blocks.js';
import type { StoredAccount } from '../../core/access-request/account-store.js';
import type { SkudClient } from './client.js';

/**
 * Blocks accounts whose block is intended. Where a sign-in would spare the account, it is read again together with its version: who enters
 * between the look and the block keeps it.
 */
export async function blockIntended(
  skud: SkudClient,
  accounts: readonly StoredAccount[],
  { heartbeat, signal }: { heartbeat: () => Promise<void>; signal: AbortSignal },
): Promise<SettledBlock[]> {
  const settled: SettledBlock[] = [];
  for (const { _id: accountId, skudId, blocking } of accounts) {
    if (!blocking) continue;
    await heartbeat();
    const { ground, unlessSignedInSince } = blocking;
    const { account, blocked } = unlessSignedInSince
      ? await skud.blockUnused(skudId, unlessSignedInSince, signal)
      : { account: await skud.block(skudId, signal), blocked: true };
    settled.push({ accountId, outcome: { ground, blocked, lastSignInAt: account?.lastSignInAt ?? null } });
  }
  return settled;
}
