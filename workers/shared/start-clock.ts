import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { deadlineRowSchema } from '../../core/deadline-table.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id, moment } from '../shapes.js';

/** Idea 2: freezes the rule's row and the calendar's version in a stored clock and answers the moments that timers read. */
export const startClock = defineWorker({
  type: 'clock.start',
  title: 'Start clock',
  titleRu: 'Запустить срок',
  input: z.object({
    ...caseIds,
    /** Id in the decision table, e.g. DL-INS-1. */
    rule: id,
    /** What the clock runs for within the case (a request, signs, an extract); '' where it has one of its rule. */
    clockSubject: z.string().nullish(),
    startedAt: moment,
    /** What the engine's decision answered for the legal day of `startedAt`; null when it has no row of the rule. */
    deadlineRow: deadlineRowSchema.nullable(),
  }),
  output: z.object({
    clockId: id,
    /** False where the act is silent and the organisation set no term: no timer may be asked for then. */
    hasTerm: z.boolean(),
    targetAt: moment.nullable(),
    dueAt: moment.nullable(),
  }),
  run: async ({ input, tx, services }) => {
    const { caseId, caseNumber, rule, clockSubject, startedAt, deadlineRow } = input;
    const record = await services.cases.find(caseId, tx);
    if (!record) throw new PermanentError(`caseId ${caseId} names no case`, { field: 'caseId' });
    const clock = await services.clocks.start(tx, {
      caseId,
      caseNumber,
      process: record.process,
      rule,
      subject: clockSubject ?? '',
      startedAt: new Date(startedAt),
      row: deadlineRow,
    });
    return {
      clockId: clock._id,
      hasTerm: clock.dueAt !== null,
      targetAt: clock.targetAt?.toISOString() ?? null,
      dueAt: clock.dueAt?.toISOString() ?? null,
    };
  },
});
