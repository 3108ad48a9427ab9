import { z } from 'zod';
import { composeDispatch } from '../../core/inspection/reports.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** R9: the materials go to the authorised body in the field of informatization, from the unit that ran the case (INS-26, INS-27). */
export const sendMaterials = defineWorker({
  type: 'inspection.send-materials',
  title: 'Send materials',
  titleRu: 'Направить материалы',
  act: 'R9',
  input: z.object({ ...caseIds, signId: id }),
  output: z.object({ letterId: id }),
  errors: [],
  run: async ({ input, tx, services }) => ({ letterId: await composeDispatch(services, tx, input) }),
});
