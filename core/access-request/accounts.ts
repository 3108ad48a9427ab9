import { createHash } from 'node:crypto';
import type { Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Services } from '../services.js';
import type { StoredAccount } from './account-store.js';
import { grantedSystems, type AccessRequest, type RequestedUser } from './model.js';
import type { AccountRight } from './skud-account.js';

/** The login of a new account (R20): unique, the same for the same id, and telling nothing of its user. */
export function loginOf(accountId: string): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const digest = createHash('sha256').update(`login ${accountId}`).digest();
  return `u-${[...digest.subarray(0, 10)].map((byte) => letters.charAt(byte % letters.length)).join('')}`;
}

/**
 * What an account may do after a change, or after a block of some systems: the request speaks of the systems that it names and of no other;
 * of a system that was refused everything stays as it was (ACC-54, AMB-ACC-17).
 */
export function rightsAfter(
  request: AccessRequest,
  user: RequestedUser,
  before: readonly AccountRight[],
): AccountRight[] {
  const granted = grantedSystems(request);
  const decided = new Set(user.rights.map(({ system }) => system).filter((system) => granted.has(system)));
  const untouched = before.filter(({ system }) => !decided.has(system));
  return request.kind === 'block'
    ? untouched
    : [...untouched, ...user.rights.filter(({ system }) => decided.has(system))];
}

/** The user of a request, as its file has him. @throws PermanentError where it has no such user. */
export function userOf({ users }: Pick<AccessRequest, 'users'>, userId: string): RequestedUser {
  const user = users.find((candidate) => candidate.userId === userId);
  if (!user) throw new PermanentError(`userId ${userId} is no user of this request`, { field: 'userId' });
  return user;
}

/** The account of a user of a request: SKUD's id, null before he has one, and what is stored of it, where it is known. */
export async function accountOfUser(
  { accessRequests, accounts }: Pick<Services, 'accessRequests' | 'accounts'>,
  caseId: string,
  userId: string,
  tx?: Tx,
): Promise<{ skudId: string | null; account: StoredAccount | null }> {
  const { users } = await accessRequests.get(caseId, tx);
  const skudId = users.find((user) => user.userId === userId)?.account?.skudId ?? null;
  const account = skudId === null ? null : ((await accounts.ofSkud([skudId], tx)).get(skudId) ?? null);
  return { skudId, account };
}

/**
 * Notes that SKUD issued credentials for a user of a request (R20, R29): his account waits for its first sign-in. One that is known already keeps
 * the id by which it is, and where `rights` are left out what it may do. `again`: a new password within the same request.
 */
export async function noteIssued(
  { accessRequests, accounts, vault }: Pick<Services, 'accessRequests' | 'accounts' | 'vault'>,
  tx: Tx,
  {
    caseId,
    userId,
    skudId,
    rights,
    again = false,
  }: {
    caseId: string;
    userId: string;
    skudId: string;
    rights?: readonly AccountRight[];
    again?: boolean;
  },
): Promise<void> {
  const request = await vault.reveal(await accessRequests.get(caseId, tx), tx);
  const { applicant, number: caseNumber, language } = request;
  const { subjectId, login, email, employeeId } = userOf(request, userId);
  const known = (await accounts.ofSkud([skudId], tx)).get(skudId);
  await accounts.issued(tx, {
    accountId: known?._id ?? userId,
    ...{ skudId, caseId, caseNumber, subjectId, email, language, employeeId },
    login: login ?? '',
    applicant: { subjectId: applicant.subjectId, email: applicant.replyEmail },
    rights: rights ?? known?.rights ?? [],
    again,
  });
}

/** How a request ended: withdrawn before it was answered, granted or refused as a whole, in part, or granted while nobody came for the credentials. */
export function outcomeOf({
  decisions,
  users,
  withdrawnAt,
}: Pick<AccessRequest, 'decisions' | 'users' | 'withdrawnAt'>):
  'granted' | 'partly-granted' | 'refused' | 'credentials-expired' | 'withdrawn' {
  if (withdrawnAt) return 'withdrawn';
  const granted = decisions.filter(({ outcome }) => outcome === 'granted');
  const provided = users.filter(({ account }) => account !== null && account.outcome !== 'not-provided');
  if (granted.length === 0 || provided.length === 0) return 'refused';
  if (users.every(({ account, registeredAt }) => account?.expired && !registeredAt)) return 'credentials-expired';
  return granted.length < decisions.length || provided.length < users.length ? 'partly-granted' : 'granted';
}
