import type { FastifyInstance } from 'fastify';
import { EventRefused, readSkudEvents } from '../../connectors/skud/events.js';
import { noteSkudEvent } from '../../core/access-request/skud-events.js';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';

/**
 * Where SKUD tells what happened to accounts: Security Event Tokens pushed over HTTP (RFC 8935), each known by its signature. 202 when it was
 * stored, or says nothing new; 400 with a code of the RFC when it is not SKUD's, or can't be read.
 */
export async function skudEventRoutes(app: FastifyInstance, { services }: { services: Services }): Promise<void> {
  const { skud, web } = services.settings;
  const asText = { parseAs: 'string', bodyLimit: 64 * 1024 } as const;
  app.addContentTypeParser('application/secevent+jwt', asText, (_request, body, done) => done(null, body));
  app.post('/skud/events', { schema: { hide: true } }, async (request, reply) => {
    if (!skud) throw new InputProblem(404, 'not-found');
    const settings = { secret: skud.eventsSecret, issuer: skud.url, audience: web.publicUrl };
    try {
      const events = await readSkudEvents(typeof request.body === 'string' ? request.body : '', settings);
      for (const event of events) await noteSkudEvent(services, event);
      return await reply.code(202).send();
    } catch (error) {
      if (!(error instanceof EventRefused)) throw error;
      return reply.code(400).send({ err: error.code, description: error.code });
    }
  });
  await Promise.resolve();
}
