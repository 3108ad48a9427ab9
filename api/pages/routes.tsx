import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { inProject } from '../../config/index.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { actions } from '../../core/rights.js';
import type { Services } from '../../core/services.js';
import { actorOf, allowedActions, openCase, signedIn } from '../access.js';
import { followCase, listCases, openRequest, runCommand } from '../cases/routes.js';
import { receiveDocument } from '../cases/upload.js';
import { readCaseFile } from '../cases/views.js';
import { parseInput } from '../faults.js';
import { inspectionCommands } from '../inspection/commands.js';
import { file } from '../inspection/routes.js';
import { caseNumber, newInspection } from '../inspection/schemas.js';
import { CasePage } from './case.js';
import { contextOf, page, type PageContext } from './layout.js';
import { Apply, Filed, Follow, Home, UploadForm } from './public.js';
import { Cases, Requests } from './staff.js';

type Form = Record<string, string | string[] | undefined>;

/** The pages: rendered on the server, working without script. Each form posts to a route that does what the API's does. */
export const pageRoutes = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const links = { tasklist: services.settings.web.tasklistUrl, operate: services.settings.web.operateUrl };
  const show = (
    request: FastifyRequest,
    titleKey: string,
    content: (context: PageContext) => VNode,
    params = {},
  ): string => {
    const context = contextOf(request, services.organisation, links);
    return page(context, request.text.say(titleKey, params), content(context));
  };
  const css = readFileSync(inProject('api', 'pages', 'merzim.css'), 'utf8');
  const hide = { schema: { hide: true } } as const;
  app.addHook('onSend', async (request, reply) => {
    if (String(reply.getHeader('content-type') ?? '').startsWith('text/html'))
      reply.header('cache-control', 'no-store');
  });

  app.get('/assets/merzim.css', hide, (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=300').send(css),
  );
  app.get('/', hide, (request, reply) =>
    html(
      reply,
      show(request, 'page.home-title', (context) => <Home context={context} />),
    ),
  );

  app.get('/apply', hide, (request, reply) =>
    html(
      reply,
      show(request, 'page.apply', (context) => <Apply context={context} key={newId()} />),
    ),
  );
  app.post('/apply', hide, async (request, reply) => {
    const form = request.body as Form;
    const key = typeof form['idempotencyKey'] === 'string' ? form['idempotencyKey'] : undefined;
    const registered = await file(
      services,
      request,
      parseInput(newInspection, application(form, request.language)),
      key,
    );
    return html(
      reply,
      show(request, 'page.filed', (context) => <Filed context={context} registered={registered} />),
    );
  });

  app.get('/follow', hide, (request, reply) =>
    html(
      reply,
      show(request, 'page.follow', (context) => <Follow context={context} followed={null} />),
    ),
  );
  app.post(
    '/follow',
    { ...hide, config: { rateLimit: { max: 20, timeWindow: '1 minute' } } },
    async (request, reply) => {
      const { number, code } = request.body as Form;
      if (!caseNumber.safeParse(number).success) throw new InputProblem(404, 'not-found');
      const followed = await followCase(services, String(number), String(code));
      return html(
        reply,
        show(request, 'page.follow', (context) => <Follow context={context} followed={followed} />),
      );
    },
  );

  app.get('/upload/:token', hide, async (request, reply) => {
    const asked = await byToken(services, request);
    return html(
      reply,
      show(request, 'page.upload', (context) => (
        <UploadForm
          context={context}
          action={`/upload/${tokenOf(request)}`}
          kind={asked.kind}
          question={asked.question}
          letterNumber={asked.letterNumber}
        />
      )),
    );
  });
  app.post('/upload/:token', hide, async (request, reply) => {
    const asked = await byToken(services, request);
    await answer(services, request, asked, { kind: 'person', id: asked.addresseeId });
    return html(
      reply,
      show(request, 'page.upload-done', ({ text }) => <p class="lead">{text.say('page.upload-done-lead')}</p>),
    );
  });

  app.get('/requests', hide, async (request, reply) => {
    const person = signedIn(request);
    const requests = person.employeeId ? await services.documents.openOfAddressee(person.employeeId) : [];
    const readable = await services.vault.reveal(requests);
    return html(
      reply,
      show(request, 'page.requests', (context) => <Requests context={context} requests={readable} />),
    );
  });
  app.post('/requests/:id', hide, async (request, reply) => {
    const person = signedIn(request);
    const asked = await services.documents.find((request.params as { id: string }).id);
    // Somebody else's request and none at all look the same.
    if (asked?.state !== 'requested' || asked.addresseeId !== person.employeeId)
      throw new InputProblem(404, 'not-found');
    await answer(services, request, asked, actorOf(person));
    return reply.redirect('/requests', 303);
  });

  app.get('/cases', hide, async (request, reply) => {
    const { before } = request.query as { before?: string };
    const listed = await listCases(services, request, {
      before: /^[0-9A-Z]{26}$/.test(before ?? '') ? before : undefined,
      limit: 50,
    });
    return html(
      reply,
      show(request, 'page.cases', (context) => <Cases context={context} listed={listed} />),
    );
  });
  app.get('/cases/:number', hide, async (request, reply) => {
    const opened = await openCase(services, request, numberOf(request), 'case.read');
    const [caseFile, can, staff] = await Promise.all([
      readCaseFile(services, opened),
      allowedActions(services, signedIn(request), opened, actions),
      services.directory.all(),
    ]);
    const options = staff.map(
      (employee) => [employee.employeeId, `${employee.fullName}, ${employee.position}`] as const,
    );
    return html(
      reply,
      show(
        request,
        'page.case',
        (context) => <CasePage context={context} file={caseFile} can={can} staff={options} />,
        { number: opened.record.number },
      ),
    );
  });
  app.post('/cases/:number/documents', hide, async (request, reply) => {
    const { record } = await openCase(services, request, numberOf(request), 'document.upload');
    await receiveDocument(services, request, {
      caseId: record._id,
      subjectId: record.subjectId,
      by: actorOf(signedIn(request)),
      requestOf: (fields) => openRequest(services, record._id, fields),
    });
    return reply.redirect(`/cases/${record.number}`, 303);
  });
  for (const command of inspectionCommands)
    app.post(`/cases/:number/${command.name}`, hide, async (request, reply) => {
      await runCommand(
        services,
        request,
        numberOf(request),
        command,
        parseInput(command.body, filled(request.body as Form)),
      );
      return reply.redirect(`/cases/${numberOf(request)}`, 303);
    });
});

function html(reply: { type(value: string): { send(content: string): unknown } }, content: string): unknown {
  return reply.type('text/html; charset=utf-8').send(content);
}

function numberOf(request: FastifyRequest): string {
  const { number } = request.params as { number: string };
  if (!caseNumber.safeParse(number).success) throw new InputProblem(404, 'not-found');
  return number;
}

function tokenOf(request: FastifyRequest): string {
  return (request.params as { token: string }).token;
}

/** The open request of a one-time link. @throws InputProblem 404 when the link was used, replaced by a newer one, or never given. */
async function byToken(services: Services, request: FastifyRequest) {
  const asked = await services.documents.byUploadToken(tokenOf(request));
  if (asked?.state !== 'requested') throw new InputProblem(404, 'link-used');
  return services.vault.reveal(asked);
}

async function answer(
  services: Services,
  request: FastifyRequest,
  asked: { _id: string; caseId: string },
  by: { kind: 'person' | 'machine' | 'applicant' | 'worker' | 'system'; id: string },
): Promise<void> {
  const record = await services.cases.find(asked.caseId);
  if (!record) throw new InputProblem(404, 'not-found');
  await receiveDocument(services, request, {
    caseId: record._id,
    subjectId: record.subjectId,
    by,
    requestOf: () => services.documents.find(asked._id),
  });
}

/** The fields of a form that were filled in, without the token. */
function filled(form: Form): Form {
  return Object.fromEntries(Object.entries(form ?? {}).filter(([name, value]) => name !== '_csrf' && value !== ''));
}

/** An application as the public page's form has it, in the shape of the API. */
function application(form: Form, language: string): unknown {
  const { senderName, iin, bin, email, phone, facts, employees, thirdParties, periodFrom, periodTo, triggerKind } =
    filled(form);
  const lines = (value: unknown): string[] =>
    String(value ?? '')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
  return {
    triggerKind,
    sender: { name: senderName, iin, bin, email, phone },
    language: language === 'kk' ? 'kk' : 'ru',
    facts: facts === undefined ? [] : [facts],
    employees: lines(employees).map((name) => ({ name })),
    thirdParties: lines(thirdParties),
    ...(periodFrom || periodTo ? { period: { from: periodFrom, to: periodTo } } : {}),
  };
}
