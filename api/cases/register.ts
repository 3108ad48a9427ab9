import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { askingOnce } from '../../core/asked-once.js';
import { csvLine } from '../../core/csv.js';
import { isBroken, registerRows, unitOfCase, type RegisterFilter, type RegisterRow } from '../../core/register.js';
import { unitLabel } from '../../core/inspection/units.js';
import { searchIndex } from '../../core/search-index.js';
import type { Services } from '../../core/services.js';
import type { Text } from '../../core/text.js';
import { mayRead, readsCases, signedIn, type openCase } from '../access.js';
import { caseNumber, processes } from './shapes.js';
import { problems, security } from '../openapi.js';
import { clockViewOf } from './views.js';

type Request = Parameters<typeof openCase>[1];

/** How cases of each process end. */
export const outcomes = [
  ...['confirmed', 'not-confirmed', 'out-of-scope'],
  ...['granted', 'partly-granted', 'refused', 'credentials-expired', 'withdrawn'],
  ...['fulfilled', 'workaround', 'answered'],
  'voided',
] as const;

/** Keyed hash of a personal value, as the searches of the pages make it. */
export const personHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'format' })
  .describe('keyed hash of a personal value, as the search of the page makes it');

/** What the register is narrowed by. No personal value: a URL is written into logs and histories; it holds its keyed hash. */
export const registerQuery = z.strictObject({
  number: caseNumber.optional().describe('case number, e.g. INS-2026-000017'),
  process: z.enum(processes).optional(),
  state: z.enum(['open', 'closed', 'voided']).optional(),
  outcome: z.enum(outcomes).optional(),
  unit: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,40}$/, { error: 'format' })
    .optional()
    .describe('code of the branch that inspects, or centralOffice'),
  from: z.iso.date().optional().describe('received on this day or later, in the organisation’s zone'),
  to: z.iso.date().optional().describe('received on this day or earlier, in the organisation’s zone'),
  broken: z.enum(['true', 'false']).optional().describe('whether a clock of the case was broken'),
  person: personHash.optional(),
  lang: z.string().optional(),
});
export type RegisterQuery = z.output<typeof registerQuery>;

/** The first instant of a day of the organisation's zone, or of the one so many days later. */
export function startOfDay({ organisation }: Pick<Services, 'organisation'>, day: string, later = 0): Date {
  return new Date(
    Temporal.PlainDate.from(day).add({ days: later }).toZonedDateTime(organisation.timeZone).epochMilliseconds,
  );
}

/** The filter of a query; its days are those of the organisation's zone. */
export function filterOf(services: Pick<Services, 'organisation'>, query: RegisterQuery): RegisterFilter {
  const { number, process, state, outcome, unit, from, to, broken, person } = query;
  return {
    ...{ number, process, state, outcome, unit, person },
    receivedFrom: from === undefined ? undefined : startOfDay(services, from),
    receivedBefore: to === undefined ? undefined : startOfDay(services, to, 1),
    broken: broken === undefined ? undefined : broken === 'true',
  };
}

/** The cases that fit and that the caller may read, newest first; none for who reads no cases. */
export async function* readableRows(
  services: Services,
  request: Request,
  filter: RegisterFilter,
  before?: string,
): AsyncGenerator<RegisterRow> {
  const person = signedIn(request);
  if (!readsCases(person)) return;
  const asking = askingOnce(services);
  for await (const row of registerRows(services.database, filter, before))
    if (await mayRead(asking, person, row)) yield row;
}

/** A page of the cases that the caller may read. */
export async function listCases(
  services: Services,
  request: Request,
  { before, limit, ...query }: RegisterQuery & { before?: string | undefined; limit: number },
) {
  // One more than is shown: whether a next page follows must depend on nothing but what the caller may read.
  const found: RegisterRow[] = [];
  for await (const row of readableRows(services, request, filterOf(services, query), before))
    if (found.push(row) > limit) break;
  const shown = found.slice(0, limit);
  const cases = shown.map((row) => ({
    number: row.record.number,
    process: row.record.process,
    state: row.record.state,
    outcome: row.record.outcome,
    unit: unitOfCase(row),
    receivedAt: row.record.receivedAt.toISOString(),
    clocks: row.clocks.map(clockViewOf),
  }));
  return { cases, next: found.length > limit ? (shown.at(-1)?.record._id ?? null) : null };
}

/**
 * Where a search leads: to a query by number, by the code of a unit, or by the keyed hash of what was typed. What nobody has leads to an
 * empty list, and so does what the reader may not see.
 */
export function queryOfSearch({ vault, organisation }: Services, typed: string): RegisterQuery {
  const value = typed.trim();
  const number = caseNumber.safeParse(value.toUpperCase());
  if (number.success) return { number: number.data };
  const codes = ['centralOffice', ...organisation.branches.map(({ code }) => code)];
  const unit = codes.find((code) => code.toLowerCase() === value.toLowerCase());
  return unit === undefined ? { person: searchIndex(vault, value) } : { unit };
}

/** The register as CSV: what the list shows, and no personal data. */
export const registerRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/cases.csv',
    {
      schema: {
        summary: 'Cases that the caller may read, as CSV, newest first',
        description: 'RFC 4180, UTF-8 with byte order mark, in the language of the request. Holds no personal data.',
        tags: ['case'],
        security: security.staff,
        querystring: registerQuery,
        response: {
          200: { description: 'The list', content: { 'text/csv': { schema: z.any() } } },
          ...problems(401, 422),
        },
      },
    },
    async (request, reply) => {
      signedIn(request);
      const rows = readableRows(services, request, filterOf(services, request.query));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="cases.csv"')
        .header('cache-control', 'no-store')
        .send(Readable.from(csvOf(services, request.text, rows), { objectMode: false }));
    },
  );
};

async function* csvOf(services: Services, text: Text, rows: AsyncIterable<RegisterRow>): AsyncGenerator<string> {
  const at = services.clock.legalNow();
  const heads = ['number', 'state', 'outcome', 'unit', 'receivedAt', 'closedAt'].map((name) => `field.${name}`);
  yield `\uFEFF${csvLine([...heads, 'case.next-due', 'register.broken'].map((key) => text.say(key)))}`;
  for await (const row of rows) {
    const { record, clocks } = row;
    const unit = 'inspection' in row ? row.inspection : { inspectingUnit: 'centralOffice' as const, branchCode: null };
    const due = clocks.flatMap(({ state, dueAt }) => (state === 'running' && dueAt ? [dueAt.toISOString()] : []));
    yield csvLine([
      record.number,
      text.say(`state.${record.state}`),
      record.outcome ? text.say(`outcome.${record.outcome}`) : '',
      `${unitOfCase(row)} ${unitLabel(services.organisation, unit)[text.language]}`,
      record.receivedAt.toISOString(),
      record.closedAt?.toISOString() ?? '',
      due.sort()[0] ?? '',
      clocks.flatMap((clock) => (isBroken(clock, at) ? [clock.rule] : [])).join(' '),
    ]);
  }
}
