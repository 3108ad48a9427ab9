import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import { isIncident, type TechnicalRequest } from './model.js';

const dayMs = 24 * 3600 * 1000;

/**
 * R5(5), ACC-40, ACC-42: each administrator of information security, and who stands in for him, is told of an incident that a user reports, by its number alone;
 * of anything else nobody. The trail keeps how many were told: none has signed in yet, say, and then the administrators of the systems alone know of it.
 */
export async function tellOfIncident(
  { outbox, people, settings, trail }: Pick<Services, 'outbox' | 'people' | 'settings' | 'trail'>,
  tx: Tx,
  request: TechnicalRequest,
  receivedAt: Date,
): Promise<void> {
  if (!isIncident(request)) return;
  const { _id: caseId, number: caseNumber, concerns } = request;
  const employeeIds = new Set((await people.withRoles(['ib-admin'])).flatMap((person) => person.employeeId ?? []));
  for (const employeeId of employeeIds)
    await outbox.notice(tx, {
      ...{ caseId, key: `incident/${caseId}/${employeeId}`, employeeId, taskId: null },
      template: 'technical-request/incident-reported',
      data: { caseNumber, concerns, receivedAt, link: `${settings.web.publicUrl}/cases/${caseNumber}` },
      staleAt: new Date(tx.at.getTime() + 7 * dayMs),
    });
  await trail.record(tx, { caseId, type: 'incident.told', data: { administrators: employeeIds.size } });
}
