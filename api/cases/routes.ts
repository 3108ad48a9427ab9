import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import { hashAccessCode } from '../../core/inspection/intake.js';
import { may } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf, openCase, sameHash, signedIn } from '../access.js';
import { inspectionCommands } from '../inspection/commands.js';
import { caseNumber, clockView, problemView } from '../inspection/schemas.js';
import { contextOf } from '../../core/inspection/decisions.js';
import { caseView, clockViewOf, readCaseFile } from './views.js';
import { receiveDocument, uploadFields } from './upload.js';

const params = z.object({ number: caseNumber.describe('case number, e.g. INS-2026-000017') });
const problems = { '4xx': problemView, '5xx': problemView };

/** Cases: what their readers see, what they add to the file, and what an applicant may follow. */
export const caseRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/cases',
    {
      schema: {
        summary: 'Cases that the caller may read, newest first',
        tags: ['case'],
        querystring: z.object({
          state: z.enum(['open', 'closed', 'voided']).optional(),
          before: z
            .string()
            .regex(/^[0-9A-Z]{26}$/)
            .optional()
            .describe('cursor of the previous page'),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
        response: {
          200: z.object({ cases: z.array(z.looseObject({ number: z.string() })), next: z.string().nullable() }),
          ...problems,
        },
      },
    },
    async (request) => listCases(services, request, request.query),
  );

  app.get(
    '/api/cases/:number',
    {
      schema: {
        summary:
          'A case with its documents, letters, clocks and trail; for an applicant with the access code: where it stands',
        tags: ['case'],
        params,
        headers: z.looseObject({ 'x-access-code': z.string().max(40).optional().describe("the applicant's code") }),
        response: {
          200: z.looseObject({ number: z.string(), state: z.string(), clocks: z.array(clockView).optional() }),
          ...problems,
        },
      },
    },
    async (request) => {
      const code = request.headers['x-access-code'];
      if (!request.person && code) return followCase(services, request.params.number, code);
      const opened = await openCase(services, request, request.params.number, 'case.read');
      return caseView(await readCaseFile(services, opened));
    },
  );

  app.post(
    '/api/cases/:number/documents',
    {
      schema: {
        summary: 'Add a document to a case, or answer a document request',
        description:
          'multipart/form-data; the fields (kind, lineId, requestId, sanctionsPresent) stand before the file.',
        tags: ['case'],
        consumes: ['multipart/form-data'],
        params,
        response: { 201: z.object({ documentId: z.string() }), ...problems },
      },
    },
    async (request, reply) => {
      const { record } = await openCase(services, request, request.params.number, 'document.upload');
      const documentId = await receiveDocument(services, request, {
        caseId: record._id,
        subjectId: record.subjectId,
        by: actorOf(signedIn(request)),
        requestOf: (fields) => openRequest(services, record._id, fields),
      });
      return reply.status(201).send({ documentId });
    },
  );

  app.get(
    '/api/cases/:number/documents/:documentId',
    {
      schema: {
        summary: 'The content of a document',
        tags: ['case'],
        params: params.extend({ documentId: z.string().regex(/^[0-9A-Z]{26}$/) }),
      },
    },
    async (request, reply) => {
      const { record } = await openCase(services, request, request.params.number, 'document.read');
      const document = await services.documents.document(request.params.documentId);
      if (document?.caseId !== record._id) throw new InputProblem(404, 'not-found');
      const file = await services.files.open(document.fileId);
      const name = encodeURIComponent(file.name ?? document._id);
      return reply
        .type(file.contentType)
        .header('content-length', file.bytes)
        .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
        .header('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`)
        .send(file.stream);
    },
  );

  for (const command of inspectionCommands)
    app.post(
      `/api/cases/:number/${command.name}`,
      {
        schema: {
          summary: command.summary,
          tags: ['inspection'],
          params,
          body: command.body,
          response: { 200: z.record(z.string(), z.string()), ...problems },
        },
      },
      async (request) =>
        runCommand(services, request, (request.params as { number: string }).number, command, request.body),
    );
};

/** The open request that an upload names, or null when it names none. @throws InputProblem when it is of another case or settled. */
export async function openRequest(services: Services, caseId: string, { requestId }: z.infer<typeof uploadFields>) {
  if (!requestId) return null;
  const request = await services.documents.find(requestId);
  if (request?.caseId !== caseId || request.state !== 'requested')
    throw new InputProblem(422, 'validation', [{ field: 'requestId', code: 'no-open-request' }]);
  return request;
}

/** Carries out a command on a case file for somebody who may. */
export async function runCommand(
  services: Services,
  request: Parameters<typeof openCase>[1],
  number: string,
  command: (typeof inspectionCommands)[number],
  body: unknown,
): Promise<Record<string, string>> {
  const { record, inspection } = await openCase(services, request, number, command.action);
  return services.database.transaction(actorOf(signedIn(request)), (tx) =>
    command.run({ services, tx, record, inspection, body }),
  );
}

/** Where a case stands, for the applicant who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike. */
export async function followCase(services: Services, number: string, code: string) {
  const record = await services.cases.byNumber(number);
  if (!sameHash(record?.accessCodeHash ?? '', hashAccessCode(code)) || !record?.accessCodeHash)
    throw new InputProblem(404, 'not-found');
  return {
    number: record.number,
    process: record.process,
    state: record.state,
    receivedAt: record.receivedAt.toISOString(),
    registeredAt: record.registeredAt.toISOString(),
    closedAt: record.closedAt?.toISOString() ?? null,
  };
}

/** A page of the cases that the caller may read. */
export async function listCases(
  services: Services,
  request: Parameters<typeof openCase>[1],
  query: { state?: 'open' | 'closed' | 'voided'; before?: string; limit: number },
) {
  const person = signedIn(request);
  const found: { record: Awaited<ReturnType<Services['cases']['list']>>[number]; unit: string }[] = [];
  let { before } = query;
  let exhausted = false;
  while (found.length < query.limit && !exhausted) {
    const page = await services.cases.list({ process: 'inspection', state: query.state, before, limit: query.limit });
    exhausted = page.length < query.limit;
    for (const record of page) {
      before = record._id;
      const inspection = await services.inspections.find(record._id);
      if (!inspection || !may(person, 'case.read', await contextOf(services, record.state, inspection)).allowed)
        continue;
      found.push({ record, unit: inspection.branchCode ?? inspection.inspectingUnit });
      if (found.length === query.limit) break;
    }
  }
  const cases = await Promise.all(
    found.map(async ({ record, unit }) => ({
      number: record.number,
      process: record.process,
      state: record.state,
      outcome: record.outcome,
      unit,
      receivedAt: record.receivedAt.toISOString(),
      clocks: (await services.clocks.ofCase(record._id)).map(clockViewOf),
    })),
  );
  return { cases, next: exhausted ? null : (before ?? null) };
}
