import type { StoredClock } from '../../core/clocks.js';
import type { CaseDocument, DocumentRequest } from '../../core/documents.js';
import type { Extract } from '../../core/inspection/extracts.js';
import { conclusionInForce } from '../../core/inspection/inspections.js';
import type { Inspection } from '../../core/inspection/model.js';
import type { LetterRecord } from '../../core/letters.js';
import type { Services } from '../../core/services.js';
import type { TrailEntry } from '../../core/trail.js';
import type { OpenCase } from '../access.js';

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

/** Everything of a case as its readers see it: sealed texts open. */
export interface CaseFile {
  opened: OpenCase;
  /** The inspection with every sealed text open; null where a person was erased. */
  inspection: Inspection;
  /** Why a mistaken case is voided; null where it isn't. */
  voidReason: string | null;
  employees: Map<string, { fullName: string; position: string; unitNameRu: string; unitNameKk: string }>;
  documents: CaseDocument[];
  requests: DocumentRequest[];
  extracts: Extract[];
  letters: LetterRecord[];
  clocks: StoredClock[];
  trail: TrailEntry[];
}

export async function readCaseFile(services: Services, opened: OpenCase): Promise<CaseFile> {
  const { _id, voidReason } = opened.record;
  const [documents, requests, extracts, letters, clocks, trail, inspection] = await Promise.all([
    services.documents.documentsOfCase(_id),
    services.documents.requestsOfCase(_id),
    services.extracts.ofCase(_id),
    services.letters.ofCase(_id),
    services.clocks.ofCase(_id),
    wholeTrail(services, _id),
    services.vault.reveal(opened.inspection),
  ]);
  const ids = new Set([
    ...inspection.lines.map(({ employeeId }) => employeeId),
    ...requests.map(({ addresseeId }) => addresseeId),
  ]);
  const people = await Promise.all([...ids].map(async (id) => [id, await services.directory.employee(id)] as const));
  return {
    opened,
    inspection,
    ...(await services.vault.reveal({ voidReason })),
    employees: new Map(people.flatMap(([id, employee]) => (employee ? [[id, employee] as const] : []))),
    documents: await services.vault.reveal(documents),
    requests: await services.vault.reveal(requests),
    extracts,
    letters,
    clocks,
    trail,
  };
}

async function wholeTrail(services: Services, caseId: string): Promise<TrailEntry[]> {
  const entries: TrailEntry[] = [];
  for (;;) {
    const page = await services.trail.list(caseId, { after: entries.at(-1)?.seq ?? 0, limit: 1000 });
    entries.push(...page);
    if (page.length < 1000) return entries;
  }
}

/** A case as `GET /api/cases/{number}` answers it. */
export function caseView(file: CaseFile) {
  const { record } = file.opened;
  const { inspection } = file;
  const conclusion = conclusionInForce(inspection);
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
    extracts: file.extracts.map((extract) => ({
      extractId: extract._id,
      system: extract.system,
      state: extract.state,
      rows: extract.rows,
      sha256: extract.sha256,
      parts: extract.parts.map(({ number, rows, sha256 }) => ({ number, rows, sha256 })),
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
