import { z } from 'zod';
import { dueUpkeep } from '../../core/technical-request/upkeep-due.js';
import { defineWorker } from '../define-worker.js';

/** R17(2), R17(6), DL-TECH-4: whether some periodic work on some system has not been done within the organisation's period; never where it set none. */
export const checkUpkeep = defineWorker({
  type: 'technical-request.check-upkeep',
  title: 'Check upkeep',
  titleRu: 'Проверить, что из работ пора сделать',
  act: 'R17(2), R17(6)',
  input: z.object({}),
  output: z.object({ upkeepDue: z.boolean() }),
  errors: [],
  run: async ({ tx, services }) => ({ upkeepDue: (await dueUpkeep(services, tx.at, tx)).length > 0 }),
});
