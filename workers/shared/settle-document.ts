import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** R7: reads from the case file how a request ended, and when. */
export const settleDocument = defineWorker({
  type: 'document.settle',
  title: 'Settle document',
  titleRu: 'Завершить запрос документа',
  act: 'R7',
  input: z.object({ requestId: id }),
  output: z.object({ documentOutcome: z.enum(['received', 'not-received']), settledAt: moment }),
  errors: [],
  run: async ({ input: { requestId }, tx, services }) => {
    const request = await services.documents.find(requestId, tx);
    if (!request?.settledAt || (request.state !== 'received' && request.state !== 'not-received'))
      throw new PermanentError(`requestId ${requestId} is not settled`, { field: 'requestId' });
    return { documentOutcome: request.state, settledAt: request.settledAt.toISOString() };
  },
});
