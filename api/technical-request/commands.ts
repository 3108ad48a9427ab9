import { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import { messages } from '../../core/messages.js';
import type { OpenTechnicalRequest } from '../../core/reading.js';
import { classifications, defectScopes, isSettled } from '../../core/technical-request/model.js';
import { example, refuse, type Command, type RunContext } from '../cases/commands.js';
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
    name: 'classification',
    summary: 'Correct the class of a request that is not answered yet, with the reason (R15)',
    body: z
      .strictObject({ classification: z.enum(classifications), reason: longText })
      .meta(example({ classification: 'functioning', reason: 'Сұрақ емес: анықтама ешкімге ашылмайды.' })),
    run: async ({ services, tx, record: { _id: caseId, number }, technicalRequest, body }) => {
      const { classification: as, reason } = body;
      if (technicalRequest.classified === null) refuse('classification', 'not-classified');
      if (technicalRequest.classified?.as === as) refuse('classification', 'same-class');
      if (isSettled(technicalRequest)) refuse('classification', 'request-settled');
      await services.technicalRequests.reclassify(tx, technicalRequest, { as, reason });
      await services.outbox.message(tx, {
        ...{ caseId, name: messages.technicalRequestClassChanged.name, correlationKey: number },
        messageId: `${caseId}:class:${(technicalRequest.reclassified?.length ?? 0) + 1}`,
        variables: { classification: as },
      });
    },
  }),
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
