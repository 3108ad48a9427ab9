import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Registered } from '../../core/intake.js';
import type { Services } from '../../core/services.js';
import { problems, security } from '../openapi.js';
import { registeredAnswer } from './registered.js';
import { idempotencyKey, registeredView } from './shapes.js';

/** The intake of a process, open to anybody: 201 with the case that is registered, 200 with it for a repeat of the same key. */
export function intakeRoute<S extends z.ZodType>(
  app: FastifyInstance,
  services: Services,
  route: {
    url: string;
    summary: string;
    tag: string;
    body: S;
    /** Bytes, where a file may come with it. */
    bodyLimit?: number;
    file(services: Services, request: FastifyRequest, body: z.output<S>, key: string | undefined): Promise<Registered>;
  },
): void {
  const { url, summary, tag, body, bodyLimit, file } = route;
  app.post(
    url,
    {
      ...(bodyLimit === undefined ? {} : { bodyLimit }),
      schema: {
        summary,
        tags: [tag],
        security: security.anybody,
        headers: z.looseObject({ 'idempotency-key': idempotencyKey }),
        body,
        response: { 200: registeredView, 201: registeredView, ...problems(400, 401, 403, 409, 413, 415, 422) },
      },
      config: { rateLimit: { max: services.settings.web.intakePerMinute, timeWindow: '1 minute' } },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key'] as string | undefined;
      const registered = await file(services, request, request.body as z.output<S>, key);
      const answer = await registeredAnswer(services, registered);
      return reply
        .status(registered.repeated ? 200 : 201)
        .header('location', answer.links.case)
        .send(answer);
    },
  );
}
