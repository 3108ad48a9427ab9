import { z } from 'zod';
import { basisTypes, repeatReasons, requestKinds } from '../../core/access-request/model.js';
import { attachedFile } from '../cases/attached.js';
import { bin, channels, day, iin, line, phone, shortText } from '../cases/shapes.js';

/** Shapes of what callers send about access (Appendix 2, F-ACC-2). */

const right = z.strictObject({
  system: shortText.describe('code of the system in the registry (column 4)'),
  function: shortText.describe('code of the function in that system (column 5)'),
});

/** What a row of Appendix 2 may lack at first: it is asked for (AMB-ACC-13). */
export const userDetails = {
  login: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$/, { error: 'login' })
    .optional()
    .describe('of an account that is to be changed, blocked or opened again; empty for a first registration'),
  officePhone: line(2, 40).optional().describe('AMB-ACC-12: service phone, or room'),
  cellPhone: phone.optional(),
  workstationIp: z.union([z.ipv4(), z.ipv6()]).optional().describe("address of the user's computer"),
  position: shortText.optional(),
  division: shortText.optional(),
};

const user = z.strictObject({
  surname: shortText,
  name: shortText,
  middleName: shortText.optional(),
  iin: iin.describe('individual identification number, with its check digit'),
  ...userDetails,
  email: z
    .email()
    .max(254)
    .optional()
    .describe("AMB-ACC-10: the user's own corporate address; without it the answer goes to replyEmail"),
  rights: z.array(right).min(1).max(50),
});

export const copySchema = attachedFile.describe('R23: copy of the basis document');

export const basisSchema = z.strictObject({
  type: z.enum(basisTypes).optional().describe('R23, R27'),
  number: shortText.optional(),
  date: day.optional().describe('R23: within one year before the application'),
});

export const headDetails = {
  headFullName: shortText.optional(),
  headSignature: shortText.optional().describe('reference of the signed original, e.g. of the electronic signature'),
};

/** F-ACC-2: a request for access. */
export const newAccessRequest = z
  .strictObject({
    kind: z.enum(requestKinds).describe('R3(12), R29: provide access, change rights, block, or a repeated application'),
    repeatReason: z.enum(repeatReasons).optional().describe('R29; for a repeated application'),
    receivedAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('moment of receipt in SKUD or by the chancery; now when absent; for staff and machine clients'),
    channel: z
      .enum([...channels, 'skud'])
      .default('page')
      .describe('other than page for staff and machine clients'),
    sourceRefNo: shortText.optional().describe("SKUD's number of the request; for staff and machine clients"),
    language: z.enum(['kk', 'ru']).default('ru').describe('language of receipt and answer'),
    applicant: z.strictObject({
      name: shortText.describe('the organisation that applies for its employees (R3(14))'),
      bin,
      region: shortText.optional(),
      letterRefNo: shortText.optional(),
      letterDate: day.optional(),
      ...headDetails,
      replyEmail: z.email().max(254).describe('R22: the corporate address that is answered'),
    }),
    basis: basisSchema.default({}),
    users: z.array(user).min(1).max(100),
    copy: copySchema.optional(),
  })
  .superRefine((value, context) => {
    if (value.kind === 'repeat' && !value.repeatReason)
      context.addIssue({ code: 'custom', path: ['repeatReason'], message: 'required-for-repeat' });
    if (value.kind !== 'repeat' && value.repeatReason)
      context.addIssue({ code: 'custom', path: ['repeatReason'], message: 'only-for-repeat' });
    for (const [index, { login }] of value.users.entries())
      if (value.kind === 'provide' && login)
        context.addIssue({ code: 'custom', path: ['users', index, 'login'], message: 'not-for-first-registration' });
  })
  .meta({
    examples: [
      {
        kind: 'provide',
        language: 'kk',
        applicant: {
          name: 'Алматы қаласының жұмыспен қамту басқармасы',
          bin: '980740001233',
          letterRefNo: '12-08/114',
          letterDate: '2026-05-05',
          headFullName: 'Сәрсенов Ерлан Қайратұлы',
          headSignature: 'EDS-2026-0505-114',
          replyEmail: 'chancery@employment.example',
        },
        basis: { type: 'employmentOrder', number: '87-к', date: '2026-05-04' },
        users: [
          {
            surname: 'Нұрғалиева',
            name: 'Әсем',
            iin: '821215499404',
            officePhone: '+7 727 272 11 22',
            cellPhone: '+7 701 234 56 78',
            workstationIp: '10.20.30.40',
            position: 'Бас маман',
            division: 'Төлемдер бөлімі',
            rights: [{ system: 'sir', function: 'record.view' }],
          },
        ],
      },
    ],
  });

export type NewAccessRequest = z.infer<typeof newAccessRequest>;
