import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { paperPdf } from '../../core/paper-pdf.js';
import { searchIndex } from '../../core/search-index.js';
import type { Services } from '../../core/services.js';
import {
  journalAccess,
  journalColumns,
  journalPageQuery,
  journalPaper,
  journalQuery,
  listJournal,
  printedRow,
  type JournalQuery,
} from '../access-request/journal.js';
import { actorByRole, signedIn } from '../access.js';
import { parseInput } from '../faults.js';
import { addressOf } from './case-filters.js';
import { Table } from './case-parts.js';
import { Field } from './fields.js';
import { filled, formOf } from './forms.js';
import { Csrf, type PageContext } from './layout.js';
import type { Show } from './routes.js';

/** The journal of Appendix 1 as a page and as PDF: `GET /access-journal`, `GET /access-journal/print`. */
export const accessJournalPages = fp<{ services: Services; show: Show }>(
  async (app: FastifyInstance, { services, show }) => {
    const logged = { schema: { hide: true }, config: { access: journalAccess } } as const;
    app.get('/access-journal', logged, async (request, reply) => {
      actorByRole(request, journalAccess);
      const { before = null, ...query } = parseInput(journalPageQuery, filled(request.query as Record<string, string>));
      const { rows, next } = await listJournal(services, query, before, 50);
      const cells = rows.map((row) => printedRow(services, request.text, row));
      return show(request, reply, 'page.access-journal', (context) => (
        <Journal {...{ context, query, cells, next, numbers: rows.map(({ caseNumber }) => caseNumber) }} />
      ));
    });
    app.get('/access-journal/print', logged, async (request, reply) => {
      actorByRole(request, journalAccess);
      const { login, name = login } = signedIn(request);
      const query = parseInput(journalQuery, filled(request.query as Record<string, string>));
      const paper = await journalPaper(services, request.text, query, name);
      return reply
        .type('application/pdf')
        .header('content-disposition', 'attachment; filename="access-journal.pdf"')
        .header('cache-control', 'no-store')
        .send(await paperPdf(paper));
    });
    // By a form: a name must not stand in an address.
    app.post('/access-journal/search', logged, (request, reply) => {
      actorByRole(request, journalAccess);
      const { value } = formOf(request);
      const typed = typeof value === 'string' ? value.slice(0, 500).trim() : '';
      const query = typed ? { person: searchIndex(services.vault, typed) } : {};
      return reply.redirect(`/access-journal?${addressOf(query)}`, 303);
    });
  },
);

function Journal({
  context,
  query,
  cells,
  numbers,
  next,
}: {
  context: PageContext;
  query: JournalQuery;
  cells: readonly (readonly string[])[];
  /** Of each row, the number of its request. */
  numbers: readonly (string | null)[];
  next: number | null;
}): VNode {
  const { text } = context;
  const { lang: _lang, ...narrowed } = query;
  const download = addressOf({ ...narrowed, lang: text.language });
  return (
    <section aria-label={text.say('page.access-journal')}>
      <p class="lead">{text.say('journal.lead')}</p>
      <Filters context={context} query={query} />
      {cells.length === 0 ? (
        <p class="empty card">{text.say('journal.none')}</p>
      ) : (
        <Table
          label={text.say('page.access-journal')}
          heads={journalColumns.map((name) => text.say(`journal.column.${name}`))}
          rows={cells.map((row, at) => [...row.slice(0, -1), noteOf(row.at(-1) ?? '', numbers[at])])}
        />
      )}
      <p class="pager">
        {next && (
          <a href={`/access-journal?${addressOf({ ...query, before: String(next) })}`}>{text.say('page.older')}</a>
        )}
        <a href={`/access-journal/print?${download}`}>{text.say('journal.pdf')}</a>
        <a href={`/api/access-journal.csv?${download}`}>{text.say('register.csv')}</a>
      </p>
    </section>
  );
}

function noteOf(note: string, number: string | null | undefined): VNode {
  return number ? <a href={`/cases/${number}`}>{note}</a> : <>{note}</>;
}

function Filters({ context, query }: { context: PageContext; query: JournalQuery }): VNode {
  const { text } = context;
  return (
    <section class="screen" aria-label={text.say('register.search')}>
      <form method="post" action="/access-journal/search" class="stack">
        <Csrf context={context} />
        <Field label={text.say('register.value')} name="value" hint={text.say('journal.value-hint')} maxLength={500} />
        <button type="submit">{text.say('register.search')}</button>
      </form>
      {query.person && (
        <p class="notice">
          {text.say('register.found-by-person')} <a href="/access-journal">{text.say('journal.all')}</a>
        </p>
      )}
      <form method="get" action="/access-journal" class="filter" aria-label={text.say('register.filters')}>
        {query.person && <input type="hidden" name="person" value={query.person} />}
        <Field label={text.say('journal.from')} name="from" type="date" value={query.from} />
        <Field label={text.say('journal.to')} name="to" type="date" value={query.to} />
        <button type="submit">{text.say('register.show')}</button>
      </form>
    </section>
  );
}
