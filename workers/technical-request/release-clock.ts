import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * TECH-14: the act gives other requests no term, so the clock that ran until the classification, or until it was corrected, ends: neither kept nor
 * broken, but a term that has run out by then stays broken.
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
    await services.clocks.releaseOfCase(tx, caseId, 'not-functioning');
    return {};
  },
});
