import { z } from 'zod';
import { skudClient } from '../../connectors/skud/index.js';
import { openIfFree } from '../../connectors/skud/open.js';
import { endWaits } from '../../core/access-request/account-blocks.js';
import { composeAnswer } from '../../core/access-request/answers.js';
import { waitsForChange } from '../../core/access-request/account-store.js';
import { loginOf, noteIssued, rightsAfter, userOf } from '../../core/access-request/accounts.js';
import { lacksStanding } from '../../core/access-request/checks.js';
import { isOfAnother } from '../../core/access-request/known-accounts.js';
import { journalUser } from '../../core/access-request/journal-rows.js';
import {
  grantedRights,
  type AccessRequest,
  type AccountOutcome,
  type RequestedUser,
} from '../../core/access-request/model.js';
import { temporaryPassword } from '../../core/access-request/temporary-password.js';
import type { AccountRight, SkudAccount } from '../../core/access-request/skud-account.js';
import { BusinessError, PermanentError } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

interface Provided {
  outcome: Exclude<AccountOutcome, 'not-provided'>;
  skudId: string;
  /** Login of a new account. */
  login: string | null;
  /** Null where no temporary password was set. Never leaves this process but in a link or mail. */
  password: string | null;
  /** The account waited for this change, and SKUD opened it again (R27). */
  opened?: boolean;
  /** What the account may do now. */
  rights: AccountRight[];
}

/**
 * R20, R21, R27, R29: makes or changes the account of one user in SKUD, as the request asks and no further than it was granted, and composes the
 * answer with the way to the temporary password. A repeated application gives back what it names and was granted, not what the account had. Our id of the account is the user's id in the request, so that a repeat finds what an earlier
 * attempt made, and gives it a new password.
 */
export const provideAccount = defineWorker({
  type: 'access-request.provide-account',
  title: 'Provide account',
  titleRu: 'Предоставить учётную запись',
  act: 'R20, R21, R22, R27, R29, R30',
  input: z.object({ ...caseIds, userId: id }),
  output: z.object({ letterId: id }),
  errors: ['ACCOUNT_NOT_PROVIDED'],
  reach: async ({ input, services, signal }): Promise<Provided | { refused: string }> => {
    try {
      return await provide(services, input, signal);
    } catch (error) {
      if (!(error instanceof BusinessError)) throw error;
      return { refused: error.code };
    }
  },
  run: async ({ input: { caseId, userId }, tx, services, reached }) => {
    if ('refused' in reached) {
      await services.trail.record(tx, {
        caseId,
        type: 'account.not-provided',
        subject: userId,
        data: { code: reached.refused },
      });
      throw new BusinessError('ACCOUNT_NOT_PROVIDED');
    }
    const { outcome, skudId, login, password, rights, opened = false } = reached;
    await services.accessRequests.setAccount(tx, caseId, userId, { accountId: userId, skudId, outcome }, login);
    if (outcome === 'issued') {
      await noteIssued(services, tx, { caseId, userId, skudId, rights });
      await endWaits(services, tx, skudId, caseId);
    } else await services.accounts.noteChange(tx, skudId, { rights, blocked: outcome === 'blocked' });
    const reopened = opened && (await services.accounts.open(tx, skudId));
    await journalUser(services, tx, { caseId, userId, skudId, act: reopened ? 'reopened' : outcome });
    const made = reopened ? { outcome: 'reopened' as const } : {};
    return { letterId: await composeAnswer(services, tx, { caseId, userId, password, ...made }) };
  },
});

async function provide(
  services: Services,
  { caseId, userId }: { caseId: string; userId: string },
  signal: AbortSignal,
): Promise<Provided> {
  const request = await services.vault.reveal(await services.accessRequests.get(caseId));
  const user = userOf(request, userId);
  const skud = skudClient(services.settings.skud);
  if (await lacksStanding(services, { ...request, users: [user] })) {
    await closeAgain(services, request, user, signal);
    throw new BusinessError('NOT_ACTING_STAFF');
  }
  if (request.kind === 'provide') {
    const password = temporaryPassword(services.settings.accounts.passwordLength);
    const granted = grantedRights(request, user);
    const login = loginOf(userId);
    const { account, used } = await skud.createAccount(
      {
        accountId: userId,
        login,
        name: { surname: user.surname, name: user.name, middleName: user.middleName },
        position: user.position ?? '',
        rights: granted,
        temporaryPassword: password,
      },
      signal,
    );
    const { skudId } = account;
    return used
      ? { outcome: 'changed', skudId, login, password: null, rights: granted }
      : { outcome: 'issued', skudId, login, password, rights: granted };
  }
  const found = await skud.findByLogin(user.login ?? '', signal);
  if (!found) throw new BusinessError('SKUD_ACCOUNT_GONE');
  try {
    return await changeAccount(services, request, user, found, signal);
  } catch (error) {
    if (error instanceof BusinessError && error.code === 'SKUD_REFUSED') await leaveBlocked(services, found, signal);
    throw error;
  }
}

/** What a request asks of an account that is there. */
async function changeAccount(
  services: Services,
  request: AccessRequest,
  user: RequestedUser,
  found: SkudAccount,
  signal: AbortSignal,
): Promise<Provided> {
  const skud = skudClient(services.settings.skud);
  const { skudId } = found;
  const granted = grantedRights(request, user);
  const known = (await services.accounts.ofSkud([skudId])).get(skudId);
  if (known && !request.reviewNote && (await isOfAnother(services, known, user.iin)))
    throw new BusinessError('ACCOUNT_OF_ANOTHER');
  const nothing = { skudId, login: null, password: null, rights: found.rights };
  if (request.kind === 'repeat') {
    const password = temporaryPassword(services.settings.accounts.passwordLength);
    // ACC-54: what it may do is asked for anew. It is opened last, so that it never has more than was granted.
    await skud.setRights(skudId, granted, signal);
    await skud.setTemporaryPassword(skudId, password, signal);
    await skud.unblock(skudId, signal);
    return { ...nothing, outcome: 'issued', rights: granted, password };
  }
  const rights = rightsAfter(request, user, found.rights);
  if (rights.length === 0 && request.kind === 'block') {
    await skud.block(skudId, signal);
    return { ...nothing, outcome: 'blocked', rights };
  }
  await skud.setRights(skudId, rights, signal);
  const opened = request.kind === 'change' && (await openAgain(services, skudId, signal));
  return { ...nothing, outcome: 'changed', rights, opened };
}

/**
 * What was blocked before is not left open by an attempt that opened it, and whose answer was lost, or which nobody noted here. What is blocked here is blocked, whatever SKUD
 * says by now; of what is not known here SKUD's word counts.
 */
async function leaveBlocked({ accounts, settings }: Services, found: SkudAccount, signal: AbortSignal): Promise<void> {
  const known = (await accounts.ofSkud([found.skudId])).get(found.skudId);
  if (known ? known.state !== 'blocked' : found.active) return;
  const skud = skudClient(settings.skud);
  if ((await skud.find(found.skudId, signal))?.active)
    await skud.block(found.skudId, signal).catch((cause: unknown) => {
      if (!(cause instanceof BusinessError)) throw cause;
      throw new PermanentError('SKUD refuses the account, and refuses to block what it left open', { cause });
    });
}

/** R30: blocks what an earlier attempt made or opened before it could be noted here. */
async function closeAgain(
  services: Services,
  { kind }: AccessRequest,
  { userId, login }: RequestedUser,
  signal: AbortSignal,
): Promise<void> {
  const skud = skudClient(services.settings.skud);
  const first = kind === 'provide';
  const found = first ? await skud.findByAccountId(userId, signal) : await skud.findByLogin(login ?? '', signal);
  if (!found) return;
  const known = (await services.accounts.ofSkud([found.skudId])).has(found.skudId);
  if (first && !known) await skud.block(found.skudId, signal);
  else await leaveBlocked(services, found, signal);
}

/** R27: opens what a transfer alone has blocked. */
async function openAgain({ accounts, settings }: Services, skudId: string, signal: AbortSignal): Promise<boolean> {
  const waits = async (): Promise<boolean> => {
    const account = (await accounts.ofSkud([skudId])).get(skudId);
    return account !== undefined && waitsForChange(account);
  };
  return (await waits()) && openIfFree(skudClient(settings.skud), skudId, waits, signal);
}
