import type { LightMyRequestResponse } from 'fastify';
import type { CaseState } from '../../core/rights.js';
import { accessRequest } from '../builders/access-request.js';
import { document } from '../builders/inspection.js';
import type { UploadedFile } from './api-site.js';
import { addressees, callerNames, isSignedIn, withCode, type CallerName, type Column } from './rights-cases.js';

/** The table of rights as the routes have to hold it, written down apart from core/rights.ts: which route answers whom with what. */

/** A row: one route, or one use of it where it depends on what is sent. */
export interface Row {
  /** As the app prints it, e.g. `GET /api/cases/:number`. */
  route: string;
  use?: string;
  status(column: Column): number;
  /** `number` is the case's, or one that was never given. */
  send(column: Column, number: string): Promise<LightMyRequestResponse>;
  /** The request names the case: who may not see it gets what anybody gets for a number that was never given. */
  namesCase?: boolean;
  /** The answer lists cases: who may read the case finds it there. */
  lists?: boolean;
  /** The same, of what runs in open cases alone. */
  listsOpen?: boolean;
  /** No case is behind it: each person asks once, whatever his case and its state. */
  ofNoCase?: boolean;
  /** Asked of open cases alone. */
  openAlone?: boolean;
}

/** Who may read the case that he asks about. */
export const readers: readonly CallerName[] = [
  'ISS that inspects',
  'ISS of the central office',
  'management of the unit that inspects',
  'auditor',
  'ISS of the central office that inspects',
  'management of the central office that inspects',
  'management that stands in',
  'IB administrator',
  'IB administrator whose own access is asked for',
  'IB administrator who filed',
  'auditor of access requests',
  'IS administrator',
  'auditor of technical requests',
  'IB administrator on a report of an incident',
];

export const inspecting: readonly CallerName[] = ['ISS that inspects', 'ISS of the central office that inspects'];
const managing: readonly CallerName[] = [
  'management of the unit that inspects',
  'management of the central office that inspects',
  'management that stands in',
];
/** Who decides on access: not who filed, nor for himself. */
const granting: readonly CallerName[] = ['IB administrator'];
const maintaining: readonly CallerName[] = ['IS administrator'];
export const writing: readonly CallerName[] = [...inspecting, ...granting, ...maintaining];

export const ofAuditors = (column: Column): boolean => /^auditor/.test(column.caller);
const ofIbAdministrators = ({ caller }: Column): boolean => /^IB administrator/.test(caller);
/** R25: the journal and the violations are read by those who keep it, auditors and who answers for personal data. */
export const readsJournal = (column: Column): boolean =>
  ofAuditors(column) || ofIbAdministrators(column) || column.caller === 'dpo';
/** R3: who is named for which role. */
export const readsRoles = (column: Column): boolean =>
  ofAuditors(column) || column.caller === 'dpo' || column.caller === 'administrator';
/** AMB-ACC-15: violations are told by the administrator, or by a rule that watches the logs. */
export const reportsViolations = (column: Column): boolean =>
  ofIbAdministrators(column) || column.caller === 'machine client';
/** What is of no case, for those alone whom `who` names. */
export const staffOnly =
  (who: (column: Column) => boolean, granted: number) =>
  (column: Column): number => {
    if (!isSignedIn(column.caller)) return 401;
    return who(column) ? granted : 403;
  };
export const reviewsViolations = ofIbAdministrators;
export const ofIsAdministrators = ({ caller }: Column): boolean => /^IS administrator/.test(caller);
/** R8, R17: records of upkeep are read by those who maintain, and auditors. */
export const readsUpkeep = (column: Column): boolean => ofIsAdministrators(column) || ofAuditors(column);
export const recordsBackups = (column: Column): boolean =>
  ofIsAdministrators(column) || column.caller === 'machine client';
/** R19: who registers requests for access that came on paper or through SKUD. */
export const registersAccess = (column: Column): boolean =>
  ['machine client', 'registrar', 'registrar who filed', 'personnel officer'].includes(column.caller) ||
  ofIbAdministrators(column);

/** Who registers cases, whatever becomes of them: every officer of the security service, and the chancery. */
export const registering: readonly CallerName[] = [
  'machine client',
  'registrar',
  'registrar who filed',
  ...callerNames.filter((name) => /ISS|officer/.test(name) && name !== 'personnel officer'),
];

type Who = Partial<Record<CaseState, readonly CallerName[]>>;

/** What a route answers that names a case: 401, 404, 403, 409 once the case has ended, or what it is for. */
export const ofCase =
  (granted: number, may: Who) =>
  ({ caller, state }: Column): number => {
    if (!isSignedIn(caller)) return 401;
    if (!readers.includes(caller)) return 404;
    if (may[state]?.includes(caller)) return granted;
    return state !== 'open' && may.open?.includes(caller) ? 409 : 403;
  };
export const always = (names: readonly CallerName[]): Who => ({ open: names, closed: names, voided: names });

export const anybody = (status: number) => () => status;
export const signedIn = (status: number) => (column: Column) => (isSignedIn(column.caller) ? status : 401);

export const html = { accept: 'text/html' };
export const page =
  (url: (column: Column, number: string) => string) =>
  (column: Column, number: string): Promise<LightMyRequestResponse> =>
    column.by.page(url(column, number));
export const got =
  (url: (column: Column, number: string) => string) =>
  (column: Column, number: string): Promise<LightMyRequestResponse> =>
    column.by.get(url(column, number), column.code === null ? {} : { 'x-access-code': column.code });
export const file = (): ['file', UploadedFile] => ['file', document()];

/** What each command is sent, by its name, and who may. */
export const commands: Record<string, { may: Who; body(column: Column): Record<string, string | string[] | boolean> }> =
  {
    'letter-addresses': {
      may: { open: writing, closed: inspecting },
      body: ({ subject }) => ({ letterId: subject.letterId, email: 'other@applicant.example' }),
    },
    'screening-reason': { may: { open: inspecting }, body: () => ({ text: 'Ережеге жатпайды.' }) },
    employees: { may: { open: inspecting }, body: () => ({ employeeId: 'SC-1027' }) },
    'employee-removals': { may: { open: inspecting }, body: ({ subject }) => ({ lineId: subject.lineId }) },
    'extract-scope': {
      may: { open: inspecting },
      body: () => ({ facts: ['Мекенжайды қарау'], periodFrom: '2026-01-01', periodTo: '2026-01-31' }),
    },
    // The letters of this line are out: to word nothing is allowed, and changes nothing.
    'request-facts': { may: { open: inspecting }, body: ({ subject }) => ({ lineId: subject.lineId }) },
    'no-extract-reason': { may: { open: inspecting }, body: () => ({ text: 'Жүйелер қаралмаған.' }) },
    requests: { may: { open: inspecting }, body: () => ({ addresseeId: 'SC-1015', question: 'Кім кезекші болды?' }) },
    'non-receipt-notes': {
      may: { open: inspecting },
      body: ({ subject }) => ({ requestId: subject.requestId, reason: 'Бас тартты.' }),
    },
    'non-receipts': {
      may: { open: inspecting },
      body: ({ subject }) => ({ requestId: subject.requestId, reason: 'Бас тартты.' }),
    },
    signs: { may: { open: inspecting, closed: inspecting }, body: () => ({ kinds: ['criminal'] }) },
    findings: {
      may: { open: inspecting },
      body: ({ subject }) => ({ lineId: subject.lineId, transferConfirmed: false, reasoning: 'Берілмеген.' }),
    },
    measures: {
      may: { open: managing },
      body: ({ subject }) => ({
        lineId: subject.lineId,
        kind: 'Ескерту',
        legalGround: 'ҚР Еңбек кодексінің 64-бабы',
        decidedOn: '2026-01-31',
      }),
    },
    withdrawal: { may: { open: inspecting }, body: () => ({}) },
    // Also the central office, which takes over where a branch may not inspect (AMB-INS-08).
    unit: {
      may: { open: [...inspecting, 'ISS of the central office'] },
      body: () => ({ inspectingUnit: 'centralOffice' }),
    },
    void: { may: { open: [...managing, ...granting, ...maintaining] }, body: () => ({ reason: 'Қате тіркелген.' }) },
  };

/** Commands on access requests: on a case of another process nobody has a right to them. */
export const accessCommands: typeof commands = {
  'refusal-reasons': { may: { open: granting }, body: () => ({ system: 'sir', text: 'Негіз жоқ.' }) },
  'review-note': { may: { open: granting }, body: () => ({ text: 'Тексерілді.' }) },
  'legal-exception': { may: { open: granting }, body: () => ({ text: 'Норма.' }) },
  completion: { may: { open: granting }, body: () => ({ headFullName: 'Сәрсенов Ерлан' }) },
};

/** The same of technical requests. */
export const technicalCommands: typeof commands = {
  classification: { may: { open: maintaining }, body: () => ({ classification: 'other', reason: 'Сұрақ.' }) },
  resolution: { may: { open: maintaining }, body: () => ({ text: 'Түзетілді.' }) },
  defect: { may: { open: maintaining }, body: () => ({ reference: 'SIR-2041', scope: 'maintenance' }) },
};

export const formOf = (body: Record<string, string | string[] | boolean>): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value : String(value)]));

/** Filed as of yesterday by nobody in particular: it waits for nothing here. */
export const requestForAccess = () => accessRequest('2026-01-30', { copy: undefined });

export const violation = { kind: 'sharedLogin', login: 'u-never-given', facts: 'Логин екі адамда.' };
/** A machine tells of its own backups; of what people decide it tells nothing. */
export const backup = { kind: 'backup', system: 'sir', performedAt: '2026-01-31T02:10:00+05:00', result: 'done' };
export const centre = {
  ...{ kind: 'security-centre-connection', system: 'sir', performedAt: '2026-01-31T12:00:00+05:00' },
  ...{ since: '2026-01-01', centre: 'Жедел орталық' },
};
export const review = { outcome: 'confirmed', note: 'Тексерілді.' };
/** Who registers what others told by phone or mail. */
const operators = ['machine client', 'registrar', 'registrar who filed'];
export const registersTechnical = ({ caller }: Column): boolean =>
  operators.includes(caller) || /^IS administrator/.test(caller);

export const applied = {
  triggerKind: 'individualApplication',
  senderName: 'Серікбаева Гүлнар Ерланқызы',
  facts: 'Мекенжайым бөгде адамға берілген.',
};

/** Applicants see where their case stands; anybody else needs a right. */
export const reading = (column: Column): number => {
  if (withCode.includes(column.caller)) return 200;
  if (column.caller === 'applicant with a wrong code') return 404;
  return ofCase(200, always(readers))(column);
};
export const following = ({ caller }: Column): number => (withCode.includes(caller) ? 200 : 404);
/** What an applicant does to his request for access by its code, while it is open. */
export const byCodeOfAccess =
  (granted: number) =>
  ({ caller, state }: Column): number => {
    if (caller !== 'applicant of an access request') return 404;
    return state === 'open' ? granted : 409;
  };
export const answering = ({ caller, state }: Column): number => {
  if (!isSignedIn(caller)) return 401;
  return addressees.includes(caller) && state === 'open' ? 303 : 404;
};
export const linked = ({ state }: Column): number => (state === 'open' ? 200 : 404);

export const ofNoCase = { ofNoCase: true } as const;
