import { z } from 'zod';
import { drawUpConclusion, factsConfirmed } from '../../core/inspection/conclusion.js';
import { newId } from '../../core/ids.js';
import { localDay } from '../../core/legal-day.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R7: signs the conclusion with all materials attached (INS-21 to INS-23); signs of an offence in it start the clocks of R9. */
export const signConclusion = defineWorker({
  type: 'inspection.sign-conclusion',
  title: 'Sign conclusion',
  titleRu: 'Подписать заключение',
  act: 'R7',
  input: z.object({ caseId: id }),
  output: z.object({
    factsConfirmed: z.boolean(),
    signsRevealed: z.boolean(),
    signId: id.nullable(),
    inspectionOutcome: z.enum(['confirmed', 'not-confirmed']),
  }),
  errors: [],
  run: async ({ input: { caseId }, tx, services }) => {
    const inspection = await services.inspections.get(caseId, tx);
    const decision = await services.decisions.newest(caseId, 'inspection.draw-up-conclusion', tx);
    const year = Number(localDay(tx.at, services.organisation.timeZone).slice(0, 4));
    const conclusion = drawUpConclusion({
      conclusionId: newId(),
      number: await services.numbers.next(tx, 'CON', year),
      inspection,
      documents: await services.documents.documentsOfCase(caseId, tx),
      offenceSigns: inspection.conclusionSigns,
      author: decision?.by ?? '',
      signedAt: tx.at,
    });
    await services.inspections.addConclusion(tx, caseId, conclusion);
    const signsRevealed = inspection.conclusionSigns.length > 0;
    const signId = signsRevealed
      ? await services.inspections.recordSigns(
          tx,
          caseId,
          { kinds: inspection.conclusionSigns, revealedAt: tx.at },
          'no',
        )
      : null;
    const confirmed = factsConfirmed(conclusion);
    return {
      factsConfirmed: confirmed,
      signsRevealed,
      signId,
      inspectionOutcome: confirmed ? ('confirmed' as const) : ('not-confirmed' as const),
    };
  },
});
