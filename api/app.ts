import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import Fastify, { LogController } from 'fastify';
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Services } from '../core/services.js';
import { journalRoutes } from './access-request/journal.js';
import { accessRequestRoutes } from './access-request/routes.js';
import { violationRoutes } from './access-request/violations.js';
import { skudEventRoutes } from './access-request/skud-events.js';
import { accessLogRoutes } from './cases/access-log.js';
import { exportRoutes } from './cases/export.js';
import { caseRoutes } from './cases/routes.js';
import { registerRoutes } from './cases/register.js';
import { clockRoutes } from './clocks/routes.js';
import { contentPolicy, headersOfItsOwn } from './content-policy.js';
import { deadlineRoutes } from './deadlines/routes.js';
import { parseInput } from './faults.js';
import { inspectionRoutes } from './inspection/routes.js';
import { strictJson } from './json-body.js';
import { callerOf } from './limits.js';
import { openapi, problems, security } from './openapi.js';
import { accessLogPages } from './pages/access-log.js';
import { calendarPages } from './pages/calendar.js';
import { deadlinePages } from './pages/deadlines.js';
import { helpPages } from './pages/help.js';
import { noticePages } from './pages/notices.js';
import { passwordPages } from './pages/password.js';
import { problemPage } from './pages/problem.js';
import { pageRoutes } from './pages/routes.js';
import { substitutionPages } from './pages/substitutions.js';
import { taskPages } from './pages/tasks.js';
import { roleHolderRoutes } from './people/role-holders.js';
import { accessLogPlugin } from './plugins/access-log.js';
import { healthPlugin } from './plugins/health.js';
import { languagePlugin, speak } from './plugins/language.js';
import { answerNonsense, answerProblem, problemsPlugin } from './plugins/problems.js';
import { signInPlugin } from './plugins/sign-in.js';
import { technicalRequestRoutes } from './technical-request/routes.js';
import { upkeepRoutes } from './technical-request/upkeep.js';

/** Builds the API with its pages; it does not listen. Tests call it through `inject`. */
export async function buildApp(services: Services) {
  const { settings, log } = services;
  const app = Fastify({
    loggerInstance: log,
    // What is logged of a request is its route, never its URL: a URL may hold a token.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: 1024 * 1024,
    // Milliseconds that a part of the app has to get ready: ten seconds, the default, are not enough for a machine under load.
    pluginTimeout: 120_000,
    // A request that has not come in by then, in milliseconds, is given up: nobody holds a connection for ever.
    requestTimeout: 10 * 60_000,
    // Whose word counts on where a request comes from; nobody's unless named.
    trustProxy: settings.web.trustedProxies.length > 0 ? [...settings.web.trustedProxies] : false,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: (error, socket) => answerNonsense(error, socket, services),
    // A URL that can't be read comes to no route and no hook.
    frameworkErrors: (error, request, reply) => {
      speak(request, services.organisation);
      answerProblem(request, reply.headers(headersOfItsOwn(settings)), error, problemPage);
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(({ schema }) => (value) => {
    try {
      return { value: parseInput(schema as z.ZodType, value) };
    } catch (error) {
      return { error: error as Error };
    }
  });
  app.setSerializerCompiler(serializerCompiler);
  // Without a schema of its own every route would take plain text, as a string.
  app.removeContentTypeParser('text/plain');

  await app.register(cookie, { secret: settings.web.sessionSecret });
  await app.register(strictJson);
  await app.register(formbody);
  await app.register(multipart, {
    limits: { fileSize: Number.MAX_SAFE_INTEGER, files: 1, fields: 20, fieldSize: 10_000 },
  });
  await app.register(helmet, {
    contentSecurityPolicy: contentPolicy(settings),
    strictTransportSecurity: settings.web.publicUrl.startsWith('https:'),
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // Tasklist is sandboxed by its own policy, and so is what a form's link opens: a browser loads no page with this header there.
    crossOriginOpenerPolicy: false,
  });
  await app.register(rateLimit, {
    global: true,
    max: settings.web.requestsPerMinute,
    timeWindow: '1 minute',
    // Each route counts after the sign-in has said who asks.
    keyGenerator: callerOf,
  });
  await app.register(languagePlugin, { organisation: services.organisation });
  await app.register(problemsPlugin, { page: problemPage });
  await app.register(signInPlugin, { services });
  await app.register(accessLogPlugin, { services });
  await app.register(swagger, openapi(settings));
  app.addHook('onRequest', async () => services.clock.refresh());
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        requestId: request.id,
      },
      'request answered',
    );
  });

  await app.register(healthPlugin, { services });
  await app.register(inspectionRoutes, { services });
  await app.register(accessRequestRoutes, { services });
  await app.register(journalRoutes, { services });
  await app.register(violationRoutes, { services });
  await app.register(technicalRequestRoutes, { services });
  await app.register(upkeepRoutes, { services });
  await app.register(caseRoutes, { services });
  await app.register(exportRoutes, { services });
  await app.register(registerRoutes, { services });
  await app.register(clockRoutes, { services });
  await app.register(accessLogRoutes, { services });
  await app.register(deadlineRoutes, { services });
  await app.register(roleHolderRoutes, { services });
  await app.register(pageRoutes, { services });
  await app.register(accessLogPages, { services });
  await app.register(taskPages, { services });
  await app.register(substitutionPages, { services });
  await app.register(deadlinePages, { services });
  await app.register(calendarPages, { services });
  await app.register(noticePages, { services });
  await app.register(skudEventRoutes, { services });
  await app.register(passwordPages, { services });
  await app.register(helpPages, { services });
  app.get(
    '/api/openapi.json',
    {
      schema: {
        summary: 'This document',
        tags: ['document'],
        security: security.anybody,
        response: { 200: z.looseObject({ openapi: z.string() }), ...problems() },
      },
    },
    () => app.swagger() as { openapi: string },
  );
  return app;
}
