import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Services } from '../../core/services.js';

/** GET /health/live: the process answers. GET /health/ready: it can store what it accepts (RFC 9110; the engine may be down). */
export const healthPlugin = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  app.get('/health/live', { schema: { hide: true }, logLevel: 'silent' }, () => ({ status: 'live' }));
  app.get('/health/ready', { schema: { hide: true }, logLevel: 'silent' }, async (_request, reply) => {
    try {
      await services.database.connection.db!.admin().command({ ping: 1 }, { timeoutMS: 2000 });
      return { status: 'ready' };
    } catch {
      return reply.status(503).send({ status: 'unavailable', component: 'mongodb' });
    }
  });
});
