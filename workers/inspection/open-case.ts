import { z } from 'zod';
import { taskGroups } from '../../core/inspection/management.js';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, moment } from '../shapes.js';

/** Finds whether the case already has an instance (a create may be doubled) and hands the process its first facts. */
export const openCase = defineWorker({
  type: 'inspection.open-case',
  title: 'Open case',
  titleRu: 'Открыть дело',
  act: 'R4',
  input: z.object(caseIds),
  output: z.object({
    caseState: z.enum(['new', 'duplicate']),
    caseUrl: z.string(),
    timeZone: z.string(),
    issGroup: z.string(),
    managementGroup: z.string(),
    isBranch: z.boolean(),
    receivedAt: moment,
    hasTotalTerm: z.boolean(),
    totalClockId: z.string(),
    totalTargetAt: moment.nullable(),
    totalDueAt: moment.nullable(),
  }),
  errors: [],
  run: async ({ input, job, tx, services }) => {
    const record = await services.cases.find(input.caseId, tx);
    if (record?.number !== input.caseNumber)
      throw new PermanentError(`caseNumber ${input.caseNumber} is not the number of caseId ${input.caseId}`, {
        field: 'caseNumber',
      });
    const inspection = await services.inspections.get(input.caseId, tx);
    const first = await services.cases.bindInstance(tx, input.caseId, {
      key: job.processInstanceKey,
      epoch: job.epoch,
    });
    const clock = (await services.clocks.ofCase(input.caseId, tx)).find((candidate) => candidate.rule === 'DL-INS-5');
    if (first)
      await services.trail.record(tx, {
        caseId: input.caseId,
        type: 'case.started',
        data: { instance: job.processInstanceKey },
      });
    return {
      caseState: first ? ('new' as const) : ('duplicate' as const),
      caseUrl: `${services.settings.web.publicUrl}/cases/${input.caseNumber}`,
      timeZone: services.organisation.timeZone,
      ...(await taskGroups(services, inspection)),
      receivedAt: record.receivedAt.toISOString(),
      hasTotalTerm: Boolean(clock?.dueAt),
      totalClockId: clock?._id ?? '',
      totalTargetAt: clock?.targetAt?.toISOString() ?? null,
      totalDueAt: clock?.dueAt?.toISOString() ?? null,
    };
  },
});
