import { z } from 'zod';
import { composeReturn } from '../../core/access-request/answers.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** Sends an incomplete request back to the address that it names; the clock runs on (AMB-ACC-13). */
export const askForCompletion = defineWorker({
  type: 'access-request.ask-for-completion',
  title: 'Ask for completion',
  titleRu: 'Вернуть на доработку',
  act: 'R22',
  input: z.object(caseIds),
  output: z.object({ letterId: id }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const letterId = await composeReturn(services, tx, caseId);
    await services.accessRequests.noteAsked(tx, caseId);
    return { letterId };
  },
});
