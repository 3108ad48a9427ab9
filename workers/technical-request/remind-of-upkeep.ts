import { z } from 'zod';
import { writeUpkeepReminder } from '../../core/technical-request/upkeep-due.js';
import { defineWorker } from '../define-worker.js';

/** R17(2), R17(6): the administrators of the information systems are written to about what is due. A repeat of the same day's look writes nothing. */
export const remindOfUpkeep = defineWorker({
  type: 'technical-request.remind-of-upkeep',
  title: 'Remind of upkeep',
  titleRu: 'Напомнить о работах',
  act: 'R17(2), R17(6)',
  input: z.object({}),
  output: z.object({}),
  errors: [],
  run: async ({ tx, services }) => {
    await writeUpkeepReminder(services, tx);
    return {};
  },
});
