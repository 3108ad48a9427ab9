import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Employee } from '../../core/directory.js';
import { InputProblem } from '../../core/errors.js';
import { dayNumber, localDay, startOfDay } from '../../core/legal-day.js';
import type { Person } from '../../core/people.js';
import type { Services } from '../../core/services.js';
import type { Substitution } from '../../core/substitutions.js';
import { actorOf, signedIn } from '../access.js';
import { cursorForm, cursorOf, wordOf } from '../deadlines/list.js';
import { parseInput } from '../faults.js';
import { Table } from './case-parts.js';
import { Field } from './fields.js';
import { filled, formOf } from './forms.js';
import { Csrf, contextOf, page, type PageContext } from './layout.js';

const query = z.strictObject({
  after: z.string().regex(cursorForm, { error: 'id' }).optional(),
  lang: z.string().optional(),
});
const colleague = z.string().trim().min(1).max(128);
const newSubstitution = z.strictObject({
  principal: colleague.optional(),
  substitute: colleague,
  from: z.iso.date(),
  until: z.iso.date(),
});

/** So many rows at once. */
const limit = 50;

interface Listed {
  rows: (Substitution & { principal: string; substitute: string; mayEnd: boolean })[];
  next: string | null;
}

/**
 * Who acts for whom (`/substitutions`): everybody arranges his own substitute, the head of a unit those of its people, an administrator any.
 */
export const substitutionPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, database, directory, substitutions, clock } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };

  /** Ids of those whose substitutes somebody arranges; null for everybody's. */
  const arranges = async (person: Person): Promise<Set<string> | null> => {
    if (person.roles.includes('administrator')) return null;
    const { employeeId, unitId } = person;
    if (employeeId === null || unitId === null) return new Set();
    const head = await directory.headOf(unitId);
    return new Set(head?.employeeId === employeeId ? await directory.idsOfUnit(unitId) : [employeeId]);
  };
  const mustArrange = async (person: Person, principalId: string): Promise<void> => {
    const whose = await arranges(person);
    if (whose && !whose.has(principalId)) throw new InputProblem(403, 'forbidden');
  };
  const colleagueBy = async (field: string, given: string): Promise<Employee> => {
    const found = (await directory.byLogin(given)) ?? (await directory.employee(given));
    if (!found?.active) throw refusal(field, 'unknown-employee');
    return found;
  };

  const list = async (person: Person, after: string | undefined): Promise<Listed> => {
    const whose = await arranges(person);
    const filter = whose && { principalIds: [...whose], substituteId: person.employeeId ?? '' };
    const cursor = after === undefined ? null : cursorOf(after);
    const found = await substitutions.list(
      filter,
      cursor && { until: cursor.dueAt ?? new Date(0), id: cursor.id },
      limit + 1,
    );
    const shown = found.slice(0, limit);
    const ids = new Set(shown.flatMap(({ principalId, substituteId }) => [principalId, substituteId]));
    const employees = await Promise.all([...ids].map((id) => directory.employee(id)));
    const names = new Map(
      employees.flatMap((employee) => (employee ? [[employee.employeeId, employee.fullName]] : [])),
    );
    const last = found.length > limit ? shown.at(-1) : undefined;
    return {
      rows: shown.map((each) => ({
        ...each,
        principal: names.get(each.principalId) ?? each.principalId,
        substitute: names.get(each.substituteId) ?? each.substituteId,
        mayEnd: whose === null || whose.has(each.principalId),
      })),
      next: last ? wordOf({ dueAt: last.until, id: last._id }) : null,
    };
  };

  const show = (request: FastifyRequest, reply: FastifyReply, listed: Listed): FastifyReply => {
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page(context, request.text.say('page.substitutions'), <Shown {...{ context, listed }} />));
  };
  const personal = { schema: { hide: true }, config: { access: 'substitution.read' } } as const;

  app.get('/substitutions', personal, async (request, reply) => {
    const { after } = parseInput(query, request.query);
    return show(request, reply, await list(signedIn(request), after));
  });

  app.post('/substitutions', { ...personal, config: { access: 'substitution.make' } }, async (request, reply) => {
    const person = signedIn(request);
    const given = parseInput(newSubstitution, filled(formOf(request)));
    const named = given.principal ?? person.login;
    // Who may arrange nobody's but his own learns of nobody whether he is in the directory.
    const whose = await arranges(person);
    if (whose && whose.size <= 1 && named !== person.login && !whose.has(named))
      throw new InputProblem(403, 'forbidden');
    const principal = await colleagueBy('principal', named);
    await mustArrange(person, principal.employeeId);
    const substitute = await colleagueBy('substitute', given.substitute);
    if (substitute.employeeId === principal.employeeId) throw refusal('substitute', 'same-person');
    if (substitute.branchCode !== principal.branchCode) throw refusal('substitute', 'other-branch');
    const zone = organisation.timeZone;
    const from = new Date(startOfDay(dayNumber(given.from), zone));
    const until = new Date(startOfDay(dayNumber(given.until) + 1, zone));
    if (until <= from || until <= clock.legalNow()) throw refusal('until', 'ends-before');
    await database.transaction(actorOf(person), (tx) =>
      substitutions.make(tx, {
        principalId: principal.employeeId,
        substituteId: substitute.employeeId,
        ...{ from, until },
      }),
    );
    return reply.redirect('/substitutions', 303);
  });

  app.post(
    '/substitutions/:id/end',
    { ...personal, config: { access: 'substitution.end' } },
    async (request, reply) => {
      const person = signedIn(request);
      const found = await substitutions.find((request.params as { id: string }).id);
      const whose = await arranges(person);
      if (!found || (whose && !whose.has(found.principalId))) throw new InputProblem(404, 'not-found');
      await database.transaction(actorOf(person), (tx) => substitutions.end(tx, found._id));
      return reply.redirect('/substitutions', 303);
    },
  );
});

function refusal(field: string, code: string): InputProblem {
  return new InputProblem(422, 'validation', [{ field, code }]);
}

function Shown({ context, listed }: { context: PageContext; listed: Listed }): VNode {
  const { text } = context;
  const { timeZone } = context.organisation;
  const heads = [
    ...['principal', 'substitute', 'from', 'until'].map((name) => text.say(`field.${name}`)),
    text.say('substitution.ending'),
  ];
  return (
    <>
      <p class="lead">{text.say('substitution.lead')}</p>
      {listed.rows.length === 0 ? (
        <p class="empty card">{text.say('substitution.none')}</p>
      ) : (
        <Table
          label={text.say('page.substitutions')}
          heads={heads}
          rows={listed.rows.map((row) => [
            row.principal,
            row.substitute,
            text.date(localDay(row.from, timeZone)),
            text.date(localDay(new Date(row.until.getTime() - 1), timeZone)),
            row.mayEnd ? (
              <form method="post" action={`/substitutions/${row._id}/end`}>
                <Csrf context={context} />
                <button type="submit" class="quiet">
                  {text.say('substitution.end')}
                </button>
              </form>
            ) : (
              '—'
            ),
          ])}
        />
      )}
      {listed.next && (
        <p class="pager">
          <a href={`/substitutions?after=${listed.next}`}>{text.say('tasks.more')}</a>
        </p>
      )}
      <form method="post" action="/substitutions" class="card stack">
        <h2>{text.say('substitution.new')}</h2>
        <Csrf context={context} />
        <Field
          label={text.say('field.principal')}
          name="principal"
          value={context.person?.login}
          hint={text.say('substitution.principal-hint')}
          required
          maxLength={128}
        />
        <Field
          label={text.say('field.substitute')}
          name="substitute"
          hint={text.say('substitution.substitute-hint')}
          required
          maxLength={128}
        />
        <div class="row">
          <Field label={text.say('field.from')} name="from" type="date" required />
          <Field label={text.say('field.until')} name="until" type="date" required />
        </div>
        <button type="submit">{text.say('action.save')}</button>
      </form>
    </>
  );
}
