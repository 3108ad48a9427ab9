import type { AccessRequest } from '../../core/access-request/model.js';
import type { Form } from '../cases/commands.js';
import type { FormFile } from '../cases/upload.js';
import { copyOf, filled, pick } from './forms.js';

/** Forms of requests for access, in the shape of the API. Their fields are called by their paths there, e.g. `users[0].cellPhone`. */

/** How many users the page's form has room for; more come by the API. */
export const mostRows = 20;

const applicantFields = [
  'name',
  'bin',
  'letterRefNo',
  'letterDate',
  'headFullName',
  'headSignature',
  'replyEmail',
] as const;
const basisFields = ['type', 'number', 'date'] as const;
const userFields = [
  'surname',
  'name',
  'middleName',
  'iin',
  'login',
  'officePhone',
  'cellPhone',
  'workstationIp',
  'position',
  'division',
  'email',
] as const;

/** How many users a form that was sent had room for. */
export function rowsOf(form: Form): number {
  const rows = Number(form['rows']);
  return Number.isInteger(rows) && rows >= 1 ? Math.min(rows, mostRows) : 1;
}

/** The form of Appendix 2. Rows that nobody filled in at its end are none. */
export function accessRequestOf(form: Form, copy: FormFile | null, language: string): unknown {
  const given = filled(form);
  const users = Array.from({ length: rowsOf(form) }, (_, row) => userOf(given, row));
  while (users.length > 1 && users.at(-1)!.empty) users.pop();
  return {
    kind: given['kind'],
    repeatReason: given['repeatReason'],
    language: language === 'kk' ? 'kk' : 'ru',
    applicant: pick(given, 'applicant.', applicantFields),
    basis: pick(given, 'basis.', basisFields),
    users: users.map(({ user }) => user),
    copy: copyOf(copy),
  };
}

function userOf(given: Form, row: number): { user: Record<string, unknown>; empty: boolean } {
  const fields = pick(given, `users[${row}].`, userFields);
  const rights = [given[`users[${row}].rights`] ?? []].flat().map((value) => {
    const [system = '', ...own] = value.split('/');
    return { system, function: own.join('/') };
  });
  return { user: { ...fields, rights }, empty: Object.keys(fields).length + rights.length === 0 };
}

/** The fields of a form that asks for what a request lacks. */
export function completionFields({ missing }: Pick<AccessRequest, 'missing'>): string[] {
  return (missing ?? []).map((path) => path.replace(/^applicant\./, '').replace(/^users\.(\d+)\./, 'users[$1].'));
}

/** What that form brought; each user of the request has a place, so that a fault's path is the field's name. */
export function completionOf(form: Form, { users }: Pick<AccessRequest, 'users'>): Record<string, unknown> {
  const given = filled(form);
  const details = ['login', 'officePhone', 'cellPhone', 'workstationIp', 'position', 'division'];
  return {
    ...pick(given, '', ['headFullName', 'headSignature']),
    basis: pick(given, 'basis.', basisFields),
    users: users.map(({ rowNo }, index) => ({ rowNo, ...pick(given, `users[${index}].`, details) })),
  };
}
