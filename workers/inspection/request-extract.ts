import { z } from 'zod';
import { nitClient } from '../../connectors/nit/index.js';
import { BusinessError } from '../../core/errors.js';
import { extractScopeOf } from '../../core/inspection/extract-scope.js';
import { nitSystems } from '../../core/inspection/extracts.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/**
 * R6: asks NIT for the extract from one system (INS-18 to INS-20). The intent is stored first, and its id is the key by which NIT knows a
 * repeat: however often this is done, there is one export. A refusal at once is kept with the extract; polling it tells the process.
 */
export const requestExtract = defineWorker({
  type: 'inspection.request-extract',
  title: 'Request extract',
  titleRu: 'Запросить выгрузку',
  act: 'R6',
  input: z.object({ caseId: id, nitSystem: z.enum(nitSystems) }),
  output: z.object({ extractId: id, requestedAt: moment }),
  errors: [],
  reach: async ({ input: { caseId, nitSystem }, job, services, signal }) => {
    const { database, extracts, inspections, organisation, vault } = services;
    const extract = await database.transaction({ kind: 'worker', id: job.type }, async (tx) => {
      const scope = extractScopeOf(await inspections.get(caseId, tx), organisation.timeZone);
      return extracts.open(tx, { caseId, system: nitSystem, scope });
    });
    const { idempotencyKey, requestedAt, scope } = extract;
    const facts = await Promise.all(
      scope.facts.map(async ({ factId, text }) => ({ factId, text: await vault.open(text) })),
    );
    const period = { from: scope.from, to: scope.to };
    const ask = { idempotencyKey, system: nitSystem, facts, subjects: scope.subjects, period };
    try {
      const { exportId } = await nitClient(services.settings.nit).requestExport(ask, signal);
      await extracts.setExport(extract._id, exportId);
      return { extractId: extract._id, requestedAt, refused: false };
    } catch (error) {
      if (!(error instanceof BusinessError)) throw error;
      return { extractId: extract._id, requestedAt, refused: true };
    }
  },
  run: async ({ tx, services, reached: { extractId, requestedAt, refused } }) => {
    if (refused) await services.extracts.fail(tx, extractId, 'NIT_REFUSED');
    return { extractId, requestedAt: requestedAt.toISOString() };
  },
});
