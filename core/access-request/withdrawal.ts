import type { CaseRecord } from '../cases.js';
import type { Tx } from '../database.js';
import { InputProblem } from '../errors.js';
import { messages } from '../messages.js';
import type { Services } from '../services.js';

/**
 * The applicant takes a request back before it is answered: its clock ends as withdrawn, a receipt goes to him, and its process is ended by a message, all in one
 * transaction. No account has been made by then, and none is from here on. A repeat changes nothing.
 * @throws InputProblem 409 where the request is being answered.
 */
export async function withdrawRequest(
  { accessRequests, clocks, letters, outbox, vault }: Services,
  tx: Tx,
  { _id: caseId, number }: CaseRecord,
): Promise<void> {
  if (!(await accessRequests.withdraw(tx, caseId))) {
    const { withdrawnAt } = await accessRequests.get(caseId, tx);
    if (withdrawnAt) return;
    throw new InputProblem(409, 'request-answered', [], { number });
  }
  await clocks.cancelOfCase(tx, caseId, 'withdrawn');
  const { applicant, language } = await vault.reveal(await accessRequests.get(caseId, tx), tx);
  await letters.compose(tx, {
    ...{ caseId, caseNumber: number, template: 'access-request/withdrawal-receipt', languages: [language] },
    recipient: { subjectId: applicant.subjectId, name: applicant.name, email: applicant.replyEmail },
    data: { caseNumber: number, withdrawnAt: tx.at },
    purpose: 'receipt',
  });
  await outbox.message(tx, {
    ...{ caseId, name: messages.accessRequestWithdrawn.name, correlationKey: number, variables: {} },
    messageId: `${caseId}:withdrawn`,
  });
}
