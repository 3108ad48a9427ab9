import type { Services } from '../services.js';

/** Why an account is blocked when the directory has other news of its user. */
export const staffGrounds = ['dismissal', 'transfer'] as const;

/**
 * R27, R30, AMB-ACC-14, DL-ACC-7: who left is no acting staff, and who was transferred has rights that are those of another position: their
 * accounts that are open, or that could be opened without a repeated application, are to be blocked, without waiting for one. A repeat finds what is left.
 */
export async function intendBlocksOfStaff({
  accounts,
  clock,
  directory,
}: Pick<Services, 'accounts' | 'clock' | 'directory'>): Promise<void> {
  const left = await accounts.openOf(await directory.idsOfFormer());
  if (left.length > 0) await accounts.intendBlock(left, { ground: 'dismissal', unlessSignedInSince: null });
  const askedAt = clock.wallNow();
  const transferred = await directory.idsOfTransferred();
  const theirs = await accounts.openOf(transferred);
  if (theirs.length > 0) await accounts.intendBlock(theirs, { ground: 'transfer', unlessSignedInSince: null });
  // Else an account that an application opens again would be blocked by the next look.
  await directory.settleTransfers(transferred, askedAt);
}
