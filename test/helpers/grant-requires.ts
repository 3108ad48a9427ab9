import { declaredDecisions } from '../../core/declared-decisions.js';
import type { Services } from '../../core/services.js';

/** What is missing for a grant of `sir` by the second administrator; null where nothing is. */
export async function grantRequires(services: Services, caseId: string): Promise<string | null> {
  const decision = declaredDecisions.find(({ name }) => name === 'access-request.decide-on-system')!;
  return services.database.transaction({ kind: 'person', id: 'ib.admin2' }, async (tx) =>
    decision.requires({ caseId, subject: 'sir', answers: { systemDecision: 'granted' }, tx, services } as never),
  );
}
