import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** Hands on the moment in which the request was fulfilled, as the decision left it in the file: it stops the clock (AMB-TECH-02). */
export const readFulfilment = defineWorker({
  type: 'technical-request.read-fulfilment',
  title: 'Read fulfilment',
  titleRu: 'Взять исполнение из дела',
  act: 'R15',
  input: z.object({ caseId: id }),
  output: z.object({ fulfilledAt: moment }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const { fulfilled } = await services.technicalRequests.get(caseId, tx);
    if (!fulfilled) throw new PermanentError(`caseId ${caseId} is not fulfilled`, { field: 'caseId' });
    return { fulfilledAt: fulfilled.at.toISOString() };
  },
});
