import { z } from 'zod';

/** Shapes of process variables that several workers share. Variables hold numbers, codes, flags and moments: nothing of a person. */
const code = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]*$/)
  .max(80);

/** An id inside (ULID) or a code. */
export const id = code.min(1);
export const caseIds = { caseId: id, caseNumber: z.string().regex(/^[A-Z]{3}-\d{4}-\d{6}$/) };
/** A moment in UTC, ISO 8601. */
export const moment = z.iso.datetime({ offset: true });
/** What the first step of every process hands it ({@link StartedCase} in core/case-start.ts). */
export const startedCase = {
  caseState: z.enum(['new', 'duplicate']),
  caseUrl: z.string(),
  timeZone: z.string(),
  receivedAt: moment,
};
