import type { Actor } from '../database.js';
import { InputProblem, type FieldFault } from '../errors.js';
import { newId } from '../ids.js';
import { actOf, countedOnce, mustBeSame } from '../intake.js';
import { localDay } from '../legal-day.js';
import type { Services } from '../services.js';
import type { UpkeepRecord } from './upkeep-records.js';

/** A record whose form has been checked at the edge. */
export type UpkeepReport = Omit<
  UpkeepRecord,
  '_id' | 'number' | 'subjectId' | 'recordedBy' | 'recordedAt' | 'idempotency'
>;

export interface RecordedUpkeep {
  record: UpkeepRecord;
  /** True when this report had been accepted before: nothing was written now. */
  repeated: boolean;
}

/**
 * Adds a record of upkeep (TECH-15, -25 to -29, -32, -33, -36, -37). A repeat with the same key answers with the same record.
 * @throws InputProblem 422 naming each field; 409 for a repeated key with other content; 503 when the act is off.
 */
export async function recordUpkeep(
  services: Services,
  by: Actor,
  report: UpkeepReport,
  idempotency: { client: string; key: string } | null,
): Promise<RecordedUpkeep> {
  const { clock, database, numbers, organisation, upkeepRecords, vault } = services;
  await clock.refresh();
  actOf(services, 'technical-request');
  const { contentHash } = countedOnce(services, report, idempotency, { channel: 'upkeep', number: null });
  const known = async (): Promise<UpkeepRecord | null> => {
    const same = idempotency && (await upkeepRecords.byIdempotencyKey(idempotency.client, idempotency.key));
    if (same) mustBeSame(same, contentHash);
    return same;
  };
  const repeated = await known();
  if (repeated) return { record: repeated, repeated: true };
  await checkReport(services, by, report);
  try {
    const record = await database.transaction(by, async (tx) => {
      const made: UpkeepRecord = {
        ...report,
        _id: newId(),
        subjectId: await vault.createSubject(tx, 'case'),
        number: await numbers.next(tx, 'UPK', Number(localDay(tx.at, organisation.timeZone).slice(0, 4))),
        ...{ recordedBy: tx.by.id, recordedAt: tx.at },
        idempotency: idempotency && { ...idempotency, contentHash },
      };
      await upkeepRecords.add(tx, made);
      return made;
    });
    return { record, repeated: false };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 11_000) throw error;
    // Another request with the same key won the race: its record is the answer. Or another corrected the same record.
    const winner = await known();
    if (winner) return { record: winner, repeated: true };
    await checkReport(services, by, report);
    throw error;
  }
}

/** What only the server can tell: the moment against the clock; system, request, employees and corrected record against what is known. */
async function checkReport(services: Services, by: Actor, report: UpkeepReport): Promise<void> {
  const { clock, directory, organisation, technicalRequests } = services;
  const { system, performedAt, technicalRequest, resolves, employeeIds, since, corrects } = report;
  const faults: FieldFault[] = [];
  const now = clock.legalNow();
  if (performedAt > now)
    faults.push({ field: 'performedAt', code: 'in-future', params: { latest: now.toISOString() } });
  const today = localDay(now, organisation.timeZone);
  if (since !== null && since > today) faults.push({ field: 'since', code: 'in-future', params: { latest: today } });
  if (!organisation.access.systems.some(({ code }) => code === system))
    faults.push({ field: 'system', code: 'unknown-system' });
  if (technicalRequest !== null) {
    const request = await technicalRequests.byNumber(technicalRequest);
    if (!request) faults.push({ field: 'technicalRequest', code: 'unknown-request' });
    else if (resolves === 'defect' && !request.defect) faults.push({ field: 'resolves', code: 'no-defect' });
  }
  for (const [at, employeeId] of (employeeIds ?? []).entries())
    if (!(await directory.employee(employeeId))) faults.push({ field: `employeeIds[${at}]`, code: 'unknown-employee' });
  if (corrects !== null) {
    const code = await faultOfCorrection(services, by, report, corrects);
    if (code !== null) faults.push({ field: 'corrects', code });
  }
  if (faults.length) throw new InputProblem(422, 'validation', faults);
}

/**
 * Why a report does not correct a record; null where it does. Administrators may have recorded the wrong work, or the wrong system. R8: a machine undoes
 * nothing that they, or other machines, recorded, nor one kind of work by another.
 */
async function faultOfCorrection(
  { upkeepRecords }: Pick<Services, 'upkeepRecords'>,
  by: Actor,
  { kind, system }: UpkeepReport,
  corrects: string,
): Promise<string | null> {
  const wrong = await upkeepRecords.byNumber(corrects);
  if (!wrong) return 'unknown-record';
  if ((await upkeepRecords.corrections([corrects])).size > 0) return 'already-corrected';
  if (by.kind !== 'machine') return null;
  if (wrong.kind !== kind) return 'other-kind';
  if (wrong.system !== system) return 'other-system';
  return wrong.recordedBy === by.id ? null : 'other-author';
}
