import { randomBytes } from 'node:crypto';
import type { CaseState } from '../../core/rights.js';
import type { ApiSite, Caller } from './api-site.js';
import { caseStates, prepareSubjects, type CaseName, type Subject } from './rights-subjects.js';

/** The callers of the table of rights: every kind of person and machine as related to a case, each with that case in each state. */

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
  'applicant of an access request',
  'IB administrator',
  'IB administrator whose own access is asked for',
  'IB administrator who filed',
  'dpo',
  'auditor of access requests',
  'registrar who filed',
  'ISS of the central office on an access request',
  'IS administrator on an access request',
  'applicant of a technical request',
  'IS administrator',
  'auditor of technical requests',
  'IB administrator on a technical request',
  'IB administrator on a report of an incident',
  'IS administrator on an inspection',
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
  'applicant of an access request': ['access', ''],
  'IB administrator': ['access', 'ib.admin'],
  'IB administrator whose own access is asked for': ['access', 'ib.admin2'],
  'IB administrator who filed': ['accessOfAdministrator', 'ib.admin2'],
  dpo: ['access', 'dpo'],
  'auditor of access requests': ['access', 'auditor'],
  'registrar who filed': ['access', 'registrar'],
  'ISS of the central office on an access request': ['access', 'iss.central'],
  'IS administrator on an access request': ['access', 'is.admin'],
  'applicant of a technical request': ['technical', ''],
  'IS administrator': ['technical', 'is.admin'],
  'auditor of technical requests': ['technical', 'auditor'],
  'IB administrator on a technical request': ['technical', 'ib.admin'],
  'IB administrator on a report of an incident': ['incident', 'ib.admin'],
  'IS administrator on an inspection': ['branch', 'is.admin'],
};

/** The login, or how he comes who has none: the same person stands in several columns, each with another case. */
export const loginOf = (name: CallerName): string => who[name][1];

/** Whose answer to the request in the case's file is awaited. */
export const addressees: readonly CallerName[] = [
  'inspected employee',
  'officer named in the complaint',
  'auditor who is inspected',
];

export const isSignedIn = (name: CallerName): boolean => loginOf(name) !== '';

/** Who sends the code that his case was registered with. */
export const withCode: readonly CallerName[] = [
  'applicant with the code',
  'applicant of an access request',
  'applicant of a technical request',
];

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
  const subjects = await prepareSubjects(site);
  const columns: Column[] = [];
  /** Signed in once, whatever he is to a case: so his pages differ in nothing but the case. */
  const known = new Map<string, Caller>();
  for (const caller of callerNames) {
    const [caseName, login] = who[caller];
    const comes = (): Promise<Caller> => {
      if (login.startsWith('client:')) return site.machine(login.slice('client:'.length));
      return login ? site.as(login) : Promise.resolve(site.anybody);
    };
    const by = known.get(login) ?? (await comes());
    known.set(login, by);
    for (const state of caseStates) {
      const subject = subjects.get(`${caseName} ${state}`)!;
      // An address for each: some routes count what comes from one.
      const address = `10.1.${columns.length}.1`;
      columns.push({
        ...{ caller, state, subject, by: by.from(address) },
        code: codeOf(caller, subject),
        again: async () => (await comes()).from(address),
      });
    }
  }
  return columns;
}

function codeOf(caller: CallerName, { code }: Subject): string | null {
  if (caller === 'applicant with a wrong code') return 'AAAA-AAAA-AAAA-AAAA';
  return withCode.includes(caller) ? code : null;
}

/** A number of a case that was never given, and a name that nobody else takes. */
export const neverGiven = 'INS-2026-999999';
export const newKey = (): string => `key-${randomBytes(8).toString('hex')}`;
