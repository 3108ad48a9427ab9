import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** Stops a clock at the moment of the act that was due: kept or broken is that moment against `dueAt`, whatever timers did. */
export const stopClock = defineWorker({
  type: 'clock.stop',
  title: 'Stop clock',
  titleRu: 'Остановить срок',
  input: z.object({ clockId: id, stoppedAt: moment.nullish() }),
  output: z.object({ clockKept: z.boolean().nullable() }),
  run: async ({ input, tx, services }) => {
    const stoppedAt = input.stoppedAt ? new Date(input.stoppedAt) : tx.at;
    const clock = await services.clocks.stop(tx, { clockId: input.clockId, stoppedAt });
    return { clockKept: clock.kept };
  },
});
