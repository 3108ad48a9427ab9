import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Diagram } from '../../core/diagrams.js';
import { InputProblem } from '../../core/errors.js';
import { paperPdf } from '../../core/paper-pdf.js';
import type { Services } from '../../core/services.js';
import { allowedActions, openCase, signedIn } from '../access.js';
import { casePaper, type Printed } from '../cases/paper.js';
import { readPath } from '../cases/path.js';
import { caseNumber } from '../cases/shapes.js';
import { readCaseFile } from '../cases/views.js';
import { wholePrint } from '../cases/whole-print.js';

/** A case on paper: as its page shows it, and whole, with its letters and documents behind. */
export const printRoutes = fp<{ services: Services; diagrams: ReadonlyMap<string, ReadonlyMap<string, Diagram>> }>(
  async (app: FastifyInstance, { services, diagrams }) => {
    const hide = { schema: { hide: true } } as const;
    const read = async (request: FastifyRequest) => {
      const { number } = request.params as { number: string };
      if (!caseNumber.safeParse(number).success) throw new InputProblem(404, 'not-found');
      const opened = await openCase(services, request, number, 'case.read');
      const file = await readCaseFile(services, opened);
      const { login, name = login } = signedIn(request);
      const printed: Printed = {
        ...{ text: request.text, organisation: services.organisation, file },
        ...{ paths: await readPath(services, diagrams, file), at: services.clock.legalNow(), reader: name },
      };
      return { opened, printed };
    };
    /** HEAD asks for the headers alone: the paper, which takes long, is not made for it. */
    const send = async (reply: FastifyReply, name: string, make: () => Promise<Buffer>): Promise<FastifyReply> =>
      reply
        .type('application/pdf')
        .header('content-disposition', `attachment; filename="${name}.pdf"`)
        .header('cache-control', 'no-store')
        .send(reply.request.method === 'HEAD' ? undefined : await make());

    app.get('/cases/:number/print', hide, async (request, reply) => {
      const { opened, printed } = await read(request);
      return send(reply, opened.record.number, () => paperPdf(casePaper(printed)));
    });
    app.get('/cases/:number/print/whole', hide, async (request, reply) => {
      const { opened, printed } = await read(request);
      const can = await allowedActions(services, signedIn(request), opened, ['document.read', 'letters.read']);
      return send(reply, `${opened.record.number}-whole`, () => wholePrint(services, printed, can));
    });
  },
);
