import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** R24, ACC-19: the registration counts as complete in the moment in which the user replaced the temporary password. */
export const completeRegistration = defineWorker({
  type: 'access-request.complete-registration',
  title: 'Complete registration',
  titleRu: 'Завершить регистрацию',
  act: 'R24',
  input: z.object({ caseId: id, userId: id, passwordChangedAt: moment }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId, userId, passwordChangedAt }, tx, services }) => {
    await services.accessRequests.completeRegistration(tx, caseId, userId, new Date(passwordChangedAt));
    return {};
  },
});
