import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CaseRecord } from '../../core/cases.js';
import { documentTypes } from '../../core/content-type.js';
import { InputProblem } from '../../core/errors.js';
import { hashAccessCode } from '../../core/intake.js';
import type { Services } from '../../core/services.js';
import { callerOf, triesPerMinute } from '../limits.js';
import { actorOf, caseEnded, openCase, reopenCase, sameHash, signedIn } from '../access.js';
import { accessCommands } from '../access-request/commands.js';
import { inspectionCommands } from '../inspection/commands.js';
import { technicalCommands } from '../technical-request/commands.js';
import { caseCommands, type Command } from './commands.js';
import { caseNumber, clockView } from './shapes.js';
import { problems, security } from '../openapi.js';
import { listCases, registerQuery } from './register.js';
import { receiveDocument, type Destination } from './upload.js';
import { caseView, readCaseFile } from './views.js';

const params = z.object({ number: caseNumber.describe('case number, e.g. INS-2026-000017') });
const ulid = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, { error: 'id' });

const listedCase = z.object({
  number: z.string(),
  process: z.string(),
  state: z.string(),
  outcome: z.string().nullable(),
  unit: z.string().describe('code of the branch that inspects, or centralOffice'),
  receivedAt: z.string(),
  clocks: z.array(clockView),
});

/** Everything that staff may do to a case file, of whatever process. */
export const commands: readonly Command[] = [
  ...caseCommands,
  ...inspectionCommands,
  ...accessCommands,
  ...technicalCommands,
];

/** Cases: what their readers see, what they add to the file, and what an applicant may follow. */
export const caseRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/cases',
    {
      schema: {
        summary: 'Cases that the caller may read, newest first',
        tags: ['case'],
        security: security.staff,
        querystring: z.strictObject({
          ...registerQuery.shape,
          before: ulid.optional().describe('cursor: `next` of the previous page'),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
        response: {
          200: z.object({ cases: z.array(listedCase), next: z.string().nullable() }),
          ...problems(401, 422),
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
        security: security.staffOrApplicant,
        params,
        headers: z.looseObject({ 'x-access-code': z.string().max(40).optional().describe("the applicant's code") }),
        response: {
          200: z.looseObject({ number: z.string(), state: z.string(), clocks: z.array(clockView).optional() }),
          ...problems(401, 404, 422),
        },
      },
      config: {
        rateLimit: {
          max: (request: FastifyRequest) =>
            request.headers['x-access-code'] ? triesPerMinute : services.settings.web.requestsPerMinute,
          timeWindow: '1 minute',
          keyGenerator: (request: FastifyRequest) =>
            request.headers['x-access-code'] ? `code:${callerOf(request)}` : callerOf(request),
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
        security: security.staff,
        consumes: ['multipart/form-data'],
        params,
        response: {
          201: z.object({ documentId: z.string() }),
          ...problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const documentId = await uploadToCase(services, request, request.params.number);
      return reply.status(201).send({ documentId });
    },
  );

  app.get(
    '/api/cases/:number/documents/:documentId',
    {
      schema: {
        summary: 'The content of a document',
        description: 'With its SHA-256 as Repr-Digest (RFC 9530).',
        tags: ['case'],
        security: security.staff,
        params: params.extend({ documentId: ulid }),
        response: {
          200: {
            description: 'The document, in its own media type',
            content: Object.fromEntries(documentTypes.map((type) => [type, { schema: z.any() }])),
          },
          ...problems(401, 404),
        },
      },
    },
    async (request, reply) => {
      const { record } = await openCase(services, request, request.params.number, 'document.read');
      const document = await services.documents.document(request.params.documentId);
      if (document?.caseId !== record._id) throw new InputProblem(404, 'not-found');
      const file = await services.files.open(document.fileId);
      return reply
        .type(file.contentType)
        .header('content-length', file.bytes)
        .header('content-disposition', `attachment; filename*=UTF-8''${extValue(file.name ?? document._id)}`)
        .header('cache-control', 'no-store')
        .header('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`)
        .send(file.stream);
    },
  );

  for (const command of commands)
    app.post(
      `/api/cases/:number/${command.name}`,
      {
        schema: {
          summary: command.summary,
          tags: ['case'],
          security: security.staff,
          params,
          body: command.body,
          response: {
            200: z.record(z.string(), z.string()).describe('ids of what was made'),
            ...problems(400, 401, 403, 404, 409, 413, 415, 422),
          },
        },
      },
      async (request) => runCommand(services, request, request.params.number, command, request.body),
    );
};

/** Adds a document that an officer brings to the file of a case. @throws InputProblem as {@link openCase} and {@link receiveDocument}. */
export async function uploadToCase(
  services: Services,
  request: Parameters<typeof openCase>[1],
  number: string,
): Promise<string> {
  const opened = await openCase(services, request, number, 'document.upload');
  const { record, onBehalfOf } = opened;
  const lines = 'inspection' in opened ? opened.inspection.lines : [];
  const check: Destination['check'] = async ({ requestId, lineId }) => {
    if (lineId && !lines.some((line) => line.lineId === lineId)) throw unfit('lineId', 'unknown-line');
    if (!requestId) return null;
    const asked = await services.documents.find(requestId);
    if (asked?.caseId !== record._id || asked.state !== 'requested') throw unfit('requestId', 'no-open-request');
    return asked;
  };
  return receiveDocument(services, request, {
    caseId: record._id,
    subjectId: record.subjectId,
    by: actorOf(signedIn(request), onBehalfOf),
    check,
    ended: () => caseEnded(record),
  });
}

function unfit(field: string, code: string): InputProblem {
  return new InputProblem(422, 'validation', [{ field, code }]);
}

/** A value of a header's extended parameter (RFC 8187): everything but its letters, digits and few signs is escaped. */
function extValue(text: string): string {
  return encodeURIComponent(text).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Carries out a command on a case file for somebody who may. */
export async function runCommand(
  services: Services,
  request: Parameters<typeof openCase>[1],
  number: string,
  command: Command,
  body: unknown,
): Promise<Record<string, string>> {
  const person = signedIn(request);
  const { record, onBehalfOf } = await openCase(services, request, number, command.action);
  return services.database.transaction(actorOf(person, onBehalfOf), async (tx) => {
    const opened = await reopenCase(services, tx, person, record._id, command.action);
    return command.run({ services, tx, ...opened, body });
  });
}

/** Where a case stands, for the applicant who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike. */
export async function followCase(services: Services, number: string, code: string) {
  const record = await followedRecord(services, number, code);
  return {
    number: record.number,
    process: record.process,
    state: record.state,
    receivedAt: record.receivedAt.toISOString(),
    registeredAt: record.registeredAt.toISOString(),
    closedAt: record.closedAt?.toISOString() ?? null,
  };
}

/** The case of a number, for who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike. */
export async function followedRecord(services: Services, number: string, code: string): Promise<CaseRecord> {
  const record = await services.cases.byNumber(number);
  const given = hashAccessCode(code.replaceAll(/\s/g, ''));
  if (!sameHash(record?.accessCodeHash ?? '', given) || !record?.accessCodeHash)
    throw new InputProblem(404, 'not-found');
  return record;
}
