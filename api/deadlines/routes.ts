import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Services } from '../../core/services.js';
import { signedIn } from '../access.js';
import { caseNumber } from '../cases/shapes.js';
import { problems, security } from '../openapi.js';
import { clockStates, cursorForm, listDeadlines } from './list.js';

const code = (form: RegExp) => z.string().regex(form, { error: 'id' }).optional();
const moment = z.string().nullable();

/** What a list of clocks is asked for; the page and the API take the same. */
export const deadlineQuery = z.strictObject({
  process: code(/^[a-z-]{1,40}$/).describe('process of the case, e.g. inspection'),
  unit: code(/^[A-Za-z0-9]{1,20}$/).describe('code of the branch, or centralOffice'),
  person: code(/^[A-Za-z0-9_-]{1,40}$/).describe('who has to act: an id of the directory, or me'),
  rule: code(/^DL-[A-Z]+-\d{1,3}$/).describe('rule of the table of deadlines, e.g. DL-INS-1'),
  after: code(cursorForm).describe('cursor: `next` of the previous page'),
  lang: z.string().optional(),
});

const deadlineView = z.object({
  caseNumber,
  process: z.string(),
  rule: z.string(),
  state: z.enum(clockStates),
  startedAt: z.string(),
  targetAt: moment,
  dueAt: moment,
  unit: z.string().nullable().describe('code of the branch that has the case, or centralOffice'),
  responsible: z
    .object({
      role: z.string().nullable().describe('role that has to act; null where one person was asked'),
      unit: z.string().nullable(),
      employeeId: z.string().nullable(),
      name: z.string().nullable(),
    })
    .nullable(),
});

/** The running clocks of all cases that the caller may read. */
export const deadlineRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/deadlines',
    {
      schema: {
        summary: 'Running clocks of cases that the caller may read, the soonest due first',
        description: 'Overdue ones come first of all, those without a term last.',
        tags: ['case'],
        security: security.staff,
        querystring: deadlineQuery.extend({ limit: z.coerce.number().int().min(1).max(100).default(50) }),
        response: {
          200: z.object({ deadlines: z.array(deadlineView), next: z.string().nullable() }),
          ...problems(401, 422),
        },
      },
      config: { access: 'clock.read' },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return listDeadlines(services, signedIn(request), request.query, request.language);
    },
  );
};
