import type { CaseRecord } from '../cases.js';
import type { Actor, Tx } from '../database.js';
import { InputProblem, type FieldFault } from '../errors.js';
import type { StoredFile } from '../files.js';
import { newId } from '../ids.js';
import {
  accessCodeFor,
  actOf,
  countedOnce,
  createCase,
  receiptFaults,
  registerOnce,
  startCase,
  storeAttached,
  storedByChannel,
  type CheckedFile,
  type CountedOnce,
  type Registered,
} from '../intake.js';
import { messages } from '../messages.js';
import { searchIndexes } from '../search-index.js';
import type { Services } from '../services.js';
import { recipientOf } from './answers.js';
import { tellOfIncident } from './incidents.js';
import type { Concern, Reporter, Source, TechnicalChannel, TechnicalRequest } from './model.js';

/** A technical request whose form has been checked at the edge. */
export interface Report {
  source: Source;
  channel: TechnicalChannel;
  /** When the user called or wrote (AMB-TECH-07), or the failure was found, UTC; null: in the moment of its registration. */
  receivedAt: Date | null;
  sourceRefNo: string | null;
  language: 'kk' | 'ru';
  system: string | null;
  concerns: Concern | null;
  relatesTo: string | null;
  /** Number of what another process handed over. */
  referredFrom: string | null;
  reporter: Omit<Reporter, 'subjectId' | 'index'> | null;
  subject: string | null;
  text: string;
  attachment: CheckedFile | null;
}

/**
 * Registers a request of whatever source and channel: case, clock of R15, attachment, receipt and message to the engine in one transaction (TECH-01
 * to -05, -07 to -12, -30). The clock runs from the receipt and before anybody has classified it (TECH-13). A repeat answers with the same case: by
 * the sender's number where the same source tells by the same channel, and of machines the same one, since each counts for itself.
 * @throws InputProblem 422 naming each field; 409 for a repeated key or number with other content; 503 when the act is off.
 */
export async function registerTechnicalRequest(
  services: Services,
  by: Actor,
  report: Report,
  idempotency: { client: string; key: string } | null,
): Promise<Registered> {
  const { clock, database, files, vault } = services;
  await clock.refresh();
  const act = actOf(services, 'technical-request');
  const { attachment, concerns, ...form } = report;
  const content = {
    ...form,
    // What was sent before there was a choice is the same when it is sent again.
    ...(concerns === null ? {} : { concerns }),
    attachment: attachment && { ...attachment, content: attachment.content.toString('base64') },
  };
  const { channel, source, sourceRefNo: number, referredFrom } = report;
  // Each machine counts for itself; operators enter the numbers of others.
  const sender = [channel, source, ...(by.kind === 'machine' ? [by.id] : [])].join('/');
  const once = countedOnce(services, content, idempotency, {
    channel: sender,
    number,
    referred: referredFrom !== null,
  });
  const stored = async (): Promise<CaseRecord | null> => {
    const found = await storedByChannel(services, 'technical-request', by, { channel, number });
    return found && (await services.technicalRequests.get(found._id)).source === source ? found : null;
  };
  const register = async (): Promise<CaseRecord> => {
    await checkReport(services, report, act.effectiveFrom);
    const caseId = newId();
    // A file is stored before what refers to it, under a key that has to be there.
    const subjectId = await vault.createSubject(null, 'case');
    const file = attachment && (await storeAttached(services, { caseId, subjectId }, attachment));
    try {
      return await database.transaction(by, (tx) => write(services, tx, { report, caseId, subjectId, file, once }));
    } catch (error) {
      if (file) await files.discard(file.fileId);
      throw error;
    }
  };
  return registerOnce(services, 'technical-request', once, register, stored);
}

/** What only the server can tell: the moment against the clock, the system and the earlier request against what is known. */
async function checkReport(services: Services, report: Report, effectiveFrom: string): Promise<void> {
  const { organisation, technicalRequests } = services;
  const faults: FieldFault[] = receiptFaults(services, report.receivedAt, effectiveFrom);
  if (report.system !== null && !organisation.access.systems.some(({ code }) => code === report.system))
    faults.push({ field: 'system', code: 'unknown-system' });
  if (report.relatesTo !== null && !(await technicalRequests.byNumber(report.relatesTo)))
    faults.push({ field: 'relatesTo', code: 'unknown-request' });
  if (faults.length) throw new InputProblem(422, 'validation', faults);
}

async function write(
  services: Services,
  tx: Tx,
  given: { report: Report; caseId: string; subjectId: string; file: StoredFile | null; once: CountedOnce },
): Promise<CaseRecord> {
  const { documents, letters, organisation, settings, technicalRequests, vault } = services;
  const { report, caseId, subjectId, file, once } = given;
  const { source, channel, concerns, attachment } = report;
  const first = { rule: 'DL-TECH-1', message: messages.technicalRequestRegistered.name } as const;
  const record = await createCase(services, tx, {
    ...first,
    ...{ process: 'technical-request', numberKind: 'TEC', caseId, subjectId, once },
    receivedAt: report.receivedAt,
    followed: report.reporter !== null,
    facts: { source, channel, ...(concerns === null ? {} : { concerns }) },
  });
  const reporter = report.reporter && (await sealedReporter(services, tx, report.reporter));
  const request: TechnicalRequest = {
    ...{ _id: caseId, number: record.number, subjectId, source, channel, reporter },
    ...{ language: report.language, system: report.system, concerns, relatesTo: report.relatesTo },
    ...{ referredFrom: report.referredFrom, registeredBy: tx.by.id },
    subject: report.subject === null ? null : await vault.seal(subjectId, report.subject, tx),
    text: await vault.seal(subjectId, report.text, tx),
    ...{ classified: null, reclassified: [], resolutions: [], told: 0, defect: null },
    ...{ fulfilled: null, answerReady: null, defectSettled: null, answers: [] },
  };
  await technicalRequests.create(tx, request);
  if (file && attachment)
    await documents.add(tx, {
      ...{ caseId, subjectId, file, kind: 'material', lineId: '', request: null },
      ...{ name: attachment.name, languages: organisation.languages },
    });
  await startCase(services, tx, record, first);
  await tellOfIncident(services, tx, request, record.receivedAt);
  const recipient = recipientOf(reporter && { ...report.reporter!, subjectId: reporter.subjectId });
  if (recipient)
    await letters.compose(tx, {
      ...{ caseId, caseNumber: record.number, recipient, purpose: 'receipt' },
      template: 'technical-request/receipt',
      languages: [report.language],
      data: {
        caseNumber: record.number,
        receivedAt: record.receivedAt,
        followLink: `${settings.web.publicUrl}/follow`,
        accessCode: accessCodeFor(services, caseId),
      },
    });
  return record;
}

async function sealedReporter(
  { vault }: Pick<Services, 'vault'>,
  tx: Tx,
  given: NonNullable<Report['reporter']>,
): Promise<Reporter> {
  const subjectId = await vault.createSubject(tx, 'person');
  const seal = async (value: string | null): Promise<string | null> =>
    value === null ? null : await vault.seal(subjectId, value, tx);
  const fullName = [given.surname, given.name, given.middleName].filter(Boolean).join(' ');
  return {
    subjectId,
    surname: await seal(given.surname),
    name: await seal(given.name),
    middleName: await seal(given.middleName),
    position: await seal(given.position),
    login: await seal(given.login),
    phone: await seal(given.phone),
    email: await seal(given.email),
    contactInfo: await seal(given.contactInfo),
    index: searchIndexes(vault, [fullName, given.email, given.phone, given.login]),
  };
}
