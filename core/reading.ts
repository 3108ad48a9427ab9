import { askingOnce } from './asked-once.js';
import { centralContext } from './central-context.js';
import type { CaseRecord } from './cases.js';
import type { StoredClock } from './clock-truth.js';
import { contextOfRequest } from './access-request/context.js';
import type { AccessRequest } from './access-request/model.js';
import type { Tx } from './database.js';
import { PermanentError } from './errors.js';
import { contextOf } from './inspection/context.js';
import type { Inspection } from './inspection/model.js';
import type { Person } from './people.js';
import { may, rights, type RightsContext } from './rights.js';
import type { RunningCursor, RunningFilter } from './running-clocks.js';
import type { Services } from './services.js';
import { isIncident, type TechnicalRequest } from './technical-request/model.js';

export interface OpenInspection {
  record: CaseRecord;
  inspection: Inspection;
  /** Login of the one in whose place it was opened; left out where the reader's own right was enough. */
  onBehalfOf?: string | undefined;
}

export interface OpenAccessRequest {
  record: CaseRecord;
  accessRequest: AccessRequest;
  onBehalfOf?: string | undefined;
}

export interface OpenTechnicalRequest {
  record: CaseRecord;
  technicalRequest: TechnicalRequest;
  onBehalfOf?: string | undefined;
}

/** A case with its process's own file. */
export type OpenCase = OpenInspection | OpenAccessRequest | OpenTechnicalRequest;

type Reading = Pick<Services, 'inspections' | 'accessRequests' | 'technicalRequests' | 'directory'>;

/** The file of a case; null where there is none. */
export async function openedCase(services: Reading, record: CaseRecord, tx?: Tx): Promise<OpenCase | null> {
  if (record.process === 'access-request') {
    const accessRequest = await services.accessRequests.find(record._id, tx);
    return accessRequest && { record, accessRequest };
  }
  if (record.process === 'technical-request') {
    const technicalRequest = await services.technicalRequests.find(record._id, tx);
    return technicalRequest && { record, technicalRequest };
  }
  const inspection = await services.inspections.find(record._id, tx);
  return inspection && { record, inspection };
}

/** How a case stands, for the table of rights. */
export async function contextOfCase(services: Reading, opened: OpenCase): Promise<RightsContext> {
  const { process, state } = opened.record;
  if ('inspection' in opened) return contextOf(services, state, opened.inspection);
  if ('accessRequest' in opened) return contextOfRequest(services, state, opened.accessRequest);
  const context = await centralContext(services, process, state);
  return { ...context, incident: isIncident(opened.technicalRequest) };
}

/** The same by the id of the case. @throws PermanentError where there is no such case. */
export async function caseContext(services: Reading & Pick<Services, 'cases'>, caseId: string): Promise<RightsContext> {
  const record = await services.cases.find(caseId);
  const opened = record && (await openedCase(services, record));
  if (!opened) throw new PermanentError(`caseId ${caseId} names no case`, { field: 'caseId' });
  return contextOfCase(services, opened);
}

const reading = rights.filter(({ actions }) => actions.includes('case.read'));
const readers = new Set(reading.map(({ role }) => role));

/** Whether somebody has a role that reads cases at all: who hasn't need not be shown a list. */
export function readsCases({ roles, actsFor = [] }: Pick<Person, 'roles' | 'actsFor'>): boolean {
  return [...roles, ...actsFor.flatMap((principal) => principal.roles)].some((role) =>
    (readers as Set<string | undefined>).has(role),
  );
}

/** Whether somebody may read a case. */
export async function mayRead(services: Services, person: Person, opened: OpenCase): Promise<boolean> {
  if (!('inspection' in opened)) return may(person, 'case.read', await contextOfCase(services, opened)).allowed;
  const { record, inspection } = opened;
  // Without looking up who is excluded and who stands in first: most cases of a long list are of another unit.
  const { inspectingUnit, branchCode, lines } = inspection;
  const known = { process: 'inspection', caseState: record.state, inspectingUnit, branchCode };
  const inspectedEmployees = lines.map(({ employeeId }) => employeeId);
  const atMost = { ...known, inspectedEmployees, concernedHeads: [], standIn: true };
  if (!may(person, 'case.read', atMost).allowed) return false;
  return may(person, 'case.read', await contextOf(services, record.state, inspection)).allowed;
}

/** Code of the unit in which somebody works, as clocks have it; null for who is in none. */
export function unitOf({ unitId, branchCode }: Pick<Person, 'unitId' | 'branchCode'>): string | null {
  return unitId === null ? null : (branchCode ?? 'centralOffice');
}

/**
 * The units outside of which somebody can read no case; undefined where it may be any. Spares reading what is refused anyway; the right
 * itself is asked for each case.
 */
export function unitsRead(person: Person): readonly (string | null)[] | undefined {
  const each = [person, ...(person.actsFor ?? [])].map(unitsThemselvesRead);
  return each.includes(undefined) ? undefined : [...new Set(each.flatMap((units) => units ?? []))];
}

function unitsThemselvesRead(person: Person): readonly (string | null)[] | undefined {
  const unit = unitOf(person);
  const everywhere = reading.some(
    ({ role, relation }) =>
      (role === undefined || person.roles.includes(role)) &&
      relation !== 'inspecting-unit' &&
      (relation !== 'central-office' || unit === 'centralOffice'),
  );
  return everywhere ? undefined : unit === null ? [] : [unit, null];
}

/** A running clock with the case that it is of. */
export type ClockInCase = OpenCase & { clock: StoredClock };

/**
 * Running clocks of cases that somebody may read at this moment, in the order of their due moments. `next` says that more follow, and
 * depends on nothing but what he may read. `only` leaves out further ones.
 */
export async function readableClocks(
  given: Services,
  person: Person,
  filter: RunningFilter,
  {
    after = null,
    limit,
    only = () => Promise.resolve(true),
  }: { after?: RunningCursor | null; limit: number; only?: (found: ClockInCase) => Promise<boolean> },
): Promise<{ clocks: ClockInCase[]; next: RunningCursor | null }> {
  if (!readsCases(person)) return { clocks: [], next: null };
  const services = askingOnce(given);
  const scope = unitsRead(person);
  const units = filter.units && scope ? filter.units.filter((unit) => scope.includes(unit)) : (filter.units ?? scope);
  if (units?.length === 0 || filter.responsible?.length === 0) return { clocks: [], next: null };
  const known = new Map<string, Promise<OpenCase | null>>();
  const caseOf = (caseId: string): Promise<OpenCase | null> => {
    const asked = known.get(caseId) ?? readableCase(services, person, caseId);
    known.set(caseId, asked);
    return asked;
  };
  const found: ClockInCase[] = [];
  let from = after;
  let exhausted = false;
  while (found.length <= limit && !exhausted) {
    const page = await services.runningClocks.list({ ...filter, units }, from, limit + 1);
    exhausted = page.length <= limit;
    const last = page.at(-1);
    if (last) from = { dueAt: last.dueAt, id: last._id };
    const cases = await Promise.all(page.map(({ caseId }) => caseOf(caseId)));
    for (const [index, clock] of page.entries()) {
      const opened = cases[index];
      if (opened && (await only({ clock, ...opened }))) found.push({ clock, ...opened });
    }
  }
  const clocks = found.slice(0, limit);
  const last = clocks.at(-1)?.clock;
  return { clocks, next: found.length > limit && last ? { dueAt: last.dueAt, id: last._id } : null };
}

async function readableCase(services: Services, person: Person, caseId: string): Promise<OpenCase | null> {
  const record = await services.cases.find(caseId);
  const opened = record && (await openedCase(services, record));
  return opened && (await mayRead(services, person, opened)) ? opened : null;
}
