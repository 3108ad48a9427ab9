import { z } from 'zod';
import { tellOfDisproved } from '../../core/clock-notices.js';
import { momentOf } from '../../core/decisions.js';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** Stops a clock at the moment of the act that was due: kept or broken is that moment against `dueAt`, whatever timers did. */
export const stopClock = defineWorker({
  type: 'clock.stop',
  title: 'Stop clock',
  titleRu: 'Остановить срок',
  input: z.object({
    clockId: id,
    stoppedAt: moment.nullish(),
    /** Without a moment: name of the decision that stops it, about what the clock runs for; the moment is when that was taken. */
    stoppedBy: id.nullish(),
  }),
  output: z.object({ clockKept: z.boolean().nullable() }),
  run: async ({ input: { clockId, stoppedAt, stoppedBy }, tx, services }) => {
    const running = await services.clocks.find(clockId, tx);
    if (!running) throw new PermanentError(`clockId ${clockId} names no clock`, { field: 'clockId' });
    const { caseId, subject } = running;
    const decision = stoppedBy ? await services.decisions.newest(caseId, stoppedBy, tx, subject) : null;
    const actedAt = stoppedAt ? new Date(stoppedAt) : decision ? momentOf(decision) : tx.at;
    const clock = await services.clocks.stop(tx, { clockId, stoppedAt: actedAt });
    await tellOfDisproved(services, tx, clock);
    return { clockKept: clock.kept };
  },
});
