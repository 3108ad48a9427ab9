import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { InputProblem, type FieldFault } from '../../core/errors.js';
import { errorFields } from '../../core/log.js';
import { faultsOf } from '../faults.js';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance: string;
  errors?: { field: string; code: string; detail: string }[];
}

/** The one error handler: every refusal is an RFC 9457 problem in the caller's language that names each field and what would be right. */
export const problemsPlugin = fp<{ page: (request: FastifyRequest, problem: Problem) => string }>(
  async (app: FastifyInstance, { page }) => {
    app.setErrorHandler((error, request, reply) => answer(request, reply, toProblem(error, request), page));
    app.setNotFoundHandler((request, reply) =>
      answer(request, reply, describe(request, new InputProblem(404, 'not-found')), page),
    );
  },
);

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  page: (request: FastifyRequest, problem: Problem) => string,
): FastifyReply {
  reply.status(problem.status).header('cache-control', 'no-store');
  return wantsPage(request)
    ? reply.type('text/html; charset=utf-8').send(page(request, problem))
    : reply.type('application/problem+json').serializer(JSON.stringify).send(problem);
}

/** A browser asks for a page, unless it calls the API. */
export function wantsPage(request: FastifyRequest): boolean {
  return !request.url.startsWith('/api/') && /\btext\/html\b/.test(request.headers.accept ?? '');
}

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof InputProblem) return describe(request, error);
  if (hasZodFastifySchemaValidationErrors(error))
    return describe(
      request,
      new InputProblem(
        422,
        'validation',
        faultsOf(
          error.validation.map(({ params }) => (params as { issue: Parameters<typeof faultsOf>[0][number] }).issue),
        ),
      ),
    );
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status < 500) return describe(request, clientFault(status));
  const unreachable = /Mongo.*(Network|ServerSelection)|MongoNotConnected/.test((error as Error).name);
  request.log.error(
    { ...errorFields(error), route: request.routeOptions.url, method: request.method },
    'request failed',
  );
  return describe(request, new InputProblem(unreachable ? 503 : 500, unreachable ? 'unavailable' : 'internal'));
}

/** Faults that Fastify finds before a handler: a body that is no JSON, too large, of another type; too many requests. */
function clientFault(status: number): InputProblem {
  const types: Record<number, string> = {
    401: 'sign-in',
    403: 'forbidden',
    404: 'not-found',
    413: 'too-large',
    415: 'media-type',
    429: 'too-many-requests',
  };
  return new InputProblem(status, types[status] ?? 'malformed');
}

function describe(request: FastifyRequest, { status, type, faults, params }: InputProblem): Problem {
  const { text } = request;
  return {
    type: `urn:merzim:problem:${type}`,
    title: text.say(`problem.${type}`, params),
    status,
    instance: request.url.split('?')[0] ?? '/',
    ...(faults.length
      ? {
          errors: faults.map((fault) => ({ field: fault.field, code: fault.code, detail: say(request, fault) })),
          detail: faults.map((fault) => `${fault.field}: ${say(request, fault)}`).join(' '),
        }
      : {}),
  };
}

function say({ text }: FastifyRequest, { code, params }: FieldFault): string {
  return text.say(`fault.${code}`, params ?? {});
}
