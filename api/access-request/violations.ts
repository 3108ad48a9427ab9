import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  isAlsoFailure,
  isForInspection,
  reportViolation,
  type ReportedViolation,
} from '../../core/access-request/violation-report.js';
import { reviewViolation } from '../../core/access-request/violation-review.js';
import { reviewOutcomes, violationKinds, type Violation } from '../../core/access-request/violations.js';
import type { Services } from '../../core/services.js';
import { actorByRole } from '../access.js';
import { hashOfKey } from '../cases/registered.js';
import { caseNumber, idempotencyKey, longText, shortText } from '../cases/shapes.js';
import { problems, security } from '../openapi.js';

/** A report of a violation (R6, R26, R28). */
export const newViolation = z
  .strictObject({
    kind: z.enum(violationKinds).describe('what R26 or R6 forbids'),
    login: shortText.optional().describe('personal unique identifier of the account'),
    employeeId: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,40}$/, { error: 'id' })
      .optional()
      .describe('id of the user in the directory: all of his accounts are meant'),
    facts: longText,
    personalDataDisclosed: z
      .boolean()
      .default(false)
      .describe('an employee of the organisation disclosed personal data to third parties: an inspection is opened'),
    failure: longText
      .optional()
      .describe('AMB-TECH-10: also a failure: what does not work, without names; a technical request is opened'),
    technicalRequest: caseNumber
      .optional()
      .describe('number of the technical request that told of the same incident first'),
  })
  .refine(({ failure, technicalRequest }) => failure === undefined || technicalRequest === undefined, {
    error: 'failure-told',
    path: ['failure'],
  })
  .refine(({ login, employeeId }) => login !== undefined || employeeId !== undefined, {
    error: 'account-or-user',
    path: ['login'],
  })
  .meta({
    examples: [
      {
        kind: 'sharedLogin',
        login: 'u-7q3k9zx2m4',
        facts: 'Бір логинмен екі жұмыс орнынан қатар кірген.',
        personalDataDisclosed: false,
        failure: 'Іздеу беті ашылмайды.',
      },
    ],
  });
export type NewViolation = z.output<typeof newViolation>;

/** What an administrator says of a machine's report (AMB-ACC-15). */
export const violationReview = z
  .strictObject({ outcome: z.enum(reviewOutcomes), note: longText })
  .meta({ examples: [{ outcome: 'confirmed', note: 'Журнал жазбалары тексерілді.' }] });
export const violationNumber = z.strictObject({ number: z.string().regex(/^VIO-\d{4}-\d{6}$/, { error: 'format' }) });

const violationView = z.object({
  number: z.string().describe('e.g. VIO-2026-000003'),
  reportedAt: z.string(),
  forInspection: z.boolean().describe('whether the facts go to the inspection of employees'),
  alsoFailure: z.boolean().describe('whether a technical request is opened'),
});

/** Reads of violations have this action in the access log. */
export const violationAccess = 'access-violation.read';

/** Reports what a page or the API brought. @throws InputProblem 401, 403, and as {@link reportViolation}. */
export async function report(
  services: Services,
  request: FastifyRequest,
  body: NewViolation,
  key: string | undefined,
): Promise<ReportedViolation> {
  const by = actorByRole(request, 'access-violation.report');
  const { kind, login = null, employeeId = null, facts, personalDataDisclosed: disclosed } = body;
  const { failure = null, technicalRequest = null } = body;
  const idempotency = key ? { client: by.id, key: hashOfKey(key) } : null;
  const report = { kind, login, employeeId, facts, disclosed, failure, technicalRequest };
  return reportViolation(services, by, report, idempotency);
}

/** @throws InputProblem 401, 403, and as {@link reviewViolation}. */
export async function review(
  services: Services,
  request: FastifyRequest,
  number: string,
  body: z.output<typeof violationReview>,
): Promise<void> {
  await reviewViolation(services, actorByRole(request, 'access-violation.review'), number, body);
}

/** A page of the violations, opened, newest first, with the numbers of their technical requests and the letters to the security centre; `next` is the cursor of the one after it. */
export async function listViolations(
  { letters, technicalRequests, vault, violations }: Services,
  before: string | null,
  limit: number,
) {
  const found = await violations.list(before, limit + 1);
  const shown = await vault.reveal(found.slice(0, limit));
  const opened = await technicalRequests.numbersReferredFrom(shown.map(({ number }) => number));
  const requestOf = ({ number, technicalRequest }: Violation): string | null =>
    technicalRequest ?? opened.get(number) ?? null;
  const sent = await Promise.all(shown.flatMap(({ centreLetterId: id }) => (id ? [letters.find(id)] : [])));
  const toCentre = new Map(sent.flatMap((letter) => (letter ? [[letter._id, letter.state] as const] : [])));
  return { violations: shown, requestOf, toCentre, next: found.length > limit ? (shown.at(-1)?._id ?? null) : null };
}

/** Reports by machines that watch the logs, and by administrators. The page is `pages/access-violations.tsx`. */
export const violationRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/api/access-violations',
    {
      schema: {
        summary: 'Report a violation of information security (R28): the account is blocked at once',
        description:
          'SKUD is asked after the answer, as soon as it can be reached; user, applicant and administrators are written to. A repeat with the same Idempotency-Key is the same violation.',
        tags: ['access-request'],
        security: security.staff,
        headers: z.looseObject({ 'idempotency-key': idempotencyKey }),
        body: newViolation,
        response: {
          200: violationView,
          201: violationView,
          ...problems(400, 401, 403, 409, 413, 415, 422),
        },
      },
      config: { access: 'access-violation.report' },
    },
    async (request, reply) => {
      const reported = await report(services, request, request.body, request.headers['idempotency-key']);
      const { violation, repeated } = reported;
      const { number, reportedAt } = violation;
      return reply.status(repeated ? 200 : 201).send({
        ...{ number, reportedAt: reportedAt.toISOString() },
        forInspection: isForInspection(services, violation),
        alsoFailure: isAlsoFailure(services, violation),
      });
    },
  );
  app.post(
    '/api/access-violations/:number/review',
    {
      schema: {
        summary: 'Say whether what a machine reported is a violation (R28)',
        description:
          'What is blocked for a violation that is not confirmed, and for nothing else, is opened at once; every other account stays blocked until a repeated application is granted. The same word again changes nothing.',
        tags: ['access-request'],
        security: security.staff,
        params: violationNumber,
        body: violationReview,
        response: { 200: z.object({ number: z.string() }), ...problems(400, 401, 403, 404, 409, 413, 415, 422) },
      },
      config: { access: 'access-violation.review' },
    },
    async (request, reply) => {
      const { number } = request.params;
      await review(services, request, number, request.body);
      return reply.send({ number });
    },
  );
};
