import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { readDiagrams } from '../../core/diagrams.js';
import { employeeWords } from '../../core/employee-words.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { actions } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import type { Text, TextParams } from '../../core/text.js';
import { allowedActions, hasRoleFor, openCase, readsAccessLog, signedIn } from '../access.js';
import { sendExport } from '../cases/export.js';
import { commands, followCase, runCommand, uploadToCase } from '../cases/routes.js';
import { readPath } from '../cases/path.js';
import { auditQuery, readAudit } from '../cases/audit.js';
import { listCases, queryOfSearch, registerQuery } from '../cases/register.js';
import { caseNumber, processes } from '../cases/shapes.js';
import { readCaseFile } from '../cases/views.js';
import { contentPolicy } from '../content-policy.js';
import { parseInput } from '../faults.js';
import { file } from '../inspection/routes.js';
import { newInspection } from '../inspection/schemas.js';
import { triesPerMinute } from '../limits.js';
import { wantsPage } from '../plugins/problems.js';
import { accessJournalPages } from './access-journal.js';
import { registersTechnicalRequests } from '../technical-request/routes.js';
import { accessRequestPages } from './access-request-pages.js';
import { accessViolationPages } from './access-violations.js';
import { answerLink, answerRequest, requestOfLink, requestsOf } from './answers.js';
import { assetRoutes } from './assets.js';
import { Audit } from './audit.js';
import { CasePage } from './case.js';
import { formId, type Part } from './case-parts.js';
import { applicationOf, filled, formOf, keyOf, mendableRefusal, refusedOf } from './forms.js';
import { formFieldOf, requestFieldOf, requestFormField } from './labels.js';
import { contextOf, page, type PageContext } from './layout.js';
import { previewRoutes } from './preview.js';
import { printRoutes } from './print.js';
import { Apply, Filed, FollowedCase, Home, NumberAndCode, UploadForm } from './public.js';
import { roleHolderPages } from './role-holders.js';
import { Cases, Requests } from './staff.js';
import { technicalRequestPages } from './technical-request-pages.js';
import { upkeepPages } from './upkeep-records.js';

/** The pages: rendered on the server, working without script. Each form posts to a route that does what the API's does. */
export const pageRoutes = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl: publicUrl.replace(/\/+$/, '') };
  const rendered = (
    request: FastifyRequest,
    title: string,
    content: (context: PageContext) => VNode,
    params: TextParams = {},
  ): string => {
    const context = contextOf(request, organisation, places);
    return page(context, request.text.say(title, params), content(context));
  };
  const send = (reply: FastifyReply, html: string): FastifyReply =>
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(html);
  const show: Show = (request, reply, title, content, params = {}) =>
    send(reply, rendered(request, title, content, params));
  // The sign-in brings a name as the identity provider writes it; in Kazakh the directory may know better.
  app.addHook('preHandler', async (request) => {
    const { person } = request;
    if (request.language !== 'kk' || !person?.employeeId || !wantsPage(request)) return;
    const employee = await services.directory.employee(person.employeeId);
    if (employee) request.person = { ...person, name: employeeWords(employee, 'kk').name };
  });
  const diagrams = new Map(
    await Promise.all(processes.map(async (process) => [process as string, await readDiagrams(process)] as const)),
  );
  const hide = { schema: { hide: true } } as const;
  const shows = (access: string) => ({ ...hide, config: { access } });
  const limited = (max: number) => ({ ...hide, config: { rateLimit: { max, timeWindow: '1 minute' } } });

  await app.register(assetRoutes, { diagrams: new Map([...diagrams.values()].flatMap((drawn) => [...drawn])) });
  app.get('/', hide, (request, reply) =>
    show(request, reply, 'page.home-title', (context) => (
      <Home context={context} registers={registersTechnicalRequests(request.person)} />
    )),
  );

  app.get('/apply', hide, (request, reply) =>
    show(request, reply, 'page.apply', (context) => <Apply context={context} idempotencyKey={newId()} />),
  );
  app.post('/apply', limited(settings.web.intakePerMinute), async (request, reply) => {
    const idempotencyKey = keyOf(request);
    try {
      const application = parseInput(newInspection, applicationOf(formOf(request), request.language));
      const registered = await file(services, request, application, idempotencyKey);
      return show(request, reply, 'page.filed', (context) => <Filed context={context} registered={registered} />);
    } catch (error) {
      const { status, refused } = mendableRefusal(request, error, formFieldOf);
      return show(request, reply.status(status), 'page.apply', (context) => (
        <Apply context={context} idempotencyKey={idempotencyKey} refused={refused} />
      ));
    }
  });

  app.get('/follow', hide, (request, reply) =>
    show(request, reply, 'page.follow', (context) => <NumberAndCode context={context} {...follow} />),
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
      return show(request, reply.status(404), 'page.follow', (context) => (
        <NumberAndCode context={context} {...follow} number={number} />
      ));
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
  const renderCase = async (request: FastifyRequest, refused?: Part['refused']): Promise<string> => {
    const opened = await openCase(services, request, numberOf(request), 'case.read');
    const [caseFile, can, everybody] = await Promise.all([
      readCaseFile(services, opened),
      allowedActions(services, signedIn(request), opened, actions),
      services.directory.all(),
    ]);
    for (const ofRole of ['access-violation.read', 'access-violation.report'] as const)
      if (hasRoleFor(signedIn(request), ofRole)) can.add(ofRole);
    const staff = everybody.map((employee) => {
      const { name, position } = employeeWords(employee, request.language);
      return [employee.employeeId, `${name}, ${position}`] as const;
    });
    const paths = await readPath(services, diagrams, caseFile);
    const { number } = opened.record;
    const before = cursorOf(request, /^[1-9][0-9]{0,9}$/);
    return rendered(
      request,
      'page.case',
      (context) => (
        <CasePage
          {...{ context, file: caseFile, can, staff, paths, refused }}
          before={before ? Number(before) : undefined}
        />
      ),
      { number },
    );
  };
  app.get('/cases/:number', drawing, async (request, reply) => send(reply, await renderCase(request)));
  /** Does what a form of a case file asks for. One that is refused is shown again on its page, with what was typed and what is wrong with it. */
  const carryOut = async (
    request: FastifyRequest,
    reply: FastifyReply,
    idOf: () => string,
    run: () => Promise<unknown>,
    words: [fieldOf?: (path: string) => string, wordOf?: (text: Text, path: string) => string] = [],
  ): Promise<FastifyReply> => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof InputProblem) || !mendable.has(error.status) || !wantsPage(request)) throw error;
      const form = idOf();
      const html = await renderCase(request, { form, ...refusedOf(request, error, ...words) });
      // A form that is nowhere on the page any more (its employee was taken out) can't say what was wrong.
      if (!html.includes(`id="${form}-faults"`)) throw error;
      request.access.shown = true;
      return send(reply.status(error.status), html);
    }
    return reply.redirect(`/cases/${numberOf(request)}`, 303);
  };
  // The API's route again, so that a browser is told by a page when nothing can be proved now.
  app.get('/cases/:number/export', hide, (request, reply) => sendExport(services, request, reply, numberOf(request)));
  await app.register(printRoutes, { services, diagrams });
  await app.register(previewRoutes, { services, show });
  await app.register(accessRequestPages, { services, show });
  await app.register(accessJournalPages, { services, show });
  await app.register(accessViolationPages, { services, show });
  await app.register(technicalRequestPages, { services, show });
  await app.register(upkeepPages, { services, show });
  await app.register(roleHolderPages, { services, show });
  app.post('/cases/:number/documents', drawing, (request, reply) =>
    carryOut(
      request,
      reply,
      () => 'documents',
      () => uploadToCase(services, request, numberOf(request)),
    ),
  );
  for (const command of commands)
    app.post(`/cases/:number/${command.name}`, drawing, (request, reply) => {
      const form = filled(formOf(request));
      const { lineId } = form;
      return carryOut(
        request,
        reply,
        () => formId(command.name, typeof lineId === 'string' ? { lineId } : {}),
        async () => {
          const body = parseInput(command.body, command.fromForm?.(form, organisation) ?? form);
          await runCommand(services, request, numberOf(request), command, body);
        },
        // Its fields are called by their paths, as those of Appendix 2.
        command.name === 'completion' ? [requestFormField, requestFieldOf] : [],
      );
    });
});

/** Answers a page with a title of the catalogue. */
export type Show = (
  request: FastifyRequest,
  reply: FastifyReply,
  title: string,
  content: (context: PageContext) => VNode,
  params?: TextParams,
) => FastifyReply;

/** Refusals that whoever filled in the form can do something about, or should at least not lose his words by. */
const follow = { action: '/follow', example: 'INS-2026-000017' };
const mendable = new Set([400, 409, 413, 415, 422]);

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
