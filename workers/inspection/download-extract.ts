import { z } from 'zod';
import { downloadExtract as download, nitClient, nitErrors, nitMetrics } from '../../connectors/nit/index.js';
import { BusinessError } from '../../core/errors.js';
import { addExtractMaterials, forgetParts, partStore } from '../../core/inspection/extract-parts.js';
import { extractOfCase } from '../../core/inspection/extract-scope.js';
import { defineWorker } from '../define-worker.js';
import { id, moment } from '../shapes.js';

/**
 * R6, INS-18, INS-19: brings the extract into the case, part after part; what is stored whole is not fetched again when the work is
 * repeated. Each part is verified on its way (INS-20: only what was asked for). Of an extract that is refused nothing is kept.
 */
export const downloadExtract = defineWorker({
  type: 'inspection.download-extract',
  title: 'Download extract',
  titleRu: 'Выгрузить сведения',
  act: 'R6',
  input: z.object({ caseId: id, extractId: id }),
  output: z.object({ extractRows: z.number().int(), extractParts: z.number().int(), obtainedAt: moment }),
  errors: nitErrors,
  timeoutMs: 120_000,
  maxJobs: 2,
  reach: async ({ input, services, heartbeat, signal }) => {
    const extract = await extractOfCase(services, input);
    const { exportId, scope, state, system } = extract;
    if (state === 'complete') return { manifest: null, error: null };
    const client = nitClient(services.settings.nit);
    try {
      if (exportId === null || state === 'failed' || state === 'abandoned') throw new BusinessError('NIT_REFUSED');
      const factIds = scope.facts.map(({ factId }) => factId);
      const period = { from: scope.from, to: scope.to };
      const { manifest } = await download({
        client,
        extract: { exportId, scope: { system, factIds, subjects: scope.subjects, period } },
        store: await partStore(services, extract),
        onProgress: async ({ added }) => {
          for (const what of ['rows', 'bytes', 'parts'] as const) nitMetrics[what].inc({ system }, added[what]);
          await heartbeat();
        },
        signal,
      });
      return { manifest: { rows: manifest.rows, sha256: manifest.sha256 }, error: null };
    } catch (error) {
      if (!(error instanceof BusinessError)) throw error;
      services.log.warn(
        { caseId: input.caseId, reason: error.message, code: error.code },
        'an extract is not accepted',
      );
      await forgetParts(services, extract._id);
      return { manifest: null, error };
    }
  },
  run: async ({ input: { extractId }, tx, services, reached: { manifest, error } }) => {
    if (error) {
      await services.extracts.fail(tx, extractId, error.code);
      throw error;
    }
    if (manifest) {
      await addExtractMaterials(services, tx, extractId);
      await services.extracts.complete(tx, extractId, manifest);
    }
    const { rows, parts, obtainedAt } = await extractOfCase(services, { extractId }, tx);
    return { extractRows: rows, extractParts: parts.length, obtainedAt: (obtainedAt ?? tx.at).toISOString() };
  },
});
