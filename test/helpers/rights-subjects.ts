import { localDay } from '../../core/legal-day.js';
import type { CaseState } from '../../core/rights.js';
import { searchIndex } from '../../core/search-index.js';
import { accessRequest, accessUser } from '../builders/access-request.js';
import { application } from '../builders/application.js';
import { technicalRequest } from '../builders/technical-request.js';
import { pdf, type ApiSite } from './api-site.js';
import { somebody } from './database.js';

/** The cases of the table of rights, each in every state, with everything in it that a route can name. */

export const caseStates: readonly CaseState[] = ['open', 'closed', 'voided'];

/** Whom the inspections are about. `branch` is inspected in Almaty, the others by the central office. */
const inspected = {
  branch: ['SC-1018'],
  /** A security officer of the branch: his unit may not inspect it (AMB-INS-08). */
  officer: ['SC-1014'],
  /** The driver of the branch's management: its director is the head of the unit concerned. */
  driver: ['SC-1073'],
  /** The auditor, and an officer of the unit that inspects. */
  readers: ['SC-1007', 'SC-1004'],
} as const;

/** Requests: who files each, where, and what. */
const requests = {
  /** For an administrator of information security himself. */
  access: {
    ...{ by: 'registrar', url: '/api/access-requests', person: 'chancery@employment.example' },
    body: accessRequestOf('911109399311'),
  },
  /** An administrator of information security files it for somebody of another organisation. */
  accessOfAdministrator: {
    ...{ by: 'ib.admin2', url: '/api/access-requests', person: 'chancery@employment.example' },
    body: accessRequestOf('850614399559'),
  },
  technical: technicalRequestOf(undefined),
  /** R5(5): told to the administrators of information security too. */
  incident: technicalRequestOf('securityIncident'),
};

function technicalRequestOf(concerns: 'securityIncident' | undefined) {
  return {
    ...{ by: 'registrar', url: '/api/technical-requests', person: 'gulnar@applicant.example' },
    body: () =>
      technicalRequest({
        ...(concerns ? { concerns } : {}),
        attachment: { name: 'a.pdf', contentType: 'application/pdf', content: pdf().toString('base64') },
      }),
  };
}

function accessRequestOf(iin: string) {
  return (today: string) => accessRequest(today, { users: [accessUser({ iin })] });
}

export type CaseName = keyof typeof inspected | keyof typeof requests;

/** A case with everything in it that a route can name. */
export interface Subject {
  caseId: string;
  number: string;
  code: string;
  lineId: string;
  documentId: string;
  letterId: string;
  /** Open request to the (first) inspected employee, and the path of its one-time link; a request has those of the inspection `branch`. */
  requestId: string;
  link: string;
  /** Keyed hash of the (first) inspected employee's name, of the applicant's or of the reporter's address. */
  person: string;
  /** Puts back what a granted request changed, so that the next one finds the case as it was. */
  restore(): Promise<void>;
}

/** Registers all cases, by name and state, e.g. `branch open`. */
export async function prepareSubjects(site: ApiSite): Promise<ReadonlyMap<string, Subject>> {
  const subjects = new Map<string, Subject>();
  for (const state of caseStates) {
    for (const name of Object.keys(inspected) as (keyof typeof inspected)[])
      subjects.set(`${name} ${state}`, await prepareInspection(site, inspected[name], state));
    for (const name of Object.keys(requests) as (keyof typeof requests)[])
      subjects.set(
        `${name} ${state}`,
        await prepareRequest(site, requests[name], { state, branch: subjects.get(`branch ${state}`)! }),
      );
  }
  return subjects;
}

async function prepareInspection(site: ApiSite, employeeIds: readonly string[], state: CaseState): Promise<Subject> {
  const registrar = await site.as('registrar');
  const body = application({ employees: employeeIds.map((employeeId) => ({ employeeId })) });
  const filed = (await registrar.post('/api/inspections', body)).json<{ number: string; accessCode: string }>();
  const { number, accessCode: code } = filed;
  const { record, inspection } = await site.caseOf(number);
  const caseId = record._id;
  const { lineId } = inspection.lines[0]!;
  const { database, inspections, letters, documents } = site.services;
  const answered = await site.ask(number, 'personalCharacteristic');
  const file = { name: 'characteristic.pdf', type: 'application/pdf', content: pdf() };
  const upload = await site.anybody.upload(answered.link, [['file', file]], { accept: 'text/html' });
  if (upload.statusCode !== 200) throw new Error(`the upload answered ${upload.statusCode}: ${upload.body}`);
  const { requestId, link } = await site.ask(number, 'employeeExplanatoryNote');
  const [letter] = await letters.ofCase(caseId);
  const [document] = await documents.documentsOfCase(caseId);
  await database.connection
    .collection('letters')
    .updateOne({ _id: letter!._id as never }, { $set: { state: 'failed' } });
  await database.transaction({ kind: 'person', id: 'iss.ala' }, async (tx) => {
    await inspections.setFinding(tx, caseId, lineId, { transferConfirmed: true, reasoning: 'Берілген.' });
  });
  await endAs(site, caseId, state);

  const restore = await keep(site, [
    ['cases', { _id: caseId }],
    ['inspections', { _id: caseId }],
    ['document-requests', { caseId }],
    ['letters', { _id: letter!._id }],
  ]);
  const documentId = document!._id;
  const employee = await site.services.directory.employee(employeeIds[0]!);
  const person = searchIndex(site.services.vault, employee!.fullName);
  return { caseId, number, code, lineId, documentId, letterId: letter!._id, requestId, link, person, restore };
}

async function prepareRequest(
  site: ApiSite,
  { by, url, person, body }: { by: string; url: string; person: string; body(today: string): object },
  { state, branch }: { state: CaseState; branch: Subject },
): Promise<Subject> {
  const { cases, clock, database, documents, letters, organisation, technicalRequests } = site.services;
  const today = localDay(clock.legalNow(), organisation.timeZone);
  const filed = await (await site.as(by)).post(url, body(today));
  if (filed.statusCode !== 201) throw new Error(`the intake answered ${filed.statusCode}: ${filed.body}`);
  const { number, accessCode: code } = filed.json<{ number: string; accessCode: string }>();
  const { _id: caseId, process } = (await cases.byNumber(number))!;
  const [letter] = await letters.ofCase(caseId);
  const [document] = await documents.documentsOfCase(caseId);
  await database.connection
    .collection('letters')
    .updateOne({ _id: letter!._id as never }, { $set: { state: 'failed' } });
  // What is not classified can't be corrected.
  if (process === 'technical-request')
    await database.transaction(somebody, (tx) => technicalRequests.classify(tx, caseId, 'functioning', tx.at));
  await endAs(site, caseId, state);
  const putBack = await keep(site, [
    ['cases', { _id: caseId }],
    ['access-requests', { _id: caseId }],
    ['technical-requests', { _id: caseId }],
    ['clocks', { caseId }],
    ['letters', { _id: letter!._id }],
  ]);
  const restore = async (): Promise<void> => {
    await putBack();
    await branch.restore();
  };
  return {
    ...{ ...branch, caseId, number, code, documentId: document!._id, letterId: letter!._id, restore },
    person: searchIndex(site.services.vault, person),
  };
}

async function endAs({ services: { cases, database } }: ApiSite, caseId: string, state: CaseState): Promise<void> {
  if (state === 'closed') await database.transaction(somebody, (tx) => cases.close(tx, caseId, 'not-confirmed'));
  if (state === 'voided') await database.transaction(somebody, (tx) => cases.void(tx, caseId));
}

/** Remembers documents as they are. Returns what puts them back. */
async function keep(site: ApiSite, of: readonly [collection: string, filter: object][]): Promise<() => Promise<void>> {
  const kept = await Promise.all(
    of.map(async ([name, filter]) => {
      const collection = site.services.database.connection.collection<{ _id: string }>(name);
      return { collection, documents: await collection.find(filter).toArray() };
    }),
  );
  return async () => {
    for (const { collection, documents } of kept)
      for (const each of documents) await collection.replaceOne({ _id: each._id }, each);
  };
}
