import { z } from 'zod';
import { outcomeOf } from '../../core/access-request/accounts.js';
import { defineWorker } from '../define-worker.js';
import { caseIds } from '../shapes.js';

/** Closes the request: what it came to is what the file says of decisions and accounts. */
export const closeRequest = defineWorker({
  type: 'access-request.close-request',
  title: 'Close request',
  titleRu: 'Закрыть заявку',
  act: 'R22, R24',
  input: z.object(caseIds),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const outcome = outcomeOf(await services.accessRequests.get(caseId, tx));
    await services.cases.close(tx, caseId, outcome);
    await services.trail.record(tx, { caseId, type: 'case.closed', data: { outcome } });
    return {};
  },
});
