import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { CaseRecord } from '../core/cases.js';
import type { Actor, Tx } from '../core/database.js';
import { InputProblem } from '../core/errors.js';
import type { Person } from '../core/people.js';
import { contextOfCase, openedCase, readsCases, type OpenCase } from '../core/reading.js';
import { may, rightsOfRole, type RightsContext, type Verdict } from '../core/rights.js';
import type { Services } from '../core/services.js';
import type {} from './plugins/access-log.js';
import type {} from './plugins/sign-in.js';

export { mayRead, readsCases, type OpenCase } from '../core/reading.js';

/** The person who asks. @throws InputProblem 401 when nobody is signed in. */
export function signedIn(request: FastifyRequest): Person {
  if (!request.person) throw new InputProblem(401, 'sign-in');
  return request.person;
}

/** Who acts, for transaction and trail, and in whose place. */
export function actorOf(person: Person, onBehalfOf?: string): Actor {
  const kind = person.login.startsWith('client:') ? 'machine' : 'person';
  return { kind, id: person.login, ...(onBehalfOf === undefined ? {} : { onBehalfOf }) };
}

/**
 * The case of a number, for somebody who may do `action` on it. Who may not read it gets the same 404 as for a number that was never
 * given, so that nobody learns that an inspection exists (design, Rights).
 * @throws InputProblem 401, 403, 404, or 409 where only the end of the case stands against it.
 */
export async function openCase(
  services: Services,
  request: FastifyRequest,
  number: string,
  action: string,
): Promise<OpenCase> {
  request.access.action = action;
  const person = signedIn(request);
  // Who reads no cases at all is not told by the time that a look takes either.
  if (!readsCases(person)) throw new InputProblem(404, 'not-found');
  const record = await services.cases.byNumber(number);
  const opened = record ? await openedCase(services, record) : await lookInVain(services, person, number);
  if (!opened) throw new InputProblem(404, 'not-found');
  const context = await contextOfCase(services, opened);
  if (!may(person, 'case.read', context).allowed) throw new InputProblem(404, 'not-found');
  const { onBehalfOf } = mustBeAllowed(person, opened, context, action);
  request.access.by = actorOf(person, onBehalfOf);
  return { ...opened, onBehalfOf };
}

/**
 * Asks the directory as for a case about one employee: for a number that was never given, so that the answer takes as many looks as for a
 * case that the caller may not see.
 */
async function lookInVain(
  { directory, inspections }: Services,
  { employeeId, branchCode }: Person,
  number: string,
): Promise<null> {
  await inspections.find(number);
  await directory.headsOfUnitsOf(employeeId === null ? [] : [employeeId]);
  await directory.idsOfMembers('management', branchCode);
  return null;
}

/**
 * The same case as it is in a transaction, for the same action: whatever was written since it was opened counts, its end above all.
 * @throws InputProblem as {@link openCase}.
 */
export async function reopenCase(
  services: Services,
  tx: Tx,
  person: Person,
  caseId: string,
  action: string,
): Promise<OpenCase> {
  const record = await services.cases.find(caseId, tx);
  const opened = record && (await openedCase(services, record, tx));
  if (!opened) throw new InputProblem(404, 'not-found');
  const { onBehalfOf } = mustBeAllowed(person, opened, await contextOfCase(services, opened), action);
  return { ...opened, onBehalfOf };
}

function mustBeAllowed(person: Person, { record }: OpenCase, context: RightsContext, action: string): Verdict {
  const verdict = may(person, action, context);
  if (verdict.allowed) return verdict;
  if (verdict.reason === 'case-closed' || verdict.reason === 'case-voided') throw caseEnded(record);
  throw new InputProblem(403, 'forbidden');
}

/** The refusal of what an ended case no longer takes. */
export function caseEnded({ number }: CaseRecord): InputProblem {
  return new InputProblem(409, 'case-closed', [], { number });
}

/** Whether somebody has a role that reads the access log. */
export function readsAccessLog(person: Pick<Person, 'roles' | 'actsFor'>): boolean {
  return hasRoleFor(person, 'access-log.read');
}

type RightOfRole = keyof typeof rightsOfRole;

/** What operators do with no case in particular: a substitute does it too, as he does what is done in cases. What oversees them passes to nobody. */
const passesOn: readonly RightOfRole[] = [
  'access-journal.read',
  'access-violation.read',
  'access-violation.report',
  'access-violation.review',
  'upkeep-record.read',
  'upkeep-record.add',
];

/** Whether somebody has a role for what is done with no case in particular, by himself or as a substitute. */
export function hasRoleFor(person: Pick<Person, 'roles' | 'actsFor'>, right: RightOfRole): boolean {
  return mayByRole(person, right).allowed;
}

/** The same, and in whose place. */
function mayByRole(
  { roles, actsFor = [] }: Pick<Person, 'roles' | 'actsFor'>,
  right: RightOfRole,
): Pick<Verdict, 'allowed' | 'onBehalfOf'> {
  const has = (theirs: readonly string[]): boolean => rightsOfRole[right].some((role) => theirs.includes(role));
  if (has(roles)) return { allowed: true };
  const principal = passesOn.includes(right) ? actsFor.find((each) => has(each.roles)) : undefined;
  return principal ? { allowed: true, onBehalfOf: principal.login } : { allowed: false };
}

/** Who reads or acts by a role, and in whose place: so the access log has it too. @throws InputProblem 401, 403. */
export function actorByRole(request: FastifyRequest, right: RightOfRole): Actor {
  const person = signedIn(request);
  const { allowed, onBehalfOf } = mayByRole(person, right);
  if (!allowed) throw new InputProblem(403, 'forbidden');
  const by = actorOf(person, onBehalfOf);
  request.access.by = by;
  return by;
}

/** Which of some actions a person may do on a case: pages show nothing else. */
export async function allowedActions(
  services: Services,
  person: Person,
  opened: OpenCase,
  actions: readonly string[],
): Promise<Set<string>> {
  const context = await contextOfCase(services, opened);
  return new Set(actions.filter((action) => may(person, action, context).allowed));
}

/** Compares two hex hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}
