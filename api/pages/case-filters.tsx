import type { VNode } from 'preact';
import { outcomes, type RegisterQuery } from '../cases/register.js';
import { processes } from '../cases/shapes.js';
import { Choice, Field } from './fields.js';
import { Csrf, type PageContext } from './layout.js';

/** A query as an address has it, without what narrows nothing. */
export function addressOf(query: Record<string, string | undefined>): string {
  return new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] => (value ? [[name, value]] : [])),
  ).toString();
}

/** Search by one exact value, and what narrows the list. Filters stand in the address; what is searched for may be personal and does not. */
export function CaseFilters({ context, query }: { context: PageContext; query: RegisterQuery }): VNode {
  const { text, organisation } = context;
  const { number, person, lang: _lang, ...filters } = query;
  const { language } = text;
  const any = text.say('register.any');
  const choice = { required: false, empty: any } as const;
  const units = [
    ['centralOffice', organisation.centralOffice.name[language]] as const,
    ...organisation.branches.map(({ code, name }) => [code, `${name[language]} (${code})`] as const),
  ];
  const named = (prefix: string, values: readonly string[]) =>
    values.map((value) => [value, text.say(`${prefix}.${value}`)] as const);
  return (
    <section class="screen" aria-label={text.say('register.search')}>
      <form method="post" action="/cases/search" class="stack">
        <Csrf context={context} />
        <Field label={text.say('register.value')} name="value" hint={text.say('register.value-hint')} maxLength={500} />
        <button type="submit">{text.say('register.search')}</button>
      </form>
      {(number ?? person) && (
        <p class="notice">
          {number ? text.say('register.found-by-number', { number }) : text.say('register.found-by-person')}{' '}
          <a href="/cases">{text.say('register.all')}</a>
        </p>
      )}
      <details class="command" open={Object.values(filters).some((value) => value !== undefined)}>
        <summary>{text.say('register.filters')}</summary>
        <form method="get" action="/cases" class="stack wide">
          {person && <input type="hidden" name="person" value={person} />}
          <div class="row">
            <Choice
              {...choice}
              label={text.say('field.state')}
              name="state"
              value={query.state}
              options={named('state', ['open', 'closed', 'voided'])}
            />
            <Choice
              {...choice}
              label={text.say('register.process')}
              name="process"
              value={query.process}
              options={named('process', processes)}
            />
            <Choice {...choice} label={text.say('field.unit')} name="unit" value={query.unit} options={units} />
            <Choice
              {...choice}
              label={text.say('field.outcome')}
              name="outcome"
              value={query.outcome}
              options={named('outcome', outcomes)}
            />
            <Choice
              {...choice}
              label={text.say('register.broken')}
              name="broken"
              value={query.broken}
              options={[
                ['true', text.say('register.broken-yes')],
                ['false', text.say('register.broken-no')],
              ]}
            />
            <Field label={text.say('register.from')} name="from" type="date" value={query.from} />
            <Field label={text.say('register.to')} name="to" type="date" value={query.to} />
          </div>
          <p>
            <button type="submit">{text.say('register.show')}</button> <a href="/cases">{text.say('register.all')}</a>
          </p>
        </form>
      </details>
    </section>
  );
}
