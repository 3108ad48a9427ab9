import { canonicalHash } from '../canonical.js';
import type { CaseDocument, DocumentRequest } from '../documents.js';
import type { Extract } from './extracts.js';
import { lineDocumentKinds, type Conclusion, type Inspection, type OffenceSign, type Paper } from './model.js';

/** A material that a conclusion can't be drawn up without (INS-17), and that is neither here nor documented as not received. */
export interface MissingMaterial {
  kind: string;
  lineId: string;
  state: 'not-requested' | 'awaited';
}

/**
 * What is still missing before the conclusion: for each employee the four documents of R5, every additional request that was sent, and
 * each extract that was asked for (INS-17, INS-18, INS-19).
 */
export function missingMaterials(
  inspection: Inspection,
  requests: readonly DocumentRequest[],
  extracts: readonly Extract[],
): MissingMaterial[] {
  const missing: MissingMaterial[] = [];
  for (const { lineId } of inspection.lines)
    for (const kind of lineDocumentKinds) {
      const request = requests.find((candidate) => candidate.lineId === lineId && candidate.kind === kind);
      if (!request) missing.push({ kind, lineId, state: 'not-requested' });
      else if (request.state === 'requested') missing.push({ kind, lineId, state: 'awaited' });
    }
  for (const request of requests)
    if (request.lineId === '' && (request.state === 'requested' || request.state === 'planned'))
      missing.push({
        kind: request.kind,
        lineId: '',
        state: request.state === 'planned' ? 'not-requested' : 'awaited',
      });
  for (const extract of extracts)
    if (extract.state === 'requested' || extract.state === 'downloading')
      missing.push({ kind: `nitExtract:${extract.system}`, lineId: '', state: 'awaited' });
  return missing;
}

/**
 * The conclusion of R7 as it is signed: findings, signs, and every material of the case as an attachment (INS-22). Its hash is
 * SHA-256 over the canonical JSON (RFC 8785) of all this; the paper, which tells the same in words, has one of its own.
 */
export function drawUpConclusion(parts: {
  conclusionId: string;
  number: string;
  inspection: Inspection;
  materials: readonly CaseDocument[];
  offenceSigns: OffenceSign[];
  author: string;
  signedAt: Date;
  paper: Paper;
}): Conclusion {
  const { inspection, materials, paper, ...head } = parts;
  const unsigned = {
    ...head,
    signedAt: head.signedAt.toISOString(),
    authorUnit: inspection.inspectingUnit,
    branchCode: inspection.branchCode,
    findings: inspection.lines.map((line) => ({
      lineId: line.lineId,
      transferConfirmed: line.finding?.transferConfirmed ?? false,
    })),
    attachments: materials.map(({ _id, kind, sha256 }) => ({ documentId: _id, kind, sha256 })),
  };
  const sha256 = canonicalHash(unsigned);
  return { ...unsigned, signedAt: head.signedAt, sha256, paper, supersededBy: null };
}

/** Whether the transfer of personal data is confirmed for at least one employee (INS-24). */
export function factsConfirmed(conclusion: Pick<Conclusion, 'findings'>): boolean {
  return conclusion.findings.some((finding) => finding.transferConfirmed);
}
