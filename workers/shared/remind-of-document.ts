import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** R5: reminds the addressee of a document that has not come; nothing happens when it has. */
export const remindOfDocument = defineWorker({
  type: 'document.remind',
  title: 'Remind of document',
  titleRu: 'Напомнить о документе',
  act: 'R5',
  input: z.object({ requestId: id }),
  output: z.object({}),
  errors: [],
  run: async ({ input, tx, services }) => {
    await services.documents.remind(tx, input.requestId, {
      publicUrl: services.settings.web.publicUrl,
      languages: services.organisation.languages,
    });
    return {};
  },
});
