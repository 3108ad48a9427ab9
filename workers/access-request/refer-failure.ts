import { z } from 'zod';
import { referViolation } from '../../core/access-request/violation-referral.js';
import { messages } from '../../core/messages.js';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-TECH-10: hands on what does not work, and nothing of who did what: a violation that is also a failure runs as both. */
export const referFailure = defineWorker({
  type: 'access-request.refer-failure',
  title: 'Refer failure',
  titleRu: 'Передать сведения о сбое',
  act: 'R12, R28',
  input: z.object({ violationId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { violationId }, tx, services }) => {
    const violation = await services.violations.get(violationId, tx);
    const { failure: facts = null } = violation;
    if (facts === null) throw new PermanentError(`violationId ${violationId} is no failure`, { field: 'violationId' });
    await referViolation(services, tx, violation, {
      ...{ field: 'failureReferralId', facts, employeeIds: [] },
      message: messages.technicalRequestFailureReferred.name,
    });
    return {};
  },
});
