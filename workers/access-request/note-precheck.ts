import { z } from 'zod';
import { missingBases } from '../../core/access-request/model.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Keeps what the decision table answered: the case file page shows it to who decides, and the decision is held against it. */
export const notePrecheck = defineWorker({
  type: 'access-request.note-precheck',
  title: 'Note precheck',
  titleRu: 'Записать предварительную проверку',
  act: 'R22, R23, R30',
  input: z.object({
    caseId: id,
    basisCheck: z.enum(['ok', 'noBasis', 'manualReview']),
    missingBasis: z.enum(missingBases).nullable(),
  }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId, basisCheck: check, missingBasis }, tx, services }) => {
    await services.accessRequests.notePrecheck(tx, caseId, { check, missingBasis });
    return {};
  },
});
