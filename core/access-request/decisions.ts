import { z } from 'zod';
import { defineDecision, type RightsContext } from '../decisions.js';
import type { Services } from '../services.js';
import { accountOfUser } from './accounts.js';
import { lacksOrder, lacksStanding } from './checks.js';
import { contextOfRequest } from './context.js';
import { accountsOfOthers } from './known-accounts.js';
import { missingBases } from './model.js';

/** What each human step of an access request has to find in the case file before it counts (idea 6), and what it writes there. */

async function requestContext(services: Services, caseId: string): Promise<RightsContext> {
  const [record, request] = await Promise.all([services.cases.find(caseId), services.accessRequests.get(caseId)]);
  return contextOfRequest(services, record?.state ?? 'open', request);
}

/** R21, R22, AMB-ACC-17: one decision for each system. Its subject is the system's code. */
const decideOnSystem = defineDecision({
  name: 'access-request.decide-on-system',
  answers: z.strictObject({
    systemDecision: z.enum(['granted', 'refused']),
    refusalGround: z.enum(missingBases).nullish(),
  }),
  context: requestContext,
  requires: async ({ caseId, subject, answers, services, tx }) => {
    const request = await services.accessRequests.get(caseId, tx);
    const { precheck, legalException, reviewNote, refusalReasons } = request;
    if (answers.systemDecision === 'refused') {
      if (!answers.refusalGround) return 'refusal-ground-missing';
      return refusalReasons.some(({ system }) => system === subject) ? null : 'refusal-reason-missing';
    }
    // R30, ACC-35: a norm of legislation, once it is on file, stands in for what the applicant or the user lacks; for no order (R23).
    const excused = ['notEligibleStaff', 'noLegalException'].includes(precheck?.missingBasis ?? '') && legalException;
    if (precheck?.check === 'noBasis' && !excused) return 'basis-missing';
    // The table answers with what it finds first, so it may not have come to the order.
    if (legalException && (await lacksOrder(services, tx, request))) return 'order-missing';
    // Who left since the check has no account yet that the import could block.
    if (await lacksStanding(services, request, tx)) return 'not-acting-staff';
    if (reviewNote) return null;
    const unclear = precheck?.check === 'manualReview' || (await accountsOfOthers(services, request, tx)).length > 0;
    return unclear ? 'review-note-missing' : null;
  },
  apply: async ({ caseId, subject, answers, services, tx }) => {
    const granted = answers.systemDecision === 'granted';
    const ground = granted ? null : (answers.refusalGround ?? null);
    await services.accessRequests.decide(tx, caseId, { system: subject, granted, ground });
  },
});

/** E1: SKUD did not make or change the account. Its subject is the user's id. */
const resolveAccount = defineDecision({
  name: 'access-request.resolve-account',
  answers: z.strictObject({ accountResolution: z.enum(['again', 'withoutAccount']) }),
  context: requestContext,
  requires: async ({ caseId, answers, services, tx }) => {
    if (answers.accountResolution === 'again') return null;
    return (await services.accessRequests.get(caseId, tx)).reviewNote ? null : 'review-note-missing';
  },
});

/** AMB-ACC-08: nobody signed in while the temporary password was good. Its subject is the user's id. */
const decideOnExpiredPassword = defineDecision({
  name: 'access-request.decide-on-expired-password',
  answers: z.strictObject({ expiredPassword: z.enum(['reissue', 'repeatedApplication']) }),
  context: requestContext,
  requires: async ({ caseId, subject, answers, services, tx }) => {
    const { account } = await accountOfUser(services, caseId, subject, tx);
    const held = account !== null && (account.state === 'blocked' || account.blocking !== null);
    return answers.expiredPassword === 'reissue' && held ? 'account-is-blocked' : null;
  },
});

export const accessDecisions = [decideOnSystem, resolveAccount, decideOnExpiredPassword] as const;
