import type { Tx } from '../database.js';
import type { MessageName } from '../messages.js';
import type { Services } from '../services.js';
import { isByMachine, type Violation } from './violations.js';

/** Hands facts of a violation to another process, whose message carries a reference and nothing else. `facts` are sealed as stored. */
export async function referViolation(
  { outbox, referrals, violations }: Pick<Services, 'outbox' | 'referrals' | 'violations'>,
  tx: Tx,
  violation: Violation,
  to: { field: 'referralId' | 'failureReferralId'; facts: string; employeeIds: string[]; message: MessageName },
): Promise<void> {
  const { _id, number, reportedAt } = violation;
  const { facts, employeeIds } = to;
  const byMachine = isByMachine(violation);
  const given = { source: number, receivedAt: reportedAt, facts, byMachine, employeeIds };
  const referralId = await referrals.create(tx, given);
  await violations.noteReferral(tx, _id, to.field, referralId);
  await outbox.message(tx, {
    ...{ caseId: '', name: to.message, correlationKey: referralId, messageId: referralId },
    variables: { referralId },
  });
}
