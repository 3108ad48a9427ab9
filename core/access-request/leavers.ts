import type { Services } from '../services.js';

/**
 * R27, R30, AMB-ACC-14: who left is no acting staff: his open accounts are to be blocked, without waiting for an application. A repeat finds what
 * is open still.
 */
export async function intendBlocksOfLeavers({
  accounts,
  directory,
}: Pick<Services, 'accounts' | 'directory'>): Promise<void> {
  const open = await accounts.openOf(await directory.idsOfFormer());
  if (open.length > 0) await accounts.intendBlock(open, { ground: 'dismissal', unlessSignedInSince: null });
}
