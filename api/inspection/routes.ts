import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Actor } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { registerInspection, type Trigger } from '../../core/inspection/intake.js';
import type { Registered } from '../../core/intake.js';
import { may } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf } from '../access.js';
import { intakeRoute } from '../cases/intake-route.js';
import { hashOfKey } from '../cases/registered.js';
import { newInspection, type NewInspection } from './schemas.js';

/** Intake of inspections: anybody may file an application; official information, employees by id and the past are for staff and machines. */
export const inspectionRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  intakeRoute(app, services, {
    url: '/api/inspections',
    summary: 'File an application or official information about a disclosure (R4)',
    tag: 'inspection',
    body: newInspection,
    file,
  });
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
  return registerInspection(services, by, triggerOf(body), key ? { client, key: hashOfKey(key) } : null);
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
