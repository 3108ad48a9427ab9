import { z } from 'zod';
import { hasOpenDefect } from '../../core/technical-request/model.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R17(2): keeps when the answer was taken by the mail, and tells whether a workaround left a defect open (AMB-TECH-03). */
export const recordTechnicalAnswer = defineWorker({
  type: 'technical-request.record-answer',
  title: 'Record answer',
  titleRu: 'Зафиксировать ответ',
  act: 'R10, R17(2)',
  input: z.object({ caseId: id, letterId: id.nullable() }),
  output: z.object({ defectOpen: z.boolean() }),
  errors: [],
  run: async ({ input: { caseId, letterId }, tx, services }) => {
    const letter = letterId === null ? null : await services.letters.find(letterId, tx);
    await services.technicalRequests.noteAnswer(tx, caseId, { letterId, at: letter?.sentAt ?? tx.at });
    return { defectOpen: hasOpenDefect(await services.technicalRequests.get(caseId, tx)) };
  },
});
