import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { newCentralCase } from '../../core/central-context.js';
import { InputProblem } from '../../core/errors.js';
import { publicActor, type Registered } from '../../core/intake.js';
import type { Person } from '../../core/people.js';
import { may } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { registerTechnicalRequest, type Report } from '../../core/technical-request/intake.js';
import { isIncident } from '../../core/technical-request/model.js';
import { actorOf } from '../access.js';
import { attachedBodyLimit, checkedFile } from '../cases/attached.js';
import { intakeRoute } from '../cases/intake-route.js';
import { hashOfKey } from '../cases/registered.js';
import { newTechnicalRequest, type NewTechnicalRequest } from './schemas.js';

/** Intake of technical requests: anybody may write; what came by phone, mail or a machine, and when, is for staff and machines. */
export const technicalRequestRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  intakeRoute(app, services, {
    url: '/api/technical-requests',
    summary: 'Report a failure of an information system, or ask about its services (R12 to R14)',
    tag: 'technical-request',
    body: newTechnicalRequest,
    bodyLimit: attachedBodyLimit,
    file: fileTechnicalRequest,
  });
};

/** Whether somebody registers what users told by phone or mail, and what monitoring found. */
export function registersTechnicalRequests(person: Person | null): person is Person {
  return person !== null && may(person, 'case.register', newCentralCase('technical-request')).allowed;
}

/** Of some numbers of technical requests those which somebody may read. */
export async function readableRequests(
  { technicalRequests }: Pick<Services, 'technicalRequests'>,
  person: Person,
  numbers: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(numbers.map((number) => technicalRequests.byNumber(number)));
  const readable = found.filter((request) => {
    const incident = request !== null && isIncident(request);
    return may(person, 'case.read', { ...newCentralCase('technical-request'), incident }).allowed;
  });
  return new Set(readable.flatMap((request) => request?.number ?? []));
}

/** Files what a page or the API brought. @throws InputProblem as {@link registerTechnicalRequest} and 403 for what only staff may say. */
export async function fileTechnicalRequest(
  services: Services,
  request: FastifyRequest,
  body: NewTechnicalRequest,
  key: string | undefined,
): Promise<Registered> {
  const { person } = request;
  if (!registersTechnicalRequests(person)) refuseWhatOnlyStaffMaySay(body);
  const by = person ? actorOf(person) : publicActor;
  const client = person?.login ?? 'public';
  const report = await reportOf(body);
  return registerTechnicalRequest(services, by, report, key ? { client, key: hashOfKey(key) } : null);
}

function refuseWhatOnlyStaffMaySay(body: NewTechnicalRequest): void {
  const { source, channel } = body;
  const faults = [
    ...(source === 'user' ? [] : [{ field: 'source', code: 'staff-only' }]),
    ...(channel === 'page' ? [] : [{ field: 'channel', code: 'staff-only' }]),
    // Whoever could name another's number would be answered with his case.
    ...(['receivedAt', 'sourceRefNo', 'relatesTo'] as const).flatMap((field) =>
      body[field] ? [{ field, code: 'staff-only' }] : [],
    ),
  ];
  if (faults.length) throw new InputProblem(403, 'staff-only', faults);
}

async function reportOf({ attachment, reporter, ...body }: NewTechnicalRequest): Promise<Report> {
  const { source, channel, language, text } = body;
  return {
    ...{ source, channel, language, text },
    receivedAt: body.receivedAt ? new Date(body.receivedAt) : null,
    sourceRefNo: body.sourceRefNo ?? null,
    system: body.system ?? null,
    concerns: body.concerns ?? null,
    relatesTo: body.relatesTo ?? null,
    referredFrom: null,
    reporter: reporter
      ? {
          contactInfo: reporter.contactInfo ?? null,
          surname: reporter.surname ?? null,
          name: reporter.name ?? null,
          middleName: reporter.middleName ?? null,
          position: reporter.position ?? null,
          login: reporter.login ?? null,
          phone: reporter.phone ?? null,
          email: reporter.email ?? null,
        }
      : null,
    subject: body.subject ?? null,
    attachment: attachment ? await checkedFile(attachment) : null,
  };
}
