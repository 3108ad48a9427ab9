import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { csvLine } from '../../core/csv.js';
import { employeeWords } from '../../core/employee-words.js';
import { localDay } from '../../core/legal-day.js';
import { rolesOfPeople } from '../../core/rights.js';
import { listRoleHolders, type RoleHolder, type Standing } from '../../core/role-holders.js';
import type { Services } from '../../core/services.js';
import type { Language, Text } from '../../core/text.js';
import { actorByRole } from '../access.js';
import { problems, security } from '../openapi.js';

/** What the list is narrowed by; the page, the API and the CSV take the same. */
export const roleHolderQuery = z.strictObject({
  role: z.enum(rolesOfPeople).optional(),
  lang: z.string().optional(),
});
export const roleHolderPageQuery = roleHolderQuery.extend({
  after: z.string().max(128).optional().describe('cursor: `next` of the previous page'),
});
export type RoleHolderQuery = z.output<typeof roleHolderPageQuery>;

/** Reads of the list have this action in the access log. */
export const roleHolderAccess = 'role-holder.read';

const standingView = z.object({
  employeeId: z.string(),
  name: z.string().nullable(),
  until: z.string().describe('the moment before which it ends, UTC'),
});
const holderView = z.object({
  login: z.string(),
  employeeId: z.string().nullable().describe('null for who is not in the directory'),
  name: z.string().nullable(),
  position: z.string().nullable(),
  unit: z.string().nullable(),
  left: z.boolean().describe('whether the newest directory has the employee no more'),
  roles: z.array(z.string()),
  toldAt: z.string().describe('when the sign-in told the roles, UTC'),
  actsFor: z.array(standingView).describe('whose substitute he is now'),
  substitutedBy: z.array(standingView).describe('who is his substitute now'),
});

function viewOf(holder: RoleHolder, language: Language): z.input<typeof holderView> {
  const { login, employeeId, employee, roles, toldAt, actsFor, substitutedBy } = holder;
  const standing = ({ employeeId: id, employee: who, until }: Standing) => ({
    ...{ employeeId: id, name: who && employeeWords(who, language).name, until: until.toISOString() },
  });
  return {
    ...{ login, employeeId, name: null, position: null, unit: null },
    ...(employee ? employeeWords(employee, language) : {}),
    ...{ left: employee?.active === false, roles, toldAt: toldAt.toISOString() },
    ...{ actsFor: actsFor.map(standing), substitutedBy: substitutedBy.map(standing) },
  };
}

/** The columns of page and CSV; the catalogue's keys are `roleHolder.column.<name>`. */
export const roleHolderColumns = ['login', 'employee', 'unit', 'roles', 'toldAt', 'substitutions'] as const;

/** The cells of a row in words, its moment as callers of the API have it. */
export function wordsOf(
  { organisation }: Pick<Services, 'organisation'>,
  text: Text,
  holder: RoleHolder,
): Record<(typeof roleHolderColumns)[number], string> {
  const { login, employeeId, employee, roles, toldAt, actsFor, substitutedBy } = holder;
  const words = employee && employeeWords(employee, text.language);
  const standing = (key: 'acts-for' | 'substituted-by') => (each: Standing) =>
    text.say(`roleHolder.${key}`, {
      name: each.employee ? employeeWords(each.employee, text.language).name : each.employeeId,
      day: text.date(localDay(new Date(each.until.getTime() - 1), organisation.timeZone)),
    });
  return {
    login,
    employee: [
      ...(words ? [words.name, words.position] : []),
      ...(employeeId === null ? [] : [employeeId]),
      ...(employee?.active === false ? [text.say('roleHolder.left')] : []),
    ].join(', '),
    unit: words?.unit ?? '',
    roles: roles.map((role) => (text.has(`role.${role}`) ? text.say(`role.${role}`) : role)).join('; '),
    toldAt: toldAt.toISOString(),
    substitutions: [...actsFor.map(standing('acts-for')), ...substitutedBy.map(standing('substituted-by'))].join('; '),
  };
}

/** Rows are read so many at a time. */
const batch = 100;

async function* csvOf(services: Services, text: Text, role: string | null): AsyncGenerator<string> {
  yield `\uFEFF${csvLine(roleHolderColumns.map((name) => text.say(`roleHolder.column.${name}`)))}`;
  let after: string | null = '';
  do {
    const page: Awaited<ReturnType<typeof listRoleHolders>> = await listRoleHolders(services, { role, after }, batch);
    for (const holder of page.holders) {
      const words = wordsOf(services, text, holder);
      yield csvLine(roleHolderColumns.map((name) => words[name]));
    }
    after = page.next;
  } while (after !== null);
}

/** Who holds which role, as list and as CSV (R3(1), R3(7)). The page is `pages/role-holders.tsx`. */
export const roleHolderRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.get(
    '/api/role-holders',
    {
      schema: {
        summary: 'Who holds which role, by login (Order No. 419, R3)',
        description:
          'Roles come from the identity provider and are as fresh as the last sign-in of each person; who never signed in is not listed. With the substitutions that hold now. For auditors, administrators and the data-protection officer.',
        tags: ['people'],
        security: security.staff,
        querystring: roleHolderPageQuery.extend({ limit: z.coerce.number().int().min(1).max(100).default(50) }),
        response: {
          200: z.object({ holders: z.array(holderView), next: z.string().nullable() }),
          ...problems(401, 403, 422),
        },
      },
      config: { access: roleHolderAccess },
    },
    async (request, reply) => {
      actorByRole(request, roleHolderAccess);
      const { role = null, after = '', limit } = request.query;
      const { holders, next } = await listRoleHolders(services, { role, after }, limit);
      const views = holders.map((holder) => viewOf(holder, request.language));
      return reply.header('cache-control', 'no-store').send({ holders: views, next });
    },
  );
  app.get(
    '/api/role-holders.csv',
    {
      schema: {
        summary: 'Who holds which role, as CSV, by login',
        description: 'RFC 4180, UTF-8 with byte order mark, in the language of the request. Holds names.',
        tags: ['people'],
        security: security.staff,
        querystring: roleHolderQuery,
        response: {
          200: { description: 'The list', content: { 'text/csv': { schema: z.any() } } },
          ...problems(401, 403, 422),
        },
      },
      config: { access: roleHolderAccess },
    },
    async (request, reply) => {
      actorByRole(request, roleHolderAccess);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="role-holders.csv"')
        .header('cache-control', 'no-store')
        .send(Readable.from(csvOf(services, request.text, request.query.role ?? null), { objectMode: false }));
    },
  );
};
