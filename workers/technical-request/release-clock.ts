import { z } from 'zod';
import { tellOfDisproved } from '../../core/clock-notices.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * TECH-14: each class has a clock of its own, so the one that ran until the classification, or until it was corrected, ends: neither kept nor broken, but
 * a term that had run out when the class was decided stays broken.
 */
export const releaseClock = defineWorker({
  type: 'technical-request.release-clock',
  title: 'Release clock',
  titleRu: 'Снять срок',
  act: 'R10, R14',
  input: z.object({ caseId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const { classified } = await services.technicalRequests.get(caseId, tx);
    const reason = classified?.as === 'functioning' ? 'functioning' : 'not-functioning';
    await services.clocks.releaseOfCase(tx, caseId, { reason, at: classified?.at ?? tx.at });
    for (const clock of await services.clocks.ofCase(caseId, tx)) await tellOfDisproved(services, tx, clock);
    return {};
  },
});
