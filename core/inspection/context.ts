import type { RightsContext } from '../rights.js';
import type { Services } from '../services.js';
import { excludedFrom, managementStandsIn } from './management.js';
import type { Inspection } from './model.js';
import type { Unit } from './units.js';

/** How a person is related to an inspection, for the table of rights. */
export async function inspectionContext(services: Services, caseId: string): Promise<RightsContext> {
  const [record, inspection] = await Promise.all([services.cases.find(caseId), services.inspections.get(caseId)]);
  return contextOf(services, record?.state ?? 'open', inspection);
}

/** The same for a report under R9: the unit that revealed the signs carries its duties, also after a change of unit (E6, INS-27). */
export async function reportContext(services: Services, caseId: string, signId: string): Promise<RightsContext> {
  const [record, inspection] = await Promise.all([services.cases.find(caseId), services.inspections.get(caseId)]);
  const sign = inspection.signs.find((candidate) => candidate.signId === signId);
  const unit = sign && { inspectingUnit: sign.unit, branchCode: sign.branchCode };
  return contextOf(services, record?.state ?? 'open', inspection, unit);
}

export async function contextOf(
  { directory }: Pick<Services, 'directory'>,
  caseState: 'open' | 'closed' | 'voided',
  inspection: Inspection,
  { inspectingUnit, branchCode }: Unit = inspection,
): Promise<RightsContext> {
  const excluded = await excludedFrom(directory, inspection);
  const standIn = await managementStandsIn(directory, { inspectingUnit, branchCode }, excluded);
  return { process: 'inspection', caseState, inspectingUnit, branchCode, ...excluded, standIn };
}
