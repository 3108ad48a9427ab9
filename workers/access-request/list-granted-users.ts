import { z } from 'zod';
import { grantedRights } from '../../core/access-request/model.js';
import { RetryableError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** AMB-ACC-17: who of the request has any system granted; the others are answered with their refusal alone. */
export const listGrantedUsers = defineWorker({
  type: 'access-request.list-granted-users',
  title: 'List granted users',
  titleRu: 'Определить, кому предоставлено',
  act: 'R22',
  input: z.object({ caseId: id }),
  output: z.object({ grantedUserIds: z.array(id) }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    // What the applicant withdrew is answered no more: the message that ends its process is on its way.
    if (!(await services.accessRequests.beginAnswer(tx, caseId)))
      throw new RetryableError('the request was withdrawn, and its end is awaited');
    const request = await services.accessRequests.get(caseId, tx);
    const granted = request.users.filter((user) => grantedRights(request, user).length > 0);
    return { grantedUserIds: granted.map(({ userId }) => userId) };
  },
});
