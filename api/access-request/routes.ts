import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { registerAccessRequest, type Application } from '../../core/access-request/intake.js';
import { withdrawRequest } from '../../core/access-request/withdrawal.js';
import { basisCopy } from '../../core/access-request/model.js';
import type { Actor } from '../../core/database.js';
import { InputProblem } from '../../core/errors.js';
import { publicActor, storeAttached, type Registered } from '../../core/intake.js';
import { openedCase, type OpenAccessRequest } from '../../core/reading.js';
import { may, type RightsContext } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf, caseEnded } from '../access.js';
import { attachedBodyLimit, checkedFile } from '../cases/attached.js';
import { intakeRoute } from '../cases/intake-route.js';
import { hashOfKey } from '../cases/registered.js';
import { followedRecord } from '../cases/routes.js';
import { caseNumber } from '../cases/shapes.js';
import { callerOf, triesPerMinute } from '../limits.js';
import { problems, security } from '../openapi.js';
import { completeRequest, completionWithCopy, type Completion } from './completion.js';
import { newAccessRequest, type NewAccessRequest } from './schemas.js';

/** Intake of requests for access: any organisation may apply; the moment of receipt and SKUD's number are for staff and machines. */
export const accessRequestRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  intakeRoute(app, services, {
    url: '/api/access-requests',
    summary: 'File a request for access to information systems (R19, R21; Appendix 2)',
    tag: 'access-request',
    body: newAccessRequest,
    bodyLimit: attachedBodyLimit,
    file: fileAccessRequest,
  });

  const byCode = {
    tags: ['access-request'],
    security: security.anybody,
    params: z.object({ number: caseNumber }),
    headers: z.looseObject({ 'x-access-code': z.string().max(40).describe("the applicant's code") }),
  };
  const rateLimit = {
    max: triesPerMinute,
    timeWindow: '1 minute',
    keyGenerator: (request: FastifyRequest) => `code:${callerOf(request)}`,
  };
  const done = z.object({ number: z.string() });
  app.post(
    '/api/access-requests/:number/completion',
    {
      bodyLimit: attachedBodyLimit,
      schema: {
        ...byCode,
        summary: 'Complete a request that was sent back, by its access code (AMB-ACC-13)',
        body: completionWithCopy,
        response: { 200: done, ...problems(400, 404, 409, 413, 415, 422) },
      },
      config: { rateLimit },
    },
    async (request) => {
      const { copy, ...body } = request.body;
      await completeByCode(services, request.params.number, request.headers['x-access-code'], body, copy);
      return { number: request.params.number };
    },
  );
  app.post(
    '/api/access-requests/:number/withdrawal',
    {
      schema: {
        ...byCode,
        summary: 'Withdraw a request that is not answered yet, by its access code',
        description: 'A repeat changes nothing. 409 `request-answered` once access has been decided for every system.',
        response: { 200: done, ...problems(400, 404, 409, 413, 415, 422) },
      },
      config: { rateLimit },
    },
    async (request) => {
      await withdrawByCode(services, request.params.number, request.headers['x-access-code']);
      return { number: request.params.number };
    },
  );
};

/** Files what a page or the API brought. @throws InputProblem as {@link registerAccessRequest} and 403 for what only staff may say. */
export async function fileAccessRequest(
  services: Services,
  request: FastifyRequest,
  body: NewAccessRequest,
  key: string | undefined,
): Promise<Registered> {
  const { person } = request;
  const staff = person !== null && may(person, 'case.register', newCase).allowed;
  if (!staff) refuseWhatOnlyStaffMaySay(body);
  // Who is signed in is the filer, whatever his roles: he does not approve it.
  const by: Actor = person ? actorOf(person) : publicActor;
  const client = person?.login ?? 'public';
  const application = await applicationOf(body);
  return registerAccessRequest(services, by, application, key ? { client, key: hashOfKey(key) } : null);
}

/** The request of a number, for who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike, 409 once it ended. */
export async function requestOfCode(services: Services, number: string, code: string): Promise<OpenAccessRequest> {
  const record = await followedRecord(services, number, code);
  const opened = await openedCase(services, record);
  if (!opened || !('accessRequest' in opened)) throw new InputProblem(404, 'not-found');
  if (record.state !== 'open' || opened.accessRequest.withdrawnAt) throw caseEnded(record);
  return opened;
}

/** Withdraws a request for who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike, 409 once it ended or is being answered. */
export async function withdrawByCode(services: Services, number: string, code: string): Promise<void> {
  const record = await followedRecord(services, number, code);
  if (record.process !== 'access-request') throw new InputProblem(404, 'not-found');
  await services.database.transaction({ kind: 'applicant', id: number }, async (tx) => {
    const { withdrawnAt } = await services.accessRequests.get(record._id, tx);
    const now = await services.cases.find(record._id, tx);
    if (now?.state !== 'open' && !withdrawnAt) throw caseEnded(record);
    await withdrawRequest(services, tx, record);
  });
}

/** Completes a request for who has its code. @throws InputProblem 404 for a wrong number and a wrong code alike, 409 once it ended. */
export async function completeByCode(
  services: Services,
  number: string,
  code: string,
  body: Completion,
  given: NewAccessRequest['copy'],
): Promise<void> {
  const { record } = await requestOfCode(services, number, code);
  const copy = given ? await checkedFile(given) : null;
  const of = { caseId: record._id, subjectId: record.subjectId };
  const file = copy && (await storeAttached(services, of, copy));
  try {
    await services.database.transaction({ kind: 'applicant', id: number }, async (tx) => {
      const now = await services.cases.find(record._id, tx);
      if (now?.state !== 'open') throw caseEnded(record);
      if (file && copy)
        await services.documents.add(tx, {
          ...of,
          kind: basisCopy,
          ...{ lineId: '', request: null, file, name: copy.name, languages: services.organisation.languages },
        });
      const accessRequest = await services.accessRequests.get(record._id, tx);
      if (accessRequest.withdrawnAt) throw caseEnded(record);
      await completeRequest(services, tx, { record, accessRequest }, body);
    });
  } catch (error) {
    if (file) await services.files.discard(file.fileId);
    throw error;
  }
}

const newCase: RightsContext = {
  process: 'access-request',
  caseState: 'open',
  inspectingUnit: 'centralOffice',
  branchCode: null,
  inspectedEmployees: [],
  concernedHeads: [],
};

function refuseWhatOnlyStaffMaySay({ receivedAt, channel, sourceRefNo }: NewAccessRequest): void {
  const faults = [
    ...(receivedAt ? [{ field: 'receivedAt', code: 'staff-only' }] : []),
    ...(channel === 'page' ? [] : [{ field: 'channel', code: 'staff-only' }]),
    // Whoever could name another's number would be answered with his case.
    ...(sourceRefNo ? [{ field: 'sourceRefNo', code: 'staff-only' }] : []),
  ];
  if (faults.length) throw new InputProblem(403, 'staff-only', faults);
}

async function applicationOf({ copy, ...body }: NewAccessRequest): Promise<Application> {
  const { applicant, basis } = body;
  return {
    ...body,
    repeatReason: body.repeatReason ?? null,
    receivedAt: body.receivedAt ? new Date(body.receivedAt) : null,
    sourceRefNo: body.sourceRefNo ?? null,
    applicant: {
      ...{ name: applicant.name, bin: applicant.bin, replyEmail: applicant.replyEmail },
      region: applicant.region ?? null,
      letterRefNo: applicant.letterRefNo ?? null,
      letterDate: applicant.letterDate ?? null,
      headFullName: applicant.headFullName ?? null,
      headSignature: applicant.headSignature ?? null,
    },
    basis: { type: basis.type ?? null, number: basis.number ?? null, date: basis.date ?? null },
    users: body.users.map((user) => ({
      ...{ surname: user.surname, name: user.name, iin: user.iin, rights: user.rights },
      middleName: user.middleName ?? null,
      login: user.login ?? null,
      officePhone: user.officePhone ?? null,
      cellPhone: user.cellPhone ?? null,
      workstationIp: user.workstationIp ?? null,
      position: user.position ?? null,
      division: user.division ?? null,
      email: user.email ?? null,
    })),
    copy: copy ? await checkedFile(copy) : null,
  };
}
