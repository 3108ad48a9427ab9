import { z } from 'zod';
import { bindCase } from '../../core/case-start.js';
import { defineWorker } from '../define-worker.js';
import { caseIds, startedCase } from '../shapes.js';

/** Finds whether the request already has an instance (a create may be doubled) and hands the process its first facts. */
export const openTechnicalRequest = defineWorker({
  type: 'technical-request.open-request',
  title: 'Open request',
  titleRu: 'Открыть обращение',
  act: 'R10, R17(2)',
  input: z.object(caseIds),
  output: z.object({ ...startedCase, isGroup: z.string() }),
  errors: [],
  run: async ({ input, job, tx, services }) => ({
    ...(await bindCase(services, tx, input, job)),
    isGroup: 'tech-is-admin',
  }),
});
