import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** Idea 2: a timer says that a moment came; this says what is true of the stored clock now. */
export const checkClock = defineWorker({
  type: 'clock.check',
  title: 'Check clock',
  titleRu: 'Проверить срок',
  input: z.object({ clockId: id, moment: z.enum(['target', 'due']) }),
  output: z.object({
    clockState: z.enum(['stopped', 'silent', 'not-yet', 'warn', 'target', 'broken']),
    /** When to look again, for `not-yet` alone. */
    nextAt: moment.nullable(),
  }),
  run: async ({ input, tx, services }) => {
    const clock = await services.clocks.find(input.clockId, tx);
    if (!clock) throw new PermanentError(`clockId ${input.clockId} names no clock`, { field: 'clockId' });
    const { state, nextAt } = services.clocks.answerTimer(clock, input.moment, tx.at);
    return { clockState: state, nextAt: nextAt?.toISOString() ?? null };
  },
});
