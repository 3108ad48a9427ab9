import type { DecisionRecord } from '../decisions.js';
import { systemsOf, type AccessRequest } from './model.js';

/** Where an access request waits, as `<process>/<element>`: for the applicant, the administrator, or the user's first sign-in. */
export function accessWaits({
  state,
  accessRequest: request,
  decisions,
}: {
  state: 'open' | 'closed' | 'voided';
  accessRequest: AccessRequest;
  decisions: readonly DecisionRecord[];
}): string[] {
  if (state !== 'open') return [];
  if (request.withdrawnAt || request.missing === null) return [];
  if (request.precheck === null)
    return request.missing.length > 0 ? ['access-request/IntermediateCatchEvent_RequestCompleted'] : [];
  const decided = new Set(request.decisions.map(({ system }) => system));
  if (systemsOf(request).some((system) => !decided.has(system))) return ['access-request/UserTask_DecideOnSystem'];
  const awaited = request.users.filter(({ account, registeredAt }) => account?.outcome === 'issued' && !registeredAt);
  if (request.answeredAt === null || awaited.length === 0) return [];
  const expired = decisions.findLast(({ decision }) => decision === 'access-request.decide-on-expired-password');
  return expired?.accepted === false
    ? ['access-request/UserTask_DecideOnExpiredPassword']
    : ['access-request/ReceiveTask_PasswordChanged'];
}
