import type { Tx } from '../database.js';
import type { Services } from '../services.js';
import { violationChain } from './violations.js';

/**
 * R28, TECH-37: writes to the operational centre of information security about a confirmed violation, once, in the transaction that notes it. References and
 * counts alone: no login, no facts. Where the organisation names no centre nothing is written. What its server refuses is given up and alerted of like any letter.
 */
export async function writeToSecurityCentre(
  services: Pick<Services, 'accounts' | 'letters' | 'organisation' | 'vault' | 'violations'>,
  tx: Tx,
  violationId: string,
): Promise<void> {
  const { accounts, letters, organisation, vault, violations } = services;
  const { securityCentre: centre } = organisation;
  const { number, kind, reportedAt, accountIds, centreInformedAt } = await violations.get(violationId, tx);
  if (!centre || centreInformedAt) return;
  const named = await Promise.all((accountIds ?? []).map((accountId) => accounts.find(accountId, tx)));
  // One that a repeated application opened meanwhile is none of them any more.
  const blocked = named.filter((account) => account?.state === 'blocked');
  const codes = new Set(blocked.flatMap((account) => account?.rights.map(({ system }) => system) ?? []));
  const { letterId } = await letters.compose(tx, {
    caseId: violationChain(violationId),
    recipient: { subjectId: await vault.createSubject(tx, 'organisation'), name: centre.name, email: centre.email },
    ...{ languages: organisation.languages, purpose: 'security-centre' },
    template: 'access-request/violation-confirmed',
    data: {
      ...{ number, kind, reportedAt, count: blocked.length },
      systems: [...codes].sort().map((code) => ({
        ...{ code, name: organisation.access.systems.find((system) => system.code === code)?.name ?? code },
      })),
    },
  });
  await violations.noteCentreInformed(tx, violationId, letterId);
}
