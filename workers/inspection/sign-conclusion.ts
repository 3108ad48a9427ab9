import { z } from 'zod';
import { momentOf } from '../../core/decisions.js';
import { drawUpConclusion, factsConfirmed } from '../../core/inspection/conclusion.js';
import { taskGroups } from '../../core/inspection/management.js';
import { paperKinds } from '../../core/inspection/model.js';
import {
  addPaper,
  conclusionData,
  materialsAmong,
  numberConclusion,
  storePaper,
} from '../../core/inspection/papers.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * R7: signs the conclusion with all materials attached (INS-21 to INS-23), as a PDF that is stored before it is signed; signs of an
 * offence in it start the clocks of R9, from the moment in which the author decided on it. When the case file changes in between, the step is repeated under the same number.
 */
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
    managementGroup: z.string(),
  }),
  errors: [],
  reach: async ({ input: { caseId }, job, services }) => {
    const draft = await services.database.transaction({ kind: 'worker', id: job.type }, async (tx) => {
      const decision = await services.decisions.newest(caseId, 'inspection.draw-up-conclusion', tx);
      const numbered = await numberConclusion(services, tx, caseId, decision?._id ?? '');
      const revealedAt = decision ? momentOf(decision) : tx.at;
      return { ...numbered, author: decision?.by ?? '', signedAt: tx.at, revealedAt };
    });
    const { number, signedAt: at } = draft;
    const data = await conclusionData(services, { caseId, ...draft });
    return {
      ...draft,
      stored: await storePaper(services, { caseId, template: 'inspection/conclusion', number, at, data }),
    };
  },
  run: async ({ input: { caseId }, tx, services, reached: { stored, revealedAt, ...draft } }) => {
    const { number } = draft;
    const data = await conclusionData(services, { caseId, ...draft, revealedAt }, tx);
    const kind = paperKinds.conclusion;
    const inspection = await services.inspections.get(caseId, tx);
    const materials = materialsAmong(await services.documents.documentsOfCase(caseId, tx));
    const paper = await addPaper(services, tx, { caseId, kind, number, stored, data });
    const offenceSigns = inspection.conclusionSigns;
    const conclusion = drawUpConclusion({ ...draft, inspection, materials, offenceSigns, paper });
    await services.inspections.addConclusion(tx, caseId, conclusion);
    const signsRevealed = inspection.conclusionSigns.length > 0;
    const signId = signsRevealed
      ? await services.inspections.recordSigns(tx, caseId, { kinds: inspection.conclusionSigns, revealedAt }, 'no')
      : null;
    const confirmed = factsConfirmed(conclusion);
    // Since the inspection was opened, employees may have been found whose head is the management (AMB-INS-08).
    const { managementGroup } = await taskGroups(services, inspection);
    return {
      factsConfirmed: confirmed,
      signsRevealed,
      signId,
      inspectionOutcome: confirmed ? ('confirmed' as const) : ('not-confirmed' as const),
      managementGroup,
    };
  },
});
