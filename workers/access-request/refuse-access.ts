import { z } from 'zod';
import { composeAnswer } from '../../core/access-request/answers.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** R22: answers a user to whom nothing was granted, with the basis that is missing (ACC-13, ACC-14). */
export const refuseAccess = defineWorker({
  type: 'access-request.refuse-access',
  title: 'Refuse access',
  titleRu: 'Отказать в доступе',
  act: 'R22',
  input: z.object({ ...caseIds, userId: id }),
  output: z.object({ letterId: id }),
  errors: [],
  run: async ({ input: { caseId, userId }, tx, services }) => ({
    letterId: await composeAnswer(services, tx, { caseId, userId, password: null }),
  }),
});
