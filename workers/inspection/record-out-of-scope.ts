import { z } from 'zod';
import { paperKinds } from '../../core/inspection/model.js';
import { addPaper, outOfScopeData, storePaper } from '../../core/inspection/papers.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** INS-08: a trigger that fails the test of R4 starts no inspection; the record with its reason is a paper of the case. */
export const recordOutOfScope = defineWorker({
  type: 'inspection.record-out-of-scope',
  title: 'Record out of scope',
  titleRu: 'Зафиксировать отсутствие предмета проверки',
  act: 'R4',
  input: z.object({ caseId: id }),
  output: z.object({ inspectionOutcome: z.literal('out-of-scope') }),
  errors: [],
  reach: async ({ input: { caseId }, services }) => {
    const { number } = await services.inspections.get(caseId);
    const data = await outOfScopeData(services, caseId);
    const template = 'inspection/out-of-scope-record';
    return storePaper(services, { caseId, template, number, at: services.clock.legalNow(), data });
  },
  run: async ({ input: { caseId }, tx, services, reached: stored }) => {
    const { number } = await services.inspections.get(caseId, tx);
    const data = await outOfScopeData(services, caseId, tx);
    const kind = paperKinds.outOfScopeRecord;
    const paper = await addPaper(services, tx, { caseId, kind, number, stored, data });
    await services.inspections.recordOutOfScope(tx, caseId, paper);
    return { inspectionOutcome: 'out-of-scope' as const };
  },
});
