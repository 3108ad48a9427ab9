import type { z } from 'zod';
import type { newAccessRequest } from '../../api/access-request/schemas.js';
import { pdf, type Part } from '../helpers/api-site.js';

export type AccessRequestBody = z.input<typeof newAccessRequest>;

/** A user of the demo organisation's registry: an employee of another state body. */
export function accessUser(
  changes: Partial<AccessRequestBody['users'][number]> = {},
): AccessRequestBody['users'][number] {
  return {
    surname: 'Нұрғалиева',
    name: 'Әсем',
    iin: '850614399559',
    officePhone: '+7 727 272 11 22',
    cellPhone: '+7 701 234 56 78',
    workstationIp: '10.20.30.40',
    position: 'Бас маман',
    division: 'Төлемдер бөлімі',
    rights: [{ system: 'sir', function: 'record.view' }],
    ...changes,
  };
}

/** A complete first request of a state body, whose order is of `orderedOn`. */
export function accessRequest(orderedOn: string, changes: Partial<AccessRequestBody> = {}): AccessRequestBody {
  return {
    kind: 'provide',
    language: 'ru',
    applicant: {
      name: 'Управление занятости города Алматы',
      bin: '980740001233',
      letterRefNo: '12-08/114',
      letterDate: orderedOn,
      headFullName: 'Сарсенов Ерлан Кайратович',
      headSignature: 'EDS-114',
      replyEmail: 'chancery@employment.example',
    },
    basis: { type: 'employmentOrder', number: '87-к', date: orderedOn },
    users: [accessUser()],
    copy: { name: 'order.pdf', contentType: 'application/pdf', content: pdf().toString('base64') },
    ...changes,
  };
}

/** The same as the page's form sends it: each field by its path. */
export function accessForm({ kind, applicant, basis = {}, users }: AccessRequestBody): Part[] {
  const fields = (at: string, values: object): Part[] =>
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' ? [[`${at}${name}`, value] as const] : [],
    );
  return [
    ['kind', kind],
    ['rows', String(users.length)],
    ...fields('applicant.', applicant),
    ...fields('basis.', basis),
    ...users.flatMap((user, row) => [
      ...fields(`users[${row}].`, user),
      ...user.rights.map((right): Part => [`users[${row}].rights`, `${right.system}/${right.function}`]),
    ]),
  ];
}
