import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { ComponentChildren, VNode } from 'preact';
import type { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { readsAccessLog, signedIn } from '../access.js';
import { accessLogQuery, listAccesses } from '../cases/access-log.js';
import { parseInput } from '../faults.js';
import { addressOf } from './case-filters.js';
import { Badge, Table } from './case-parts.js';
import { Field } from './fields.js';
import { filled } from './forms.js';
import { contextOf, page, Stamp, type PageContext } from './layout.js';

type Asked = z.output<typeof accessLogQuery>;
type Listed = Awaited<ReturnType<typeof listAccesses>>;

/** The access log as a page for auditors: `GET /audit/access-log`. */
export const accessLogPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };
  const logged = { schema: { hide: true }, config: { access: 'access-log.read' } } as const;
  app.get('/audit/access-log', logged, async (request, reply) => {
    const person = signedIn(request);
    if (!readsAccessLog(person)) throw new InputProblem(403, 'forbidden');
    const asked = parseInput(accessLogQuery, filled(request.query as Record<string, string>));
    const listed = await listAccesses(services, person, { ...asked, limit: 50 });
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say('page.access-log'), <Accesses {...{ context, asked, listed }} />));
  });
});

function Accesses({ context, asked, listed }: { context: PageContext; asked: Asked; listed: Listed }): VNode {
  const { text } = context;
  const heads = ['at', 'who', 'outcome', 'action', 'case', 'route'].map((name) => text.say(`access.${name}`));
  return (
    <section aria-label={text.say('page.access-log')}>
      <p class="lead">{text.say('access.lead')}</p>
      <form
        method="get"
        action="/audit/access-log"
        class="filter"
        role="search"
        aria-label={text.say('deadline.filter')}
      >
        <Field label={text.say('access.who')} name="login" value={asked.login} maxLength={128} />
        <Field label={text.say('field.number')} name="case" value={asked.case} maxLength={15} />
        <Field label={text.say('access.from')} name="from" type="date" value={asked.from ?? asked.day} />
        <Field label={text.say('access.to')} name="to" type="date" value={asked.to ?? asked.day} />
        <button type="submit">{text.say('deadline.show')}</button>
      </form>
      {listed.entries.length === 0 ? (
        <p class="empty card">{text.say('access.none')}</p>
      ) : (
        <Table
          label={text.say('page.access-log')}
          heads={heads}
          rows={listed.entries.map((entry) => cellsOf(text, entry))}
        />
      )}
      <p class="pager">
        {listed.next && (
          <a href={`/audit/access-log?${addressOf({ ...asked, before: listed.next })}`}>{text.say('page.older')}</a>
        )}
        <a href={`/api/access-log?${addressOf({ ...asked, before: undefined })}`}>{text.say('audit.access-log')}</a>
      </p>
    </section>
  );
}

function cellsOf(text: PageContext['text'], entry: Listed['entries'][number]): ComponentChildren[] {
  const { at, type, by, action, caseNumber, subject, method, route, status } = entry;
  return [
    <Stamp at={new Date(at)} text={text} />,
    <>
      {by.id}
      {by.onBehalfOf && ` ${text.say('trail.on-behalf-of')} ${by.onBehalfOf}`}
    </>,
    <>
      <Badge kind={type === 'personal-data.read' ? '' : 'late'}>{text.say(`access.${type}`)}</Badge>{' '}
      <small>{status}</small>
    </>,
    action ? <code>{action}</code> : '—',
    <>
      {caseNumber ? (
        <a class="nowrap" href={`/cases/${caseNumber}`}>
          {caseNumber}
        </a>
      ) : (
        '—'
      )}{' '}
      {subject && <code class="hash">{subject}</code>}
    </>,
    <code>{`${method} /${route}`}</code>,
  ];
}
