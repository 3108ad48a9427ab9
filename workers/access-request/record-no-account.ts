import { z } from 'zod';
import { composeAnswer } from '../../core/access-request/answers.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** E1: a user is answered that SKUD did not make or change the account, as the administrator decided. */
export const recordNoAccount = defineWorker({
  type: 'access-request.record-no-account',
  title: 'Record no account',
  titleRu: 'Зафиксировать, что учётной записи нет',
  act: 'R22',
  input: z.object({ ...caseIds, userId: id }),
  output: z.object({ letterId: id }),
  errors: [],
  run: async ({ input: { caseId, userId }, tx, services }) => {
    const outcome = 'not-provided';
    await services.accessRequests.setAccount(tx, caseId, userId, { accountId: userId, skudId: null, outcome });
    return { letterId: await composeAnswer(services, tx, { caseId, userId, password: null, outcome }) };
  },
});
