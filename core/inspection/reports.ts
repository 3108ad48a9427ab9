import { authorisedBodyOn } from '../../config/index.js';
import type { Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import { localDay } from '../legal-day.js';
import type { Services } from '../services.js';
import type { Inspection } from './model.js';
import { materialsToSend } from './papers.js';
import { unitLabel } from './units.js';

interface Report {
  caseId: string;
  caseNumber: string;
  signId: string;
}

/**
 * R9: the letter to the authorised body with the materials of the case as they are now (INS-26; F-INS-4). A repeat finds the letter of
 * the first time. Returns the letter's id.
 */
export async function composeDispatch(services: Services, tx: Tx, report: Report): Promise<string> {
  const { sign, inspection } = await load(services, tx, report);
  if (sign.dispatchLetterId) return sign.dispatchLetterId;
  const body = authorisedBodyOn(services.organisation, localDay(tx.at, services.organisation.timeZone));
  if (!body)
    throw new PermanentError('authorisedBody: the organisation names none for today', { field: 'authorisedBody' });
  const materials = await materialsOf(services, tx, inspection);
  const { letterId } = await services.letters.compose(tx, {
    caseId: report.caseId,
    caseNumber: report.caseNumber,
    template: 'inspection/materials-to-authorised-body',
    languages: services.organisation.languages,
    recipient: { subjectId: inspection.subjectId, name: body.name, email: body.email },
    data: {
      caseNumber: report.caseNumber,
      unit: unitLabel(services.organisation, { inspectingUnit: sign.unit, branchCode: sign.branchCode }),
      signs: sign.kinds,
      revealedAt: sign.revealedAt,
      materials: materials.map(({ kind, name, sha256 }) => ({ kind, name, sha256 })),
    },
    attachments: materials.flatMap(({ files }) => files),
    purpose: 'materials-to-authorised-body',
  });
  await services.inspections.setReportLetter(tx, report.caseId, report.signId, 'dispatchLetterId', letterId);
  return letterId;
}

/** R9: the branch's notice to the central office (INS-29; F-INS-5). Returns the letter's id. */
export async function composeNotice(services: Services, tx: Tx, report: Report): Promise<string> {
  const { sign, inspection } = await load(services, tx, report);
  if (sign.noticeLetterId) return sign.noticeLetterId;
  const { centralOffice } = services.organisation;
  const { letterId } = await services.letters.compose(tx, {
    caseId: report.caseId,
    caseNumber: report.caseNumber,
    template: 'inspection/notice-to-central-office',
    languages: services.organisation.languages,
    recipient: { subjectId: inspection.subjectId, name: centralOffice.name, email: centralOffice.email },
    data: {
      caseNumber: report.caseNumber,
      unit: unitLabel(services.organisation, { inspectingUnit: sign.unit, branchCode: sign.branchCode }),
      signs: sign.kinds,
      revealedAt: sign.revealedAt,
      dispatchNumber: sign.dispatchLetterId
        ? (await services.letters.find(sign.dispatchLetterId, tx))?.number
        : undefined,
    },
    purpose: 'notice-to-central-office',
  });
  await services.inspections.setReportLetter(tx, report.caseId, report.signId, 'noticeLetterId', letterId);
  return letterId;
}

async function load(services: Services, tx: Tx, { caseId, signId }: Report) {
  const inspection = await services.inspections.get(caseId, tx);
  const sign = inspection.signs.find((candidate) => candidate.signId === signId);
  if (!sign) throw new PermanentError(`signId ${signId} names no signs of this inspection`, { field: 'signId' });
  return { inspection, sign };
}

/** What mail servers commonly take: materials beyond it are named with their hashes and handed over otherwise. */
const attachedBytes = 15 * 1024 * 1024;

/** The materials of a case as a letter lists them, extracts of NIT among them, and which of them it carries. */
async function materialsOf(services: Services, tx: Tx, inspection: Inspection) {
  const sent = materialsToSend(inspection, await services.documents.documentsOfCase(inspection._id, tx));
  const documents = await services.vault.reveal(sent, tx);
  let left = attachedBytes;
  return documents.map(({ kind, name, sha256, fileId, bytes }) => {
    const attached = bytes <= left;
    if (attached) left -= bytes;
    return { kind, name, sha256, files: attached ? [{ fileId, name }] : [] };
  });
}
