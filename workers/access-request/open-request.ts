import { z } from 'zod';
import { bindCase } from '../../core/case-start.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, id, startedCase } from '../shapes.js';

/** Finds whether the request already has an instance (a create may be doubled) and hands the process its first facts. */
export const openRequest = defineWorker({
  type: 'access-request.open-request',
  title: 'Open request',
  titleRu: 'Открыть заявку',
  act: 'R21, R22',
  input: z.object(caseIds),
  output: z.object({
    ...startedCase,
    ibGroup: z.string(),
    answerRule: id,
    /** How long a temporary password is good, ISO 8601. */
    passwordLife: z.string().regex(/^PT\d+H$/),
  }),
  errors: [],
  run: async ({ input, job, tx, services }) => {
    const started = await bindCase(services, tx, input, job);
    const { kind } = await services.accessRequests.get(input.caseId, tx);
    return {
      ...started,
      ibGroup: 'acc-ib-admin',
      passwordLife: `PT${services.settings.accounts.passwordLinkHours}H`,
      answerRule: kind === 'repeat' ? 'DL-ACC-2' : 'DL-ACC-1',
    };
  },
});
