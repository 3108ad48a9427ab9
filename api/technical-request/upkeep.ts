import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { csvLine } from '../../core/csv.js';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import {
  fieldsOfKinds,
  kindFields,
  periodicKinds,
  upkeepCauses,
  upkeepKinds,
  upkeepResults,
  upkeepScopes,
  type UpkeepFilter,
  type UpkeepRecord,
} from '../../core/technical-request/upkeep-records.js';
import { recordUpkeep, type RecordedUpkeep } from '../../core/technical-request/upkeep-report.js';
import type { Text } from '../../core/text.js';
import { actorByRole } from '../access.js';
import { hashOfKey } from '../cases/registered.js';
import { caseNumber, idempotencyKey, longText, shortText } from '../cases/shapes.js';
import { problems, security } from '../openapi.js';
import { systemCode } from './schemas.js';

const recordNumber = z.string().regex(/^UPK-\d{4}-\d{6}$/, { error: 'format' });

/** What is recorded of the upkeep of a system (R8, R17). */
export const newUpkeepRecord = z
  .strictObject({
    kind: z.enum(upkeepKinds).describe('machine clients: backup, timeliness-control, audit'),
    system: systemCode,
    performedAt: z.iso
      .datetime({ offset: true })
      .describe('when it was done, or the roster was set up; not in the future'),
    result: z.enum(upkeepResults).optional().describe('needed, but for duty-roster and security-centre-connection'),
    technicalRequest: caseNumber
      .optional()
      .describe('R17(3), TECH-32: of a change: the request that it resolves; of a recovery: the one that told, if any'),
    resolves: z
      .enum(upkeepCauses)
      .optional()
      .describe('of a change: the request itself, or the defect that is linked to it'),
    scope: z.enum(upkeepScopes).optional().describe('R17(3), TECH-33: of a change: whether it is maintenance'),
    from: z.iso.date().optional().describe('R17(1): first day of a duty roster'),
    to: z.iso.date().optional().describe('last day of it'),
    employeeIds: z
      .array(z.string().regex(/^[A-Za-z0-9-]{1,40}$/, { error: 'id' }))
      .min(1)
      .max(100)
      .optional()
      .describe('who is on duty, by ids of the directory'),
    since: z.iso.date().optional().describe('R17(7): day since which the system is connected to the centre'),
    centre: shortText.optional().describe('name of the operational information-security centre'),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, { error: 'digest' })
      .toLowerCase()
      .optional()
      .describe('of what came of it: of the backup, of the report'),
    remark: longText.optional(),
    corrects: recordNumber
      .optional()
      .describe(
        'number of a wrong record, which then counts no more; by a machine one of its own, of the same kind and system',
      ),
  })
  .superRefine((body, context) => {
    const { needs, may } = kindFields[body.kind];
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    for (const field of fieldsOfKinds) {
      const given = body[field] !== undefined;
      if (!given && needs.includes(field)) fault(field, 'missing');
      if (given && !needs.includes(field) && !may.includes(field)) fault(field, 'not-for-kind');
    }
    if (body.from !== undefined && body.to !== undefined && body.to < body.from) fault('to', 'before-from');
    if (new Set(body.employeeIds).size !== (body.employeeIds ?? []).length) fault('employeeIds', 'named-twice');
  })
  .meta({
    examples: [
      {
        kind: 'backup',
        system: 'sir',
        performedAt: '2026-01-31T02:10:00+05:00',
        result: 'done',
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        remark: 'Толық көшірме.',
      },
      {
        kind: 'duty-roster',
        system: 'sir',
        performedAt: '2026-01-31T12:00:00+05:00',
        from: '2026-02-01',
        to: '2026-02-07',
        employeeIds: ['SC-1076'],
      },
    ],
  });
export type NewUpkeepRecord = z.output<typeof newUpkeepRecord>;

/** What the list is narrowed by; the page, the API and the CSV take the same. */
export const upkeepQuery = z.strictObject({
  kind: z.enum(upkeepKinds).optional(),
  system: systemCode.optional(),
  lang: z.string().optional(),
});
export const upkeepPageQuery = upkeepQuery.extend({
  before: z
    .string()
    .regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, { error: 'id' })
    .optional()
    .describe('cursor: `next` of the previous page'),
});

const recordedView = z.object({
  number: z.string().describe('e.g. UPK-2026-000003'),
  recordedAt: z.string(),
});
const text = z.string().nullable();
const recordView = z.object({
  number: z.string(),
  kind: z.enum(upkeepKinds),
  system: z.string(),
  performedAt: z.string(),
  result: z.enum(upkeepResults).nullable(),
  technicalRequest: text,
  resolves: z.enum(upkeepCauses).nullable(),
  scope: z.enum(upkeepScopes).nullable(),
  from: text,
  to: text,
  employeeIds: z.array(z.string()).nullable(),
  since: text,
  centre: text.describe('null after an erasure too'),
  sha256: text,
  remark: text.describe('null after an erasure too'),
  corrects: text,
  correctedBy: text.describe('number of the record that corrects this one'),
  recordedBy: z.string().describe('login, or client:<id> of a machine'),
  recordedAt: z.string(),
});

export const upkeepReading = 'upkeep-record.read';
export const upkeepAdding = 'upkeep-record.add';

/** Whether who may record may record this kind: a machine tells of what it does by itself, and of nothing that people decide (R8). */
function mayRecord(login: string, kind: NewUpkeepRecord['kind']): boolean {
  return !login.startsWith('client:') || (periodicKinds as readonly string[]).includes(kind);
}

/** Records what a page or the API brought. @throws InputProblem 401, 403, and as {@link recordUpkeep}. */
export async function addUpkeepRecord(
  services: Services,
  request: FastifyRequest,
  body: NewUpkeepRecord,
  key: string | undefined,
): Promise<RecordedUpkeep> {
  const by = actorByRole(request, upkeepAdding);
  if (!mayRecord(by.id, body.kind)) throw new InputProblem(403, 'forbidden');
  const { kind, system, result = null, technicalRequest = null, resolves = null, scope = null } = body;
  const { from = null, to = null, employeeIds = null, since = null, centre = null } = body;
  const { sha256 = null, remark = null, corrects = null } = body;
  const report = {
    ...{ kind, system, performedAt: new Date(body.performedAt), result, technicalRequest, resolves, scope },
    ...{ from, to, employeeIds, since, centre, sha256, remark, corrects },
  };
  return recordUpkeep(services, by, report, key ? { client: by.id, key: hashOfKey(key) } : null);
}

/** A page of the records, opened, newest first, with what corrects each; `next` is the cursor of the one after it. */
export async function listUpkeep(
  { upkeepRecords, vault }: Services,
  filter: UpkeepFilter,
  before: string | null,
  limit: number,
) {
  const found = await upkeepRecords.list(filter, before, limit + 1);
  const records = await vault.reveal(found.slice(0, limit));
  const corrections = await upkeepRecords.corrections(records.map(({ number }) => number));
  return { records, corrections, next: found.length > limit ? (records.at(-1)?._id ?? null) : null };
}

function viewOf(record: UpkeepRecord, correctedBy: string | null): z.input<typeof recordView> {
  const { _id, subjectId: _subjectId, idempotency: _idempotency, performedAt, recordedAt, ...shown } = record;
  return {
    ...shown,
    ...{ performedAt: performedAt.toISOString(), recordedAt: recordedAt.toISOString(), correctedBy },
  };
}

const columns = [
  ...(['number', 'kind', 'system', 'performedAt', 'result', 'technicalRequest', 'resolves', 'scope'] as const),
  ...(['from', 'to', 'employeeIds', 'since', 'sha256', 'corrects', 'correctedBy', 'recordedBy', 'recordedAt'] as const),
] as const;

/** Rows are read so many at a time. */
const batch = 100;

async function* csvOf(services: Services, words: Text, filter: UpkeepFilter): AsyncGenerator<string> {
  yield `\uFEFF${csvLine(columns.map((name) => words.say(`upkeep.field.${name}`)))}`;
  const said = (prefix: string, code: string | null): string => (code === null ? '' : words.say(`${prefix}.${code}`));
  let before: string | null = null;
  do {
    const page = await listUpkeep(services, filter, before, batch);
    for (const record of page.records) {
      const { kind, result, resolves, scope, employeeIds, ...rest } = viewOf(
        record,
        page.corrections.get(record.number) ?? null,
      );
      const cells = {
        ...rest,
        kind: said('upkeepKind', kind),
        result: said('upkeepResult', result),
        resolves: said('upkeepCause', resolves),
        scope: said('upkeepScope', scope),
        employeeIds: (employeeIds ?? []).join(' '),
      };
      yield csvLine(columns.map((name) => cells[name] ?? ''));
    }
    before = page.next;
  } while (before !== null);
}

/** Records of upkeep: added by administrators and by machines, read as list and as CSV. The page is `pages/upkeep-records.tsx`. */
export const upkeepRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/api/upkeep-records',
    {
      schema: {
        summary: 'Record a change, backup, recovery, control, audit, duty roster or connection of a system (R8, R17)',
        description:
          'Records are only added: a wrong one is corrected by another that names it. A repeat with the same Idempotency-Key is the same record.',
        tags: ['technical-request'],
        security: security.staff,
        headers: z.looseObject({ 'idempotency-key': idempotencyKey }),
        body: newUpkeepRecord,
        response: { 200: recordedView, 201: recordedView, ...problems(400, 401, 403, 409, 413, 415, 422) },
      },
      config: { access: upkeepAdding },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'];
      const { record, repeated } = await addUpkeepRecord(services, request, request.body, key);
      const { number, recordedAt } = record;
      return reply.status(repeated ? 200 : 201).send({ number, recordedAt: recordedAt.toISOString() });
    },
  );
  app.get(
    '/api/upkeep-records',
    {
      schema: {
        summary: 'Records of upkeep, newest first',
        description: 'For administrators of the information systems and auditors.',
        tags: ['technical-request'],
        security: security.staff,
        querystring: upkeepPageQuery.extend({ limit: z.coerce.number().int().min(1).max(100).default(50) }),
        response: {
          200: z.object({ records: z.array(recordView), next: z.string().nullable() }),
          ...problems(401, 403, 422),
        },
      },
      config: { access: upkeepReading },
    },
    async (request, reply) => {
      actorByRole(request, upkeepReading);
      const { before = null, limit, ...filter } = request.query;
      const { records, corrections, next } = await listUpkeep(services, filter, before, limit);
      const views = records.map((record) => viewOf(record, corrections.get(record.number) ?? null));
      return reply.header('cache-control', 'no-store').send({ records: views, next });
    },
  );
  app.get(
    '/api/upkeep-records.csv',
    {
      schema: {
        summary: 'Records of upkeep as CSV, newest first',
        description:
          'RFC 4180, UTF-8 with byte order mark, in the language of the request. Holds codes, numbers and moments; no remark and no name.',
        tags: ['technical-request'],
        security: security.staff,
        querystring: upkeepQuery,
        response: {
          200: { description: 'The list', content: { 'text/csv': { schema: z.any() } } },
          ...problems(401, 403, 422),
        },
      },
      config: { access: upkeepReading },
    },
    async (request, reply) => {
      actorByRole(request, upkeepReading);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="upkeep-records.csv"')
        .header('cache-control', 'no-store')
        .send(Readable.from(csvOf(services, request.text, request.query), { objectMode: false }));
    },
  );
};
