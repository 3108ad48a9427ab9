import { z } from 'zod';
import { momentOf } from '../../core/decisions.js';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R7, AMB-INS-03: a record with its reason takes the place of a document that never came, and frees the waiting task. */
export const recordNonReceipt = defineWorker({
  type: 'document.record-non-receipt',
  title: 'Record non-receipt',
  titleRu: 'Зафиксировать непоступление',
  act: 'R7',
  input: z.object({ caseId: id, requestId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { caseId, requestId }, tx, services }) => {
    const record = await services.cases.find(caseId, tx);
    if (!record) throw new PermanentError(`caseId ${caseId} names no case`, { field: 'caseId' });
    const { subjectId } = record;
    const decision = await services.decisions.newest(caseId, 'document.decide-on-missing', tx, requestId);
    const at = decision ? momentOf(decision) : tx.at;
    await services.documents.recordNonReceipt(tx, { requestId, subjectId, at });
    return {};
  },
});
