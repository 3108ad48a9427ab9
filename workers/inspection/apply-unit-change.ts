import { z } from 'zod';
import { taskGroups } from '../../core/inspection/management.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-INS-09: the tasks that follow go to the new unit; every clock stays as it is. */
export const applyUnitChange = defineWorker({
  type: 'inspection.apply-unit-change',
  title: 'Apply unit change',
  titleRu: 'Учесть смену подразделения',
  act: 'R4',
  input: z.object({ caseId: id }),
  output: z.object({ issGroup: z.string(), managementGroup: z.string(), isBranch: z.boolean() }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => taskGroups(services, await services.inspections.get(caseId, tx)),
});
