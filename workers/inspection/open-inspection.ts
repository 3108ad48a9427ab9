import { z } from 'zod';
import { taskGroups } from '../../core/inspection/management.js';
import { nitSystems } from '../../core/inspection/extracts.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R4: the inspection is mandatory once the trigger is in scope (INS-09); one line for each employee (INS-11), both systems of R6. */
export const openInspection = defineWorker({
  type: 'inspection.open-inspection',
  title: 'Open inspection',
  titleRu: 'Начать проверку',
  act: 'R4',
  input: z.object({ caseId: id, nitNeeded: z.boolean().nullish() }),
  output: z.object({
    lineIds: z.array(id),
    nitSystems: z.array(id),
    issGroup: z.string(),
    managementGroup: z.string(),
    isBranch: z.boolean(),
  }),
  errors: [],
  run: async ({ input, tx, services }) => {
    const inspection = await services.inspections.open(tx, input.caseId);
    await services.trail.record(tx, {
      caseId: input.caseId,
      type: 'inspection.opened',
      data: { lines: inspection.lines.length },
    });
    return {
      lineIds: inspection.lines.map(({ lineId }) => lineId),
      nitSystems: input.nitNeeded ? [...nitSystems] : [],
      ...(await taskGroups(services, inspection)),
    };
  },
});
