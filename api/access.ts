import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { CaseRecord } from '../core/cases.js';
import type { Actor } from '../core/database.js';
import { InputProblem } from '../core/errors.js';
import { contextOf } from '../core/inspection/decisions.js';
import type { Inspection } from '../core/inspection/model.js';
import type { Person } from '../core/people.js';
import { may } from '../core/rights.js';
import type { Services } from '../core/services.js';

export interface OpenCase {
  record: CaseRecord;
  inspection: Inspection;
}

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
 * @throws InputProblem 401, 403 or 404.
 */
export async function openCase(
  services: Services,
  request: FastifyRequest,
  number: string,
  action: string,
): Promise<OpenCase> {
  const person = signedIn(request);
  const record = await services.cases.byNumber(number);
  const inspection = record && (await services.inspections.find(record._id));
  if (!record || !inspection) throw new InputProblem(404, 'not-found');
  const context = await contextOf(services, record.state, inspection);
  if (!may(person, 'case.read', context).allowed) {
    request.log.warn({ action, caseNumber: number, code: 'case.read' }, 'access refused');
    throw new InputProblem(404, 'not-found');
  }
  if (!may(person, action, context).allowed) throw new InputProblem(403, 'forbidden');
  return { record, inspection };
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
