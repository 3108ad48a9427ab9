import type { Tx } from './database.js';
import type { Finding } from './finding.js';
import type { Services } from './services.js';

/** What concerns whoever runs the system, not those of one case. */
export const alertedKinds: readonly Finding['kind'][] = ['standing-still', 'calendar-missing', 'clock-uncounted'];

/** Writes to the duty address about a finding that concerns the system, in the transaction that records it; about others nothing. */
export async function tellDuty(
  { organisation, letters, vault }: Pick<Services, 'organisation' | 'letters' | 'vault'>,
  tx: Tx,
  finding: Finding,
): Promise<void> {
  const { _id, kind, caseId, caseNumber, component, lastBeatAt, rule, year } = finding;
  if (!alertedKinds.includes(kind)) return;
  await letters.compose(tx, {
    // A chain of its own in the trail, where the finding is about no case.
    caseId: caseId ?? `system.${_id}`,
    template: 'shared/system-alert',
    languages: organisation.languages,
    recipient: { subjectId: await vault.createSubject(tx, 'organisation'), email: organisation.duty.email },
    data: {
      kind,
      foundAt: finding.foundWallAt,
      ...(component ? { component } : {}),
      ...(lastBeatAt ? { lastBeatAt } : {}),
      ...(year ? { year: String(year) } : {}),
      ...(caseNumber ? { caseNumber } : {}),
      ...(rule ? { rule } : {}),
    },
    purpose: 'system-alert',
  });
}
