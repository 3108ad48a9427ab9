import { z } from 'zod';
import { tellOfDisproved } from '../../core/clock-notices.js';
import { lastActAt } from '../../core/inspection/last-act.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/** Closes the case, unless signs of an offence were recorded that no report has taken up yet: those come first (R9). */
export const closeCase = defineWorker({
  type: 'inspection.close-case',
  title: 'Close case',
  titleRu: 'Закрыть дело',
  act: 'R7',
  input: z.object({ ...caseIds, inspectionOutcome: z.enum(['confirmed', 'not-confirmed', 'out-of-scope']) }),
  output: z.object({ unreportedSignIds: z.array(id) }),
  errors: [],
  run: async ({ input: { caseId, inspectionOutcome }, tx, services }) => {
    const inspection = await services.inspections.beginClosing(tx, caseId);
    const unreported = inspection.signs.filter((sign) => sign.reportInstanceKey === null).map((sign) => sign.signId);
    if (unreported.length > 0) return { unreportedSignIds: unreported };
    for (const { rule, _id: clockId } of await services.clocks.ofCase(caseId, tx))
      if (rule === 'DL-INS-5') {
        const stoppedAt = await lastActAt(services, tx, inspection);
        await tellOfDisproved(services, tx, await services.clocks.stop(tx, { clockId, stoppedAt }));
      }
    await services.cases.close(tx, caseId, inspectionOutcome);
    await services.trail.record(tx, { caseId, type: 'case.closed', data: { outcome: inspectionOutcome } });
    return { unreportedSignIds: [] };
  },
});
