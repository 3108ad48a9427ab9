import type { VNode } from 'preact';
import type { DocumentRequest } from '../../core/documents.js';
import type { listCases } from '../cases/routes.js';
import { Moment, type PageContext } from './layout.js';
import { UploadForm } from './public.js';

type Listed = Awaited<ReturnType<typeof listCases>>;

/** The cases that the reader may see, newest first, a page at a time. */
export function Cases({ context, listed }: { context: PageContext; listed: Listed }): VNode {
  const { text } = context;
  if (listed.cases.length === 0) return <p>{text.say('case.none')}</p>;
  return (
    <>
      <div class="scroll card" tabIndex={0} role="region" aria-label={text.say('page.cases')}>
        <table>
          <thead>
            <tr>
              {['field.number', 'field.state', 'field.unit', 'field.receivedAt', 'case.next-due'].map((key) => (
                <th scope="col">{text.say(key)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {listed.cases.map((row) => (
              <CaseRow context={context} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {listed.next && (
        <p>
          <a href={`/cases?before=${listed.next}`}>{text.say('page.older')}</a>
        </p>
      )}
    </>
  );
}

function CaseRow({ context, row }: { context: PageContext; row: Listed['cases'][number] }): VNode {
  const { text, organisation } = context;
  const next = row.clocks
    .flatMap(({ rule, state, dueAt }) => (state === 'running' && dueAt ? [{ rule, dueAt }] : []))
    .sort((a, b) => a.dueAt.localeCompare(b.dueAt))[0];
  const branch = organisation.branches.find(({ code }) => code === row.unit);
  return (
    <tr>
      <th scope="row">
        <a class="nowrap" href={`/cases/${row.number}`}>
          {row.number}
        </a>
      </th>
      <td>
        <span class={`badge ${row.state}`}>{text.say(`state.${row.state}`)}</span>{' '}
        {row.outcome && <small>{text.say(`outcome.${row.outcome}`)}</small>}
      </td>
      <td>{(branch ?? organisation.centralOffice).name[text.language]}</td>
      <td>
        <Moment at={new Date(row.receivedAt)} text={text} />
      </td>
      <td>
        {next && (
          <>
            <Moment at={new Date(next.dueAt)} text={text} /> <small>{next.rule}</small>{' '}
          </>
        )}
        {row.clocks.some(({ kept }) => kept === false) && (
          <span class="badge broken">{text.say('clock.was-broken')}</span>
        )}
      </td>
    </tr>
  );
}

/** What the reader is asked for: each request by the number of its own letter. */
export function Requests({ context, requests }: { context: PageContext; requests: DocumentRequest[] }): VNode {
  const { text } = context;
  if (requests.length === 0) return <p>{text.say('request.none')}</p>;
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
