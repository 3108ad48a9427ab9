import { z } from 'zod';
import { tellOfClock } from '../../core/clock-notices.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Records that a moment of a clock has passed, the gravest only and once, and writes to those concerned. The task stays open. */
export const reportClock = defineWorker({
  type: 'clock.report',
  title: 'Report clock',
  titleRu: 'Сообщить о сроке',
  input: z.object({ clockId: id, clockState: z.enum(['warn', 'target', 'broken']) }),
  output: z.object({}),
  run: async ({ input, tx, services }) => {
    const { clockId, clockState } = input;
    const { first, kind, clock } = await services.clocks.report(tx, { clockId, kind: clockState, by: 'engine' });
    if (first && kind) await tellOfClock(services, tx, clock, kind);
    return {};
  },
});
