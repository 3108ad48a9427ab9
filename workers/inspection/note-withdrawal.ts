import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-INS-11: the withdrawal of the application is in the file; the inspection goes on. */
export const noteWithdrawal = defineWorker({
  type: 'inspection.note-withdrawal',
  title: 'Note withdrawal',
  titleRu: 'Учесть отзыв обращения',
  act: 'R4',
  input: z.object({ caseId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    await services.trail.record(tx, { caseId, type: 'inspection.continued-after-withdrawal', data: {} });
    return {};
  },
});
