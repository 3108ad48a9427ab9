import { provideAccount } from '../../workers/access-request/provide-account.js';
import type { ApiSite } from '../helpers/api-site.js';
import type { WorkerSite } from '../helpers/worker-site.js';
import { accessRequest, type AccessRequestBody } from './access-request.js';

export interface ProvidedRequest {
  caseId: string;
  number: string;
  /** Of its first user: also the id of an account that it made. */
  userId: string;
}

/** A request of which `sir` is granted by `ib.admin` and everything else refused, with what it asks for done in SKUD. */
export async function providedRequest(
  site: ApiSite,
  workers: WorkerSite,
  changes: Partial<AccessRequestBody> = {},
): Promise<ProvidedRequest> {
  const body = accessRequest('2026-01-30', { copy: undefined, ...changes });
  const answer = await site.anybody.post('/api/access-requests', body);
  if (answer.statusCode !== 201) throw new Error(`the intake answered ${answer.statusCode}: ${answer.body}`);
  const { number } = answer.json<{ number: string }>();
  const { database, accessRequests, cases } = site.services;
  const { _id: caseId } = (await cases.byNumber(number))!;
  const { users } = await accessRequests.get(caseId);
  await database.transaction({ kind: 'person', id: 'ib.admin' }, async (tx) => {
    await accessRequests.decide(tx, caseId, { system: 'sir', granted: true, ground: null });
    await accessRequests.decide(tx, caseId, { system: 'pension', granted: false, ground: 'noLegalException' });
  });
  for (const { userId } of users) await workers.deliver(provideAccount, { caseId, caseNumber: number, userId });
  return { caseId, number, userId: users[0]!.userId };
}
