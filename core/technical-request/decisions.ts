import { z } from 'zod';
import { defineDecision } from '../decisions.js';
import { caseContext } from '../reading.js';
import { classifications, defectOutcomes, fulfilments, hasNewResolution } from './model.js';

/** What each human step of a technical request has to find in the case file before it counts (idea 6), and what it writes there: by the moment of the decision. */

/** R15, TECH-13. The clock has run from the receipt: who is slow to classify does not gain time. */
const classifyRequest = defineDecision({
  name: 'technical-request.classify-request',
  answers: z.strictObject({ classification: z.enum(classifications) }),
  context: caseContext,
  requires: () => Promise.resolve(null),
  apply: ({ caseId, answers, decidedAt, services, tx }) =>
    services.technicalRequests.classify(tx, caseId, answers.classification, decidedAt),
});

/** R15, AMB-TECH-02, AMB-TECH-03: done, or done by a workaround with its defect linked. */
const fulfilRequest = defineDecision({
  name: 'technical-request.fulfil-request',
  answers: z.strictObject({ fulfilment: z.enum(fulfilments) }),
  context: caseContext,
  requires: async ({ caseId, answers, services, tx }) => {
    const request = await services.technicalRequests.get(caseId, tx);
    // The class was corrected while somebody completed the task: the diagram is about to go the other way.
    if (request.classified?.as !== 'functioning') return 'class-changed';
    if (!hasNewResolution(request)) return 'resolution-missing';
    return answers.fulfilment === 'workaround' && request.defect === null ? 'defect-missing' : null;
  },
  apply: ({ caseId, answers, decidedAt, services, tx }) =>
    services.technicalRequests.fulfil(tx, caseId, answers.fulfilment, decidedAt),
});

/** TECH-14: a request that is not connected with functioning is answered all the same. */
const answerRequest = defineDecision({
  name: 'technical-request.answer-request',
  answers: z.strictObject({ answerReady: z.boolean().nullish() }),
  context: caseContext,
  requires: async ({ caseId, answers, services, tx }) => {
    if (!answers.answerReady) return 'not-confirmed';
    const request = await services.technicalRequests.get(caseId, tx);
    if (request.classified?.as !== 'other') return 'class-changed';
    return hasNewResolution(request) ? null : 'resolution-missing';
  },
  apply: ({ caseId, decidedAt, services, tx }) => services.technicalRequests.readyAnswer(tx, caseId, decidedAt),
});

/** R17(3), TECH-33: the defect that a workaround left is removed, or flagged as beyond maintenance and handed over. */
const removeDefect = defineDecision({
  name: 'technical-request.remove-defect',
  answers: z.strictObject({ defectOutcome: z.enum(defectOutcomes) }),
  context: caseContext,
  requires: async ({ caseId, answers, services, tx }) => {
    const request = await services.technicalRequests.get(caseId, tx);
    if (answers.defectOutcome === 'handedOver' && request.defect?.scope !== 'modernisation') return 'scope-not-flagged';
    return hasNewResolution(request) ? null : 'resolution-missing';
  },
  apply: ({ caseId, answers, decidedAt, services, tx }) =>
    services.technicalRequests.settleDefect(tx, caseId, answers.defectOutcome, decidedAt),
});

export const technicalDecisions = [classifyRequest, fulfilRequest, answerRequest, removeDefect] as const;
