import { z } from 'zod';
import { composeDispatch } from '../../core/inspection/reports.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/**
 * R9: the materials go to the authorised body in the field of informatization, from the unit that ran the case (INS-26, INS-27): by one letter, or by several
 * where one mail does not hold them. `letterId`, the first, is for instances under the diagram that knew of one.
 */
export const sendMaterials = defineWorker({
  type: 'inspection.send-materials',
  title: 'Send materials',
  titleRu: 'Направить материалы',
  act: 'R9',
  input: z.object({ ...caseIds, signId: id }),
  output: z.object({ letterId: id, letterIds: z.array(id) }),
  errors: [],
  run: async ({ input, tx, services }) => {
    const letterIds = await composeDispatch(services, tx, input);
    return { letterId: letterIds[0]!, letterIds };
  },
});
