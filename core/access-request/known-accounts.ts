import { searchIndex } from '../search-index.js';
import type { Services } from '../services.js';
import type { Tx } from '../database.js';
import type { StoredAccount } from './account-store.js';
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

/** An account that a row names although it was issued to somebody else. */
export interface AccountOfAnother {
  rowNo: number;
  login: string;
  /** Number of the request by which it was issued last. */
  caseNumber: string;
}

/**
 * R20, ACC-22, ACC-30: rows that name the account of another person, by a typing mistake or on purpose: who decides has to know that what is granted would
 * go to somebody else, password and all.
 */
export async function accountsOfOthers(
  services: Pick<Services, 'accessRequests' | 'accounts' | 'vault'>,
  { kind, users }: Pick<AccessRequest, 'kind' | 'users'>,
  tx?: Tx,
): Promise<AccountOfAnother[]> {
  if (kind === 'provide') return [];
  const named = users.map(({ rowNo, iin, login }) => ({ rowNo, iin, login }));
  const found: AccountOfAnother[] = [];
  for (const { rowNo, iin, login } of await services.vault.reveal(named, tx)) {
    const account = login ? await services.accounts.byLogin(login) : null;
    if (login && account?.caseNumber && (await isOfAnother(services, account, iin, tx)))
      found.push({ rowNo, login, caseNumber: account.caseNumber });
  }
  return found;
}

/**
 * Whether the request by which an account was issued last has another IIN for its user. False of one that no request of ours made, and where one of
 * the two was erased: nothing is known then that could differ.
 * @param iin opened.
 */
export async function isOfAnother(
  { accessRequests, vault }: Pick<Services, 'accessRequests' | 'vault'>,
  { caseId, subjectId }: StoredAccount,
  iin: string | null,
  tx?: Tx,
): Promise<boolean> {
  const issuing = await accessRequests.find(caseId, tx);
  const holder = issuing?.users.find((user) => user.subjectId === subjectId);
  if (!holder) return false;
  const held = await vault.reveal({ iin: holder.iin }, tx);
  return Boolean(held.iin && iin) && held.iin !== iin;
}
