import type { Directory } from '../directory.js';
import type { Addressee } from '../documents.js';
import { inEachLanguage } from '../employee-words.js';
import { PermanentError } from '../errors.js';
import type { InspectingUnit, Inspection } from './model.js';

/**
 * The unit that inspects (AMB-INS-09, AMB-INS-08): the branch where every named employee works; the central office where they are of
 * several units, of none, or where one of them belongs to the branch's own security service.
 */
export async function responsibleUnit(
  directory: Directory,
  employeeIds: readonly string[],
): Promise<{ inspectingUnit: InspectingUnit; branchCode: string | null }> {
  const employees = await Promise.all(employeeIds.map((id) => directory.employee(id)));
  const branches = new Set(employees.map((employee) => employee?.branchCode ?? null));
  const [branchCode] = branches;
  if (branches.size !== 1 || !branchCode) return { inspectingUnit: 'centralOffice', branchCode: null };
  if (await anySecurityOfficer(directory, employeeIds, branchCode))
    return { inspectingUnit: 'centralOffice', branchCode: null };
  return { inspectingUnit: 'branch', branchCode };
}

/** Whether one of the employees serves in the security service of a branch: then it may not inspect (AMB-INS-08). */
export async function anySecurityOfficer(
  directory: Directory,
  employeeIds: readonly string[],
  branchCode: string | null,
): Promise<boolean> {
  const officers = await directory.members('iss', branchCode);
  return officers.some((officer) => employeeIds.includes(officer.employeeId));
}

/** The branch in which all lines of an inspection work, or null when there is no such one. */
export async function commonBranch(directory: Directory, inspection: Inspection): Promise<string | null> {
  const employees = await Promise.all(inspection.lines.map((line) => directory.employee(line.employeeId)));
  const branches = new Set(employees.map((employee) => employee?.branchCode ?? null));
  const [branch] = branches;
  return branches.size === 1 && branch ? branch : null;
}

/** Name and address of a person of the directory. */
export async function addresseeOf(directory: Directory, employeeId: string): Promise<Addressee> {
  const employee = await directory.employee(employeeId);
  if (!employee)
    throw new PermanentError(`employeeId ${employeeId} is not in the directory; import it again`, {
      field: 'employeeId',
    });
  return { employeeId, subjectId: employee.subjectId, name: inEachLanguage(employee, 'name'), email: employee.email };
}

/**
 * Who is asked for a document of R5. Nobody under inspection is asked about another or about himself, except for his own note:
 * then the next superior is (AMB-INS-08).
 */
export async function documentAddressee(
  directory: Directory,
  inspection: Inspection,
  lineId: string,
  kind: string,
): Promise<Addressee> {
  const line = inspection.lines.find((candidate) => candidate.lineId === lineId);
  if (!line) throw new PermanentError(`lineId ${lineId} is no line of this inspection`, { field: 'lineId' });
  if (kind === 'employeeExplanatoryNote') return addresseeOf(directory, line.employeeId);
  const inspected = new Set(inspection.lines.map(({ employeeId }) => employeeId));
  return kind === 'hrSanctionsCertificate'
    ? personnelOfficer(directory, line.employeeId, inspected)
    : headAbove(directory, line.employeeId, inspected);
}

async function headAbove(directory: Directory, employeeId: string, inspected: ReadonlySet<string>): Promise<Addressee> {
  const employee = await directory.employee(employeeId);
  const seen = new Set<string>();
  let candidate = employee ? await directory.headOf(employee.unitId) : null;
  while (
    candidate &&
    (candidate.employeeId === employeeId || inspected.has(candidate.employeeId)) &&
    !seen.has(candidate.employeeId)
  ) {
    seen.add(candidate.employeeId);
    candidate = await directory.superiorOf(candidate.employeeId);
  }
  if (!candidate || inspected.has(candidate.employeeId))
    throw new PermanentError(
      `employee ${employeeId} has no head or superior outside the inspection; add one to the directory`,
      { field: 'head_of_unit' },
    );
  return addresseeOf(directory, candidate.employeeId);
}

async function personnelOfficer(
  directory: Directory,
  employeeId: string,
  inspected: ReadonlySet<string>,
): Promise<Addressee> {
  const employee = await directory.employee(employeeId);
  const branch = employee?.branchCode ?? null;
  const own = branch === null ? [] : await directory.members('hr', branch);
  const candidates = [...own, ...(await directory.members('hr', null))].filter(
    (officer) => !inspected.has(officer.employeeId),
  );
  const officer = candidates[0];
  if (!officer)
    throw new PermanentError('no personnel officer (role hr) is known; let one sign in, or add one to the directory', {
      field: 'roles',
    });
  return addresseeOf(directory, officer.employeeId);
}
