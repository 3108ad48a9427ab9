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
 * R9: the letters to the authorised body with the materials of the case as they are now (INS-26; F-INS-4): one, or as many as mail servers need. The first
 * lists all materials and says how each comes; the others supplement it. A repeat finds the letters of the first time. Returns their ids, the first one's first.
 */
export async function composeDispatch(services: Services, tx: Tx, report: Report): Promise<string[]> {
  const { sign, inspection } = await load(services, tx, report);
  if (sign.dispatchLetterId) return sign.dispatchLetterIds ?? [sign.dispatchLetterId];
  const { letters, organisation } = services;
  const body = authorisedBodyOn(organisation, localDay(tx.at, organisation.timeZone));
  if (!body)
    throw new PermanentError('authorisedBody: the organisation names none for today', { field: 'authorisedBody' });
  const { listed, mails } = await materialsOf(services, tx, inspection);
  const letterIds: string[] = [];
  let first: string | undefined;
  for (const [at, mail] of mails.entries()) {
    const { letterId, number } = await letters.compose(tx, {
      caseId: report.caseId,
      caseNumber: report.caseNumber,
      template: 'inspection/materials-to-authorised-body',
      languages: organisation.languages,
      recipient: { subjectId: inspection.subjectId, name: body.name, email: body.email },
      data: {
        caseNumber: report.caseNumber,
        unit: unitLabel(organisation, { inspectingUnit: sign.unit, branchCode: sign.branchCode }),
        signs: sign.kinds,
        revealedAt: sign.revealedAt,
        supplementTo: first,
        materials: (at === 0 ? listed : mail).map(({ kind, name, sha256, sent }) => ({
          ...{ kind, name, sha256 },
          sent: at === 0 ? sent : 'attached',
        })),
      },
      attachments: mail.map(({ fileId, name }) => ({ fileId, name })),
      purpose: 'materials-to-authorised-body',
    });
    first ??= number;
    letterIds.push(letterId);
  }
  await services.inspections.setDispatchLetters(tx, report.caseId, report.signId, letterIds);
  return letterIds;
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
  await services.inspections.setNoticeLetter(tx, report.caseId, report.signId, letterId);
  return letterId;
}

async function load(services: Services, tx: Tx, { caseId, signId }: Report) {
  const inspection = await services.inspections.get(caseId, tx);
  const sign = inspection.signs.find((candidate) => candidate.signId === signId);
  if (!sign) throw new PermanentError(`signId ${signId} names no signs of this inspection`, { field: 'signId' });
  return { inspection, sign };
}

/** What mail servers commonly take with one mail, before it is coded for the way. */
const attachedBytes = 15 * 1024 * 1024;

interface Material {
  kind: string;
  name: string;
  sha256: string;
  fileId: string;
  /** With the first letter, with a later one, or by other means, because no mail holds it. */
  sent: 'attached' | 'following' | 'apart';
}

/** The materials of a case as the first letter lists them, extracts of NIT among them, and those that each mail carries; the first may carry none. */
async function materialsOf(services: Services, tx: Tx, inspection: Inspection) {
  const sent = materialsToSend(inspection, await services.documents.documentsOfCase(inspection._id, tx));
  const documents = await services.vault.reveal(sent, tx);
  const mails: { left: number; materials: Material[] }[] = [{ left: attachedBytes, materials: [] }];
  const listed = documents.map(({ kind, name, sha256, fileId, bytes }): Material => {
    const material = { kind, name, sha256, fileId };
    if (bytes > attachedBytes) return { ...material, sent: 'apart' };
    let at = mails.findIndex(({ left }) => bytes <= left);
    if (at < 0) at = mails.push({ left: attachedBytes, materials: [] }) - 1;
    const mail = mails[at]!;
    const placed: Material = { ...material, sent: at === 0 ? 'attached' : 'following' };
    mail.left -= bytes;
    mail.materials.push(placed);
    return placed;
  });
  return { listed, mails: mails.map(({ materials }) => materials) };
}
