import { searchIndex } from '../../core/search-index.js';
import { randomBytes } from 'node:crypto';
import type { CaseState } from '../../core/rights.js';
import { application } from '../builders/application.js';
import { pdf, type ApiSite, type Caller } from './api-site.js';
import { somebody } from './database.js';

/**
 * The cases and the callers of the table of rights: every kind of person and machine as related to a case, and that case in each state.
 */

export const caseStates: readonly CaseState[] = ['open', 'closed', 'voided'];

/** Whom the three cases are about. `branch` is inspected in Almaty, the others by the central office. */
const inspected = {
  branch: ['SC-1018'],
  /** A security officer of the branch: his unit may not inspect it (AMB-INS-08). */
  officer: ['SC-1014'],
  /** The driver of the branch's management: its director is the head of the unit concerned. */
  driver: ['SC-1073'],
  /** The auditor, and an officer of the unit that inspects. */
  readers: ['SC-1007', 'SC-1004'],
} as const;

export type CaseName = keyof typeof inspected;

/** A case with everything in it that a route can name. */
export interface Subject {
  caseId: string;
  number: string;
  code: string;
  lineId: string;
  documentId: string;
  letterId: string;
  /** Open request to the (first) inspected employee, and the path of its one-time link. */
  requestId: string;
  link: string;
  /** Keyed hash of the (first) inspected employee's name. */
  person: string;
  /** Puts back what a granted request changed, so that the next one finds the case as it was. */
  restore(): Promise<void>;
}

export const callerNames = [
  'nobody',
  'applicant with the code',
  'applicant with a wrong code',
  'machine client',
  'machine client without scope',
  'ISS that inspects',
  'ISS of another branch',
  'ISS of the central office',
  'management of the unit that inspects',
  'management of another branch',
  'management of the central office',
  'personnel officer',
  'head of the unit concerned',
  'head of another unit',
  'inspected employee',
  'colleague',
  'auditor',
  'registrar',
  'process owner',
  'administrator',
  'officer named in the complaint',
  'ISS officer who heads the unit concerned',
  'ISS of the central office that inspects',
  'management of the central office that inspects',
  'auditor who is inspected',
  'inspected officer of the unit that inspects',
  'ISS head of the unit that inspects and is concerned',
  'director who heads the unit concerned',
  'management that stands in',
  'management of a branch that does not stand in',
] as const;

export type CallerName = (typeof callerNames)[number];

/** Which case a caller asks about, and who he is: a login, or how he comes. */
const who: Record<CallerName, [CaseName, string]> = {
  nobody: ['branch', ''],
  'applicant with the code': ['branch', ''],
  'applicant with a wrong code': ['branch', ''],
  'machine client': ['branch', 'client:intake'],
  'machine client without scope': ['branch', 'client:'],
  'ISS that inspects': ['branch', 'iss.ala'],
  'ISS of another branch': ['branch', 'iss.shy'],
  'ISS of the central office': ['branch', 'iss.central'],
  'management of the unit that inspects': ['branch', 'management.ala'],
  'management of another branch': ['branch', 'management.shy'],
  'management of the central office': ['branch', 'management.central'],
  'personnel officer': ['branch', 'hr.ala'],
  'head of the unit concerned': ['branch', 'head.ala1'],
  'head of another unit': ['branch', 'head.ala2'],
  'inspected employee': ['branch', 'employee.ala1'],
  colleague: ['branch', 'employee.ala2'],
  auditor: ['branch', 'auditor'],
  registrar: ['branch', 'registrar'],
  'process owner': ['branch', 'process.owner'],
  administrator: ['branch', 'administrator'],
  'officer named in the complaint': ['officer', 'iss.ala2'],
  'ISS officer who heads the unit concerned': ['officer', 'iss.ala'],
  'ISS of the central office that inspects': ['officer', 'iss.central2'],
  'management of the central office that inspects': ['officer', 'management.central'],
  'auditor who is inspected': ['readers', 'auditor'],
  'inspected officer of the unit that inspects': ['readers', 'iss.central2'],
  'ISS head of the unit that inspects and is concerned': ['readers', 'iss.central'],
  'director who heads the unit concerned': ['driver', 'management.ala'],
  'management that stands in': ['driver', 'management.central'],
  'management of a branch that does not stand in': ['driver', 'management.shy'],
};

/** The login, or how he comes who has none: the same person stands in several columns, each with another case. */
export const loginOf = (name: CallerName): string => who[name][1];

/** Whose answer to the request in the case's file is awaited. */
export const addressees: readonly CallerName[] = [
  'inspected employee',
  'officer named in the complaint',
  'auditor who is inspected',
];

const anonymous: readonly CallerName[] = ['nobody', 'applicant with the code', 'applicant with a wrong code'];

export function isSignedIn(name: CallerName): boolean {
  return !anonymous.includes(name);
}

/** One column of the table: a caller and the case in one state that he asks about. */
export interface Column {
  caller: CallerName;
  state: CaseState;
  subject: Subject;
  by: Caller;
  /** The code that an applicant sends; null for who sends none. */
  code: string | null;
  /** The same person, newly signed in, for what ends a session. */
  again(): Promise<Caller>;
}

/** Registers the cases in each state and signs everybody in. */
export async function prepareColumns(site: ApiSite): Promise<Column[]> {
  const subjects = new Map<string, Subject>();
  for (const name of Object.keys(inspected) as CaseName[])
    for (const state of caseStates) subjects.set(`${name} ${state}`, await prepareCase(site, inspected[name], state));
  const columns: Column[] = [];
  for (const caller of callerNames) {
    const [caseName, login] = who[caller];
    const comes = (): Promise<Caller> => {
      if (login.startsWith('client:')) return site.machine(login.slice('client:'.length));
      return login ? site.as(login) : Promise.resolve(site.anybody);
    };
    const by = await comes();
    for (const state of caseStates) {
      const subject = subjects.get(`${caseName} ${state}`)!;
      // An address for each: some routes count what comes from one.
      const address = `10.1.${columns.length}.1`;
      columns.push({
        ...{ caller, state, subject, by: by.from(address) },
        code: codes[caller]?.(subject) ?? null,
        again: async () => (await comes()).from(address),
      });
    }
  }
  return columns;
}

const codes: Partial<Record<CallerName, (subject: Subject) => string>> = {
  'applicant with the code': ({ code }) => code,
  'applicant with a wrong code': () => 'AAAA-AAAA-AAAA-AAAA',
};

async function prepareCase(site: ApiSite, employeeIds: readonly string[], state: CaseState): Promise<Subject> {
  const registrar = await site.as('registrar');
  const body = application({ employees: employeeIds.map((employeeId) => ({ employeeId })) });
  const filed = (await registrar.post('/api/inspections', body)).json<{ number: string; accessCode: string }>();
  const { number, accessCode: code } = filed;
  const { record, inspection } = await site.caseOf(number);
  const caseId = record._id;
  const { lineId } = inspection.lines[0]!;
  const { database, inspections, cases, letters, documents } = site.services;
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
  if (state === 'closed') await site.close(number);
  if (state === 'voided') await database.transaction(somebody, (tx) => cases.void(tx, caseId));

  const kept = await Promise.all(
    [
      ['cases', { _id: caseId }],
      ['inspections', { _id: caseId }],
      ['document-requests', { caseId }],
      ['letters', { _id: letter!._id }],
    ].map(async ([name, filter]) => {
      const collection = database.connection.collection<{ _id: string }>(name as string);
      return { collection, documents: await collection.find(filter as object).toArray() };
    }),
  );
  const restore = async (): Promise<void> => {
    for (const { collection, documents } of kept)
      for (const each of documents) await collection.replaceOne({ _id: each._id }, each);
  };
  const documentId = document!._id;
  const employee = await site.services.directory.employee(employeeIds[0]!);
  const person = searchIndex(site.services.vault, employee!.fullName);
  return { caseId, number, code, lineId, documentId, letterId: letter!._id, requestId, link, person, restore };
}

/** A number of a case that was never given, and a name that nobody else takes. */
export const neverGiven = 'INS-2026-999999';
export const newKey = (): string => `key-${randomBytes(8).toString('hex')}`;
