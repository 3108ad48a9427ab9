import type { VNode } from 'preact';
import type { DocumentRequest } from '../../core/documents.js';
import type { listCases } from '../cases/routes.js';
import { Moment, type PageContext } from './layout.js';
import { UploadForm } from './public.js';

type Listed = Awaited<ReturnType<typeof listCases>>;

/** The cases that the reader may see, newest first, a page at a time. */
export function Cases({ context: { text }, listed }: { context: PageContext; listed: Listed }): VNode {
  return (
    <>
      {listed.cases.length === 0 && <p>{text.say('case.none')}</p>}
      <div class="scroll" tabIndex={0} role="region" aria-label={text.say('page.cases')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{text.say('field.number')}</th>
              <th scope="col">{text.say('field.state')}</th>
              <th scope="col">{text.say('field.receivedAt')}</th>
              <th scope="col">{text.say('case.clocks')}</th>
            </tr>
          </thead>
          <tbody>
            {listed.cases.map((row) => {
              const running = row.clocks.filter((clock) => clock.state === 'running' && clock.dueAt);
              const next = running.map((clock) => clock.dueAt!).sort()[0];
              const broken = row.clocks.some((clock) => clock.kept === false);
              return (
                <tr>
                  <th scope="row">
                    <a href={`/cases/${row.number}`}>{row.number}</a>
                  </th>
                  <td>
                    <span class={`badge ${row.state}`}>{text.say(`state.${row.state}`)}</span>{' '}
                    {row.outcome && text.say(`outcome.${row.outcome}`)}
                  </td>
                  <td>
                    <Moment at={new Date(row.receivedAt)} text={text} />
                  </td>
                  <td>
                    {next && <Moment at={new Date(next)} text={text} />}
                    {broken && <span class="badge broken">{text.say('clock.was-broken')}</span>}
                  </td>
                </tr>
              );
            })}
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

/** What the reader is asked for: each request by the number of its own letter. */
export function Requests({
  context,
  requests,
}: {
  context: PageContext;
  requests: (DocumentRequest & { question: string | null })[];
}): VNode {
  const { text } = context;
  return (
    <>
      {requests.length === 0 && <p>{text.say('request.none')}</p>}
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
