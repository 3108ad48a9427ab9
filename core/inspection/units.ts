import type { Organisation } from '../../config/index.js';
import type { InspectingUnit } from './model.js';

/** A unit that inspects: a branch, or the central office, which has no code. */
export interface Unit {
  inspectingUnit: InspectingUnit;
  branchCode: string | null;
}

/** The name of a unit in groups, trail and forms: `central` or the branch's code. */
export function unitName(unit: Unit): string {
  return unit.inspectingUnit === 'centralOffice' ? 'central' : (unit.branchCode ?? 'branch');
}

/** The same where the API and stored clocks tell it: the branch's code, or `centralOffice`. */
export function unitCode({ inspectingUnit, branchCode }: Unit): string {
  return inspectingUnit === 'branch' && branchCode !== null ? branchCode : 'centralOffice';
}

/** Candidate groups of Tasklist for the unit that inspects. */
export function groupsOf(unit: Unit): {
  issGroup: string;
  managementGroup: string;
  isBranch: boolean;
} {
  const suffix = unit.inspectingUnit === 'centralOffice' ? 'central' : `branch-${unit.branchCode}`;
  return {
    issGroup: `ins-iss-${suffix}`,
    managementGroup: `ins-mgmt-${suffix}`,
    isBranch: unit.inspectingUnit === 'branch',
  };
}

/** What a unit is called, in words for each language. */
export function unitLabel(
  { branches, centralOffice }: Pick<Organisation, 'branches' | 'centralOffice'>,
  { inspectingUnit, branchCode }: Unit,
): Organisation['name'] {
  const branch = inspectingUnit === 'branch' ? branches.find(({ code }) => code === branchCode) : undefined;
  return (branch ?? centralOffice).name;
}
