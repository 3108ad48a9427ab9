import { messages } from '../messages.js';
import type { Services } from '../services.js';
import type { SkudEvent } from './skud-account.js';

/**
 * Notes what SKUD told of an account. The first sign-in with a changed password completes the registration (R24): the process that waits
 * for it gets its message in the same transaction. An account that we don't know is none of ours. The same event again changes nothing.
 */
export async function noteSkudEvent(
  { database, accounts, accessRequests, outbox }: Pick<Services, 'database' | 'accounts' | 'accessRequests' | 'outbox'>,
  event: SkudEvent,
): Promise<void> {
  await database.transaction({ kind: 'machine', id: 'skud' }, async (tx) => {
    const noted = await accounts.noteEvent(tx, event);
    if (!noted?.completed) return;
    // The account may be older than the request: it keeps its id, and the request waits by that of its own user.
    const [waiting] = await accessRequests.awaiting(event.skudId, tx);
    if (!waiting) return;
    await outbox.message(tx, {
      caseId: waiting.caseId,
      name: messages.accessPasswordChanged.name,
      correlationKey: waiting.userId,
      messageId: `${waiting.userId}:${event.eventId}`,
      variables: { passwordChangedAt: event.at.toISOString() },
    });
  });
}
