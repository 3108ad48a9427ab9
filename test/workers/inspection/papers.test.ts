import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Actor } from '../../../core/database.js';
import { RetryableError } from '../../../core/errors.js';
import { newId } from '../../../core/ids.js';
import type { CaseDocument } from '../../../core/documents.js';
import { materialsToSend } from '../../../core/inspection/papers.js';
import type { Inspection } from '../../../core/inspection/model.js';
import type { Services } from '../../../core/services.js';
import { seed } from '../../../local/play/seed.js';
import { recordOutOfScope } from '../../../workers/inspection/record-out-of-scope.js';
import { signConclusion } from '../../../workers/inspection/sign-conclusion.js';
import { anInspectedLine, anInspectionFile, staff } from '../../builders/inspection.js';
import { scanForPlaintext } from '../../helpers/canary.js';
import { pdfText } from '../../helpers/pdf-text.js';
import { WorkerSite } from '../../helpers/worker-site.js';

const officer: Actor = { kind: 'person', id: 'iss.ala' };
const officerId = 'SC-1013';
let site: WorkerSite;
let services: Services;
let caseId: string;
let numbers = 0;

beforeAll(async () => {
  site = await WorkerSite.start();
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
});
afterAll(() => site.stop());
beforeEach(async () => {
  caseId = await anInspection();
});

const inTransaction = <T>(work: Parameters<typeof services.database.transaction<T>>[1]) =>
  services.database.transaction(officer, work);

/** An inspection of the Almaty branch on two employees, one of whom is found to have passed data on. */
async function anInspection(changes: Partial<Inspection> = {}): Promise<string> {
  const { inspections, vault } = services;
  const _id = newId();
  numbers += 1;
  const number = `INS-2026-${String(numbers).padStart(6, '0')}`;
  await inTransaction(async (tx) => {
    const subjectId = await vault.createSubject(tx, 'case');
    const unit = { inspectingUnit: 'branch' as const, branchCode: 'ALA' };
    const lines = [staff.ofAlmaty, staff.alsoOfAlmaty].map((id) => anInspectedLine({ employeeId: id, addedAt: tx.at }));
    const blank = anInspectionFile({ _id, number, subjectId, lines, ...unit, ...changes }, tx.at);
    const facts = [await vault.seal(subjectId, 'Канареечный факт обращения', tx)];
    await inspections.create(tx, { ...blank, trigger: { ...blank.trigger, facts } });
    for (const [at, { lineId }] of lines.entries())
      await inspections.setFinding(tx, _id, lineId, { transferConfirmed: at === 0, reasoning: `Основание ${at + 1}` });
  });
  return _id;
}

async function aMaterial(name: string): Promise<CaseDocument> {
  const { documents, files, inspections } = services;
  const { subjectId } = await inspections.get(caseId);
  const content = Readable.from([Buffer.from(`${name} ${newId()}`)]);
  const file = await files.store({ content, subjectId, caseId, contentType: 'text/plain', name });
  const documentId = await inTransaction((tx) =>
    documents.add(tx, {
      caseId,
      subjectId,
      kind: 'material',
      lineId: '',
      request: null,
      file,
      name,
      languages: ['ru'],
    }),
  );
  return (await documents.document(documentId))!;
}

/** The officer's accepted decision that the conclusion is ready; `key` tells one such decision from another. */
const decide = (key: string, decidedAt?: Date) =>
  inTransaction((tx) =>
    services.decisions.record(tx, {
      caseId,
      decision: 'inspection.draw-up-conclusion',
      subject: '',
      elementId: 'UserTask_DrawUpConclusion',
      processInstanceKey: '1',
      epoch: newId(),
      userTaskKey: key,
      by: officer.id,
      accepted: true,
      refusal: null,
      answers: {},
      ...(decidedAt && { decidedAt }),
    }),
  );

const papers = async (kind: string) =>
  (await services.documents.documentsOfCase(caseId)).filter((document) => document.kind === kind);
const textOf = async ({ fileId }: CaseDocument) => {
  const pdf = await buffer((await services.files.open(fileId)).stream);
  return { sha256: createHash('sha256').update(pdf).digest('hex'), text: pdfText(pdf).pages.join('\n') };
};

describe('a conclusion that is signed', () => {
  test('is a PDF of the case, encrypted and adopted, with its hash on the case and in the trail', async () => {
    const material = await aMaterial('объяснительная.txt');
    await decide('1');
    await site.deliver(signConclusion, { caseId });

    const [document, ...others] = await papers('conclusion');
    expect(others).toEqual([]);
    const { sha256, text } = await textOf(document!);
    expect(sha256).toBe(document!.sha256);
    const { conclusions } = await services.inspections.get(caseId);
    expect(conclusions).toMatchObject([
      {
        author: officer.id,
        paper: { documentId: document!._id, sha256 },
        attachments: [{ documentId: material._id, sha256: material.sha256 }],
      },
    ]);
    const signed = (await services.trail.list(caseId)).find(({ type }) => type === 'conclusion.signed');
    expect(signed?.data).toMatchObject({ document: document!._id, pdfSha256: sha256, number: conclusions[0]!.number });
    await services.files.sweepOrphans(-60_000);
    expect((await textOf(document!)).text).toBe(text);
    expect(await scanForPlaintext(services.database, ['Канареечный'])).toEqual([]);
  });

  test('tells facts, findings, author and every material with its hash', async () => {
    const materials = [await aMaterial('объяснительная.txt'), await aMaterial('характеристика.txt')];
    await decide('1');
    await site.deliver(signConclusion, { caseId });

    const { text } = await textOf((await papers('conclusion'))[0]!);
    const author = (await services.directory.employee(officerId))!.fullName;
    const [first, second] = await Promise.all(
      [staff.ofAlmaty, staff.alsoOfAlmaty].map((id) => services.directory.employee(id)),
    );
    for (const said of ['Канареечный факт', 'Основание 1', 'Основание 2', author, first!.fullName, second!.fullName])
      expect(text).toContain(said);
    for (const { sha256 } of materials) expect(text.replaceAll(/\s/g, '')).toContain(sha256);
  });

  test('says what was not received and why, and which signs were revealed', async () => {
    const { lines, subjectId } = await services.inspections.get(caseId);
    await inTransaction(async (tx) => {
      const kind = 'hrSanctionsCertificate';
      const ask = { caseId, caseNumber: '', kind, lineId: lines[0]!.lineId, publicUrl: 'http://127.0.0.1:1' };
      const { requestId } = await services.documents.request(tx, { ...ask, languages: ['ru'] });
      await services.documents.recordNonReceipt(tx, { requestId, subjectId, reason: 'Кадровик отказал' });
      await services.inspections.setConclusionSigns(tx, caseId, ['administrative']);
    });
    await decide('1');
    expect(await site.deliver(signConclusion, { caseId })).toMatchObject({ factsConfirmed: true, signsRevealed: true });

    const { text } = await textOf((await papers('conclusion'))[0]!);
    expect(text).toContain('Кадровик отказал');
    expect(text).not.toContain('Признаков административного или уголовного правонарушения не выявлено');
  });

  test('reveals its signs when its author decided on them, whenever it is signed', async () => {
    await inTransaction((tx) => services.inspections.setConclusionSigns(tx, caseId, ['criminal']));
    const decidedAt = new Date(services.database.clock.legalNow().getTime() - 26 * 3_600_000);
    await decide('1', decidedAt);
    await site.deliver(signConclusion, { caseId });
    const { signs, conclusions } = await services.inspections.get(caseId);
    expect(signs).toMatchObject([{ kinds: ['criminal'], revealedAt: decidedAt }]);
    expect((await services.clocks.ofCase(caseId)).map(({ rule, startedAt }) => [rule, startedAt])).toEqual([
      ['DL-INS-1', decidedAt],
      ['DL-INS-2', decidedAt],
    ]);
    expect(conclusions[0]!.signedAt.getTime()).toBeGreaterThan(decidedAt.getTime());
  });

  test('a material that comes while it is put on paper: it is put on paper again, under the same number', async () => {
    await decide('1');
    const late = () => aMaterial('поздний.txt');
    await expect(site.deliver(signConclusion, { caseId }, { between: late })).rejects.toBeInstanceOf(RetryableError);
    expect(await papers('conclusion')).toEqual([]);
    expect((await services.inspections.get(caseId)).conclusions).toEqual([]);
    const number = (await services.inspections.get(caseId)).conclusionDraft?.number;

    await site.deliver(signConclusion, { caseId });

    const { conclusions } = await services.inspections.get(caseId);
    expect(conclusions).toMatchObject([{ number, attachments: [expect.anything()] }]);
    expect((await site.acts(caseId)).filter((type) => type === 'conclusion.numbered')).toHaveLength(1);
  });

  test('superseded, it keeps its PDF, is named by the next one, and is no material of it', async () => {
    await decide('1');
    await site.deliver(signConclusion, { caseId });
    const [former] = await papers('conclusion');
    const before = await textOf(former!);
    await decide('2');
    await site.deliver(signConclusion, { caseId });

    const { conclusions } = await services.inspections.get(caseId);
    expect(conclusions).toMatchObject([
      { supersededBy: conclusions[1]!.conclusionId, paper: { documentId: former!._id } },
      { supersededBy: null, attachments: [] },
    ]);
    const [, next] = await papers('conclusion');
    expect(await textOf(former!)).toEqual(before);
    expect((await textOf(next!)).text).toContain(conclusions[0]!.number);
    const documents = await services.documents.documentsOfCase(caseId);
    expect(materialsToSend(await services.inspections.get(caseId), documents).map(({ _id }) => _id)).toEqual([
      next!._id,
    ]);
  });
});

describe('a trigger out of scope', () => {
  const screened = () =>
    inTransaction(async (tx) => {
      await services.inspections.noteScreeningReason(tx, caseId, 'Речь о качестве обслуживания');
      const unit = { inspectingUnit: 'branch' as const, branchCode: 'ALA' };
      await services.inspections.screen(tx, caseId, { result: 'outOfScope', ...unit });
    });

  test('is recorded in a PDF with the reason and who screened it, its hash on the case and in the trail', async () => {
    await screened();
    expect(await site.deliver(recordOutOfScope, { caseId })).toEqual({ inspectionOutcome: 'out-of-scope' });

    const [document] = await papers('outOfScopeRecord');
    const { sha256, text } = await textOf(document!);
    expect(text).toContain('Речь о качестве обслуживания');
    expect(text).toContain((await services.directory.employee(officerId))!.fullName);
    const inspection = await services.inspections.get(caseId);
    expect(inspection.outOfScopeRecord).toEqual({ documentId: document!._id, sha256 });
    const act = (await services.trail.list(caseId)).find(({ type }) => type === 'trigger.found-out-of-scope');
    expect(act).toMatchObject({ subject: document!._id, data: { pdfSha256: sha256 } });
    expect(await scanForPlaintext(services.database, ['качестве обслуживания'])).toEqual([]);
  });

  test('a reason that is changed while it is put on paper: nothing is recorded until it says the new one', async () => {
    await screened();
    const change = () => inTransaction((tx) => services.inspections.noteScreeningReason(tx, caseId, 'Иная причина'));
    await expect(site.deliver(recordOutOfScope, { caseId }, { between: change })).rejects.toBeInstanceOf(
      RetryableError,
    );
    expect((await services.inspections.get(caseId)).outOfScopeRecord).toBeNull();

    await site.deliver(recordOutOfScope, { caseId });

    expect((await textOf((await papers('outOfScopeRecord'))[0]!)).text).toContain('Иная причина');
  });
});
