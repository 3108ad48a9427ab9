import { z } from 'zod';
import { skudClient } from '../../connectors/skud/index.js';
import { openIfFree } from '../../connectors/skud/open.js';
import { tellOfExpiry } from '../../core/access-request/account-letters.js';
import type { StoredAccount } from '../../core/access-request/account-store.js';
import { accountOfUser } from '../../core/access-request/accounts.js';
import { journalUser } from '../../core/access-request/journal-rows.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-ACC-08: nobody signed in: the account is blocked and its links end; a repeated application opens it again (R29). */
export const expireCredentials = defineWorker({
  type: 'access-request.expire-credentials',
  title: 'Expire credentials',
  titleRu: 'Прекратить действие временного пароля',
  act: 'R24, R29',
  input: z.object({ caseId: id, userId: id }),
  output: z.object({}),
  errors: [],
  reach: async ({ input: { caseId, userId }, services, signal }) => {
    const { account, skudId } = await accountOfUser(services, caseId, userId);
    if (!skudId) return;
    const skud = skudClient(services.settings.skud);
    if (isAnothers(account, caseId)) {
      // What an attempt before this one may have blocked is open again.
      const isOpen = async (): Promise<boolean> => {
        const now = (await accountOfUser(services, caseId, userId)).account;
        return now !== null && now.state !== 'blocked' && now.blocking === null;
      };
      if (await isOpen()) await openIfFree(skud, skudId, isOpen, signal);
    } else await skud.block(skudId, signal);
  },
  run: async ({ input: { caseId, userId }, tx, services }) => {
    const { account, skudId } = await accountOfUser(services, caseId, userId, tx);
    await services.passwordLinks.withdraw(tx, userId);
    if (isAnothers(account, caseId)) {
      await services.accessRequests.lapseRegistration(tx, caseId, userId);
      return {};
    }
    await services.accessRequests.setAccount(tx, caseId, userId, {
      ...{ accountId: userId, skudId },
      outcome: 'blocked',
      expired: true,
    });
    if (skudId) await services.accounts.noteChange(tx, skudId, { blocked: true });
    // Who was written to of an earlier block knows already.
    if (account && account.state !== 'blocked') await tellOfExpiry(services, tx, account);
    await journalUser(services, tx, { caseId, userId, skudId, act: 'blocked', ground: 'credentialsExpired' });
    return {};
  },
});

/** A later request gave the account another password. */
const isAnothers = (account: StoredAccount | null, caseId: string): boolean =>
  account !== null && account.caseId !== caseId;
