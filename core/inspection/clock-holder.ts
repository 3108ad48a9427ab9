import type { ClockHolder, ClockOfCase } from '../clocks.js';
import type { Tx } from '../database.js';
import type { Documents } from '../documents.js';
import type { Inspections } from './inspections.js';
import { unitCode } from './units.js';

/** R9: these terms stay with the unit that revealed the signs, also after a change of unit (E6, INS-27). */
export const rulesOfSigns = ['DL-INS-1', 'DL-INS-2'] as const;

/**
 * Whose a clock of an inspection is: the unit that inspects, and there the role that has to act; for the term of a document request
 * (DL-INS-3) the person who was asked. Of a case that is no inspection it is nobody's.
 */
export async function inspectionClockHolder(
  { inspections, documents }: { inspections: Pick<Inspections, 'find'>; documents: Pick<Documents, 'find'> },
  tx: Tx,
  { caseId, rule, subject }: ClockOfCase,
): Promise<ClockHolder> {
  const inspection = await inspections.find(caseId, tx);
  if (!inspection) return { unit: null, responsible: null };
  const unit = unitCode(inspection);
  const asked = rule === 'DL-INS-3' && subject ? await documents.find(subject, tx) : null;
  if (asked) return { unit, responsible: `employee:${asked.addresseeId}` };
  // R9: the letter to the authorised body is the management's; everything else is the security service's.
  return { unit, responsible: `${rule === 'DL-INS-1' ? 'management' : 'iss'}:${unit}` };
}
