import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { ComponentChildren, VNode } from 'preact';
import { loadDeadlineTable } from '../../core/deadline-table.js';
import type { Services } from '../../core/services.js';
import type { Text } from '../../core/text.js';
import { signedIn } from '../access.js';
import { listDeadlines, type Deadline, type DeadlineQuery } from '../deadlines/list.js';
import { deadlineQuery } from '../deadlines/routes.js';
import { parseInput } from '../faults.js';
import { Badge, Table } from './case-parts.js';
import { Choice } from './fields.js';
import { Stamp, contextOf, page, type PageContext } from './layout.js';

type Asked = Omit<DeadlineQuery, 'limit'>;
type Listed = Awaited<ReturnType<typeof listDeadlines>>;

/** The page of running clocks: `GET /deadlines`. */
export const deadlinePages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl: publicUrl.replace(/\/+$/, '') };
  const rules = [...new Set((await loadDeadlineTable()).rows.map(({ rule }) => rule))];
  app.get('/deadlines', { schema: { hide: true }, config: { access: 'clock.read' } }, async (request, reply) => {
    const person = signedIn(request);
    const given = Object.entries(request.query as Record<string, unknown>).filter(([, value]) => value !== '');
    const { lang: _lang, ...asked } = parseInput(deadlineQuery, Object.fromEntries(given));
    const listed = await listDeadlines(services, person, { ...asked, limit: 50 }, request.language);
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say('page.deadlines'), <Deadlines {...{ context, asked, listed, rules }} />));
  });
});

/** Running clocks, overdue on top, with what they can be narrowed down by. */
export function Deadlines({
  context,
  asked,
  listed,
  rules,
}: {
  context: PageContext;
  asked: Asked;
  listed: Listed;
  rules: readonly string[];
}): VNode {
  const { text } = context;
  const heads = ['field.number', 'clock.rule', 'clock.dueAt', 'field.state', 'field.unit', 'deadline.responsible'];
  const cells = (row: Deadline): ComponentChildren[] => cellsOf(context, asked, row);
  return (
    <section aria-label={text.say('page.deadlines')}>
      <Filter {...{ context, asked, listed, rules }} />
      {listed.deadlines.length === 0 ? (
        <p class="empty card">{text.say('deadline.none')}</p>
      ) : (
        <Table
          label={text.say('page.deadlines')}
          heads={heads.map((key) => text.say(key))}
          rows={listed.deadlines.map(cells)}
        />
      )}
      {listed.next && (
        <p class="pager">
          <a href={addressOf({ ...asked, after: listed.next })}>{text.say('deadline.later')}</a>
        </p>
      )}
      <p>
        <a href="/calendar">{text.say('page.calendar')}</a> · <a href="/notices">{text.say('page.notices')}</a>
      </p>
    </section>
  );
}

function Filter({
  context: { text, organisation },
  asked,
  listed,
  rules,
}: {
  context: PageContext;
  asked: Asked;
  listed: Listed;
  rules: readonly string[];
}): VNode {
  const any = text.say('deadline.any');
  const processes = Object.entries(organisation.acts).flatMap(([name, { on }]) => (on ? [name] : []));
  const units = [
    ['centralOffice', organisation.centralOffice.name[text.language]],
    ...organisation.branches.map(({ code, name }) => [code, name[text.language]] as const),
  ] as const;
  return (
    <form method="get" action="/deadlines" class="filter" role="search" aria-label={text.say('deadline.filter')}>
      <Choice
        label={text.say('deadline.process')}
        name="process"
        required={false}
        empty={any}
        value={asked.process}
        options={processes.map((name) => [name, text.say(`process.${name}`)])}
      />
      <Choice
        label={text.say('field.unit')}
        name="unit"
        required={false}
        empty={any}
        value={asked.unit}
        options={units}
      />
      <Choice
        label={text.say('deadline.responsible')}
        name="person"
        required={false}
        empty={any}
        value={asked.person}
        options={personsOf(text, asked, listed)}
      />
      <Choice
        label={text.say('clock.rule')}
        name="rule"
        required={false}
        empty={any}
        value={asked.rule}
        options={rules.map((rule) => [rule, rule])}
      />
      <button type="submit">{text.say('deadline.show')}</button>
    </form>
  );
}

/** Whom the list can be narrowed down to: the reader, and who is named in it; somebody asked for by id whom it doesn't name stays an id. */
function personsOf(text: Text, asked: Asked, { deadlines }: Listed): [id: string, shown: string][] {
  const named = new Map<string, string>([['me', text.say('deadline.me')]]);
  for (const { responsible } of deadlines)
    if (responsible?.employeeId) named.set(responsible.employeeId, responsible.name ?? responsible.employeeId);
  if (asked.person && !named.has(asked.person)) named.set(asked.person, asked.person);
  return [...named];
}

function cellsOf({ text, organisation }: PageContext, asked: Asked, row: Deadline): ComponentChildren[] {
  const unitName = (code: string | null): string =>
    (organisation.branches.find((branch) => branch.code === code) ?? organisation.centralOffice).name[text.language];
  const { responsible } = row;
  return [
    <a class="nowrap" href={`/cases/${row.caseNumber}#clocks`}>
      {row.caseNumber}
    </a>,
    <>
      <span class="nowrap">{row.rule}</span>{' '}
      <small>{text.has(`rule.${row.rule}`) && text.say(`rule.${row.rule}`)}</small>
    </>,
    <Stamp at={row.dueAt === null ? null : new Date(row.dueAt)} text={text} />,
    <Badge kind={clockKinds[row.state]}>{text.say(`deadline.state.${row.state}`)}</Badge>,
    row.unit === null ? '—' : unitName(row.unit),
    responsible === null ? (
      '—'
    ) : responsible.employeeId ? (
      <a href={addressOf({ ...asked, after: undefined, person: responsible.employeeId })}>
        {responsible.name ?? responsible.employeeId}
      </a>
    ) : (
      `${text.say(`deadline.role.${responsible.role}`)}, ${unitName(responsible.unit)}`
    ),
  ];
}

/** How each state of a clock looks among the badges. */
export const clockKinds = {
  overdue: 'broken',
  'target-passed': 'late',
  running: 'open',
  silent: '',
  uncounted: '',
} as const;

function addressOf(asked: Asked): string {
  const given = Object.entries(asked).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return `/deadlines?${new URLSearchParams(given).toString()}`;
}
