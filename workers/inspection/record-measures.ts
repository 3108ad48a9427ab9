import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R8: the measures taken under the law are complete; each is in the case file with kind, ground, date and person (INS-24). */
export const recordMeasures = defineWorker({
  type: 'inspection.record-measures',
  title: 'Record measures',
  titleRu: 'Зафиксировать принятые меры',
  act: 'R8',
  input: z.object({ caseId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const { measures } = await services.inspections.get(caseId, tx);
    await services.trail.record(tx, { caseId, type: 'measures.taken', data: { count: measures.length } });
    return {};
  },
});
