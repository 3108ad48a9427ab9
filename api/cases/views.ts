import type { Organisation } from '../../config/index.js';
import type { CaseRecord } from '../../core/cases.js';
import type { StoredClock } from '../../core/clocks.js';
import type { Employee } from '../../core/directory.js';
import type { CaseDocument, DocumentRequest } from '../../core/documents.js';
import type { Extract } from '../../core/inspection/extracts.js';
import { conclusionInForce } from '../../core/inspection/inspections.js';
import type { Inspection } from '../../core/inspection/model.js';
import type { LetterRecord } from '../../core/letters.js';
import type { Services } from '../../core/services.js';
import type { Language } from '../../core/text.js';
import type { TrailEntry } from '../../core/trail.js';
import {
  accountsOfOthers,
  accountsOfUsers,
  type AccountOfAnother,
  type KnownAccount,
} from '../../core/access-request/known-accounts.js';
import { violationsOfUsers, type KnownViolation } from '../../core/access-request/known-violations.js';
import type { AccessRequest } from '../../core/access-request/model.js';
import type { OpenAccessRequest, OpenCase, OpenInspection, OpenTechnicalRequest } from '../../core/reading.js';
import type { TechnicalRequest } from '../../core/technical-request/model.js';

const iso = (at: Date | null | undefined): string | null => at?.toISOString() ?? null;

export function clockViewOf(clock: StoredClock) {
  return {
    rule: clock.rule,
    startedAt: clock.startedAt.toISOString(),
    targetAt: iso(clock.targetAt),
    dueAt: iso(clock.dueAt),
    stoppedAt: iso(clock.stoppedAt),
    kept: clock.kept,
    state: clock.state,
  };
}

/** What every case has, as its readers see it: sealed texts open. */
export interface CaseFile {
  opened: OpenCase;
  /** Why a mistaken case is voided; null where it isn't. */
  voidReason: string | null;
  employees: Map<string, Employee>;
  documents: CaseDocument[];
  requests: DocumentRequest[];
  extracts: Extract[];
  letters: LetterRecord[];
  clocks: StoredClock[];
  trail: TrailEntry[];
}

/** The file of an inspection; what was sealed for a person who was erased is null. */
export interface InspectionFile extends CaseFile {
  opened: OpenInspection;
  inspection: Inspection;
}

export interface AccessRequestFile extends CaseFile {
  opened: OpenAccessRequest;
  accessRequest: AccessRequest;
  /** For who may read violations: no view or export of the case has them. */
  violations: KnownViolation[];
  /** What accounts those have already for whom a first one is asked. */
  knownAccounts: KnownAccount[];
  /** Accounts that rows name and that were issued to somebody else. */
  accountsOfOthers: AccountOfAnother[];
}

export interface TechnicalRequestFile extends CaseFile {
  opened: OpenTechnicalRequest;
  technicalRequest: TechnicalRequest;
  /** Numbers of violations that are the same incident (AMB-TECH-10), for who may read violations: no view or export of the case has them. */
  violations: string[];
}

export type OpenFile = InspectionFile | AccessRequestFile | TechnicalRequestFile;

export async function readCaseFile(services: Services, opened: OpenCase): Promise<OpenFile> {
  const { _id, voidReason } = opened.record;
  const [documents, requests, extracts, letters, clocks, trail] = await Promise.all([
    services.documents.documentsOfCase(_id),
    services.documents.requestsOfCase(_id),
    services.extracts.ofCase(_id),
    services.letters.ofCase(_id),
    services.clocks.ofCase(_id),
    wholeTrail(services, _id),
  ]);
  const ids = new Set([...employeesOf(opened), ...requests.map(({ addresseeId }) => addresseeId)]);
  const people = await Promise.all([...ids].map(async (id) => [id, await services.directory.employee(id)] as const));
  const file = {
    ...(await services.vault.reveal({ voidReason })),
    employees: new Map(people.flatMap(([id, employee]) => (employee ? [[id, employee] as const] : []))),
    documents: await services.vault.reveal(documents),
    requests: await services.vault.reveal(requests),
    extracts,
    letters,
    clocks,
    trail,
  };
  const { vault } = services;
  if ('inspection' in opened) return { ...file, opened, inspection: await vault.reveal(opened.inspection) };
  if ('technicalRequest' in opened) {
    const { number, referredFrom } = opened.technicalRequest;
    const violations = [
      ...(referredFrom ? [referredFrom] : []),
      ...(await services.violations.ofTechnicalRequest(number)),
    ];
    return { ...file, opened, technicalRequest: await vault.reveal(opened.technicalRequest), violations };
  }
  const accessRequest = await vault.reveal(opened.accessRequest);
  const violations = await violationsOfUsers(services, accessRequest.users);
  const known = {
    knownAccounts: await accountsOfUsers(services, accessRequest),
    accountsOfOthers: await accountsOfOthers(services, accessRequest),
  };
  return { ...file, opened, accessRequest, violations, ...known };
}

/** Employees of the directory whom a case is about. */
function employeesOf(opened: OpenCase): string[] {
  if ('inspection' in opened) return opened.inspection.lines.map(({ employeeId }) => employeeId);
  return 'accessRequest' in opened ? opened.accessRequest.users.flatMap(({ employeeId }) => employeeId ?? []) : [];
}

async function wholeTrail(services: Services, caseId: string): Promise<TrailEntry[]> {
  const entries: TrailEntry[] = [];
  for (;;) {
    const page = await services.trail.list(caseId, { after: entries.at(-1)?.seq ?? 0, limit: 1000 });
    entries.push(...page);
    if (page.length < 1000) return entries;
  }
}

/** The legal basis that a case keeps; after the title of its act, while the organisation's file still names the same basis. */
export function legalBasisOf(
  { process, legalBasis }: Pick<CaseRecord, 'process' | 'legalBasis'>,
  { acts }: Pick<Organisation, 'acts'>,
  language: Language,
): string {
  const act = acts[process];
  return act?.legalBasis === legalBasis ? `${act.citation[language]}. ${legalBasis}` : legalBasis;
}

/** A case as `GET /api/cases/{number}` answers it. */
export function caseView(file: OpenFile) {
  const { record } = file.opened;
  return {
    number: record.number,
    process: record.process,
    state: record.state,
    outcome: record.outcome,
    receivedAt: record.receivedAt.toISOString(),
    registeredAt: record.registeredAt.toISOString(),
    closedAt: iso(record.closedAt),
    legalBasis: record.legalBasis,
    purpose: record.purpose,
    instanceKey: record.instanceKey,
    ...ownView(file),
    requests: file.requests.map((request) => ({
      requestId: request._id,
      kind: request.kind,
      lineId: request.lineId,
      state: request.state,
      letterNumber: request.letterNumber,
      requestedAt: iso(request.requestedAt),
      settledAt: iso(request.settledAt),
      addresseeId: request.addresseeId,
      question: request.question,
      nonReceiptReason: request.nonReceipt?.reason ?? null,
      documentId: request.documentId,
    })),
    documents: file.documents.map((document) => ({
      documentId: document._id,
      kind: document.kind,
      lineId: document.lineId,
      requestId: document.requestId,
      name: document.name,
      contentType: document.contentType,
      bytes: document.bytes,
      sha256: document.sha256,
      addedBy: document.addedBy,
      addedAt: document.addedAt.toISOString(),
    })),
    letters: file.letters.map((letter) => ({
      letterId: letter._id,
      number: letter.number,
      template: letter.template,
      state: letter.state,
      sentAt: iso(letter.sentAt),
      messageId: letter.messageId,
      possibleDouble: letter.possibleDouble,
    })),
    clocks: file.clocks.map(clockViewOf),
    trail: file.trail.map((entry) => ({
      seq: entry.seq,
      at: iso(entry.at),
      by: entry.by,
      type: entry.type,
      subject: entry.subject,
      data: entry.data,
      hash: entry.hash,
    })),
  };
}

function ownView(file: OpenFile) {
  if ('inspection' in file) return inspectionView(file);
  return 'accessRequest' in file ? accessRequestView(file) : technicalRequestView(file);
}

function inspectionView(file: InspectionFile) {
  const { inspection } = file;
  const conclusion = conclusionInForce(inspection);
  return {
    inspectingUnit: inspection.inspectingUnit,
    branchCode: inspection.branchCode,
    trigger: {
      ...inspection.trigger,
      senderSubjectId: undefined,
      senderIndex: undefined,
      receivedAt: inspection.trigger.receivedAt.toISOString(),
    },
    screening: inspection.screening && {
      result: inspection.screening.result,
      by: inspection.screening.by,
      at: iso(inspection.screening.at),
    },
    screeningReason: inspection.screeningReason,
    extractScope: inspection.extractScope,
    noExtractReason: inspection.noExtractReason,
    employees: inspection.lines.map((line) => ({
      lineId: line.lineId,
      employeeId: line.employeeId,
      fullName: file.employees.get(line.employeeId)?.fullName ?? null,
      position: file.employees.get(line.employeeId)?.position ?? null,
      hasPersonalDataAccess: line.hasPersonalDataAccess,
      participatesInPublicServices: line.participatesInPublicServices,
      requestFacts: line.requestFacts,
      finding: line.finding && {
        transferConfirmed: line.finding.transferConfirmed,
        reasoning: line.finding.reasoning,
        by: line.finding.by,
      },
    })),
    signs: inspection.signs.map((sign) => ({
      signId: sign.signId,
      kinds: sign.kinds,
      revealedAt: sign.revealedAt.toISOString(),
      unit: sign.unit,
      branchCode: sign.branchCode,
    })),
    conclusion: conclusion && {
      number: conclusion.number,
      signedAt: iso(conclusion.signedAt),
      author: conclusion.author,
      findings: conclusion.findings,
      offenceSigns: conclusion.offenceSigns,
      attachments: conclusion.attachments,
      sha256: conclusion.sha256,
      paper: conclusion.paper,
      supersedes: inspection.conclusions
        .filter(({ supersededBy }) => supersededBy !== null)
        .map(({ number, signedAt, sha256, paper }) => ({ number, signedAt: iso(signedAt), sha256, paper })),
    },
    outOfScopeRecord: inspection.outOfScopeRecord,
    measures: inspection.measures.map((measure) => ({ ...measure, recordedAt: iso(measure.recordedAt) })),
    withdrawnAt: iso(inspection.withdrawnAt),
    extracts: file.extracts.map((extract) => ({
      extractId: extract._id,
      system: extract.system,
      state: extract.state,
      rows: extract.rows,
      sha256: extract.sha256,
      parts: extract.parts.map(({ number, rows, sha256 }) => ({ number, rows, sha256 })),
    })),
  };
}

/** Without the ids of keys, and the keyed hashes by which people are found. */
function accessRequestView({ accessRequest }: AccessRequestFile) {
  const { applicant, users, precheck, decisions, answeredAt, kind, repeatReason, language, filedBy } = accessRequest;
  const { basis, missing, legalException, reviewNote, refusalReasons } = accessRequest;
  return {
    ...{ kind, repeatReason, language, filedBy, basis, missing, legalException, reviewNote, refusalReasons },
    applicant: { ...applicant, subjectId: undefined, index: undefined },
    users: users.map((user) => ({
      ...user,
      subjectId: undefined,
      account: user.account && { ...user.account, at: iso(user.account.at) },
      registeredAt: iso(user.registeredAt),
    })),
    precheck: precheck && { ...precheck, at: iso(precheck.at) },
    decisions: decisions.map((decision) => ({ ...decision, at: iso(decision.at) })),
    answeredAt: iso(answeredAt),
    withdrawnAt: iso(accessRequest.withdrawnAt ?? null),
  };
}

/** Without the ids of keys, and the keyed hashes by which the reporter is found. */
function technicalRequestView({ technicalRequest }: TechnicalRequestFile) {
  const { source, channel, language, system, concerns = null, relatesTo, registeredBy } = technicalRequest;
  const { reporter, subject, text } = technicalRequest;
  const { classified, reclassified = [], resolutions, defect, fulfilled, defectSettled, answers } = technicalRequest;
  const dated = <Note extends { at: Date }>(note: Note | null) => note && { ...note, at: iso(note.at) };
  return {
    ...{ source, channel, language, system, concerns, relatesTo, registeredBy, subject, text },
    reporter: reporter && { ...reporter, subjectId: undefined, index: undefined },
    ...{ classified: dated(classified), reclassified: reclassified.map(dated) },
    ...{ resolutions: resolutions.map(dated), defect: dated(defect) },
    ...{ fulfilled: dated(fulfilled), defectSettled: dated(defectSettled) },
    answers: answers.map(dated),
  };
}
