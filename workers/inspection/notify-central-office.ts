import { z } from 'zod';
import { composeNotice } from '../../core/inspection/reports.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** R9: a branch notifies the central office, whether or not the materials have left already (INS-29, INS-30). */
export const notifyCentralOffice = defineWorker({
  type: 'inspection.notify-central-office',
  title: 'Notify central office',
  titleRu: 'Уведомить центральный аппарат',
  act: 'R9',
  input: z.object({ ...caseIds, signId: id }),
  output: z.object({ letterId: id }),
  errors: [],
  run: async ({ input, tx, services }) => ({ letterId: await composeNotice(services, tx, input) }),
});
