import { z } from 'zod';
import { outcomeOf } from '../../core/technical-request/model.js';
import { defineWorker } from '../define-worker.js';
import { caseIds } from '../shapes.js';

/** Closes the request: what it came to is what the file says. */
export const closeTechnicalRequest = defineWorker({
  type: 'technical-request.close-request',
  title: 'Close request',
  titleRu: 'Закрыть обращение',
  act: 'R17(2)',
  input: z.object(caseIds),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const outcome = outcomeOf(await services.technicalRequests.get(caseId, tx));
    await services.cases.close(tx, caseId, outcome);
    await services.trail.record(tx, { caseId, type: 'case.closed', data: { outcome } });
    return {};
  },
});
