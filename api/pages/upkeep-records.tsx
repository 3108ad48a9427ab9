import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { ComponentChildren, VNode } from 'preact';
import type { z } from 'zod';
import { employeeWords } from '../../core/employee-words.js';
import { InputProblem } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Services } from '../../core/services.js';
import { upkeepGaps, upkeepTerms, type UpkeepTerm } from '../../core/technical-request/upkeep-due.js';
import {
  kindFields,
  upkeepCauses,
  upkeepKinds,
  upkeepResults,
  upkeepScopes,
  type FieldOfKind,
  type UpkeepKind,
  type UpkeepRecord,
} from '../../core/technical-request/upkeep-records.js';
import { actorByRole, hasRoleFor, signedIn } from '../access.js';
import { instantOf, type Form } from '../cases/commands.js';
import { parseInput } from '../faults.js';
import {
  addUpkeepRecord,
  listUpkeep,
  newUpkeepRecord,
  upkeepAdding,
  upkeepPageQuery,
  upkeepReading,
} from '../technical-request/upkeep.js';
import { systemName } from './case-access.js';
import { addressOf } from './case-filters.js';
import { Badge, Table, type Staff } from './case-parts.js';
import { Area, Choice, Faults, Field, FormContext, type Refused } from './fields.js';
import { filled, formOf, keyOf, refusedOf } from './forms.js';
import { Csrf, Stamp, type PageContext } from './layout.js';
import type { Show } from './routes.js';

type Query = z.output<typeof upkeepPageQuery>;
type Listed = Awaited<ReturnType<typeof listUpkeep>>;
type Gaps = Awaited<ReturnType<typeof upkeepGaps>>;

/** Records of upkeep (R8, R17): what is due, the forms to add one, and the list: `/upkeep-records`. */
export const upkeepPages = fp<{ services: Services; show: Show }>(async (app: FastifyInstance, { services, show }) => {
  const showPage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    refused: (Refused & { kind: UpkeepKind }) | null,
    query: Query = {},
  ) => {
    const { before = null, lang: _lang, ...filter } = query;
    const now = services.clock.legalNow();
    const [terms, gaps, listed, everybody] = await Promise.all([
      upkeepTerms(services, now),
      upkeepGaps(services, now),
      listUpkeep(services, filter, before, 50),
      services.directory.all(),
    ]);
    const staff = everybody.map((employee) => {
      const { name, position } = employeeWords(employee, request.language);
      return [employee.employeeId, `${name}, ${position}`] as const;
    });
    const mayAdd = hasRoleFor(signedIn(request), upkeepAdding);
    return show(request, reply, 'page.upkeep', (context) => (
      <>
        <p class="lead">{context.text.say('upkeep.lead')}</p>
        <Systems context={context} />
        <Terms context={context} terms={terms} />
        <Gaps context={context} gaps={gaps} />
        {mayAdd && <Forms {...{ context, staff, refused }} />}
        <List {...{ context, query, listed, staff }} />
      </>
    ));
  };
  const hide = { schema: { hide: true } } as const;
  app.get('/upkeep-records', { ...hide, config: { access: upkeepReading } }, (request, reply) => {
    actorByRole(request, upkeepReading);
    const query = parseInput(upkeepPageQuery, filled(request.query as Record<string, string>));
    return showPage(request, reply, null, query);
  });
  app.post('/upkeep-records', { ...hide, config: { access: upkeepAdding } }, async (request, reply) => {
    actorByRole(request, upkeepAdding);
    const { idempotencyKey: _key, ...form } = filled(formOf(request));
    try {
      const body = parseInput(newUpkeepRecord, recordOf(form, services.organisation));
      await addUpkeepRecord(services, request, body, keyOf(request));
    } catch (error) {
      const kind = upkeepKinds.find((each) => each === form['kind']);
      const mendable = error instanceof InputProblem && error.status === 422;
      if (!mendable || !kind || !hasRoleFor(signedIn(request), upkeepReading)) throw error;
      request.access.shown = true;
      const refused = refusedOf(request, error, undefined, (text, path) => wordOf(text, path.replace(/\[\d+\]$/, '')));
      return showPage(request, reply.status(422), { ...refused, kind });
    }
    return reply.redirect('/upkeep-records', 303);
  });
});

/** A form in the shape of the API: its moment is one of the organisation's zone, and who is chosen alone is a list too. */
function recordOf(form: Form, { timeZone }: { timeZone: string }): unknown {
  const { performedAt, employeeIds } = form;
  return {
    ...form,
    ...(typeof performedAt === 'string' ? { performedAt: instantOf(performedAt, timeZone) } : {}),
    ...(employeeIds === undefined ? {} : { employeeIds: [employeeIds].flat() }),
  };
}

const wordOf = (text: PageContext['text'], path: string): string =>
  text.has(`upkeep.field.${path}`) ? text.say(`upkeep.field.${path}`) : path;

/** ACC-57, AMB-TECH-09: whose each system is, and who holds it. */
function Systems({ context }: { context: PageContext }): VNode {
  const { organisation, text } = context;
  const title = text.say('upkeep.systems');
  return (
    <section aria-labelledby="systems-title">
      <h2 id="systems-title">{title}</h2>
      <Table
        label={title}
        heads={['system', 'owner', 'possessor'].map((name) => text.say(`upkeep.column.${name}`))}
        rows={organisation.access.systems.map(({ code, owner, possessor = owner }) => [
          systemName(context, code),
          owner?.[text.language] ?? '—',
          possessor?.[text.language] ?? '—',
        ])}
      />
    </section>
  );
}

/** Each system with each periodic work that has a period: when it was done, and when it has to be done again. */
function Terms({ context, terms }: { context: PageContext; terms: readonly UpkeepTerm[] }): VNode {
  const { text } = context;
  const title = text.say('upkeep.terms');
  const states = { kept: 'kept', due: 'late', overdue: 'broken' } as const;
  return (
    <section aria-labelledby="terms-title">
      <h2 id="terms-title">{title}</h2>
      {terms.length === 0 ? (
        <p class="empty card">{text.say('upkeep.no-periods')}</p>
      ) : (
        <Table
          label={title}
          heads={['system', 'kind', 'every', 'last', 'due', 'state'].map((name) => text.say(`upkeep.column.${name}`))}
          rows={terms.map(({ system, kind, every, lastOn, dueOn, state }) => [
            systemName(context, system),
            text.say(`upkeepKind.${kind}`),
            everyWords(text, every),
            lastOn ? text.date(lastOn) : text.say('upkeep.never'),
            dueOn ? text.date(dueOn) : text.say('upkeep.at-once'),
            <Badge kind={states[state]}>{text.say(`upkeep.state.${state}`)}</Badge>,
          ])}
        />
      )}
    </section>
  );
}

const units: Readonly<Record<string, string>> = { D: 'days', W: 'weeks', M: 'months' };

/** A period of the settings in words, e.g. `7 days`. */
function everyWords(text: PageContext['text'], every: string): string {
  return text.say(`upkeep.every.${units[every.slice(-1)]}`, { count: Number(every.slice(1, -1)) });
}

/** R17(1): when nobody is on duty in the coming days. */
function Gaps({ context, gaps }: { context: PageContext; gaps: Gaps }): VNode | null {
  const { text } = context;
  if (gaps.length === 0) return null;
  return (
    <div class="notice">
      <p>{text.say('upkeep.nobody-on-duty')}</p>
      <ul>
        {gaps.map(({ system, gaps: spans }) => (
          <li>
            {systemName(context, system)}: {spans.map(({ from, to }) => spanWords(text, from, to)).join('; ')}
          </li>
        ))}
      </ul>
    </div>
  );
}

function spanWords(text: PageContext['text'], from: string, to: string): string {
  return from === to ? text.date(from) : `${text.date(from)} – ${text.date(to)}`;
}

/** A form for each kind, with what that kind asks. */
function Forms({
  context,
  staff,
  refused,
}: {
  context: PageContext;
  staff: Staff;
  refused: (Refused & { kind: UpkeepKind }) | null;
}): VNode {
  const { text } = context;
  return (
    <section aria-labelledby="record-title">
      <h2 id="record-title">{text.say('upkeep.record')}</h2>
      {upkeepKinds.map((kind) => (
        <KindForm {...{ context, staff, kind }} refused={refused?.kind === kind ? refused : null} />
      ))}
    </section>
  );
}

function KindForm({
  context,
  staff,
  kind,
  refused,
}: {
  context: PageContext;
  staff: Staff;
  kind: UpkeepKind;
  refused: Refused | null;
}): VNode {
  const { text, organisation } = context;
  const { needs, may } = kindFields[kind];
  const word = text.say(`upkeepKind.${kind}`);
  const optional = text.say('field.optional');
  const field = (name: string) => ({ label: wordOf(text, name), name });
  const coded = (prefix: string, codes: readonly string[]) => ({
    empty: text.say('field.choose'),
    options: codes.map((code) => [code, text.say(`${prefix}.${code}`)] as const),
  });
  const controls: Record<FieldOfKind, (required: boolean) => VNode> = {
    result: () => <Choice {...field('result')} {...coded('upkeepResult', upkeepResults)} />,
    technicalRequest: (required) => (
      <Field
        {...field('technicalRequest')}
        hint={text.say('upkeep.request-hint')}
        {...(required ? {} : { optional })}
        required={required}
        maxLength={15}
      />
    ),
    resolves: () => <Choice {...field('resolves')} {...coded('upkeepCause', upkeepCauses)} />,
    scope: () => <Choice {...field('scope')} {...coded('upkeepScope', upkeepScopes)} />,
    from: () => <Field {...field('from')} type="date" required />,
    to: () => <Field {...field('to')} type="date" required />,
    employeeIds: () => (
      <Choice {...field('employeeIds')} hint={text.say('upkeep.employees-hint')} many options={staff} />
    ),
    since: () => <Field {...field('since')} type="date" required />,
    centre: () => <Field {...field('centre')} required maxLength={300} />,
  };
  return (
    <details class="command" open={refused !== null}>
      <summary>{word.charAt(0).toLocaleUpperCase(text.language) + word.slice(1)}</summary>
      <FormContext.Provider value={{ id: `upkeep-${kind}`, refused }}>
        <form method="post" action="/upkeep-records" class="stack">
          <Csrf context={context} />
          <input type="hidden" name="idempotencyKey" value={refused?.values['idempotencyKey']?.[0] ?? newId()} />
          <input type="hidden" name="kind" value={kind} />
          <Faults text={text} />
          <Choice
            {...field('system')}
            empty={text.say('field.choose')}
            options={organisation.access.systems.map(({ code }) => [code, systemName(context, code)])}
          />
          <Field {...field('performedAt')} type="datetime-local" required />
          {needs.map((name) => controls[name](true))}
          {may.map((name) => controls[name](false))}
          <Field {...field('sha256')} optional={optional} maxLength={64} spellcheck={false} />
          <Area {...field('remark')} required={false} optional={optional} />
          <Field {...field('corrects')} hint={text.say('upkeep.corrects-hint')} optional={optional} maxLength={15} />
          <button type="submit">{text.say('upkeep.add')}</button>
        </form>
      </FormContext.Provider>
    </details>
  );
}

function List({
  context,
  query,
  listed: { records, corrections, next },
  staff,
}: {
  context: PageContext;
  query: Query;
  listed: Listed;
  staff: Staff;
}): VNode {
  const { text, organisation } = context;
  const { before: _before, lang: _lang, ...filter } = query;
  const title = text.say('upkeep.list');
  const names = new Map(staff);
  const any = { required: false, empty: text.say('register.any') } as const;
  return (
    <section aria-labelledby="list-title">
      <h2 id="list-title">{title}</h2>
      <form method="get" action="/upkeep-records" class="filter" aria-label={text.say('register.filters')}>
        <Choice
          {...any}
          label={wordOf(text, 'kind')}
          name="kind"
          value={query.kind}
          options={upkeepKinds.map((kind) => [kind, text.say(`upkeepKind.${kind}`)])}
        />
        <Choice
          {...any}
          label={wordOf(text, 'system')}
          name="system"
          value={query.system}
          options={organisation.access.systems.map(({ code }) => [code, systemName(context, code)])}
        />
        <button type="submit">{text.say('register.show')}</button>
      </form>
      {records.length === 0 ? (
        <p class="empty card">{text.say('upkeep.none')}</p>
      ) : (
        <Table
          label={title}
          heads={['number', 'performed', 'kind', 'system', 'result', 'details', 'recorded'].map((name) =>
            text.say(`upkeep.column.${name}`),
          )}
          rows={records.map((record) =>
            cellsOf(context, record, { correctedBy: corrections.get(record.number) ?? null, names }),
          )}
        />
      )}
      <p class="pager">
        {next && <a href={`/upkeep-records?${addressOf({ ...filter, before: next })}`}>{text.say('page.older')}</a>}
        <a href={`/api/upkeep-records.csv?${addressOf({ ...filter, lang: text.language })}`}>
          {text.say('register.csv')}
        </a>
      </p>
    </section>
  );
}

function cellsOf(
  context: PageContext,
  record: UpkeepRecord,
  { correctedBy, names }: { correctedBy: string | null; names: ReadonlyMap<string, string> },
): ComponentChildren[] {
  const { text } = context;
  const { number, performedAt, kind, system, result, recordedBy, recordedAt } = record;
  return [
    <span class="nowrap">{number}</span>,
    <Stamp at={performedAt} text={text} />,
    text.say(`upkeepKind.${kind}`),
    systemName(context, system),
    <>
      {result === null ? (
        '—'
      ) : (
        <Badge kind={result === 'done' ? 'kept' : 'failed'}>{text.say(`upkeepResult.${result}`)}</Badge>
      )}
      {correctedBy && <small> {text.say('upkeep.corrected-by', { number: correctedBy })}</small>}
    </>,
    <Details {...{ text, record, names }} />,
    <>
      <Stamp at={recordedAt} text={text} /> <small>{recordedBy}</small>
    </>,
  ];
}

function Details({
  text,
  record,
  names,
}: {
  text: PageContext['text'];
  record: UpkeepRecord;
  names: ReadonlyMap<string, string>;
}): VNode {
  const { technicalRequest, resolves, scope, from, to, employeeIds, since, centre, sha256, remark, corrects } = record;
  const lines: ComponentChildren[] = [
    technicalRequest && (
      <>
        {text.say(resolves ? `upkeepCause.${resolves}` : 'upkeep.field.technicalRequest')}:{' '}
        <a href={`/cases/${technicalRequest}`} class="nowrap">
          {technicalRequest}
        </a>
      </>
    ),
    scope && text.say(`upkeepScope.${scope}`),
    from && to && spanWords(text, from, to),
    employeeIds?.map((id) => names.get(id) ?? id).join('; '),
    since && `${text.say('upkeep.field.since')}: ${text.date(since)}`,
    centre,
    sha256 && (
      <>
        SHA-256 <code>{sha256}</code>
      </>
    ),
    remark && <span class="text">{remark}</span>,
    corrects && text.say('upkeep.corrects', { number: corrects }),
  ].filter(Boolean);
  return lines.length === 0 ? (
    <>—</>
  ) : (
    <>
      {lines.map((line) => (
        <div>{line}</div>
      ))}
    </>
  );
}
