import { z } from 'zod';
import { checkRequest } from '../../core/access-request/checks.js';
import { requestKinds, systemsOf } from '../../core/access-request/model.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Looks for what the form lacks (AMB-ACC-13), and tells the decision table what it has to know (R22, R23, R30): codes and flags. */
export const checkAccessRequest = defineWorker({
  type: 'access-request.check-request',
  title: 'Check request',
  titleRu: 'Проверить заявку',
  act: 'R22, R23, R30',
  input: z.object({ caseId: id }),
  output: z.object({
    requestComplete: z.boolean(),
    requestKind: z.enum(requestKinds),
    basisAge: z.enum(['none', 'withinYear', 'tooOld', 'inFuture']),
    basisCopied: z.boolean(),
    applicantStanding: z.enum(['eligible', 'other', 'unknown']),
    staffStanding: z.enum(['acting', 'notActing', 'attested']),
    exceptionCited: z.boolean(),
    systemCodes: z.array(id),
    userIds: z.array(id),
  }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const request = await services.accessRequests.get(caseId, tx);
    const { missing, facts } = await checkRequest(services, tx, request);
    await services.accessRequests.noteMissing(tx, caseId, missing);
    return {
      requestComplete: missing.length === 0,
      ...facts,
      systemCodes: systemsOf(request),
      userIds: request.users.map(({ userId }) => userId),
    };
  },
});
