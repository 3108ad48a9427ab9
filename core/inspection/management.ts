import type { Directory } from '../directory.js';
import type { Services } from '../services.js';
import type { Inspection } from './model.js';
import { groupsOf, type Unit } from './units.js';

/** Who may not act in an inspection, whatever the roles (AMB-INS-08): who is inspected, and the heads of their units. Ids of employees. */
export interface Excluded {
  inspectedEmployees: readonly string[];
  concernedHeads: readonly string[];
}

export async function excludedFrom(directory: Directory, inspection: Inspection): Promise<Excluded> {
  const inspectedEmployees = inspection.lines.map(({ employeeId }) => employeeId);
  return { inspectedEmployees, concernedHeads: await directory.headsOfUnitsOf(inspectedEmployees) };
}

/**
 * Whether the management of the central office acts for a branch: where everybody of the branch's management is excluded, for instance because a
 * suspect works under the director (AMB-INS-08). A management that nobody is known of yet is not replaced. In the central office those of its
 * management who are not excluded act; nobody stands above it.
 */
export async function managementStandsIn(directory: Directory, unit: Unit, excluded: Excluded): Promise<boolean> {
  // Asked for the central office, too: the time of an answer must not tell which unit inspects.
  const managers = await directory.idsOfMembers('management', unit.branchCode);
  if (unit.inspectingUnit !== 'branch' || managers.length === 0) return false;
  const out = new Set([...excluded.inspectedEmployees, ...excluded.concernedHeads]);
  return managers.every((employeeId) => out.has(employeeId));
}

/** Candidate groups of a unit's tasks in an inspection: those of the unit, but for the management's where another stands in. */
export async function taskGroups(
  { directory }: Pick<Services, 'directory'>,
  inspection: Inspection,
  unit: Unit = inspection,
): Promise<ReturnType<typeof groupsOf>> {
  const groups = groupsOf(unit);
  if (!(await managementStandsIn(directory, unit, await excludedFrom(directory, inspection)))) return groups;
  const { managementGroup } = groupsOf({ inspectingUnit: 'centralOffice', branchCode: null });
  return { ...groups, managementGroup };
}
