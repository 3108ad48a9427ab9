import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Actor } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { registerInspection, type Registered, type Trigger } from '../../core/inspection/intake.js';
import { may } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf } from '../access.js';
import { clockViewOf } from '../cases/views.js';
import { problems, security } from '../openapi.js';
import { newInspection, registeredView, type NewInspection } from './schemas.js';

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{8,128}$/, { error: 'idempotency-key' })
  .optional()
  .describe('8 to 128 printable characters; the same key with the same content answers with the same case');

/** Intake of inspections: anybody may file an application; official information, employees by id and the past are for staff and machines. */
export const inspectionRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/api/inspections',
    {
      schema: {
        summary: 'File an application or official information about a disclosure (R4)',
        tags: ['inspection'],
        security: security.anybody,
        headers: z.looseObject({ 'idempotency-key': idempotencyKey }),
        body: newInspection,
        response: { 200: registeredView, 201: registeredView, ...problems(400, 401, 403, 409, 413, 415, 422) },
      },
      config: { rateLimit: { max: services.settings.web.intakePerMinute, timeWindow: '1 minute' } },
    },
    async (request, reply) => {
      const registered = await file(services, request, request.body, request.headers['idempotency-key']);
      const answer = await registeredAnswer(services, registered);
      return reply
        .status(registered.repeated ? 200 : 201)
        .header('location', answer.links.case)
        .send(answer);
    },
  );
};

/** Files what a page or the API brought. @throws InputProblem as {@link registerInspection} and 403 for what only staff may say. */
export async function file(
  services: Services,
  request: FastifyRequest,
  body: NewInspection,
  key: string | undefined,
): Promise<Registered> {
  const { person } = request;
  const staff = person !== null && may(person, 'case.register', newCase).allowed;
  if (!staff) refuseWhatOnlyStaffMaySay(body);
  // Idempotency is per client: people and machines by their login, anonymous callers by the key alone, which they alone know.
  const client = staff ? person.login : 'public';
  const by: Actor = staff ? actorOf(person) : { kind: 'applicant', id: 'public' };
  return registerInspection(services, by, triggerOf(body), key ? { client, key: hash(key) } : null);
}

const newCase = {
  process: 'inspection',
  caseState: 'open' as const,
  inspectingUnit: 'centralOffice' as const,
  branchCode: null,
  inspectedEmployees: [],
  concernedHeads: [],
};

function refuseWhatOnlyStaffMaySay(body: NewInspection): void {
  const faults = [
    ...(body.triggerKind === 'officialInformation' ? [{ field: 'triggerKind', code: 'staff-only' }] : []),
    ...(body.receivedAt ? [{ field: 'receivedAt', code: 'staff-only' }] : []),
    ...(body.channel === 'page' ? [] : [{ field: 'channel', code: 'staff-only' }]),
    // Whoever could name another's number would be answered with his case.
    ...(body.sourceRefNo ? [{ field: 'sourceRefNo', code: 'staff-only' }] : []),
    ...body.employees.flatMap((employee, index) =>
      employee.employeeId ? [{ field: `employees[${index}].employeeId`, code: 'staff-only' }] : [],
    ),
  ];
  if (faults.length) throw new InputProblem(403, 'staff-only', faults);
}

function triggerOf(body: NewInspection): Trigger {
  return {
    triggerKind: body.triggerKind,
    receivedAt: body.receivedAt ? new Date(body.receivedAt) : null,
    channel: body.channel,
    sourceRefNo: body.sourceRefNo ?? null,
    sender: body.sender
      ? {
          name: body.sender.name,
          iin: body.sender.iin ?? null,
          bin: body.sender.bin ?? null,
          email: body.sender.email ?? null,
          phone: body.sender.phone ?? null,
        }
      : null,
    language: body.language,
    facts: body.facts,
    thirdParties: body.thirdParties,
    employeeIds: body.employees.flatMap(({ employeeId }) => (employeeId ? [employeeId] : [])),
    namedEmployees: body.employees.flatMap(({ employeeId, name, position, unit }) =>
      employeeId ? [] : [[name, position, unit].filter(Boolean).join(', ')],
    ),
    period: body.period ?? null,
  };
}

async function registeredAnswer(services: Services, { case: record, accessCode }: Registered) {
  const { publicUrl } = services.settings.web;
  return {
    number: record.number,
    process: 'inspection' as const,
    state: record.state,
    receivedAt: record.receivedAt.toISOString(),
    registeredAt: record.registeredAt.toISOString(),
    accessCode,
    clocks: (await services.clocks.ofCase(record._id)).map(clockViewOf),
    links: { case: `${publicUrl}/api/cases/${record.number}`, follow: `${publicUrl}/follow` },
  };
}

function hash(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
