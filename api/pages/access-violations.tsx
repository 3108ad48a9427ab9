import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { ComponentChildren, VNode } from 'preact';
import { z } from 'zod';
import { violationKinds, type Violation } from '../../core/access-request/violations.js';
import { employeeWords } from '../../core/employee-words.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Services } from '../../core/services.js';
import { hasRoleFor, signedIn } from '../access.js';
import {
  listViolations,
  newViolation,
  report,
  violationAccess,
  violationReader,
} from '../access-request/violations.js';
import { parseInput } from '../faults.js';
import { Badge, Table, type Staff } from './case-parts.js';
import { Area, Choice, Faults, Field, FormContext, type Refused } from './fields.js';
import { filled, formOf, refusedOf } from './forms.js';
import { Csrf, Stamp, type PageContext } from './layout.js';
import type { Show } from './routes.js';

const pageQuery = z.strictObject({
  before: z
    .string()
    .regex(/^[0-9A-Z]{26}$/, { error: 'format' })
    .optional(),
  lang: z.string().optional(),
});

/** Violations of information security: who may reads them, and reports one by the form below: `/access-violations`. */
export const accessViolationPages = fp<{ services: Services; show: Show }>(
  async (app: FastifyInstance, { services, show }) => {
    const showPage = async (
      request: FastifyRequest,
      reply: FastifyReply,
      refused: Refused | null,
      before: string | null = null,
    ) => {
      const mayReport = hasRoleFor(signedIn(request), 'access-violation.report');
      const listed = await listViolations(services, before, 50);
      const staff: Staff = mayReport
        ? (await services.directory.all()).map((employee) => {
            const { name, position } = employeeWords(employee, request.language);
            return [employee.employeeId, `${name}, ${position}`] as const;
          })
        : [];
      return show(request, reply, 'page.violations', (context) => (
        <>
          <p class="lead">{context.text.say('violation.lead')}</p>
          {mayReport && <ReportForm {...{ context, staff, refused }} />}
          <List {...{ context, listed }} />
        </>
      ));
    };
    app.get('/access-violations', { schema: { hide: true }, config: { access: violationAccess } }, (request, reply) => {
      violationReader(request);
      const { before = null } = parseInput(pageQuery, filled(request.query as Record<string, string>));
      return showPage(request, reply, null, before);
    });
    const posted = { schema: { hide: true }, config: { access: 'access-violation.report' } } as const;
    app.post('/access-violations', posted, async (request, reply) => {
      const { idempotencyKey, ...form } = filled(formOf(request));
      try {
        const sent = { ...form, personalDataDisclosed: form['personalDataDisclosed'] === 'yes' };
        const key = typeof idempotencyKey === 'string' ? idempotencyKey : undefined;
        await report(services, request, parseInput(newViolation, sent), key);
      } catch (error) {
        const mendable = error instanceof InputProblem && error.status === 422;
        if (!mendable || !hasRoleFor(signedIn(request), 'access-violation.read')) throw error;
        request.access.shown = true;
        return showPage(
          request,
          reply.status(422),
          refusedOf(request, error, (path) => path, wordOf),
        );
      }
      return reply.redirect('/access-violations', 303);
    });
  },
);

const wordOf = (text: PageContext['text'], path: string): string =>
  text.has(`violation.field.${path}`) ? text.say(`violation.field.${path}`) : path;

function ReportForm({
  context,
  staff,
  refused,
}: {
  context: PageContext;
  staff: Staff;
  refused: Refused | null;
}): VNode {
  const { text } = context;
  const field = (name: string): { label: string; name: string } => ({ label: wordOf(text, name), name });
  const optional = text.say('field.optional');
  return (
    <details class="command" open={refused !== null}>
      <summary>{text.say('violation.report')}</summary>
      <FormContext.Provider value={{ id: 'violation', refused }}>
        <form method="post" action="/access-violations" class="stack">
          <Csrf context={context} />
          <input type="hidden" name="idempotencyKey" value={refused?.values['idempotencyKey']?.[0] ?? newId()} />
          <Faults text={text} />
          <Field {...field('login')} hint={text.say('violation.login-hint')} optional={optional} maxLength={300} />
          <Choice {...field('employeeId')} optional={optional} required={false} empty="—" options={staff} />
          <Choice
            {...field('kind')}
            empty={text.say('field.choose')}
            options={violationKinds.map((kind) => [kind, text.say(`violationKind.${kind}`)] as const)}
          />
          <Area {...field('facts')} />
          <Choice
            {...field('personalDataDisclosed')}
            required={false}
            empty={text.say('violation.no')}
            options={[['yes', text.say('violation.yes')]]}
          />
          <button type="submit">{text.say('violation.block')}</button>
        </form>
      </FormContext.Provider>
    </details>
  );
}

function List({
  context: { text },
  listed: { violations, next },
}: {
  context: PageContext;
  listed: Awaited<ReturnType<typeof listViolations>>;
}): VNode {
  if (violations.length === 0) return <p class="empty card">{text.say('violation.none')}</p>;
  const heads = ['number', 'reported', 'kind', 'facts', 'state'].map((name) => text.say(`violation.column.${name}`));
  return (
    <section aria-label={text.say('page.violations')}>
      <Table
        label={text.say('page.violations')}
        heads={heads}
        rows={violations.map((violation) => cellsOf(text, violation))}
      />
      {next && (
        <p class="pager">
          <a href={`/access-violations?before=${next}`}>{text.say('page.older')}</a>
        </p>
      )}
    </section>
  );
}

function cellsOf(text: PageContext['text'], violation: Violation): ComponentChildren[] {
  const { number, reportedAt, reportedBy, kind, login, employeeId, accountIds, referralId } = violation;
  // What was erased is null.
  const facts = violation.facts as string | null;
  return [
    <span class="nowrap">{number}</span>,
    <>
      <Stamp at={reportedAt} text={text} /> <small>{reportedBy}</small>
    </>,
    text.say(`violationKind.${kind}`),
    <>
      {[login, employeeId].filter(Boolean).join(', ')} {facts ?? '—'}
    </>,
    <>
      {accountIds === null ? (
        <Badge kind="late">{text.say('violation.waits')}</Badge>
      ) : (
        text.say('violation.blocked', { count: accountIds.length })
      )}
      {referralId && <small> {text.say('violation.referred')}</small>}
    </>,
  ];
}
