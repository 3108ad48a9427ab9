import { z } from 'zod';
import { PermanentError } from '../../core/errors.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Has a letter that could not be delivered sent again, to the address that was corrected on the case file page. Clocks run on. */
export const resendLetter = defineWorker({
  type: 'letter.resend',
  title: 'Resend letter',
  titleRu: 'Отправить письмо снова',
  input: z.object({ letterId: id }),
  output: z.object({}),
  run: async ({ input, tx, services }) => {
    const letter = await services.letters.find(input.letterId, tx);
    if (!letter) throw new PermanentError(`letterId ${input.letterId} names no letter`, { field: 'letterId' });
    // Sent again from the case file page already: its delivery is awaited like that of ours.
    if (letter.state === 'failed') await services.letters.resend(tx, input.letterId);
    return {};
  },
});
