import { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import { systemsOf } from '../../core/access-request/model.js';
import type { OpenAccessRequest } from '../../core/reading.js';
import { example, refuse, type Command, type RunContext } from '../cases/commands.js';
import { longText } from '../cases/shapes.js';
import { completionBody, completeRequest, completionOfForm } from './completion.js';

/** What the administrator may do to an access request; on a case of another process the table of rights lets nobody come here. */
const define = <Body>({
  run,
  ...command
}: Omit<Command<Body>, 'run'> & {
  run(context: RunContext<Body, OpenAccessRequest>): Promise<Record<string, string>>;
}): Command<Body> => ({
  ...command,
  run: async (context) => {
    if (!('accessRequest' in context)) throw new InputProblem(403, 'forbidden');
    return run(context);
  },
});

export const accessCommands: Command[] = [
  define({
    name: 'refusal-reasons',
    action: 'access-review.write',
    summary: 'Word why access to a system is refused, for the answer (R22)',
    body: z
      .strictObject({ system: z.string().regex(/^[a-z][a-z0-9.-]{0,40}$/, { error: 'id' }), text: longText })
      .meta(example({ system: 'sir', text: 'Жұмысқа қабылдау туралы бұйрық тіркелмеген.' })),
    run: async ({ services, tx, record, accessRequest, body }) => {
      if (!systemsOf(accessRequest).includes(body.system)) refuse('system', 'unknown-system');
      await services.accessRequests.noteRefusalReason(tx, record._id, body.system, body.text);
      return {};
    },
  }),
  define({
    name: 'review-note',
    action: 'access-review.write',
    summary: 'Note what the review by hand found, where the act leaves room (AMB-ACC-02)',
    body: z.strictObject({ text: longText }).meta(example({ text: 'Қызметкердің жұмыс істейтіні расталды.' })),
    run: async ({ services, tx, record, body }) => {
      await services.accessRequests.noteText(tx, record._id, 'reviewNote', body.text);
      return {};
    },
  }),
  define({
    name: 'legal-exception',
    action: 'access-review.write',
    summary: 'Note the norm of legislation that provides for access of others (R30, ACC-35)',
    body: z.strictObject({ text: longText }).meta(example({ text: 'ҚР Әлеуметтік кодексінің 12-бабы' })),
    run: async ({ services, tx, record, body }) => {
      await services.accessRequests.noteText(tx, record._id, 'legalException', body.text);
      return {};
    },
  }),
  define({
    name: 'completion',
    action: 'access-review.write',
    summary: 'Add what an incomplete request lacks, as the applicant handed it in (AMB-ACC-13)',
    body: completionBody,
    fromForm: completionOfForm,
    run: async ({ services, tx, record, accessRequest, body }) => {
      await completeRequest(services, tx, { record, accessRequest }, body);
      return {};
    },
  }),
];
