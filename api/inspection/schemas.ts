import { z } from 'zod';
import { triggerKinds } from '../../core/inspection/model.js';
import { bin, channels, day, iin, longText, phone, shortText } from '../cases/shapes.js';

/** Shapes of what callers send about inspections. Codes of faults are keys `fault.<code>` of the catalogue. */

const sender = z.strictObject({
  name: shortText.describe('full name of a person, or the name of an organisation'),
  iin: iin.optional().describe('individual identification number, with its check digit'),
  bin: bin.optional().describe('business identification number, with its check digit'),
  email: z.email().max(254).optional().describe('where the receipt and the answer go'),
  phone: phone.optional(),
});

const employee = z
  .strictObject({
    employeeId: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,40}$/, { error: 'id' })
      .optional()
      .describe('id in the directory; for staff and machine clients'),
    name: shortText.optional().describe('in words, where the sender does not know more'),
    position: shortText.optional(),
    unit: shortText.optional(),
  })
  .refine((value) => value.employeeId !== undefined || value.name !== undefined, {
    error: 'employee-unnamed',
    path: ['name'],
  });

/** F-INS-1: what opens an inspection. */
export const newInspection = z
  .strictObject({
    triggerKind: z.enum(triggerKinds).describe('R4: who applies, or official information'),
    receivedAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('moment of receipt, not in the future; now when absent; for staff and machine clients'),
    channel: z.enum(channels).default('page').describe('how it came in; other than page for staff and machine clients'),
    sourceRefNo: shortText
      .optional()
      .describe(
        "the sender's own number; the same number of the same channel is the same case, with other content 409; for staff and machine clients",
      ),
    sender: sender.optional().describe('required for applications'),
    language: z.enum(['kk', 'ru']).default('ru').describe('language of the receipt and of the answer'),
    facts: z.array(longText).min(1).max(50).describe('R4, R6: the facts of the disclosure, one an entry'),
    thirdParties: z.array(shortText).max(50).default([]).describe('to whom the data were disclosed, where known'),
    employees: z.array(employee).max(200).default([]).describe('whom the trigger names'),
    period: z.strictObject({ from: day, to: day }).optional().describe('INS-20: days that the facts fall in'),
  })
  .superRefine((value, context) => {
    const application = value.triggerKind !== 'officialInformation';
    if (application && !value.sender)
      context.addIssue({ code: 'custom', path: ['sender'], message: 'required-for-applications' });
    if (value.triggerKind === 'individualApplication' && value.sender?.bin)
      context.addIssue({ code: 'custom', path: ['sender', 'bin'], message: 'not-for-individuals' });
  })
  .meta({
    examples: [
      {
        triggerKind: 'individualApplication',
        sender: { name: 'Ахметова Айгүл Серікқызы', email: 'aigul@applicant.example' },
        language: 'kk',
        facts: ['Менің мекенжайым бөгде адамға берілген.'],
      },
      {
        triggerKind: 'officialInformation',
        receivedAt: '2026-05-06T18:00:00+05:00',
        channel: 'paper',
        sourceRefNo: 'ВХ-2026-118',
        language: 'ru',
        facts: ['Сведения о составе семьи переданы третьему лицу.'],
        employees: [{ employeeId: 'SC-1018' }],
        period: { from: '2026-04-01', to: '2026-04-30' },
      },
    ],
  });

export type NewInspection = z.infer<typeof newInspection>;
