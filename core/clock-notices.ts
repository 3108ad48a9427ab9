import type { ReportKind, StoredClock } from './clock-truth.js';
import type { Tx } from './database.js';
import { PermanentError } from './errors.js';
import type { Services } from './services.js';

type Notifying = Pick<Services, 'cases' | 'inspections' | 'letters' | 'organisation' | 'settings'>;

/**
 * Writes to those concerned by a clock, in the transaction that reports it: who is on duty, and the unit whose case it is. A passed target
 * is a warning, a passed due moment the notice that the term is broken.
 * @throws PermanentError when the clock's case does not exist.
 */
export async function tellOfClock(services: Notifying, tx: Tx, clock: StoredClock, kind: ReportKind): Promise<void> {
  const { organisation, settings, letters, cases } = services;
  const record = await cases.find(clock.caseId, tx);
  if (!record) throw new PermanentError(`clock ${clock._id} belongs to no case`, { field: 'caseId' });
  const shared = {
    caseNumber: clock.caseNumber,
    rule: clock.rule,
    dueAt: clock.dueAt ?? tx.at,
    caseLink: `${settings.web.publicUrl}/cases/${clock.caseNumber}`,
  };
  const broken = kind === 'broken';
  for (const email of await addressesOf(services, record.process, tx, clock.caseId))
    await letters.compose(tx, {
      caseId: clock.caseId,
      caseNumber: clock.caseNumber,
      template: broken ? 'shared/clock-broken' : 'shared/clock-warning',
      languages: organisation.languages,
      recipient: { subjectId: record.subjectId, email },
      data: broken ? { ...shared, reportedAt: tx.at } : { ...shared, targetAt: clock.targetAt ?? shared.dueAt },
      purpose: broken ? 'clock-broken' : 'clock-warning',
    });
}

/** The duty address, and the one of the unit that has the case; each once. */
async function addressesOf(services: Notifying, process: string, tx: Tx, caseId: string): Promise<Set<string>> {
  const { duty, branches, centralOffice } = services.organisation;
  const addresses = new Set([duty.email]);
  if (process === 'inspection') {
    const { inspectingUnit, branchCode } = await services.inspections.get(caseId, tx);
    const branch = inspectingUnit === 'branch' ? branches.find(({ code }) => code === branchCode) : undefined;
    addresses.add(branch?.email ?? centralOffice.email);
  }
  return addresses;
}
