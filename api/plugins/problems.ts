import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ConflictError } from '../../core/database.js';
import { InputProblem, type FieldFault } from '../../core/errors.js';
import { SubjectErasedError } from '../../core/vault.js';
import { errorFields } from '../../core/log.js';
import type { Services } from '../../core/services.js';
import { createText } from '../../core/text.js';
import { headersOfItsOwn } from '../content-policy.js';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance: string;
  errors?: { field: string; code: string; detail: string }[];
}

type Page = (request: FastifyRequest, problem: Problem) => string;

/** The one error handler: every refusal is an RFC 9457 problem in the caller's language that names each field and what would be right. */
export const problemsPlugin = fp<{ page: Page }>(async (app: FastifyInstance, { page }) => {
  app.setErrorHandler((error, request, reply) => answerProblem(request, reply, error, page));
  app.setNotFoundHandler((request, reply) => answerProblem(request, reply, new InputProblem(404, 'not-found'), page));
});

/** Answers an error as a problem: a page for a browser, `application/problem+json` for anybody else. */
export function answerProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  page: Page | null,
): FastifyReply {
  const problem = toProblem(error, request);
  reply.status(problem.status).header('cache-control', 'no-store');
  return page && wantsPage(request)
    ? reply.type('text/html; charset=utf-8').send(page(request, problem))
    : reply
        .type('application/problem+json')
        .serializer((value: unknown) => JSON.stringify(value))
        .send(problem);
}

/** Answers what is no HTTP, or comes too slowly or too long to be read as a request: no route and no hook ever sees it. */
export function answerNonsense(
  error: Error & { code?: string },
  socket: Duplex,
  { settings, organisation }: Pick<Services, 'settings' | 'organisation'>,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
  const language = 'ru';
  const title = createText(language, organisation).say('problem.malformed');
  const body = JSON.stringify({ type: 'urn:merzim:problem:malformed', title, status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json',
    `content-language: ${language}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    ...Object.entries(headersOfItsOwn(settings)).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** A browser asks for a page, unless it calls the API. */
export function wantsPage(request: FastifyRequest): boolean {
  return !request.url.startsWith('/api/') && /\btext\/html\b/.test(request.headers.accept ?? '');
}

/** What is wrong, in the words of the request's language. */
export function describeProblem(request: FastifyRequest, { status, type, faults, params }: InputProblem): Problem {
  const { text } = request;
  const errors = faults.map((fault) => ({ field: fault.field, code: fault.code, detail: say(request, fault) }));
  return {
    type: `urn:merzim:problem:${type}`,
    title: text.say(`problem.${type}`, params),
    status,
    instance: request.url.split('?')[0] ?? '/',
    ...(errors.length ? { detail: errors.map(({ field, detail }) => `${field}: ${detail}.`).join(' '), errors } : {}),
  };
}

function say({ text }: FastifyRequest, { code, params }: FieldFault): string {
  return text.say(`fault.${code}`, params ?? {});
}

function toProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof InputProblem) {
    // A part of the path that can't be one (a number that was never a case's) names nothing that is there.
    const inPath = (error as { validationContext?: string }).validationContext === 'params';
    return describeProblem(request, inPath ? new InputProblem(404, 'not-found') : error);
  }
  // What an erased key sealed is there no more, for anybody.
  if (error instanceof SubjectErasedError) return describeProblem(request, new InputProblem(404, 'not-found'));
  const { statusCode = 500, code, name = '' } = error as { statusCode?: number; code?: string; name?: string };
  // The same for one that is too long to be anything.
  if (statusCode === 414) return describeProblem(request, new InputProblem(404, 'not-found'));
  if (statusCode < 500) return describeProblem(request, clientFault(request, statusCode, code ?? name));
  const unreachable =
    error instanceof ConflictError || /Mongo.*(Network|ServerSelection|WaitQueue)|MongoNotConnected/.test(name);
  request.log.error(
    { ...errorFields(error), route: request.routeOptions.url, method: request.method },
    'request failed',
  );
  return describeProblem(request, new InputProblem(unreachable ? 503 : 500, unreachable ? 'unavailable' : 'internal'));
}

const types: Record<number, string> = {
  401: 'sign-in',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  415: 'media-type',
  429: 'too-many-requests',
};

/** Faults that Fastify finds before a handler: a body that is no JSON, too large, of another type; too many requests. */
function clientFault(request: FastifyRequest, status: number, code: string): InputProblem {
  const faults: Record<number, FieldFault[]> = {
    400: /JSON_BODY|SyntaxError/.test(code) ? [{ field: 'body', code: 'json' }] : [],
    413: [{ field: 'body', code: 'too-large', params: { maxBytes: request.routeOptions.bodyLimit ?? 0 } }],
    415: [{ field: 'content-type', code: 'media-type', params: { accepted: acceptedTypes(request) } }],
  };
  return new InputProblem(status, types[status] ?? 'malformed', faults[status] ?? []);
}

/** What a route takes: its schema says so where it isn't JSON; pages take what forms send. */
function acceptedTypes(request: FastifyRequest): string {
  const { consumes } = (request.routeOptions.schema ?? {}) as { consumes?: string[] };
  return (
    consumes ?? [request.url.startsWith('/api/') ? 'application/json' : 'application/x-www-form-urlencoded']
  ).join(', ');
}
