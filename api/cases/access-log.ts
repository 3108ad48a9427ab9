import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AccessEntry } from '../../core/access-log.js';
import { InputProblem } from '../../core/errors.js';
import type { Person } from '../../core/people.js';
import { openedCase } from '../../core/reading.js';
import type { Services } from '../../core/services.js';
import { mayRead, readsAccessLog, signedIn } from '../access.js';
import { caseNumber } from './shapes.js';
import { problems, security } from '../openapi.js';

const ulid = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, { error: 'id' });

const entryView = z.object({
  id: z.string(),
  at: z.string().describe('moment, UTC'),
  type: z.enum(['personal-data.read', 'access.refused', 'follow.refused']),
  by: z.object({
    kind: z.string(),
    id: z.string().describe('login, client:<id>, link:<employee>, or for applicants the number'),
    onBehalfOf: z.string().optional().describe('login of the one in whose place'),
  }),
  action: z.string().nullable(),
  caseNumber: z
    .string()
    .nullable()
    .describe('null where none was named, and where it is of no case that the reader may see'),
  subject: z.string().nullable().describe('document or request that was asked for'),
  method: z.string(),
  route: z.string(),
  status: z.number(),
});

/** What the log is narrowed by; the page and the API take the same. */
export const accessLogQuery = z.strictObject({
  case: caseNumber.optional().describe('case number, e.g. INS-2026-000017'),
  login: z.string().max(128).optional().describe('who asked, e.g. iss.ala'),
  day: z.iso.date().optional().describe('day in UTC, e.g. 2026-11-22; stands for `from` and `to`'),
  from: z.iso.date().optional().describe('on this day in UTC or later'),
  to: z.iso.date().optional().describe('on this day in UTC or earlier'),
  lang: z.string().optional(),
  before: ulid.optional().describe('cursor: `next` of the previous page'),
});

/** The access log, for auditors. */
export const accessLogRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/access-log',
    {
      schema: {
        summary: 'Who read personal data and who was refused, newest first; for auditors',
        description: 'Reading it is an entry itself. Entries of a case that concerns the auditor are left out.',
        tags: ['case'],
        security: security.staff,
        querystring: accessLogQuery.extend({
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: {
          200: z.object({ entries: z.array(entryView), next: z.string().nullable() }),
          ...problems(401, 403, 422),
        },
      },
      config: { access: 'access-log.read' },
    },
    async (request) => {
      const person = signedIn(request);
      if (!readsAccessLog(person)) throw new InputProblem(403, 'forbidden');
      return listAccesses(services, person, request.query);
    },
  );
};

/**
 * A page of the log as an auditor may see it. A case that he may not read and a number that was never given look the same: attempts that
 * found nothing are listed without the number, and what was seen of such a case is not listed.
 */
export async function listAccesses(
  services: Services,
  person: Person,
  query: z.output<typeof accessLogQuery> & { limit: number },
): Promise<{ entries: z.infer<typeof entryView>[]; next: string | null }> {
  const { case: number, login, day, from = day, to = day, limit } = query;
  const asked = { caseNumber: number, login, from, to, limit };
  const known = new Map<string, boolean>();
  const mayKnow = async (number: string): Promise<boolean> => {
    const before = known.get(number);
    if (before !== undefined) return before;
    const record = await services.cases.byNumber(number);
    const opened = record && (await openedCase(services, record));
    const may = !!opened && (await mayRead(services, person, opened));
    known.set(number, may);
    return may;
  };
  if (asked.caseNumber !== undefined && !(await mayKnow(asked.caseNumber))) return { entries: [], next: null };
  const shown: z.infer<typeof entryView>[] = [];
  let { before } = query;
  for (let exhausted = false; shown.length <= asked.limit && !exhausted;) {
    const page = await services.accessLog.list({ ...asked, before, limit: asked.limit + 1 });
    exhausted = page.length <= asked.limit;
    before = page.at(-1)?.id;
    for (const entry of page) {
      const open = entry.caseNumber === null || (await mayKnow(entry.caseNumber));
      if (open) shown.push(viewOf(entry));
      else if (entry.status === 404) shown.push(viewOf(withoutCase(entry)));
    }
  }
  const entries = shown.slice(0, asked.limit);
  return { entries, next: shown.length > entries.length ? (entries.at(-1)?.id ?? null) : null };
}

function withoutCase(entry: AccessEntry): AccessEntry {
  const by = entry.by.kind === 'applicant' ? { ...entry.by, id: 'unknown' } : entry.by;
  return { ...entry, by, caseNumber: null, subject: null };
}

function viewOf({ at, ...entry }: AccessEntry): z.infer<typeof entryView> {
  return { ...entry, at: at.toISOString() };
}
