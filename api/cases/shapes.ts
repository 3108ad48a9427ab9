import { z } from 'zod';
import { isValidBin, isValidIin } from '../../core/iin.js';

/** Shapes that callers of all processes send and are answered. Codes of faults are keys `fault.<code>` of the catalogue. */

/** Processes that have cases. */
export const processes = ['inspection', 'access-request', 'technical-request'] as const;

/**
 * What a text may not hold: control characters (but for lines and tabs where there are several lines), marks that turn the direction of what follows,
 * halves of characters. They are nothing that a person writes, and make a reader see something else than what is stored.
 */
const unreadable =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/u;
const unreadableInLine = new RegExp(`${unreadable.source}|[\\t\\n\\r\\u2028\\u2029]`, 'u');
/** At least something that can be seen: blanks that trim() doesn't know fill no field. */
const visible = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}\p{P}\p{S}]/u;
const written = (least: number, most: number, not: RegExp) =>
  z
    .string()
    .trim()
    .min(least)
    .max(most)
    .refine((text) => !not.test(text), { error: 'unreadable' })
    .refine((text) => text.length < least || visible.test(text), { error: 'nothing-visible' });

export const longText = written(3, 10_000, unreadable);
/** A text of one line. */
export const line = (least: number, most: number) => written(least, most, unreadableInLine);
export const shortText = line(1, 300);
export const day = z.iso.date();
export const caseNumber = z.string().regex(/^[A-Z]{3}-\d{4}-\d{6}$/);

/** How a trigger comes in. */
export const channels = ['page', 'paper', 'mail', 'machine'] as const;

export const iin = z.string().refine((value) => isValidIin(value), { error: 'iin' });
export const bin = z.string().refine((value) => isValidBin(value), { error: 'bin' });

export const phone = z.string().regex(/^\+?[0-9 ()-]{5,20}$/, { error: 'phone' });

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, { error: 'idempotency-key' })
  .optional()
  .describe('8 to 128 printable characters; the same key with the same content answers with the same case');

export const clockView = z.object({
  rule: z.string(),
  startedAt: z.string(),
  targetAt: z.string().nullable(),
  dueAt: z.string().nullable(),
  stoppedAt: z.string().nullable(),
  kept: z.boolean().nullable(),
  state: z.string(),
});

export const registeredView = z
  .object({
    number: z.string(),
    process: z.enum(processes),
    state: z.string(),
    receivedAt: z.string(),
    registeredAt: z.string(),
    accessCode: z
      .string()
      .nullable()
      .describe(
        "the applicant's secret for following the case; null where nobody outside follows it, and where the case was found by the sender's number",
      ),
    clocks: z.array(clockView),
    links: z.object({ case: z.string(), follow: z.string() }),
  })
  .meta({
    examples: [
      {
        number: 'INS-2026-000118',
        process: 'inspection',
        state: 'open',
        receivedAt: '2026-11-23T05:10:42.669Z',
        registeredAt: '2026-11-23T05:10:42.669Z',
        accessCode: 'XEYK-WWQF-PNGF-J7UE',
        clocks: [
          {
            rule: 'DL-INS-5',
            startedAt: '2026-11-23T05:10:42.669Z',
            targetAt: '2027-01-06T13:30:00.000Z',
            dueAt: '2027-01-08T18:59:59.999Z',
            stoppedAt: null,
            kept: null,
            state: 'running',
          },
        ],
        links: {
          case: 'https://merzim.example.kz/api/cases/INS-2026-000118',
          follow: 'https://merzim.example.kz/follow',
        },
      },
    ],
  });
