import type { Actor } from '../database.js';
import { InputProblem } from '../errors.js';
import { messages } from '../messages.js';
import type { Services } from '../services.js';
import { awaitsReview, type ReviewOutcome } from './violations.js';

/**
 * AMB-ACC-15: the administrator's word on a violation that a machine reported, after the block. The process that waits for it gets a message in the same
 * transaction: an account that is blocked for what is no violation, and for nothing else, is opened at once. Who decides on a repeated application sees
 * what was said here. A repeat of the same word changes nothing.
 * @throws InputProblem 404 where no machine reported a violation of this number; 409 where another word was said.
 */
export async function reviewViolation(
  { database, outbox, vault, violations }: Pick<Services, 'database' | 'outbox' | 'vault' | 'violations'>,
  by: Actor,
  number: string,
  { outcome, note }: { outcome: ReviewOutcome; note: string },
): Promise<void> {
  await database.transaction(by, async (tx) => {
    const violation = await violations.byNumber(number, tx);
    if (!violation) throw new InputProblem(404, 'not-found');
    if (violation.review?.outcome === outcome) return;
    if (violation.review) throw new InputProblem(409, 'violation-reviewed', [], { number });
    if (!awaitsReview(violation)) throw new InputProblem(404, 'not-found');
    const { _id, subjectId } = violation;
    // What would be sealed for who was erased is kept nowhere.
    const erased = (await vault.erased([subjectId], tx)).has(subjectId);
    await violations.noteReview(tx, _id, { outcome, note: erased ? null : await vault.seal(subjectId, note, tx) });
    await outbox.message(tx, {
      caseId: '',
      name: messages.accessViolationReviewed.name,
      correlationKey: _id,
      messageId: `${_id}:reviewed`,
      variables: { violationConfirmed: outcome === 'confirmed' },
    });
  });
}
