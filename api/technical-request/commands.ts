import { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import type { OpenTechnicalRequest } from '../../core/reading.js';
import { defectScopes } from '../../core/technical-request/model.js';
import { example, type Command, type RunContext } from '../cases/commands.js';
import { line, longText } from '../cases/shapes.js';

/** What the administrator may do to a technical request; on a case of another process the table of rights lets nobody come here. */
const define = <Body>({
  run,
  ...command
}: Omit<Command<Body>, 'run' | 'action'> & {
  run(context: RunContext<Body, OpenTechnicalRequest>): Promise<void>;
}): Command<Body> => ({
  ...command,
  action: 'technical-request.write',
  run: async (context) => {
    if (!('technicalRequest' in context)) throw new InputProblem(403, 'forbidden');
    await run(context);
    return {};
  },
});

export const technicalCommands: Command[] = [
  define({
    name: 'resolution',
    summary: 'Word the answer: what was done, or what is answered (R10, R15)',
    body: z.strictObject({ text: longText }).meta(example({ text: 'Қате түзетілді, анықтама ашылады.' })),
    run: ({ services, tx, record, body }) => services.technicalRequests.noteResolution(tx, record._id, body.text),
  }),
  define({
    name: 'defect',
    summary: 'Link the defect in the software, and say whether it is within maintenance (R17(3))',
    body: z
      .strictObject({
        reference: line(2, 100).describe("number of the item in the developers' tracker"),
        scope: z.enum(defectScopes).default('maintenance'),
      })
      .meta(example({ reference: 'SIR-2041', scope: 'maintenance' })),
    run: ({ services, tx, record, body }) => services.technicalRequests.linkDefect(tx, record._id, body),
  }),
];
