import { z } from 'zod';
import { missingMaterials } from '../../core/inspection/conclusion.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** INS-17: whether each material is received or its non-receipt documented, read from the case file as it is now. */
export const checkMaterials = defineWorker({
  type: 'inspection.check-materials',
  title: 'Check materials',
  titleRu: 'Проверить полноту материалов',
  act: 'R7',
  input: z.object({ caseId: id }),
  output: z.object({ materialsComplete: z.boolean(), missingCount: z.number().int() }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const missing = missingMaterials(
      await services.inspections.get(caseId, tx),
      await services.documents.requestsOfCase(caseId, tx),
      await services.extracts.ofCase(caseId, tx),
    );
    await services.trail.record(tx, { caseId, type: 'materials.checked', data: { missing: missing.length } });
    return { materialsComplete: missing.length === 0, missingCount: missing.length };
  },
});
