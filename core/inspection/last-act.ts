import type { Tx } from '../database.js';
import { momentOf } from '../decisions.js';
import type { Services } from '../services.js';
import type { Inspection } from './model.js';

/**
 * The moment of what was done last in an inspection, at most `tx.at`: a decision that was taken, or a letter of its reports that the mail took. The step that
 * closes the case runs later, and its time is nobody's act.
 */
export async function lastActAt(services: Services, tx: Tx, { _id, signs }: Inspection): Promise<Date> {
  const decided = (await services.decisions.ofCase(_id, tx)).filter(({ accepted }) => accepted).map(momentOf);
  const letterIds = signs.flatMap(({ dispatchLetterId, dispatchLetterIds, noticeLetterId }) => [
    ...(dispatchLetterIds ?? [dispatchLetterId]),
    noticeLetterId,
  ]);
  const sent = await Promise.all(
    letterIds.map(async (letterId) => (letterId ? (await services.letters.find(letterId, tx))?.sentAt : null)),
  );
  const moments = [...decided, ...sent].flatMap((at) => (at ? [at.getTime()] : []));
  return moments.length === 0 ? tx.at : new Date(Math.min(Math.max(...moments), tx.at.getTime()));
}
