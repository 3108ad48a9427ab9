import { z } from 'zod';
import { reasonForNoExtract } from '../../core/inspection/extract-scope.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-INS-10: the allegation concerns none of NIT's systems, so no extract is asked for; the reason that was noted stays in the case file. */
export const recordNoExtract = defineWorker({
  type: 'inspection.record-no-extract',
  title: 'Record no extract',
  titleRu: 'Зафиксировать, что выгрузка не нужна',
  act: 'R6',
  input: z.object({ caseId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    await reasonForNoExtract(services, caseId, tx);
    await services.trail.record(tx, { caseId, type: 'extract.not-needed', data: {} });
    return {};
  },
});
