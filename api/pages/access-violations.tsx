import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { ComponentChildren, VNode } from 'preact';
import { z } from 'zod';
import { awaitsReview, reviewOutcomes, violationKinds, type Violation } from '../../core/access-request/violations.js';
import { employeeWords } from '../../core/employee-words.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { LetterRecord } from '../../core/letters.js';
import type { Services } from '../../core/services.js';
import { actorByRole, hasRoleFor, signedIn } from '../access.js';
import {
  listViolations,
  newViolation,
  report,
  review,
  violationAccess,
  violationNumber,
  violationReview,
} from '../access-request/violations.js';
import { parseInput } from '../faults.js';
import { readableRequests } from '../technical-request/routes.js';
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
  technicalRequest: z.string().max(15).optional(),
  lang: z.string().optional(),
});

/** Violations of information security: who may reads them, and reports one by the form below: `/access-violations`. */
export const accessViolationPages = fp<{ services: Services; show: Show }>(
  async (app: FastifyInstance, { services, show }) => {
    const showPage = async (
      request: FastifyRequest,
      reply: FastifyReply,
      refused: Refused | null,
      { before, technicalRequest = '' }: z.output<typeof pageQuery> = {},
    ) => {
      const mayReport = hasRoleFor(signedIn(request), 'access-violation.report');
      const mayReview = hasRoleFor(signedIn(request), 'access-violation.review');
      const listed = await listViolations(services, before ?? null, 50);
      const numbers = listed.violations.flatMap((violation) => listed.requestOf(violation) ?? []);
      const readable = await readableRequests(services, signedIn(request), numbers);
      const staff: Staff = mayReport
        ? (await services.directory.all()).map((employee) => {
            const { name, position } = employeeWords(employee, request.language);
            return [employee.employeeId, `${name}, ${position}`] as const;
          })
        : [];
      return show(request, reply, 'page.violations', (context) => (
        <>
          <p class="lead">{context.text.say('violation.lead')}</p>
          {mayReport && <ReportForm {...{ context, staff, refused, technicalRequest }} />}
          <List {...{ context, listed, mayReview, readable }} />
        </>
      ));
    };
    app.get('/access-violations', { schema: { hide: true }, config: { access: violationAccess } }, (request, reply) => {
      actorByRole(request, violationAccess);
      return showPage(request, reply, null, parseInput(pageQuery, filled(request.query as Record<string, string>)));
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
    const reviewed = { schema: { hide: true }, config: { access: 'access-violation.review' } } as const;
    app.post('/access-violations/:number/review', reviewed, async (request, reply) => {
      const { number } = parseInput(violationNumber, request.params);
      await review(services, request, number, parseInput(violationReview, filled(formOf(request))));
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
  technicalRequest,
}: {
  context: PageContext;
  staff: Staff;
  refused: Refused | null;
  /** Number of the request from whose page one comes; else empty. */
  technicalRequest: string;
}): VNode {
  const { text } = context;
  const field = (name: string): { label: string; name: string } => ({ label: wordOf(text, name), name });
  const optional = text.say('field.optional');
  return (
    <details class="command" open={refused !== null || technicalRequest !== ''}>
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
          <Area {...field('failure')} hint={text.say('violation.failure-hint')} required={false} optional={optional} />
          <Field
            {...field('technicalRequest')}
            hint={text.say('violation.request-hint')}
            optional={optional}
            maxLength={15}
            value={technicalRequest}
          />
          <button type="submit">{text.say('violation.block')}</button>
        </form>
      </FormContext.Provider>
    </details>
  );
}

function List({
  context,
  listed: { violations, requestOf, toCentre, next },
  mayReview,
  readable,
}: {
  context: PageContext;
  listed: Awaited<ReturnType<typeof listViolations>>;
  mayReview: boolean;
  /** Numbers of technical requests that the reader may read. */
  readable: ReadonlySet<string>;
}): VNode {
  const { text } = context;
  if (violations.length === 0) return <p class="empty card">{text.say('violation.none')}</p>;
  const heads = ['number', 'reported', 'kind', 'facts', 'state'].map((name) => text.say(`violation.column.${name}`));
  return (
    <section aria-label={text.say('page.violations')}>
      <Table
        label={text.say('page.violations')}
        heads={heads}
        rows={violations.map((violation) => {
          const request = requestOf(violation);
          return cellsOf(context, violation, {
            ...{ mayReview, request: request !== null && readable.has(request) ? request : null },
            letter: toCentre.get(violation.centreLetterId ?? '') ?? null,
          });
        })}
      />
      {next && (
        <p class="pager">
          <a href={`/access-violations?before=${next}`}>{text.say('page.older')}</a>
        </p>
      )}
    </section>
  );
}

function cellsOf(
  context: PageContext,
  violation: Violation,
  { mayReview, request, letter }: { mayReview: boolean; request: string | null; letter: LetterRecord['state'] | null },
): ComponentChildren[] {
  const { text } = context;
  const { number, reportedAt, reportedBy, kind, login, employeeId, accountIds, releasedIds, referralId } = violation;
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
      {releasedIds && <small> {text.say('violation.released', { count: releasedIds.length })}</small>}
      {referralId && <small> {text.say('violation.referred')}</small>}
      {request && (
        <small>
          {' '}
          {text.say('violation.also-failure')} <a href={`/cases/${request}`}>{request}</a>
        </small>
      )}
      <Review {...{ context, violation, mayReview }} />
      {violation.centreInformedAt && letter && (
        <p>
          {text.say('violation.centre')} <Stamp at={violation.centreInformedAt} text={text} />{' '}
          <Badge kind={letter}>{text.say(`letter.state.${letter}`)}</Badge>
        </p>
      )}
    </>,
  ];
}

/** AMB-ACC-15: what was said of a machine's report, or the form to say it. */
function Review({
  context,
  violation,
  mayReview,
}: {
  context: PageContext;
  violation: Violation;
  mayReview: boolean;
}): VNode | null {
  const { text } = context;
  const { number, review: said } = violation;
  if (said)
    return (
      <p>
        <Badge kind={said.outcome === 'confirmed' ? 'late' : 'kept'}>
          {text.say(`violationReview.${said.outcome}`)}
        </Badge>{' '}
        <Stamp at={said.at} text={text} /> <small>{said.by}</small> {said.note ?? '—'}
      </p>
    );
  if (!awaitsReview(violation)) return null;
  if (!mayReview) return <p>{text.say('violationReview.awaited')}</p>;
  return (
    <details class="command">
      <summary>{text.say('violation.review')}</summary>
      <form method="post" action={`/access-violations/${number}/review`} class="stack">
        <Csrf context={context} />
        <Choice
          label={text.say('violation.review.outcome')}
          name="outcome"
          empty={text.say('field.choose')}
          options={reviewOutcomes.map((outcome) => [outcome, text.say(`violationReview.${outcome}`)] as const)}
        />
        <Area label={text.say('violation.review.note')} name="note" />
        <button type="submit">{text.say('action.save')}</button>
      </form>
    </details>
  );
}
