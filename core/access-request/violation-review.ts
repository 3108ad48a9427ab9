import type { Actor } from '../database.js';
import { InputProblem } from '../errors.js';
import type { Services } from '../services.js';
import { awaitsReview, type ReviewOutcome } from './violations.js';

/**
 * AMB-ACC-15: the administrator's word on a violation that a machine reported, after the block. The account stays blocked either way: only a repeated
 * application opens it (R29, ACC-30), and who decides on that sees what was said here. A repeat of the same word changes nothing.
 * @throws InputProblem 404 where no machine reported a violation of this number; 409 where another word was said.
 */
export async function reviewViolation(
  { database, vault, violations }: Pick<Services, 'database' | 'vault' | 'violations'>,
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
  });
}
