import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Access } from '../../core/access-log.js';
import type { Actor } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { isId } from '../../core/ids.js';
import { errorFields } from '../../core/log.js';
import type { Services } from '../../core/services.js';
import { actorOf } from '../access.js';
import { caseNumber } from '../cases/shapes.js';
import type {} from './sign-in.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The route shows personal data, or guards them: reads of it and refusals go into the access log under this action. Routes below
     * `/cases/:number` do without saying so.
     */
    access?: string;
  }
  interface FastifyRequest {
    /** What the handler knows better than the hook: what was to be done, on whose behalf, and that a refused form is answered with the case. */
    access: { action?: string; by?: Actor; shown?: boolean };
  }
}

/** Where somebody comes with the code of a case. */
const byCode = new Set([
  '/follow',
  ...['completion', 'withdrawal'].flatMap((act) => [`/access-requests/${act}`, `/api/access-requests/:number/${act}`]),
]);
const ofCase = /^\/(?:api\/)?cases\/:number(?:\/|$)/;
const refusals = new Set([401, 403, 404]);
/** Headers that tell of what would have been answered. */
const telling = ['content-disposition', 'repr-digest', 'location', 'etag', 'set-cookie'];

/**
 * Writes each read of personal data and each refusal to the access log before the answer goes out. When the entry can't be written, the
 * answer is 503 and holds nothing of what was asked for.
 */
export const accessLogPlugin = fp<{ services: Pick<Services, 'accessLog'> }>(
  async (app: FastifyInstance, { services }) => {
    const seen = new WeakSet<FastifyRequest>();
    app.decorateRequest('access');
    app.addHook('onRequest', (request, _reply, done) => {
      request.access = {};
      done();
    });
    app.addHook('onSend', async (request, reply, payload) => {
      if (seen.has(request)) return payload;
      const access = accessOf(request, reply.statusCode);
      if (!access) return payload;
      seen.add(request);
      try {
        await services.accessLog.record(access);
        return payload;
      } catch (error) {
        request.log.error({ ...errorFields(error), route: request.routeOptions.url }, 'access not logged');
        (payload as { destroy?: () => void } | null)?.destroy?.();
        for (const name of telling) reply.removeHeader(name);
        throw new InputProblem(503, 'unavailable');
      }
    });
  },
  { name: 'access-log', dependencies: ['sign-in'] },
);

/** What is to be written of an answered request, if anything. */
function accessOf(request: FastifyRequest, status: number): Access | null {
  const { url = '', config } = request.routeOptions;
  // A request that was given up before its hooks (a URL that can't be read) comes to no route.
  const { access: noted = {}, person, method } = request;
  const isRead = ((method === 'GET' || method === 'HEAD') && status < 300) || noted.shown === true;
  const withCode = person === null && request.headers['x-access-code'] !== undefined;
  const common = {
    action: noted.action ?? config.access ?? null,
    caseNumber: numberOf(request),
    subject: subjectOf(request),
    method,
    route: url.replace(/^\//, ''),
    status,
  };
  if (byCode.has(url) || (withCode && url === '/api/cases/:number'))
    return status === 404 && (method === 'POST' || url.startsWith('/api/'))
      ? { ...common, type: 'follow.refused', by: { kind: 'applicant', id: common.caseNumber ?? 'unknown' } }
      : null;
  if (!ofCase.test(url) && config.access === undefined) return null;
  const by = noted.by ?? (person && actorOf(person));
  if (!by) return null;
  if (isRead) return { ...common, type: 'personal-data.read', by };
  return refusals.has(status) ? { ...common, type: 'access.refused', by } : null;
}

/** The case that is asked for, if what stands in its place can be a number: anything else could be a text. */
function numberOf(request: FastifyRequest): string | null {
  const inPath = (request.params as { number?: unknown } | undefined)?.number;
  const inForm = (request.body as { number?: unknown } | null | undefined)?.number;
  const asked = inPath ?? inForm;
  const parsed = caseNumber.safeParse(typeof asked === 'string' ? asked.trim().toUpperCase() : null);
  return parsed.success ? parsed.data : null;
}

function subjectOf(request: FastifyRequest): string | null {
  const { documentId, id } = (request.params ?? {}) as { documentId?: string; id?: string };
  const asked = documentId ?? id;
  return asked !== undefined && isId(asked) ? asked : null;
}
