import { z } from 'zod';
import { referViolation } from '../../core/access-request/violation-referral.js';
import { messages } from '../../core/messages.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Hands the facts of a disclosure to the inspection of employees (Order No. 231/НҚ, R4): its message carries a reference and nothing else. */
export const referToInspection = defineWorker({
  type: 'access-request.refer-to-inspection',
  title: 'Refer to inspection',
  titleRu: 'Передать сведения для проверки',
  act: 'R6, R28',
  input: z.object({ violationId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input: { violationId }, tx, services }) => {
    const violation = await services.violations.get(violationId, tx);
    const { facts, employeeId } = violation;
    await referViolation(services, tx, violation, {
      ...{ field: 'referralId', facts, employeeIds: employeeId === null ? [] : [employeeId] },
      message: messages.inspectionFactsReferred.name,
    });
    return {};
  },
});
