import { z } from 'zod';
import { composeDelay } from '../../core/technical-request/answers.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-TECH-03: the term has passed, no extension exists: who asked is told so. Nothing goes out when it was kept, was told before, or there is nobody to tell. */
export const informOfDelay = defineWorker({
  type: 'technical-request.inform-of-delay',
  title: 'Inform of delay',
  titleRu: 'Известить о просрочке',
  act: 'R15',
  input: z.object({ caseId: id, fulfilmentClockId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId, fulfilmentClockId }, tx, services }) => {
    const clock = await services.clocks.find(fulfilmentClockId, tx);
    const { fulfilled, classified } = await services.technicalRequests.get(caseId, tx);
    // Decided, and the clock about to be stopped or released at that moment.
    const decided = fulfilled ?? (classified?.as === 'other' ? classified : null);
    if (clock?.state === 'running' && clock.dueAt && clock.dueAt < (decided?.at ?? tx.at))
      await composeDelay(services, tx, caseId, clock.dueAt);
    return {};
  },
});
