import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/** R22: everybody is answered in the moment in which the last of the answers was taken by the mail; that moment stops the clock. */
export const recordAnswer = defineWorker({
  type: 'access-request.record-answer',
  title: 'Record answer',
  titleRu: 'Зафиксировать ответ',
  act: 'R22',
  input: z.object({ caseId: id }),
  output: z.object({ answeredAt: moment, issuedUserIds: z.array(id) }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const { users } = await services.accessRequests.get(caseId, tx);
    const sent = await Promise.all(
      users.map(async ({ answerLetterId }) =>
        answerLetterId ? (await services.letters.find(answerLetterId, tx))?.sentAt?.getTime() : undefined,
      ),
    );
    const times = sent.filter((time) => time !== undefined);
    if (times.length < users.length)
      throw new PermanentError('answerLetterId: a user of the request has no answer that went out', {
        field: 'answerLetterId',
      });
    const answeredAt = new Date(Math.max(...times));
    await services.accessRequests.noteAnswered(tx, caseId, answeredAt);
    const issued = users.filter(({ account, registeredAt }) => account?.outcome === 'issued' && !registeredAt);
    return { answeredAt: answeredAt.toISOString(), issuedUserIds: issued.map(({ userId }) => userId) };
  },
});
