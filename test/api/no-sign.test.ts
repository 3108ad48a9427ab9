import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { ApiSite, type Caller } from '../helpers/api-site.js';
import { Profiler } from '../helpers/profiler.js';
import { neverGiven } from '../helpers/rights-cases.js';

/**
 * Whom a case concerns can't tell that there is one: neither from an answer and its length, nor from the time that it takes. Time is not
 * measured, which would be chance, but what takes it: the questions that the database is asked are the same, one by one.
 */

let site: ApiSite;
let profiler: Profiler;
/** About SC-1018, whose head is head.ala1; and about the security officer SC-1014, whose head is iss.ala. */
let branch: string;
let ofOfficer: string;

beforeAll(async () => {
  site = await ApiSite.start();
  branch = await site.file('SC-1018');
  ofOfficer = await site.file('SC-1014');
  profiler = await Profiler.start(site.services.database);
}, 240_000);
afterAll(async () => {
  await profiler?.stop();
  await site?.stop();
});

const concerned: [who: string, login: string, number: () => string][] = [
  ['the inspected employee', 'employee.ala1', () => branch],
  ['the head of the unit concerned', 'head.ala1', () => branch],
  ['the officer named in the complaint', 'iss.ala2', () => ofOfficer],
  ['the officer who heads the unit concerned', 'iss.ala', () => ofOfficer],
];

/** Everything that goes over the line but what differs from second to second, with the number that was asked for left out. */
function sent({ statusCode, headers, rawPayload }: LightMyRequestResponse, asked: string) {
  const { date: _date, 'x-ratelimit-remaining': _left, 'x-ratelimit-reset': _reset, ...rest } = headers;
  const body = rawPayload.toString('utf8').replaceAll(asked, 'NUMBER');
  return { statusCode, headers: rest, bytes: rawPayload.length, body };
}

const asks: [what: string, send: (by: Caller, number: string) => Promise<LightMyRequestResponse>][] = [
  ['the page', (by, number) => by.page(`/cases/${number}`)],
  ['the API', (by, number) => by.get(`/api/cases/${number}`)],
  ['the export', (by, number) => by.get(`/api/cases/${number}/export`)],
  ['the print', (by, number) => by.page(`/cases/${number}/print`)],
  ['a document', (by, number) => by.page(`/cases/${number}/documents/01JNAV5Q8E0000000000000000`)],
  ['a command', (by, number) => by.post(`/api/cases/${number}/withdrawal`, {})],
  ['the register by number', (by, number) => by.page(`/cases?number=${number}`)],
];

describe.each(concerned)('%s', (_who, login, number) => {
  test.each(asks)('asks for %s and gets what anybody gets for a number that was never given', async (_what, send) => {
    const by = await site.as(login);
    // Once before: what is asked only now and then (when a session was seen) is asked then.
    await send(by, neverGiven);
    const answers: LightMyRequestResponse[] = [];
    const questions = async (asked: string): Promise<string[]> =>
      (await profiler.during(async () => answers.push(await send(by, asked)))).map(({ what }) => what);
    const [there, absent] = [await questions(number()), await questions(neverGiven)];
    expect(sent(answers[0]!, number())).toEqual(sent(answers[1]!, neverGiven));
    expect(there).toEqual(absent);
  });

  test('sees the same lists as before the case was there', async () => {
    const by = await site.as(login);
    const paths = [
      '/cases',
      '/tasks',
      '/deadlines',
      '/api/cases',
      '/api/deadlines',
      '/api/cases.csv',
      '/substitutions',
    ];
    const lists = async () =>
      Promise.all(paths.map(async (path) => [path, sent(await by.page(path), neverGiven)] as const));
    const before = await lists();
    await site.file({ 'iss.ala2': 'SC-1014', 'iss.ala': 'SC-1014' }[login] ?? 'SC-1018');
    expect(await lists()).toEqual(before);
  });
});

test('the measure tells a case that may be read from one that may not', async () => {
  const by = await site.as('iss.ala');
  const questions = async (asked: string) =>
    (await profiler.during(() => by.page(`/cases/${asked}`))).map(({ what }) => what);
  expect(await questions(branch)).not.toEqual(await questions(neverGiven));
});
