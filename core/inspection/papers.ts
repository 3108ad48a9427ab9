import { Readable } from 'node:stream';
import { canonicalHash, type CanonicalValue } from '../canonical.js';
import type { Tx } from '../database.js';
import type { Employee } from '../directory.js';
import type { CaseDocument } from '../documents.js';
import { inEachLanguage } from '../employee-words.js';
import { RetryableError } from '../errors.js';
import type { StoredFile } from '../files.js';
import { newId } from '../ids.js';
import { localDay } from '../legal-day.js';
import type { LetterData } from '../letter-template.js';
import type { Services } from '../services.js';
import { conclusionInForce } from './inspections.js';
import { offenceSigns, paperKinds, type Inspection, type Paper } from './model.js';
import { unitLabel } from './units.js';

/** A paper that was rendered and stored, before the transaction that refers to it. */
export interface StoredPaper {
  file: StoredFile;
  /** SHA-256 over the canonical JSON of what it says. */
  contentSha256: string;
}

const isPaper = ({ kind }: Pick<CaseDocument, 'kind'>): boolean =>
  (Object.values(paperKinds) as string[]).includes(kind);

/** The materials of a case (INS-22): its documents but for the papers that were drawn up from them. */
export function materialsAmong(documents: readonly CaseDocument[]): CaseDocument[] {
  return documents.filter((document) => !isPaper(document));
}

/** What goes to the authorised body (R9): all materials, with the conclusion in force; not those that it superseded. */
export function materialsToSend(inspection: Inspection, documents: readonly CaseDocument[]): CaseDocument[] {
  const superseded = new Set(
    inspection.conclusions.filter(({ supersededBy }) => supersededBy !== null).map(({ paper }) => paper.documentId),
  );
  return documents.filter(({ _id }) => !superseded.has(_id));
}

/**
 * R7, F-INS-3: what the conclusion says. Findings with their reasons, signs revealed so far, what was not received and why, and every
 * material that is attached with its hash (INS-22). `author` is the login of who drew it up (INS-23),
 * `revealedAt` when he decided on its signs.
 */
export async function conclusionData(
  services: Services,
  conclusion: { caseId: string; author: string; revealedAt: Date },
  tx?: Tx,
): Promise<LetterData> {
  const { directory, documents, extracts, inspections, vault } = services;
  const { caseId, author, revealedAt } = conclusion;
  const inspection = await vault.reveal(await inspections.get(caseId, tx), tx);
  const materials = await vault.reveal(materialsAmong(await documents.documentsOfCase(caseId, tx)), tx);
  const requests = await vault.reveal(await documents.requestsOfCase(caseId, tx), tx);
  const asked = await extracts.ofCase(caseId, tx);
  const employees = new Map(
    await Promise.all(
      inspection.lines.map(async ({ lineId, employeeId }) => {
        const employee = await directory.employee(employeeId, tx);
        return [lineId, employee ? wordsForPaper(employee) : nobody(employeeId)] as const;
      }),
    ),
  );
  const revealed = [
    ...inspection.signs,
    ...(inspection.conclusionSigns.length > 0 ? [{ kinds: inspection.conclusionSigns, revealedAt }] : []),
  ];
  const firstRevealed = Math.min(...revealed.map(({ revealedAt }) => revealedAt.getTime()));
  const withoutExtract = asked.length === 0 || asked.some(({ state }) => state === 'abandoned');
  return {
    ...head(services, inspection),
    facts: known(inspection.trigger.facts),
    findings: inspection.lines.map(({ lineId, finding }) => {
      return {
        ...employees.get(lineId)!,
        finding: finding?.transferConfirmed ? 'confirmed' : 'notConfirmed',
        reasoning: finding?.reasoning ?? unknown,
      };
    }),
    signs: offenceSigns.filter((kind) => revealed.some(({ kinds }) => kinds.includes(kind))),
    revealedAt: revealed.length > 0 ? new Date(firstRevealed).toISOString() : null,
    missing: requests.flatMap(({ kind, lineId, nonReceipt }) =>
      nonReceipt
        ? [{ kind, fullName: employees.get(lineId)?.fullName ?? null, reason: nonReceipt.reason ?? unknown }]
        : [],
    ),
    extractReason: withoutExtract ? inspection.noExtractReason : null,
    materials: materials.map(({ kind, name, sha256 }) => ({ kind, name: name ?? unknown, sha256 })),
    supersedes: conclusionInForce(inspection)?.number ?? null,
    ...(await authorOf(services, author)),
  };
}

/** INS-08: what the record says of a trigger that starts no inspection. */
export async function outOfScopeData(services: Services, caseId: string, tx?: Tx): Promise<LetterData> {
  const inspection = await services.vault.reveal(await services.inspections.get(caseId, tx), tx);
  const { screening, screeningReason, trigger } = inspection;
  return {
    ...head(services, inspection),
    screenedAt: (screening?.at ?? trigger.receivedAt).toISOString(),
    reason: screeningReason ?? unknown,
    ...(await authorOf(services, screening?.by ?? '')),
  };
}

/** The number of the conclusion that a decision leads to: taken once for each decision, however often the step is repeated. */
export async function numberConclusion(
  services: Services,
  tx: Tx,
  caseId: string,
  decisionId: string,
): Promise<{ conclusionId: string; number: string }> {
  const { inspections, numbers, organisation } = services;
  const { conclusionDraft } = await inspections.get(caseId, tx);
  const year = Number(localDay(tx.at, organisation.timeZone).slice(0, 4));
  const draft =
    conclusionDraft?.decisionId === decisionId
      ? conclusionDraft
      : { conclusionId: newId(), number: await numbers.next(tx, 'CON', year), decisionId };
  if (draft !== conclusionDraft) await inspections.setConclusionDraft(tx, caseId, draft);
  return { conclusionId: draft.conclusionId, number: draft.number };
}

/**
 * Renders a paper and stores it, encrypted with the case's key, before the transaction that refers to it. May be repeated: what no
 * transaction adopts is swept.
 */
export async function storePaper(
  services: Services,
  paper: { caseId: string; template: string; number: string; at: Date; data: LetterData },
): Promise<StoredPaper> {
  const { files, inspections, letters, organisation } = services;
  const { caseId, data, ...rendered } = paper;
  const pdf = await letters.renderDocument({ ...rendered, data, languages: organisation.languages });
  const file = await files.store({
    content: Readable.from([pdf]),
    subjectId: (await inspections.get(caseId)).subjectId,
    caseId,
    contentType: 'application/pdf',
    name: `${paper.number}.pdf`,
  });
  return { file, contentSha256: hashOf(data) };
}

/**
 * Makes a stored paper a document of its case, in the transaction of the act that it records.
 * @throws RetryableError when the case file says something else by now than when the paper was made: it has to be made anew.
 */
export async function addPaper(
  services: Services,
  tx: Tx,
  paper: { caseId: string; kind: string; number: string; stored: StoredPaper; data: LetterData },
): Promise<Paper> {
  const { caseId, kind, number, stored, data } = paper;
  if (hashOf(data) !== stored.contentSha256)
    throw new RetryableError(`the case file of ${caseId} changed while ${number} was put on paper`);
  const documentId = await services.documents.add(tx, {
    caseId,
    subjectId: (await services.inspections.get(caseId, tx)).subjectId,
    kind,
    lineId: '',
    request: null,
    file: stored.file,
    name: `${number}.pdf`,
    languages: services.organisation.languages,
  });
  return { documentId, sha256: stored.file.sha256 };
}

/** Stands for a value whose person was erased. */
const unknown = '—';

const wordsForPaper = (employee: Employee) => ({
  fullName: inEachLanguage(employee, 'name'),
  position: inEachLanguage(employee, 'position'),
  unitName: inEachLanguage(employee, 'unit'),
});

/** Stands for somebody whom the directory doesn't have, or no longer. */
const nobody = (called: string) => ({ fullName: called || unknown, position: unknown, unitName: null });

const known = (texts: readonly (string | null)[]): string[] => texts.filter((text) => text !== null);

const hashOf = (data: LetterData): string => canonicalHash(data as CanonicalValue);

function head({ organisation }: Services, inspection: Inspection): LetterData {
  return {
    caseNumber: inspection.number,
    unit: unitLabel(organisation, inspection),
    receivedAt: inspection.trigger.receivedAt.toISOString(),
    triggerKind: inspection.trigger.kind,
  };
}

/** Name and position of who drew a paper up; the login where the directory has nobody of it. */
async function authorOf({ directory, people }: Services, login: string): Promise<LetterData> {
  const employeeId = (await people.byLogin(login))?.employeeId;
  const employee = employeeId ? await directory.employee(employeeId) : null;
  const { fullName, position } = employee ? wordsForPaper(employee) : nobody(login);
  return { authorName: fullName, authorPosition: employee ? position : null };
}
