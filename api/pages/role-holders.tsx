import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { rolesOfPeople } from '../../core/rights.js';
import { listRoleHolders } from '../../core/role-holders.js';
import type { Services } from '../../core/services.js';
import { actorByRole } from '../access.js';
import { parseInput } from '../faults.js';
import {
  roleHolderAccess,
  roleHolderColumns,
  roleHolderPageQuery,
  wordsOf,
  type RoleHolderQuery,
} from '../people/role-holders.js';
import { addressOf } from './case-filters.js';
import { Table } from './case-parts.js';
import { Choice } from './fields.js';
import { filled } from './forms.js';
import { Stamp, type PageContext } from './layout.js';
import type { Show } from './routes.js';

type Listed = Awaited<ReturnType<typeof listRoleHolders>>;

/** Who holds which role (R3(1), R3(7), TECH-38): `/role-holders`. */
export const roleHolderPages = fp<{ services: Services; show: Show }>(
  async (app: FastifyInstance, { services, show }) => {
    const logged = { schema: { hide: true }, config: { access: roleHolderAccess } } as const;
    app.get('/role-holders', logged, async (request, reply) => {
      actorByRole(request, roleHolderAccess);
      const query = parseInput(roleHolderPageQuery, filled(request.query as Record<string, string>));
      const { role = null, after = '' } = query;
      const listed = await listRoleHolders(services, { role, after }, 50);
      return show(request, reply, 'page.role-holders', (context) => <RoleHolders {...{ context, query, listed }} />);
    });
  },
);

function RoleHolders({
  context,
  query: { role },
  listed: { holders, next },
}: {
  context: PageContext;
  query: RoleHolderQuery;
  listed: Listed;
}): VNode {
  const { text } = context;
  const title = text.say('page.role-holders');
  return (
    <section aria-label={title}>
      <p class="lead">{text.say('roleHolder.lead')}</p>
      <form method="get" action="/role-holders" class="filter screen" aria-label={text.say('register.filters')}>
        <Choice
          label={text.say('roleHolder.role')}
          name="role"
          required={false}
          empty={text.say('register.any')}
          value={role}
          options={rolesOfPeople.map((each) => [each, text.say(`role.${each}`)] as const)}
        />
        <button type="submit">{text.say('register.show')}</button>
      </form>
      {holders.length === 0 ? (
        <p class="empty card">{text.say('roleHolder.none')}</p>
      ) : (
        <Table
          label={title}
          heads={roleHolderColumns.map((name) => text.say(`roleHolder.column.${name}`))}
          rows={holders.map((holder) => {
            const words = wordsOf(context, text, holder);
            return roleHolderColumns.map((name) =>
              name === 'toldAt' ? <Stamp at={holder.toldAt} text={text} /> : words[name] || '—',
            );
          })}
        />
      )}
      <p class="pager">
        {next && <a href={`/role-holders?${addressOf({ role, after: next })}`}>{text.say('roleHolder.more')}</a>}
        <a href={`/api/role-holders.csv?${addressOf({ role, lang: text.language })}`}>{text.say('register.csv')}</a>
      </p>
    </section>
  );
}
