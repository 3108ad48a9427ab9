import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { CaseRecord } from '../core/cases.js';
import type { Actor, Tx } from '../core/database.js';
import { InputProblem } from '../core/errors.js';
import { contextOf } from '../core/inspection/decisions.js';
import type { Person } from '../core/people.js';
import { readsCases, type OpenCase } from '../core/reading.js';
import { may, rightsOfRole } from '../core/rights.js';
import type { Services } from '../core/services.js';
import type {} from './plugins/access-log.js';
import type {} from './plugins/sign-in.js';

export { mayRead, readsCases, type OpenCase } from '../core/reading.js';

/** The person who asks. @throws InputProblem 401 when nobody is signed in. */
export function signedIn(request: FastifyRequest): Person {
  if (!request.person) throw new InputProblem(401, 'sign-in');
  return request.person;
}

/** Who acts, for transaction and trail. */
export function actorOf(person: Person): Actor {
  return { kind: person.login.startsWith('client:') ? 'machine' : 'person', id: person.login };
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
  const inspection = await services.inspections.find(record?._id ?? number);
  if (!record || !inspection) {
    await lookInVain(services, person);
    throw new InputProblem(404, 'not-found');
  }
  const opened = { record, inspection };
  if (!may(person, 'case.read', await contextOf(services, record.state, inspection)).allowed)
    throw new InputProblem(404, 'not-found');
  await mustBeAllowed(services, person, opened, action);
  return opened;
}

/**
 * Asks the directory as for a case about one employee: for a number that was never given, so that the answer takes as many looks as for a
 * case that the caller may not see.
 */
async function lookInVain({ directory }: Services, { employeeId, branchCode }: Person): Promise<void> {
  await directory.headsOfUnitsOf(employeeId === null ? [] : [employeeId]);
  await directory.idsOfMembers('management', branchCode);
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
  if (!record) throw new InputProblem(404, 'not-found');
  const opened = { record, inspection: await services.inspections.get(caseId, tx) };
  await mustBeAllowed(services, person, opened, action);
  return opened;
}

async function mustBeAllowed(services: Services, person: Person, opened: OpenCase, action: string): Promise<void> {
  const { record, inspection } = opened;
  const verdict = may(person, action, await contextOf(services, record.state, inspection));
  if (verdict.allowed) return;
  if (verdict.reason === 'case-closed' || verdict.reason === 'case-voided') throw caseEnded(record);
  throw new InputProblem(403, 'forbidden');
}

/** The refusal of what an ended case no longer takes. */
export function caseEnded({ number }: CaseRecord): InputProblem {
  return new InputProblem(409, 'case-closed', [], { number });
}

/** Whether somebody has a role that reads the access log. */
export function readsAccessLog({ roles }: Pick<Person, 'roles'>): boolean {
  return rightsOfRole['access-log.read'].some((role) => roles.includes(role));
}

/** Which of some actions a person may do on a case: pages show nothing else. */
export async function allowedActions(
  services: Services,
  person: Person,
  { record, inspection }: OpenCase,
  actions: readonly string[],
): Promise<Set<string>> {
  const context = await contextOf(services, record.state, inspection);
  return new Set(actions.filter((action) => may(person, action, context).allowed));
}

/** Compares two hex hashes in constant time. */
export function sameHash(a: string, b: string): boolean {
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}
