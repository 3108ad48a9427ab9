import { z } from 'zod';
import { composeTechnicalAnswer } from '../../core/technical-request/answers.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R10, R11: the answer, with the text of the case file, in Kazakh or Russian; null where a failure was found and nobody asked. */
export const composeAnswer = defineWorker({
  type: 'technical-request.compose-answer',
  title: 'Compose answer',
  titleRu: 'Составить ответ',
  act: 'R10, R11',
  input: z.object({ caseId: id }),
  output: z.object({ letterId: id.nullable() }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => ({
    letterId: await composeTechnicalAnswer(services, tx, caseId),
  }),
});
