import { z } from 'zod';
import { skudClient } from '../../connectors/skud/index.js';
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
    const { users } = await services.accessRequests.get(caseId);
    const skudId = users.find((user) => user.userId === userId)?.account?.skudId;
    if (skudId) await skudClient(services.settings.skud).block(skudId, signal);
  },
  run: async ({ input: { caseId, userId }, tx, services }) => {
    await services.passwordLinks.withdraw(tx, userId);
    const { users } = await services.accessRequests.get(caseId, tx);
    const skudId = users.find((user) => user.userId === userId)?.account?.skudId ?? null;
    await services.accessRequests.setAccount(tx, caseId, userId, {
      ...{ accountId: userId, skudId },
      outcome: 'blocked',
      expired: true,
    });
    if (skudId) await services.accounts.noteChange(tx, skudId, { blocked: true });
    await journalUser(services, tx, { caseId, userId, skudId, act: 'blocked', ground: 'credentialsExpired' });
    return {};
  },
});
