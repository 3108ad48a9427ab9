import type { Tx } from './database.js';
import { PermanentError } from './errors.js';
import type { Services } from './services.js';

/** What the first step of every process hands it; `duplicate` tells a second instance to end itself (a create may be doubled). */
export interface StartedCase {
  caseState: 'new' | 'duplicate';
  caseUrl: string;
  timeZone: string;
  receivedAt: string;
}

/**
 * Binds the instance that asks to its case, if none is bound yet. A repeat for the same instance answers the same.
 * @throws PermanentError when number and id are not of one case.
 */
export async function bindCase(
  { cases, organisation, settings, trail }: Pick<Services, 'cases' | 'organisation' | 'settings' | 'trail'>,
  tx: Tx,
  { caseId, caseNumber }: { caseId: string; caseNumber: string },
  { processInstanceKey: key, epoch }: { processInstanceKey: string; epoch: string },
): Promise<StartedCase> {
  const record = await cases.find(caseId, tx);
  if (record?.number !== caseNumber)
    throw new PermanentError(`caseNumber ${caseNumber} is not the number of caseId ${caseId}`, { field: 'caseNumber' });
  const first = await cases.bindInstance(tx, caseId, { key, epoch });
  if (first) await trail.record(tx, { caseId, type: 'case.started', data: { instance: key } });
  return {
    caseState: first ? 'new' : 'duplicate',
    caseUrl: `${settings.web.publicUrl}/cases/${caseNumber}`,
    timeZone: organisation.timeZone,
    receivedAt: record.receivedAt.toISOString(),
  };
}
