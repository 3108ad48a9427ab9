import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { caseIds, id, moment } from '../shapes.js';

/** R5: asks for a document by a letter of its own number, with a link to upload it. A repeat finds the request of the first time. */
export const requestDocument = defineWorker({
  type: 'document.request',
  title: 'Request document',
  titleRu: 'Запросить документ',
  act: 'R5',
  input: z.object({ ...caseIds, documentKind: id, lineId: z.string(), requestId: z.string() }),
  output: z.object({ requestId: id, requestedAt: moment, letterId: id }),
  errors: [],
  run: async ({ input, tx, services }) => {
    const { requestedAt, ...request } = await services.documents.request(tx, {
      caseId: input.caseId,
      caseNumber: input.caseNumber,
      kind: input.documentKind,
      lineId: input.lineId,
      requestId: input.requestId,
      publicUrl: services.settings.web.publicUrl,
      languages: services.organisation.languages,
    });
    return { ...request, requestedAt: requestedAt.toISOString() };
  },
});
