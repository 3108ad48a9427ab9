import type { RightsContext } from './rights.js';
import type { Services } from './services.js';

/** A case of a process that the central office decides, before anybody is related to it: how a new one stands for the table of rights. */
export function newCentralCase(process: string): RightsContext {
  return {
    ...{ process, caseState: 'open', inspectingUnit: 'centralOffice', branchCode: null },
    ...{ inspectedEmployees: [], concernedHeads: [] },
  };
}

/**
 * How such a case stands; its process adds who is related to it. As many looks as for an inspection: the time of an answer must not tell what kind
 * of case a number is of.
 */
export async function centralContext(
  { directory }: Pick<Services, 'directory'>,
  process: string,
  caseState: RightsContext['caseState'],
  employeeIds: readonly string[] = [],
): Promise<RightsContext> {
  await directory.headsOfUnitsOf([...employeeIds]);
  await directory.idsOfMembers('management', null);
  return { ...newCentralCase(process), caseState };
}
