import type { Actor } from '../database.js';
import { InputProblem } from '../errors.js';
import { newId } from '../ids.js';
import { countedOnce, mustBeSame } from '../intake.js';
import { localDay } from '../legal-day.js';
import { messages } from '../messages.js';
import type { Services } from '../services.js';
import type { Violation, ViolationKind } from './violations.js';

/** A report whose form has been checked at the edge: it names an account by its login, a user by his id in the directory, or both. */
export interface ViolationReport {
  kind: ViolationKind;
  login: string | null;
  employeeId: string | null;
  facts: string;
  disclosed: boolean;
  /** AMB-TECH-10: what does not work, where it is also a failure that no technical request told of. */
  failure: string | null;
  /** Number of the technical request that told of the same incident first. */
  technicalRequest: string | null;
}

export interface ReportedViolation {
  violation: Violation;
  /** True when this report had been accepted before: nothing was written now. */
  repeated: boolean;
}

/**
 * Registers a violation and sets going what follows from it (R28, ACC-28): the message to the engine is in the same transaction, so that SKUD and engine may
 * be down. A repeat with the same key answers with the same violation.
 * @throws InputProblem 422 for an employee whom the directory doesn't have, or a technical request that is none; 409 for a repeated key with other content.
 */
export async function reportViolation(
  services: Services,
  by: Actor,
  report: ViolationReport,
  idempotency: { client: string; key: string } | null,
): Promise<ReportedViolation> {
  const { accounts, clock, database, directory, numbers, organisation, outbox, vault, violations } = services;
  const { technicalRequests } = services;
  await clock.refresh();
  const { contentHash } = countedOnce(services, report, idempotency, { channel: 'violation', number: null });
  const known = async (): Promise<Violation | null> => {
    const same = idempotency && (await violations.byIdempotencyKey(idempotency.client, idempotency.key));
    if (same) mustBeSame(same, contentHash);
    return same;
  };
  const repeated = await known();
  if (repeated) return { violation: repeated, repeated: true };
  const account = report.login === null ? null : await accounts.byLogin(report.login);
  const employeeId = report.employeeId ?? account?.employeeId ?? null;
  const employee = employeeId === null ? null : await directory.employee(employeeId);
  if (report.employeeId !== null && !employee)
    throw new InputProblem(422, 'validation', [{ field: 'employeeId', code: 'unknown-employee' }]);
  if (report.technicalRequest !== null && !(await technicalRequests.byNumber(report.technicalRequest)))
    throw new InputProblem(422, 'validation', [{ field: 'technicalRequest', code: 'unknown-request' }]);
  const userSubject = account?.subjectId ?? employee?.subjectId ?? null;
  const erased = userSubject !== null && (await vault.erased([userSubject])).has(userSubject);
  try {
    const violation = await database.transaction(by, async (tx) => {
      const subjectId = userSubject === null || erased ? await vault.createSubject(tx, 'case') : userSubject;
      const sealer = await vault.sealer(subjectId, tx);
      const { kind, disclosed, technicalRequest } = report;
      const made: Violation = {
        ...{ _id: newId(), subjectId, kind, disclosed, employeeId: employee?.employeeId ?? null },
        number: await numbers.next(tx, 'VIO', Number(localDay(tx.at, organisation.timeZone).slice(0, 4))),
        facts: sealer.seal(report.facts),
        failure: report.failure === null ? null : sealer.seal(report.failure),
        ...{ failureReferralId: null, technicalRequest },
        login: report.login === null ? null : sealer.seal(report.login),
        accountId: account?._id ?? null,
        ...{ reportedBy: tx.by.id, reportedAt: tx.at, accountIds: null, referralId: null, review: null },
        idempotency: idempotency && { ...idempotency, contentHash },
      };
      await violations.create(tx, made);
      const { _id: violationId } = made;
      await outbox.message(tx, {
        caseId: '',
        name: messages.accessViolationReported.name,
        correlationKey: violationId,
        messageId: violationId,
        variables: { violationId },
      });
      return made;
    });
    return { violation, repeated: false };
  } catch (error) {
    // Another request with the same key won the race: its violation is the answer.
    const winner = (error as { code?: unknown }).code === 11_000 ? await known() : null;
    if (!winner) throw error;
    return { violation: winner, repeated: true };
  }
}

/** Whether a violation is for the inspection too: an employee of this organisation disclosed personal data, and the act on inspections is on. */
export function isForInspection(
  { organisation }: Pick<Services, 'organisation'>,
  { disclosed, employeeId }: Pick<Violation, 'disclosed' | 'employeeId'>,
): boolean {
  return disclosed && employeeId !== null && organisation.acts['inspection']?.on === true;
}

/** Whether a violation is for the administrators of the information systems too: it is also a failure, and technical requests are on (AMB-TECH-10). */
export function isAlsoFailure(
  { organisation }: Pick<Services, 'organisation'>,
  { failure }: Pick<Violation, 'failure'>,
): boolean {
  return (failure ?? null) !== null && organisation.acts['technical-request']?.on === true;
}
