import type { ComponentChildren, VNode } from 'preact';
import type { DocumentRequest } from '../../core/documents.js';
import type { listCases, RegisterQuery } from '../cases/register.js';
import { Badge, Table } from './case-parts.js';
import { Stamp, type PageContext } from './layout.js';
import { UploadForm } from './public.js';
import { addressOf, CaseFilters } from './case-filters.js';

type Listed = Awaited<ReturnType<typeof listCases>>;

/** The cases that the reader may see, newest first, a page at a time. */
export function Cases({
  context,
  listed,
  query,
}: {
  context: PageContext;
  listed: Listed;
  query: RegisterQuery;
}): VNode {
  return (
    <>
      <CaseFilters context={context} query={query} />
      <CaseList context={context} listed={listed} query={query} />
    </>
  );
}

function CaseList({ context, listed, query }: Parameters<typeof Cases>[0]): VNode {
  const { text } = context;
  const narrowed = Object.entries(query).some(([name, value]) => name !== 'lang' && value !== undefined);
  if (listed.cases.length === 0) return <p class="empty card">{text.say(narrowed ? 'register.none' : 'case.none')}</p>;
  const heads = ['field.number', 'field.state', 'field.unit', 'field.receivedAt', 'case.next-due'];
  return (
    <section aria-label={text.say('page.cases')}>
      <Table
        label={text.say('page.cases')}
        heads={heads.map((key) => text.say(key))}
        rows={listed.cases.map((row) => cellsOf(context, row))}
      />
      <p class="pager">
        {listed.next && <a href={`/cases?${addressOf({ ...query, before: listed.next })}`}>{text.say('page.older')}</a>}
        <a href={`/api/cases.csv?${addressOf({ ...query, lang: text.language })}`}>{text.say('register.csv')}</a>
      </p>
    </section>
  );
}

function cellsOf({ text, organisation }: PageContext, row: Listed['cases'][number]): ComponentChildren[] {
  const next = row.clocks
    .flatMap(({ rule, state, dueAt }) => (state === 'running' && dueAt ? [{ rule, dueAt }] : []))
    .sort((a, b) => a.dueAt.localeCompare(b.dueAt))[0];
  const branch = organisation.branches.find(({ code }) => code === row.unit);
  return [
    <a class="nowrap" href={`/cases/${row.number}`}>
      {row.number}
    </a>,
    <>
      <Badge kind={row.state}>{text.say(`state.${row.state}`)}</Badge>{' '}
      {row.outcome && <small>{text.say(`outcome.${row.outcome}`)}</small>}
    </>,
    (branch ?? organisation.centralOffice).name[text.language],
    <Stamp at={new Date(row.receivedAt)} text={text} />,
    <>
      {next ? (
        <>
          <Stamp at={new Date(next.dueAt)} text={text} /> <small class="nowrap">{next.rule}</small>{' '}
        </>
      ) : (
        '—'
      )}{' '}
      {row.clocks.some(({ kept }) => kept === false) && <Badge kind="broken">{text.say('clock.was-broken')}</Badge>}
    </>,
  ];
}

/** What the reader is asked for: each request by the number of its own letter. */
export function Requests({ context, requests }: { context: PageContext; requests: DocumentRequest[] }): VNode {
  const { text } = context;
  if (requests.length === 0) return <p class="empty card">{text.say('request.none')}</p>;
  return (
    <>
      {requests.map((request) => (
        <UploadForm
          context={context}
          action={`/requests/${request._id}`}
          kind={request.kind}
          question={request.question}
          letterNumber={request.letterNumber}
        />
      ))}
    </>
  );
}
