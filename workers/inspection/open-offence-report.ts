import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { taskGroups } from '../../core/inspection/management.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id, moment } from '../shapes.js';

/** R9: one report for each record of signs; a second instance for the same signs ends itself. The unit that revealed them reports. */
export const openOffenceReport = defineWorker({
  type: 'inspection.open-offence-report',
  title: 'Open offence report',
  titleRu: 'Открыть направление материалов',
  act: 'R9',
  input: z.object({ ...caseIds, signId: id }),
  output: z.object({
    reportState: z.enum(['new', 'duplicate']),
    revealedAt: moment,
    isBranch: z.boolean(),
    issGroup: z.string(),
    managementGroup: z.string(),
    caseUrl: z.string(),
    timeZone: z.string(),
  }),
  errors: [],
  run: async ({ input: { caseId, caseNumber, signId }, job, tx, services }) => {
    const inspection = await services.inspections.get(caseId, tx);
    const sign = inspection.signs.find((candidate) => candidate.signId === signId);
    if (!sign) throw new PermanentError(`signId ${signId} names no signs of this inspection`, { field: 'signId' });
    const first = await services.inspections.claimReport(tx, caseId, signId, job.processInstanceKey);
    return {
      reportState: first ? ('new' as const) : ('duplicate' as const),
      revealedAt: sign.revealedAt.toISOString(),
      ...(await taskGroups(services, inspection, { inspectingUnit: sign.unit, branchCode: sign.branchCode })),
      caseUrl: `${services.settings.web.publicUrl}/cases/${caseNumber}`,
      timeZone: services.organisation.timeZone,
    };
  },
});
