import { z } from 'zod';
import { skudClient } from '../../connectors/skud/index.js';
import { accountOfUser, noteIssued, userOf } from '../../core/access-request/accounts.js';
import { composeAnswer } from '../../core/access-request/answers.js';
import { journalUser } from '../../core/access-request/journal-rows.js';
import { temporaryPassword } from '../../core/access-request/temporary-password.js';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** AMB-ACC-08: a new temporary password within the same request, for a user who did not sign in while the former was good. */
export const reissuePassword = defineWorker({
  type: 'access-request.reissue-password',
  title: 'Reissue password',
  titleRu: 'Выдать временный пароль повторно',
  act: 'R22, R24',
  input: z.object({ ...caseIds, userId: id }),
  output: z.object({ letterId: id }),
  errors: [],
  reach: async ({ input: { caseId, userId }, services, signal }) => {
    const { skudId, account } = await accountOfUser(services, caseId, userId);
    if (!skudId) throw new PermanentError(`userId ${userId} has no account`, { field: 'userId' });
    // E5: the message that ends this wait is on its way.
    if (account && account.caseId !== caseId) throw new RetryableError('another request gave the account a password');
    const password = temporaryPassword(services.settings.accounts.passwordLength);
    await skudClient(services.settings.skud).setTemporaryPassword(skudId, password, signal);
    return { skudId, password };
  },
  run: async ({ input: { caseId, userId }, tx, services, reached: { skudId, password } }) => {
    // E5: the message that ends this wait is on its way.
    if (userOf(await services.accessRequests.get(caseId, tx), userId).account?.outcome !== 'issued')
      throw new RetryableError('the account was blocked at the same time');
    await noteIssued(services, tx, { caseId, userId, skudId, again: true });
    await journalUser(services, tx, { caseId, userId, skudId, act: 'reissued' });
    await services.trail.record(tx, { caseId, type: 'password.reissued', subject: userId, data: {} });
    return { letterId: await composeAnswer(services, tx, { caseId, userId, password }) };
  },
});
