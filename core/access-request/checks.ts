import { Temporal } from 'temporal-polyfill';
import { isWithinLookback } from '../day-comparisons.js';
import { localDay } from '../legal-day.js';
import type { Services } from '../services.js';
import { basisCopy, type AccessRequest } from './model.js';
import type { Tx } from '../database.js';

/** What the decision table is asked (`access-basis`): codes and flags, nothing of a person. */
export interface BasisFacts {
  requestKind: AccessRequest['kind'];
  /** R23 against DL-ACC-3; both boundary days by AMB-ACC-03. */
  basisAge: 'none' | 'withinYear' | 'tooOld' | 'inFuture';
  basisCopied: boolean;
  applicantStanding: AccessRequest['applicant']['standing'];
  /** R30: `acting` in our directory, `notActing`, or `attested` by the head of another organisation. */
  staffStanding: 'acting' | 'notActing' | 'attested';
  exceptionCited: boolean;
}

/** Fields of Appendix 2 that are empty, as dotted paths; empty when it is complete (ACC-52, AMB-ACC-13). */
export function missingFields(request: AccessRequest, copied: boolean): string[] {
  const { kind, applicant, basis, users } = request;
  const missing: string[] = [];
  if (!applicant.headFullName) missing.push('applicant.headFullName');
  if (!applicant.headSignature) missing.push('applicant.headSignature');
  // R29 doesn't cite R23: a repeated application rests on the first (AMB-ACC-02).
  if (kind !== 'repeat') {
    for (const name of ['type', 'number', 'date'] as const) if (!basis[name]) missing.push(`basis.${name}`);
    if (!copied) missing.push('copy');
  }
  for (const [index, user] of users.entries()) {
    for (const name of ['officePhone', 'cellPhone', 'workstationIp', 'position', 'division'] as const)
      if (!user[name]) missing.push(`users.${index}.${name}`);
    if (kind !== 'provide' && !user.login) missing.push(`users.${index}.login`);
  }
  return missing;
}

/** What a request looks like at a moment: its gaps, and what the decision table has to know. */
export async function checkRequest(
  services: Services,
  tx: Tx,
  request: AccessRequest,
): Promise<{ missing: string[]; facts: BasisFacts }> {
  const order = await orderOf(services, tx, request);
  return {
    missing: missingFields(request, order.basisCopied),
    facts: {
      requestKind: request.kind,
      ...order,
      applicantStanding: request.applicant.standing,
      staffStanding: await staffStanding(services, request, tx),
      exceptionCited: request.legalException !== null,
    },
  };
}

/** R23: the order that a request rests on. */
async function orderOf(
  services: Services,
  tx: Tx,
  { _id, basis }: AccessRequest,
): Promise<Pick<BasisFacts, 'basisAge' | 'basisCopied'>> {
  const documents = await services.documents.documentsOfCase(_id, tx);
  const record = await services.cases.find(_id, tx);
  return {
    basisAge: basisAge(services, basis.date, record?.receivedAt ?? tx.at),
    basisCopied: documents.some(({ kind }) => kind === basisCopy),
  };
}

/** Whether a first request lacks the order of R23 or its copy, whatever else the decision table found before it looked at them. */
export async function lacksOrder(services: Services, tx: Tx, request: AccessRequest): Promise<boolean> {
  if (request.kind !== 'provide') return false;
  const { basisAge, basisCopied } = await orderOf(services, tx, request);
  return basisAge !== 'withinYear' || !basisCopied;
}

function basisAge(
  { deadlineTable, organisation }: Pick<Services, 'deadlineTable' | 'organisation'>,
  date: string | null,
  appliedAt: Date,
): BasisFacts['basisAge'] {
  if (date === null) return 'none';
  const appliedOn = localDay(appliedAt, organisation.timeZone);
  if (date > appliedOn) return 'inFuture';
  const years = deadlineTable.rowFor('DL-ACC-3', appliedOn).length ?? 1;
  const within = isWithinLookback(years, Temporal.PlainDate.from(date), Temporal.PlainDate.from(appliedOn));
  return within ? 'withinYear' : 'tooOld';
}

/**
 * R30, ACC-34: whether a user is no acting staff now, whatever the check found, and no norm of legislation that provides for others is on file. A block
 * takes away, so that nobody's standing is asked for.
 */
export async function lacksStanding(
  services: Pick<Services, 'directory'>,
  request: Pick<AccessRequest, 'kind' | 'legalException' | 'applicant' | 'users'>,
  tx?: Tx,
): Promise<boolean> {
  if (request.kind === 'block' || request.legalException) return false;
  return (await staffStanding(services, request, tx)) === 'notActing';
}

async function staffStanding(
  { directory }: Pick<Services, 'directory'>,
  { applicant, users }: Pick<AccessRequest, 'applicant' | 'users'>,
  tx?: Tx,
): Promise<BasisFacts['staffStanding']> {
  if (!applicant.own) return 'attested';
  for (const { employeeId } of users) {
    const employee = employeeId === null ? null : await directory.employee(employeeId, tx);
    if (!employee?.active) return 'notActing';
  }
  return 'acting';
}
