import { Temporal } from 'temporal-polyfill';
import type { Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Services } from '../services.js';
import type { Extract } from './extracts.js';
import type { Inspection } from './model.js';

/**
 * What NIT is asked for (INS-20): the facts, employees and period of this case, and nothing more. Facts stay sealed; each gets an id by which
 * NIT ties its rows to it. Frozen with the request, so that what comes back is held against what was asked.
 */
export function extractScopeOf(inspection: Inspection, timeZone: string): Extract['scope'] {
  const { extractScope, lines } = inspection;
  if (!extractScope || extractScope.facts.length === 0)
    throw new PermanentError('extractScope: facts and period of the extract are missing on the case file page', {
      field: 'extractScope',
    });
  return {
    facts: extractScope.facts.map((text, at) => ({ factId: `F${at + 1}`, text })),
    subjects: lines.map(({ employeeId }) => employeeId),
    ...periodOf(extractScope, timeZone),
  };
}

/** The half-open period, UTC, of legal days of which both the first and the last are in. */
export function periodOf(days: { periodFrom: string; periodTo: string }, timeZone: string): { from: Date; to: Date } {
  const startOf = (day: Temporal.PlainDate): Date => new Date(day.toZonedDateTime(timeZone).epochMilliseconds);
  return {
    from: startOf(Temporal.PlainDate.from(days.periodFrom)),
    to: startOf(Temporal.PlainDate.from(days.periodTo).add({ days: 1 })),
  };
}

/** The extract of a step's variables; throws PermanentError where it isn't one of that case. */
export async function extractOfCase(
  { extracts }: Pick<Services, 'extracts'>,
  { caseId, extractId }: { caseId?: string; extractId: string },
  tx?: Tx,
): Promise<Extract> {
  const extract = await extracts.find(extractId, tx);
  if (!extract || (caseId !== undefined && extract.caseId !== caseId))
    throw new PermanentError(`extractId ${extractId} names no extract of this case`, { field: 'extractId' });
  return extract;
}

/** Makes sure that the case file says why it goes without an extract (AMB-INS-10). */
export async function reasonForNoExtract(
  { inspections }: Pick<Services, 'inspections'>,
  caseId: string,
  tx: Tx,
): Promise<void> {
  if ((await inspections.get(caseId, tx)).noExtractReason === null)
    throw new PermanentError('noExtractReason: the reason is missing on the case file page', {
      field: 'noExtractReason',
    });
}
