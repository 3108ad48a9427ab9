import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { readDiagrams } from '../../core/diagrams.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { actions } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import type { TextParams } from '../../core/text.js';
import { allowedActions, openCase, readsAccessLog, signedIn } from '../access.js';
import { sendExport } from '../cases/export.js';
import { followCase, runCommand, uploadToCase } from '../cases/routes.js';
import { readPath } from '../cases/path.js';
import { auditQuery, readAudit } from '../cases/audit.js';
import { listCases, queryOfSearch, registerQuery } from '../cases/register.js';
import { readCaseFile } from '../cases/views.js';
import { contentPolicy } from '../content-policy.js';
import { parseInput } from '../faults.js';
import { inspectionCommands } from '../inspection/commands.js';
import { file } from '../inspection/routes.js';
import { caseNumber, newInspection } from '../inspection/schemas.js';
import { triesPerMinute } from '../limits.js';
import { answerLink, answerRequest, requestOfLink, requestsOf } from './answers.js';
import { assetRoutes } from './assets.js';
import { Audit } from './audit.js';
import { CasePage } from './case.js';
import { applicationOf, filled, formOf, refusedOf } from './forms.js';
import { contextOf, page, type PageContext } from './layout.js';
import { Apply, Filed, Follow, FollowedCase, Home, UploadForm } from './public.js';
import { Cases, Requests } from './staff.js';

/** The pages: rendered on the server, working without script. Each form posts to a route that does what the API's does. */
export const pageRoutes = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl: publicUrl.replace(/\/+$/, '') };
  const show = (
    request: FastifyRequest,
    reply: FastifyReply,
    title: string,
    content: (context: PageContext) => VNode,
    params: TextParams = {},
  ): FastifyReply => {
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say(title, params), content(context)));
  };
  const diagrams = await readDiagrams('inspection');
  const hide = { schema: { hide: true } } as const;
  const shows = (access: string) => ({ ...hide, config: { access } });
  const limited = (max: number) => ({ ...hide, config: { rateLimit: { max, timeWindow: '1 minute' } } });

  await app.register(assetRoutes, { diagrams });
  app.get('/', hide, (request, reply) =>
    show(request, reply, 'page.home-title', (context) => <Home context={context} />),
  );

  app.get('/apply', hide, (request, reply) =>
    show(request, reply, 'page.apply', (context) => <Apply context={context} idempotencyKey={newId()} />),
  );
  app.post('/apply', limited(settings.web.intakePerMinute), async (request, reply) => {
    const form = formOf(request);
    const given = form['idempotencyKey'];
    const idempotencyKey = typeof given === 'string' && given ? given : newId();
    try {
      const application = parseInput(newInspection, applicationOf(form, request.language));
      const registered = await file(services, request, application, idempotencyKey);
      return show(request, reply, 'page.filed', (context) => <Filed context={context} registered={registered} />);
    } catch (error) {
      if (!(error instanceof InputProblem) || error.faults.length === 0 || error.status === 409) throw error;
      const refused = refusedOf(request, error);
      return show(request, reply.status(error.status), 'page.apply', (context) => (
        <Apply context={context} idempotencyKey={idempotencyKey} refused={refused} />
      ));
    }
  });

  app.get('/follow', hide, (request, reply) =>
    show(request, reply, 'page.follow', (context) => <Follow context={context} />),
  );
  app.post('/follow', limited(triesPerMinute), async (request, reply) => {
    const { number: given, code } = formOf(request);
    const number = String(given ?? '')
      .trim()
      .toUpperCase();
    try {
      const followed = await followCase(services, number, String(code ?? ''));
      return show(request, reply, 'page.follow', (context) => <FollowedCase context={context} followed={followed} />);
    } catch (error) {
      if (!(error instanceof InputProblem) || error.status !== 404) throw error;
      return show(request, reply.status(404), 'page.follow', (context) => <Follow context={context} number={number} />);
    }
  });

  app.get('/upload/:token', shows('request.read'), async (request, reply) => {
    const { kind, question, letterNumber, addresseeId } = await requestOfLink(services, param(request, 'token'));
    request.access.by = { kind: 'person', id: `link:${addresseeId}` };
    const action = `/upload/${encodeURIComponent(param(request, 'token'))}`;
    return show(request, reply, 'page.upload', (context) => (
      <UploadForm {...{ context, action, kind, question, letterNumber }} />
    ));
  });
  app.post('/upload/:token', limited(60), async (request, reply) => {
    await answerLink(services, request, param(request, 'token'));
    return show(request, reply, 'page.upload-done', ({ text }) => (
      <p class="lead">{text.say('page.upload-done-lead')}</p>
    ));
  });

  app.get('/requests', shows('request.read'), async (request, reply) => {
    const requests = await requestsOf(services, signedIn(request));
    return show(request, reply, 'page.requests', (context) => <Requests context={context} requests={requests} />);
  });
  app.post('/requests/:id', shows('request.answer'), async (request, reply) => {
    await answerRequest(services, request, param(request, 'id'));
    return reply.redirect('/requests', 303);
  });

  app.get('/cases', hide, async (request, reply) => {
    const { before: _before, ...given } = filled(request.query as Record<string, string>);
    const query = parseInput(registerQuery, given);
    const before = cursorOf(request, /^[0-9A-Z]{26}$/);
    const listed = await listCases(services, request, { ...query, before, limit: 50 });
    return show(request, reply, 'page.cases', (context) => <Cases context={context} listed={listed} query={query} />);
  });
  app.get('/audit', shows('access-log.read'), async (request, reply) => {
    if (!readsAccessLog(signedIn(request))) throw new InputProblem(403, 'forbidden');
    const { seed: given = newId(), chain } = parseInput(auditQuery, filled(request.query as Record<string, string>));
    const opened = chain === undefined ? null : await openCase(services, request, chain, 'trail.read');
    const checked = opened && {
      number: opened.record.number,
      check: await services.trail.verifyChain(opened.record._id),
    };
    const view = await readAudit(services, request, given);
    return show(request, reply, 'page.audit', (context) => <Audit {...{ context, view, checked }} seed={given} />);
  });
  // By a form: what is typed may be personal, and must not stand in an address.
  app.post('/cases/search', hide, (request, reply) => {
    signedIn(request);
    const { value } = formOf(request);
    const query = typeof value === 'string' && value.trim() ? queryOfSearch(services, value.slice(0, 500)) : {};
    return reply.redirect(`/cases?${new URLSearchParams(query).toString()}`, 303);
  });
  const drawing = { ...hide, helmet: { contentSecurityPolicy: contentPolicy(settings, { script: true }) } };
  app.get('/cases/:number', drawing, async (request, reply) => {
    const opened = await openCase(services, request, numberOf(request), 'case.read');
    const [caseFile, can, everybody] = await Promise.all([
      readCaseFile(services, opened),
      allowedActions(services, signedIn(request), opened, actions),
      services.directory.all(),
    ]);
    const staff = everybody.map(
      ({ employeeId, fullName, position }) => [employeeId, `${fullName}, ${position}`] as const,
    );
    const paths = await readPath(services, diagrams, caseFile);
    const { number } = opened.record;
    const before = cursorOf(request, /^[1-9][0-9]{0,9}$/);
    return show(
      request,
      reply,
      'page.case',
      (context) => (
        <CasePage {...{ context, file: caseFile, can, staff, paths }} before={before ? Number(before) : undefined} />
      ),
      { number },
    );
  });
  // The API's route again, so that a browser is told by a page when nothing can be proved now.
  app.get('/cases/:number/export', hide, (request, reply) => sendExport(services, request, reply, numberOf(request)));
  app.post('/cases/:number/documents', hide, async (request, reply) => {
    await uploadToCase(services, request, numberOf(request));
    return reply.redirect(`/cases/${numberOf(request)}`, 303);
  });
  for (const command of inspectionCommands)
    app.post(`/cases/:number/${command.name}`, hide, async (request, reply) => {
      const form = filled(formOf(request));
      const body = parseInput(command.body, command.fromForm?.(form, organisation) ?? form);
      await runCommand(services, request, numberOf(request), command, body);
      return reply.redirect(`/cases/${numberOf(request)}`, 303);
    });
});

function param(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name] ?? '';
}

/** Where a list goes on: `?before=`, if it has the form of one. */
function cursorOf(request: FastifyRequest, form: RegExp): string | undefined {
  const { before } = request.query as { before?: unknown };
  return typeof before === 'string' && form.test(before) ? before : undefined;
}

function numberOf(request: FastifyRequest): string {
  const number = param(request, 'number');
  if (!caseNumber.safeParse(number).success) throw new InputProblem(404, 'not-found');
  return number;
}
