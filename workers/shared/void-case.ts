import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** A mistaken case ends as voided, with its reason in the case file; its clocks are cancelled, neither kept nor broken, and its trail stays. */
export const voidCase = defineWorker({
  type: 'case.void',
  title: 'Void case',
  titleRu: 'Аннулировать дело',
  input: z.object({ caseId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    await services.clocks.cancelOfCase(tx, caseId);
    await services.cases.void(tx, caseId);
    await services.trail.record(tx, { caseId, type: 'case.voided', data: {} });
    return {};
  },
});
