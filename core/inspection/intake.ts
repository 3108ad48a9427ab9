import type { CaseRecord } from '../cases.js';
import type { Actor, Tx } from '../database.js';
import { InputProblem, type FieldFault } from '../errors.js';
import { newId } from '../ids.js';
import { localDay } from '../legal-day.js';
import {
  accessCodeFor,
  actOf,
  countedOnce,
  createCase,
  receiptFaults,
  registerOnce,
  startCase,
  storedByChannel,
  type CountedOnce,
  type Registered,
} from '../intake.js';
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

/**
 * Registers a trigger: case, first clock (DL-INS-5), receipt, message to the engine and trail entry in one transaction (INS-01, -04 to
 * -07). A repeat (same Idempotency-Key, or same channel and source number, with the same content) answers with the same case.
 * @throws InputProblem 422 naming each field; 409 for a repeated key or number with other content; 503 when the act is off.
 */
export async function registerInspection(
  services: Services,
  by: Actor,
  trigger: Trigger,
  idempotency: { client: string; key: string } | null,
): Promise<Registered> {
  await services.clock.refresh();
  const act = actOf(services, 'inspection');
  const sender = { channel: trigger.channel, number: trigger.sourceRefNo, referred: by.kind === 'worker' };
  const once = countedOnce(services, trigger, idempotency, sender);
  const write = async (): Promise<CaseRecord> => {
    const lines = await checkTrigger(services, trigger, act.effectiveFrom);
    return services.database.transaction(by, (tx) => register(services, tx, { trigger, lines, once }));
  };
  const stored = () => (sender.referred ? storedByChannel(services, 'inspection', by, sender) : Promise.resolve(null));
  return registerOnce(services, 'inspection', once, write, stored);
}

/** What only the server can tell of a trigger: times against the clock, employees against the directory. */
async function checkTrigger(services: Services, trigger: Trigger, effectiveFrom: string): Promise<InspectionLine[]> {
  const now = services.clock.legalNow();
  const today = localDay(now, services.organisation.timeZone);
  const faults: FieldFault[] = receiptFaults(services, trigger.receivedAt, effectiveFrom);
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
  { trigger, lines, once }: { trigger: Trigger; lines: InspectionLine[]; once: CountedOnce },
): Promise<CaseRecord> {
  const { directory, inspections, vault } = services;
  const subjectId = await vault.createSubject(tx, 'case');
  const unit = await responsibleUnit(
    directory,
    lines.map((line) => line.employeeId),
  );
  const follows = trigger.triggerKind !== 'officialInformation' && trigger.sender !== null;
  const first = { rule: 'DL-INS-5', message: messages.inspectionTriggerRegistered.name } as const;
  const record = await createCase(services, tx, {
    ...first,
    process: 'inspection',
    numberKind: 'INS',
    caseId: newId(),
    subjectId,
    receivedAt: trigger.receivedAt,
    followed: follows,
    facts: { kind: trigger.triggerKind, channel: trigger.channel },
    once,
  });
  const { _id: caseId, number, receivedAt } = record;
  const file = await caseFile(services, tx, {
    ...{ caseId, number, subjectId, lines, unit },
    trigger: { ...trigger, receivedAt },
  });
  await inspections.create(tx, file);
  await startCase(services, tx, record, first);
  if (follows) await sendReceipt(services, tx, record, trigger, file.trigger.senderSubjectId);
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
