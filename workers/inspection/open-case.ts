import { z } from 'zod';
import { bindCase } from '../../core/case-start.js';
import { taskGroups } from '../../core/inspection/management.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, moment, startedCase } from '../shapes.js';

/** Finds whether the case already has an instance (a create may be doubled) and hands the process its first facts. */
export const openCase = defineWorker({
  type: 'inspection.open-case',
  title: 'Open case',
  titleRu: 'Открыть дело',
  act: 'R4',
  input: z.object(caseIds),
  output: z.object({
    ...startedCase,
    issGroup: z.string(),
    managementGroup: z.string(),
    isBranch: z.boolean(),
    hasTotalTerm: z.boolean(),
    totalClockId: z.string(),
    totalTargetAt: moment.nullable(),
    totalDueAt: moment.nullable(),
  }),
  errors: [],
  run: async ({ input, job, tx, services }) => {
    const inspection = await services.inspections.get(input.caseId, tx);
    const started = await bindCase(services, tx, input, job);
    const clock = (await services.clocks.ofCase(input.caseId, tx)).find((candidate) => candidate.rule === 'DL-INS-5');
    return {
      ...started,
      ...(await taskGroups(services, inspection)),
      hasTotalTerm: Boolean(clock?.dueAt),
      totalClockId: clock?._id ?? '',
      totalTargetAt: clock?.targetAt?.toISOString() ?? null,
      totalDueAt: clock?.dueAt?.toISOString() ?? null,
    };
  },
});
