import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** INS-08: a trigger that fails the test of R4 starts no inspection; its reason stays in the case file. */
export const recordOutOfScope = defineWorker({
  type: 'inspection.record-out-of-scope',
  title: 'Record out of scope',
  titleRu: 'Зафиксировать отсутствие предмета проверки',
  act: 'R4',
  input: z.object({ caseId: id }),
  output: z.object({ inspectionOutcome: z.literal('out-of-scope') }),
  errors: [],
  run: async ({ input, tx, services }) => {
    await services.trail.record(tx, { caseId: input.caseId, type: 'trigger.found-out-of-scope', data: {} });
    return { inspectionOutcome: 'out-of-scope' as const };
  },
});
