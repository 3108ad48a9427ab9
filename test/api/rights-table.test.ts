import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { ApiSite } from '../helpers/api-site.js';
import { loginOf, neverGiven, prepareColumns, type Column } from '../helpers/rights-cases.js';
import type { Subject } from '../helpers/rights-subjects.js';
import { readers, type Row } from '../helpers/rights-row.js';
import { nameOf, routesOf, rows } from '../helpers/rights-table.js';

/** Every route against every kind of caller and every state of the case: what each answers, and what nobody learns from it. */

let site: ApiSite;
let columns: Column[];
let open: Column[];
/** Each person once, whatever his case: for what no case is behind. */
let once: Column[];

beforeAll(async () => {
  site = await ApiSite.start();
  columns = await prepareColumns(site);
  open = columns.filter(({ state }) => state === 'open');
  once = open.filter((column, at) => open.findIndex((other) => whoOf(other) === whoOf(column)) === at);
}, 300_000);
afterAll(() => site.stop());

/** The same person stands in several columns, each with another case. */
const whoOf = ({ caller }: Column): string => loginOf(caller) || caller;

const whomToAsk = ({ ofNoCase, openAlone }: Row): Column[] => {
  if (ofNoCase) return once;
  return openAlone ? open : columns;
};

/** Whether the API's document says that a route may answer so; pages have no document. */
function documents(route: string, status: number): boolean {
  const [method = '', path = ''] = route.split(' ');
  if (!path.startsWith('/api/') || method === 'HEAD') return true;
  const { paths = {} } = site.app.swagger() as { paths?: Record<string, Record<string, { responses?: object }>> };
  const operation = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  return Object.hasOwn(operation?.responses ?? {}, String(status));
}

const cell = ({ caller, state }: Column): string => `${caller}, ${state}`;

/** What a caller sees of an answer, but for its date and how many requests he has left. */
function seen({ statusCode, headers, body }: LightMyRequestResponse) {
  const { date: _date, 'x-ratelimit-remaining': _left, 'x-ratelimit-reset': _reset, ...rest } = headers;
  return { statusCode, headers: rest, body };
}

/** What a caller sees for a number that was never given, with the case's own number and document in the place of what was asked for. */
function asIfOf(subject: Subject, absent: { asked: Subject; answer: LightMyRequestResponse }): unknown {
  const { documentId } = absent.asked;
  const answer = JSON.stringify(seen(absent.answer)).replaceAll(neverGiven, subject.number);
  return JSON.parse(answer.replaceAll(documentId, subject.documentId));
}

test('every route of the app has a row, and every row is of a route', () => {
  expect([...new Set(rows.map(({ route }) => route))].sort()).toEqual(routesOf(site.app));
});

describe('each caller, with the case in each state, gets the answer of the table', () => {
  test.each(rows.map((row) => [nameOf(row), row] as const))(
    '%s',
    async (_name, row) => {
      const expected: Record<string, number> = {};
      const answered: Record<string, number> = {};
      const told: string[] = [];
      const apart: unknown[] = [];
      const absent = new Map<string, { asked: Subject; answer: LightMyRequestResponse }>();
      const undocumented = new Set<string>();
      for (const column of whomToAsk(row)) {
        const { caller, subject } = column;
        const response = await row.send(column, subject.number);
        expected[cell(column)] = row.status(column);
        answered[cell(column)] = response.statusCode;
        if (response.statusCode < 400 && row.route.startsWith('POST')) await subject.restore();
        if (row.namesCase && response.statusCode === 404) {
          const who = whoOf(column);
          if (!absent.has(who)) absent.set(who, { asked: subject, answer: await row.send(column, neverGiven) });
          apart.push([cell(column), asIfOf(subject, absent.get(who)!), seen(response)]);
        }
        if (!documents(row.route, response.statusCode)) undocumented.add(`${response.statusCode}`);
        const mayKnow = readers.includes(caller);
        const knows = JSON.stringify(seen(response)).includes(subject.number);
        const lists = row.lists === true || (row.listsOpen === true && column.state === 'open');
        if (lists && mayKnow && !knows) told.push(`${cell(column)} does not find it`);
        if (!row.namesCase && !mayKnow && knows) told.push(`${cell(column)} learns of it`);
      }
      expect(answered).toEqual(expected);
      for (const [name, none, hidden] of apart as [string, unknown, unknown][])
        expect([name, hidden]).toEqual([name, none]);
      expect(told).toEqual([]);
      expect([...undocumented]).toEqual([]);
      // Some rows read long pages ninety times.
    },
    120_000,
  );
});
