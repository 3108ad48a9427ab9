import { createHash } from 'node:crypto';
import type { CaseRecord } from '../cases.js';
import type { Actor, Tx } from '../database.js';
import { InputProblem, type FieldFault } from '../errors.js';
import { newId } from '../ids.js';
import { localDay } from '../legal-day.js';
import { messages } from '../messages.js';
import { searchIndexes } from '../search-index.js';
import type { Services } from '../services.js';
import { responsibleUnit } from './addressees.js';
import { blankInspection, type Inspection, type InspectionLine, type TriggerKind } from './model.js';

/** A trigger of an inspection (F-INS-1) whose form has been checked at the edge. */
export interface Trigger {
  triggerKind: TriggerKind;
  /** When it was received, UTC; not in the future. Null: in the moment of its registration. */
  receivedAt: Date | null;
  channel: string;
  /** The sender's own number, to find a repeat by; null where there is none. */
  sourceRefNo: string | null;
  sender: { name: string; iin: string | null; bin: string | null; email: string | null; phone: string | null } | null;
  language: 'kk' | 'ru';
  facts: string[];
  thirdParties: string[];
  /** Ids of the directory. */
  employeeIds: string[];
  /** Employees in words, where the sender doesn't know more. */
  namedEmployees: string[];
  period: { from: string; to: string } | null;
}

export interface Registered {
  case: CaseRecord;
  /**
   * The applicant's secret for following the case; null where nobody outside does, and where the case was found by the sender's number: who
   * knows that needn't be who got the code.
   */
  accessCode: string | null;
  /** True when this request had been accepted before: nothing was written now. */
  repeated: boolean;
}

/**
 * Registers a trigger: case, first clock (DL-INS-5), receipt, message to the engine and trail entry in one transaction (INS-01, -04 to
 * -07). A repeat (same Idempotency-Key with the same content, or same channel and source number) answers with the same case.
 * @throws InputProblem 422 naming each field; 409 for a repeated key with other content; 503 when the act is off.
 */
export async function registerInspection(
  services: Services,
  by: Actor,
  trigger: Trigger,
  idempotency: { client: string; key: string } | null,
): Promise<Registered> {
  const { cases, database, vault, clock } = services;
  await clock.refresh();
  const act = checkAct(services);
  const contentHash = vault.blindIndex('intake-content', JSON.stringify(trigger));
  const sourceRef = trigger.sourceRefNo
    ? `${trigger.channel}:${vault.blindIndex('source-ref', trigger.sourceRefNo)}`
    : null;

  const known = async (): Promise<Registered | null> => {
    const same = idempotency && (await cases.byIdempotencyKey(idempotency.client, idempotency.key));
    if (same && same.idempotency?.contentHash !== contentHash)
      throw new InputProblem(
        409,
        'idempotency-conflict',
        [{ field: 'Idempotency-Key', code: 'used-with-other-content' }],
        { number: same.number },
      );
    if (same) return { case: same, accessCode: accessCodeOf(services, same), repeated: true };
    const former = sourceRef && (await cases.bySourceRef('inspection', sourceRef));
    return former ? { case: former, accessCode: null, repeated: true } : null;
  };

  const repeated = await known();
  if (repeated) return repeated;
  const lines = await checkTrigger(services, trigger, act.effectiveFrom);
  try {
    const record = await database.transaction(by, (tx) =>
      register(services, tx, { trigger, lines, idempotency, contentHash, sourceRef }),
    );
    return { case: record, accessCode: accessCodeOf(services, record), repeated: false };
  } catch (error) {
    // Another request with the same key won the race: its case is the answer.
    if ((error as { code?: unknown }).code !== 11_000) throw error;
    const winner = await known();
    if (!winner) throw error;
    return winner;
  }
}

/** SHA-256 of an applicant's code, as stored with the case. */
export function hashAccessCode(code: string): string {
  return createHash('sha256').update(code.replaceAll('-', '').toUpperCase()).digest('hex');
}

/** The code is derived from the case's id with a keyed hash, so that a repeated request can be answered without storing the code. */
function accessCodeFor(services: Services, caseId: string): string {
  const digest = createHash('sha256').update(services.vault.blindIndex('access-code', caseId)).digest();
  const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
  const letters = [...digest.subarray(0, 16)].map((byte) => alphabet[byte % 32]).join('');
  return letters.match(/.{4}/g)!.join('-');
}

function accessCodeOf(services: Services, record: CaseRecord): string | null {
  return record.accessCodeHash ? accessCodeFor(services, record._id) : null;
}

function checkAct(services: Services): { effectiveFrom: string; legalBasis: string; purpose: string } {
  const act = services.organisation.acts['inspection'];
  if (!act?.on) throw new InputProblem(503, 'act-off');
  return act;
}

/** What only the server can tell of a trigger: times against the clock, employees against the directory. */
async function checkTrigger(services: Services, trigger: Trigger, effectiveFrom: string): Promise<InspectionLine[]> {
  const faults: FieldFault[] = [];
  const now = services.clock.legalNow();
  const { timeZone: zone, jurisdiction } = services.organisation;
  const today = localDay(now, zone);
  const receivedOn = localDay(trigger.receivedAt ?? now, zone);
  const [firstYear = 0] = services.calendar.years(jurisdiction);
  if (trigger.receivedAt && trigger.receivedAt > now)
    faults.push({ field: 'receivedAt', code: 'in-future', params: { latest: now.toISOString() } });
  // INS-35: the Rules apply to what was received after they took effect.
  else if (receivedOn < effectiveFrom)
    faults.push({ field: 'receivedAt', code: 'before-act', params: { earliest: effectiveFrom } });
  // No term can be counted from a day of which no calendar tells whether it was a working day.
  else if (receivedOn < `${firstYear}-01-01`)
    faults.push({ field: 'receivedAt', code: 'before-calendar', params: { earliest: `${firstYear}-01-01` } });
  if (trigger.period && trigger.period.from > trigger.period.to)
    faults.push({ field: 'period.from', code: 'after-end', params: { latest: trigger.period.to } });
  if (trigger.period && trigger.period.to > today)
    faults.push({ field: 'period.to', code: 'in-future', params: { latest: today } });
  const lines: InspectionLine[] = [];
  for (const [index, employeeId] of trigger.employeeIds.entries()) {
    const employee = await services.directory.employee(employeeId);
    if (!employee) faults.push({ field: `employees[${index}].employeeId`, code: 'unknown-employee' });
    else if (!lines.some((line) => line.employeeId === employeeId))
      lines.push({
        lineId: newId(),
        employeeId,
        addedAt: now,
        addedBy: 'intake',
        hasPersonalDataAccess: employee.hasPersonalDataAccess,
        participatesInPublicServices: employee.participatesInPublicServices,
        requestFacts: null,
        finding: null,
      });
  }
  if (faults.length) throw new InputProblem(422, 'validation', faults);
  return lines;
}

async function register(
  services: Services,
  tx: Tx,
  request: {
    trigger: Trigger;
    lines: InspectionLine[];
    idempotency: { client: string; key: string } | null;
    contentHash: string;
    sourceRef: string | null;
  },
): Promise<CaseRecord> {
  const { cases, clocks, inspections, numbers, organisation, outbox, trail, vault } = services;
  const { trigger, lines } = request;
  const act = checkAct(services);
  const receivedAt = trigger.receivedAt ?? tx.at;
  const caseId = newId();
  const subjectId = await vault.createSubject(tx, 'case');
  const year = Number(localDay(tx.at, organisation.timeZone).slice(0, 4));
  const number = await numbers.next(tx, 'INS', year);
  const unit = await responsibleUnit(
    services.directory,
    lines.map((line) => line.employeeId),
  );
  const follows = trigger.triggerKind !== 'officialInformation' && trigger.sender !== null;
  const record: CaseRecord = {
    _id: caseId,
    number,
    process: 'inspection',
    jurisdiction: organisation.jurisdiction,
    orgCode: organisation.orgCode,
    state: 'open',
    outcome: null,
    legalBasis: act.legalBasis,
    purpose: act.purpose,
    receivedAt,
    registeredAt: tx.at,
    closedAt: null,
    subjectId,
    instanceKey: null,
    engineEpoch: null,
    instanceBoundAt: null,
    accessCodeHash: follows ? hashAccessCode(accessCodeFor(services, caseId)) : null,
    idempotency: request.idempotency && { ...request.idempotency, contentHash: request.contentHash },
    sourceRef: request.sourceRef,
    voidReason: null,
  };
  await cases.create(tx, record);
  await trail.record(tx, {
    caseId,
    type: 'case.registered',
    data: {
      number,
      process: 'inspection',
      kind: trigger.triggerKind,
      receivedAt: receivedAt.toISOString(),
      channel: trigger.channel,
    },
  });
  const file = await caseFile(services, tx, {
    caseId,
    number,
    subjectId,
    trigger: { ...trigger, receivedAt },
    lines,
    unit,
  });
  await inspections.create(tx, file);
  await clocks.start(tx, {
    caseId,
    caseNumber: number,
    process: 'inspection',
    rule: 'DL-INS-5',
    startedAt: receivedAt,
    // A complaint is not turned away because the administrator has not put in next year's calendar: the clock waits, the watchdog says so.
    withoutCalendar: 'wait',
  });
  if (follows) await sendReceipt(services, tx, record, trigger, file.trigger.senderSubjectId);
  await outbox.message(tx, {
    caseId,
    name: messages.inspectionTriggerRegistered.name,
    correlationKey: number,
    messageId: number,
    variables: { caseId, caseNumber: number },
  });
  return record;
}

async function caseFile(
  services: Services,
  tx: Tx,
  file: {
    caseId: string;
    number: string;
    subjectId: string;
    trigger: Trigger & { receivedAt: Date };
    lines: InspectionLine[];
    unit: Pick<Inspection, 'inspectingUnit' | 'branchCode'>;
  },
): Promise<Inspection> {
  const { vault } = services;
  const { trigger, subjectId } = file;
  const { sender } = trigger;
  const senderSubjectId = sender ? await vault.createSubject(tx, sender.bin ? 'organisation' : 'person') : null;
  const ofSender = async (value: string | null | undefined): Promise<string | null> =>
    value && senderSubjectId ? vault.seal(senderSubjectId, value, tx) : null;
  const ofCase = (values: string[]): Promise<string[]> =>
    Promise.all(values.map((value) => vault.seal(subjectId, value, tx)));
  const facts = await ofCase(trigger.facts);
  return blankInspection({
    _id: file.caseId,
    number: file.number,
    subjectId,
    trigger: {
      kind: trigger.triggerKind,
      channel: trigger.channel,
      receivedAt: trigger.receivedAt,
      senderSubjectId,
      senderName: await ofSender(sender?.name),
      senderIin: await ofSender(sender?.iin),
      senderBin: await ofSender(sender?.bin),
      senderEmail: await ofSender(sender?.email),
      senderPhone: await ofSender(sender?.phone),
      senderIndex: searchIndexes(vault, [sender?.name, sender?.iin, sender?.bin, sender?.email]),
      language: trigger.language,
      facts,
      thirdParties: await ofCase(trigger.thirdParties),
      namedEmployees: await ofCase(trigger.namedEmployees),
    },
    ...file.unit,
    lines: file.lines,
    extractScope: trigger.period ? { facts, periodFrom: trigger.period.from, periodTo: trigger.period.to } : null,
  });
}

/** The receipt that the applicant gets at once, with the code to follow the case by; none where no address was given. */
async function sendReceipt(
  services: Services,
  tx: Tx,
  record: CaseRecord,
  trigger: Trigger,
  senderSubjectId: string | null,
): Promise<void> {
  if (!trigger.sender?.email || !senderSubjectId) return;
  await services.letters.compose(tx, {
    caseId: record._id,
    caseNumber: record.number,
    template: 'inspection/receipt',
    languages: [trigger.language],
    recipient: { subjectId: senderSubjectId, name: trigger.sender.name, email: trigger.sender.email },
    data: {
      caseNumber: record.number,
      receivedAt: record.receivedAt,
      followLink: `${services.settings.web.publicUrl}/follow`,
      accessCode: accessCodeFor(services, record._id),
    },
    purpose: 'receipt',
  });
}
