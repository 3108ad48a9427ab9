import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../../core/clock.js';
import type { Actor } from '../../../core/database.js';
import { newId } from '../../../core/ids.js';
import { localDay } from '../../../core/legal-day.js';
import { additionalInformation, lineDocumentKinds, type InspectionLine } from '../../../core/inspection/model.js';
import type { Services } from '../../../core/services.js';
import { createVault, SubjectErasedError } from '../../../core/vault.js';
import { createLetters } from '../../../core/letters.js';
import { seed } from '../../../local/play/seed.js';
import { remindOfDocument } from '../../../workers/shared/remind-of-document.js';
import { requestDocument } from '../../../workers/shared/request-document.js';
import { anInspectedLine, anInspectionFile, staff } from '../../builders/inspection.js';
import { WorkerSite } from '../../helpers/worker-site.js';

const officer: Actor = { kind: 'person', id: 'iss.ala' };
const employeeFact = 'Поиск по адресу 3 июня';
const headFact = 'Работа отдела 3 июня';
const complaint = 'Слова заявителя о соседе';
let site: WorkerSite;
let services: Services;
let caseId: string;
let line: InspectionLine;
let numbers = 0;

beforeAll(async () => {
  site = await WorkerSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  services = site.services;
  // A working day: from a day off both readings of a term end on the same day.
  const { clock, connection } = services.database;
  await writeClockOffset(connection, Date.parse('2026-11-23T05:00:00Z') - clock.wallNow().getTime());
  await clock.refresh();
  await seed(services.database, services.settings.vault.masterKey);
});
afterAll(() => site.stop());
beforeEach(async () => {
  caseId = newId();
  numbers += 1;
  const number = `INS-2026-${String(numbers).padStart(6, '0')}`;
  await inTransaction(async (tx) => {
    const subjectId = await services.vault.createSubject(tx, 'case');
    line = anInspectedLine({ employeeId: staff.ofAlmaty, addedAt: tx.at });
    const unit = { inspectingUnit: 'branch' as const, branchCode: 'ALA' };
    const blank = anInspectionFile({ _id: caseId, number, subjectId, lines: [line], ...unit }, tx.at);
    const facts = [await services.vault.seal(subjectId, complaint, tx)];
    await services.inspections.create(tx, { ...blank, trigger: { ...blank.trigger, facts } });
  });
});

const inTransaction = <T>(work: Parameters<typeof services.database.transaction<T>>[1]) =>
  services.database.transaction(officer, work);
const word = () =>
  inTransaction((tx) =>
    services.inspections.setRequestFacts(tx, caseId, line.lineId, { employee: [employeeFact], unitHead: [headFact] }),
  );
const ask = (documentKind: string, requestId = '') =>
  site.deliver(requestDocument, {
    caseId,
    caseNumber: 'INS-2026-000001',
    documentKind,
    lineId: requestId ? '' : line.lineId,
    requestId,
  });
const employeeOf = async (employeeId: string) => (await services.directory.employee(employeeId))!;
/** The clock of a request, which the diagram starts after it. */
const startClock = (requestId: string, startedAt: Date) =>
  inTransaction((tx) =>
    services.clocks.start(tx, {
      ...{ caseId, caseNumber: 'INS-2026-000001', process: 'inspection', rule: 'DL-INS-3', subject: requestId },
      startedAt,
    }),
  );

describe('a letter that asks for a document', () => {
  test.each([
    ['employeeExplanatoryNote', [employeeFact], [headFact]],
    ['unitHeadExplanatoryNote', [headFact], [employeeFact]],
    ['personalCharacteristic', [], [employeeFact, headFact]],
    ['hrSanctionsCertificate', [], [employeeFact, headFact]],
  ])('%s: tells the facts worded for its addressee and no others', async (kind, told, untold) => {
    await word();
    const { letterId } = await ask(kind);
    const { text, html } = await services.letters.open(letterId);
    for (const fact of told) expect(text).toContain(fact);
    for (const fact of [...untold, complaint]) expect(text + html).not.toContain(fact);
  });

  test('tells no facts where none were worded', async () => {
    const { letterId } = await ask('employeeExplanatoryNote');
    const { text } = await services.letters.open(letterId);
    expect(text).not.toContain(complaint);
    expect(text).toContain('в связи со сведениями о разглашении персональных данных');
  });

  test.each(lineDocumentKinds)('%s: tells the unit that asks, and the last day by the strict reading', async (kind) => {
    const { letterId, requestId, requestedAt } = await ask(kind);
    const { targetAt, dueAt } = await startClock(requestId, new Date(requestedAt));
    const record = (await services.letters.find(letterId))!;
    const data = JSON.parse(await services.vault.open(record.data)) as Record<string, unknown>;
    expect(data['replyBy']).toBe(localDay(targetAt!, 'Asia/Almaty'));
    expect(data['replyBy']).not.toBe(localDay(dueAt!, 'Asia/Almaty'));
    expect((await services.letters.open(letterId)).text).toContain(
      services.organisation.branches.find(({ code }) => code === 'ALA')!.name.ru,
    );
  });

  test('a reminder tells the last day by the ordinary reading, and none when that has passed', async () => {
    const replyByOf = async (kind: string, workedDaysAgo: number) => {
      const { requestId, requestedAt } = await ask(kind);
      const { dueAt } = await startClock(requestId, new Date(Date.parse(requestedAt) - workedDaysAgo * 86_400_000));
      await site.deliver(remindOfDocument, { requestId });
      const reminder = (await services.letters.ofCase(caseId)).findLast(
        ({ purpose }) => purpose === 'document-reminder',
      );
      const data = JSON.parse(await services.vault.open(reminder!.data)) as Record<string, unknown>;
      return { replyBy: data['replyBy'], due: localDay(dueAt!, 'Asia/Almaty') };
    };
    const running = await replyByOf('personalCharacteristic', 0);
    expect(running.replyBy).toBe(running.due);
    expect((await replyByOf('hrSanctionsCertificate', 60)).replyBy).toBeNull();
  });
});

describe('whose key seals a letter', () => {
  /** Letters in a process that has no key in memory. */
  const freshLetters = () => {
    const { database, trail, numbers: counters, outbox, organisation } = services;
    const vault = createVault({ database, masterKey: services.settings.vault.masterKey });
    return createLettersOnce({ database, trail, numbers: counters, outbox, organisation, vault });
  };
  /** mongoose knows each model once: the models are taken from a connection of their own. */
  const createLettersOnce = (deps: Parameters<typeof createLetters>[0]) => {
    for (const model of ['Letter', 'LetterWording']) deps.database.connection.deleteModel(model);
    return createLetters(deps);
  };
  const subjects = () =>
    services.database.connection.collection<{ _id: string; wrapped: string | null }>('subject-keys');

  test.each(['unitHeadExplanatoryNote', 'personalCharacteristic', 'hrSanctionsCertificate', 'employeeExplanatoryNote'])(
    '%s: the key of the employee whom it tells about',
    async (kind) => {
      const { letterId } = await ask(kind);
      const { subjectId } = await employeeOf(staff.ofAlmaty);
      expect(await services.letters.find(letterId)).toMatchObject({ dataSubjectId: subjectId });
    },
  );

  test('additional information: the key of the case', async () => {
    const { subjectId } = await services.inspections.get(caseId);
    const addresseeId = staff.directorOfAlmaty;
    const question = 'Кто работал 3 июня?';
    const requestId = await inTransaction((tx) =>
      services.documents.plan(tx, { caseId, subjectId, kind: additionalInformation, addresseeId, question }),
    );
    const { letterId } = await ask(additionalInformation, requestId);
    expect(await services.letters.find(letterId)).toMatchObject({ dataSubjectId: subjectId });
  });

  test('once the employee is erased, what a letter to another told about him can not be read; the address still can', async () => {
    const { letterId } = await ask('hrSanctionsCertificate');
    const { subjectId } = await employeeOf(staff.ofAlmaty);
    const before = await subjects().findOne({ _id: subjectId });
    await subjects().updateOne({ _id: subjectId }, { $set: { wrapped: null } });
    try {
      const letters = freshLetters();
      await expect(letters.open(letterId)).rejects.toBeInstanceOf(SubjectErasedError);
      await expect(letters.render(letterId)).rejects.toBeInstanceOf(SubjectErasedError);
      const { recipient } = (await letters.find(letterId))!;
      expect(await services.vault.open(recipient.email)).toBe((await employeeOf(staff.hrOfAlmaty)).email);
    } finally {
      await subjects().updateOne({ _id: subjectId }, { $set: { wrapped: before!.wrapped } });
    }
  });
});
