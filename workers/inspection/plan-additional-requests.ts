import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R5: the additional requests that the officer planned on the case file page, each with its addressee and question (INS-16). */
export const planAdditionalRequests = defineWorker({
  type: 'inspection.plan-additional-requests',
  title: 'Plan additional requests',
  titleRu: 'Подготовить дополнительные запросы',
  act: 'R5',
  input: z.object({ caseId: id }),
  output: z.object({ requestIds: z.array(id) }),
  errors: [],
  run: async ({ input, tx, services }) => {
    const planned = await services.documents.planned(input.caseId, tx);
    return { requestIds: planned.map(({ _id }) => _id) };
  },
});
