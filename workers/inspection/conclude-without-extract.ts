import { z } from 'zod';
import { extractOfCase, reasonForNoExtract } from '../../core/inspection/extract-scope.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-INS-10, E4: the inspection goes on without this extract; the reason that was noted stays in the case file. */
export const concludeWithoutExtract = defineWorker({
  type: 'inspection.conclude-without-extract',
  title: 'Conclude without extract',
  titleRu: 'Продолжить без выгрузки',
  act: 'R6',
  input: z.object({ caseId: id, extractId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input, tx, services }) => {
    await reasonForNoExtract(services, input.caseId, tx);
    await services.extracts.abandon(tx, (await extractOfCase(services, input, tx))._id);
    return {};
  },
});
