import type { ClockHolder, ClockOfCase } from '../clocks.js';
import type { Tx } from '../database.js';
import type { AccessRequests } from './requests.js';

/** R22: the administrator of information security answers; there is one office of it. Null for a case that is no access request. */
export async function accessClockHolder(
  { accessRequests }: { accessRequests: Pick<AccessRequests, 'find'> },
  tx: Tx,
  { caseId }: ClockOfCase,
): Promise<ClockHolder | null> {
  return (await accessRequests.find(caseId, tx)) && { unit: 'centralOffice', responsible: 'ib-admin:centralOffice' };
}
