import { z } from 'zod';
import { defineDecision } from './decisions.js';
import { caseContext } from './reading.js';

/** Decisions of the called processes that several processes use. */

const decideOnMissingDocument = defineDecision({
  name: 'document.decide-on-missing',
  answers: z.strictObject({
    missingDocument: z.enum(['wait', 'remind', 'nonReceipt']),
    askAgainIn: z
      .string()
      .regex(/^P\d{1,2}D$/)
      .nullish(),
  }),
  context: caseContext,
  requires: async ({ answers, subject, services, tx }) => {
    if (answers.missingDocument !== 'nonReceipt') return null;
    const request = await services.documents.find(subject, tx);
    return request?.nonReceiptNote || request?.state !== 'requested' ? null : 'non-receipt-reason-missing';
  },
});

const correctAddress = defineDecision({
  name: 'letter.correct-address',
  answers: z.strictObject({ resend: z.boolean().nullish() }),
  context: caseContext,
  requires: ({ answers }) => Promise.resolve(answers.resend ? null : 'resend-not-confirmed'),
});

export const sharedDecisions = [decideOnMissingDocument, correctAddress] as const;
