import { searchIndex } from '../search-index.js';
import type { Services } from '../services.js';
import type { AccessRequest } from './model.js';

/** An account that the person of a row has from an earlier request. */
export interface KnownAccount {
  /** Number of the user's row in Appendix 2. */
  rowNo: number;
  login: string;
  blocked: boolean;
}

/**
 * ACC-22, ACC-30: what accounts those have for whom a first one is asked: who decides has to know, since a blocked account is opened by a repeated
 * application and not by another account beside it. Found by the IIN in earlier requests, whichever organisation applied.
 * @param request opened.
 */
export async function accountsOfUsers(
  { accessRequests, accounts, vault }: Pick<Services, 'accessRequests' | 'accounts' | 'vault'>,
  { _id, kind, users }: Pick<AccessRequest, '_id' | 'kind' | 'users'>,
): Promise<KnownAccount[]> {
  // What was erased is null.
  const asked = users.filter(({ iin }) => iin !== null);
  if (kind !== 'provide' || asked.length === 0) return [];
  const hashes = asked.map(({ iin }) => searchIndex(vault, iin));
  const others = await accessRequests.withAccountsOf(hashes, _id);
  // Of other requests nothing but the IIN is opened.
  const held = await vault.reveal(
    others.flatMap((other) =>
      other.users.flatMap(({ iin, account }) => (account?.skudId ? [{ iin, skudId: account.skudId }] : [])),
    ),
  );
  const known = await accounts.ofSkud(held.map(({ skudId }) => skudId));
  const found: KnownAccount[] = [];
  for (const { rowNo, iin } of asked)
    for (const skudId of new Set(held.flatMap((one) => (one.iin === iin ? [one.skudId] : [])))) {
      const account = known.get(skudId);
      if (!account) continue;
      const { login, state } = await vault.reveal(account);
      if (login !== null) found.push({ rowNo, login, blocked: state === 'blocked' });
    }
  return found;
}
