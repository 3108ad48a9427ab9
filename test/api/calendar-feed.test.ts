import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import ICAL from 'ical.js';
import { feedDays } from '../../api/calendar/feeds.js';
import { feedReadsPerMinute } from '../../api/limits.js';
import { writeClockOffset } from '../../core/clock.js';
import type { StoredClock } from '../../core/clock-truth.js';
import { createText } from '../../core/text.js';
import { ApiSite, publicUrl } from '../helpers/api-site.js';
import { takeDaysOff } from '../helpers/calendar-tables.js';
import { somebody } from '../helpers/database.js';

/** The calendar feed as a calendar program gets it, which has the address and nothing else; read by another library than the one that writes it. */

let site: ApiSite;
let almaty: string;
let shymkent: string;

/** Signs somebody in as the identity provider does, so that his roles are known afterwards. */
async function signIn(login: string, employeeId: string | null, roles: string[]): Promise<void> {
  await site.services.people.seen({ login, employeeId, roles });
}
const of = { 'iss.ala': '', 'iss.shy': '', auditor: '' } as Record<string, string>;

/** Makes an address on the page; returns its path. */
async function addressOf(login: string): Promise<string> {
  const { body, statusCode } = await (await site.as(login)).form('/calendar', {});
  expect(statusCode).toBe(200);
  const [address] = /http[^<]*\/calendar\/[0-9A-Z]{32}\.ics/.exec(body) ?? [];
  expect(address).toMatch(publicUrl);
  return new URL(address!).pathname;
}

const english = createText('en', { timeZone: 'Asia/Almaty' });
const fetchFeed = (address: string, query = ''): Promise<LightMyRequestResponse> => site.anybody.get(address + query);

async function eventsOf(address: string, query = ''): Promise<ICAL.Component[]> {
  const { statusCode, body } = await fetchFeed(address, query);
  expect(statusCode).toBe(200);
  return new ICAL.Component(ICAL.parse(body) as unknown[]).getAllSubcomponents('vevent');
}
const value = (event: ICAL.Component, name: string): string => String(event.getFirstPropertyValue(name));
const numbersIn = (events: ICAL.Component[]): string[] =>
  [...new Set(events.map((event) => value(event, 'summary').split(':')[0]!))].sort();
const clocksOf = (caseNumber: string): Promise<StoredClock[]> =>
  site.services.database.connection
    .collection<StoredClock>('clocks')
    .find({ caseNumber, state: 'running' })
    .sort({ dueAt: 1 })
    .toArray();
/** To the second, as iCalendar has it. */
const inUtc = (at: Date | null): string => `${at!.toISOString().slice(0, 19)}Z`;

beforeAll(async () => {
  site = await ApiSite.start({
    CLOCK_TRAVEL: 'true',
    ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1',
    TRAIL_ORIGIN: 'merzim.sc.example/trail',
  });
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse('2026-04-16T05:00:00Z') - database.clock.wallNow().getTime());
  await database.clock.refresh();
  const employees = database.connection.collection<{ _id: string; login: string }>('employees');
  for (const login of Object.keys(of)) of[login] = (await employees.findOne({ login }))?._id ?? '';
  const inShymkent = await employees.findOne({
    branchCode: 'SHY',
    headOfUnit: false,
    login: { $not: /^(iss|management)/ },
  } as never);
  almaty = await site.file('SC-1018');
  shymkent = await site.file(inShymkent!._id);
  const { record } = await site.caseOf(almaty);
  await database.transaction(somebody, (tx) =>
    site.services.clocks.start(tx, {
      ...{ caseId: record._id, caseNumber: almaty, process: 'inspection', rule: 'DL-INS-1', subject: 'signs' },
      startedAt: new Date('2026-04-16T05:00:00Z'),
    }),
  );
});
beforeEach(async () => {
  await signIn('iss.ala', of['iss.ala']!, ['iss', 'employee']);
  await signIn('auditor', of['auditor'] || null, ['auditor']);
});
afterAll(() => site.stop());

describe('a feed', () => {
  test('has an event at the target and one at the due moment of each clock, each with an alarm a day before', async () => {
    const events = await eventsOf(await addressOf('iss.ala'), '?lang=en');
    const clocks = await clocksOf(almaty);
    expect(clocks.map(({ rule }) => rule)).toEqual(['DL-INS-1', 'DL-INS-5']);
    const expected = clocks.flatMap(({ _id, rule, startedAt, targetAt, dueAt }) =>
      (['target', 'due'] as const).map((moment) => ({
        uid: `${_id}-${moment}@merzim.sc.example`,
        dtstart: inUtc(moment === 'due' ? dueAt : targetAt),
        sequence: '0',
        'last-modified': inUtc(startedAt),
        summary: `${almaty}: ${moment}: ${english.say(`rule.${rule}`)}`,
        url: `${publicUrl}/cases/${almaty}`,
      })),
    );
    const names = Object.keys(expected[0]!);
    expect(events.map((event) => Object.fromEntries(names.map((name) => [name, value(event, name)])))).toEqual(
      expected,
    );
    for (const event of events) {
      const [alarm] = event.getAllSubcomponents('valarm');
      expect([value(alarm!, 'action'), value(alarm!, 'trigger')]).toEqual(['DISPLAY', '-P1D']);
    }
  });

  test('is a private iCalendar file of lines of 75 bytes at most, in the language of its page or of the address', async () => {
    const { body } = await (await site.as('iss.ala')).form('/calendar?lang=kk', {});
    const address = new URL(/http[^<]*\.ics/.exec(body)![0]).pathname;
    const { headers, body: feed } = await fetchFeed(address);
    expect(headers).toMatchObject({
      'content-type': 'text/calendar; charset=utf-8',
      'content-language': 'kk',
      'cache-control': 'private, no-cache',
    });
    expect(feed).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n[^]*\r\nEND:VCALENDAR\r\n$/);
    expect(feed.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...feed.split('\r\n').map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
    const nameIn = (content: string) =>
      String(new ICAL.Component(ICAL.parse(content) as unknown[]).getFirstPropertyValue('x-wr-calname'));
    expect(nameIn(feed)).toBe('Merzim мерзімдері');
    expect(nameIn((await fetchFeed(address, '?lang=ru')).body)).toBe('Сроки Merzim');
  });

  test('names no person', async () => {
    const { body } = await fetchFeed(await addressOf('auditor'));
    const unfolded = body.replaceAll('\r\n ', '');
    const employees = site.services.database.connection.collection<{ login: string; fullName: string }>('employees');
    const words = (await employees.find().toArray()).flatMap(({ fullName }) => fullName.split(' ').slice(0, 2));
    expect(words.length).toBeGreaterThan(20);
    expect(words.filter((word) => unfolded.includes(word))).toEqual([]);
    expect(unfolded).not.toMatch(/auditor/i);
  });

  test('raises the sequence of what a changed calendar has moved, under the same UIDs', async () => {
    const address = await addressOf('iss.ala');
    const before = await eventsOf(address);
    const putBack = await takeDaysOff(site.services, '2026-04-17', 1);
    const after = await eventsOf(address);
    const uids = (events: ICAL.Component[]) => events.map((event) => value(event, 'uid'));
    expect(uids(after)).toEqual(uids(before));
    expect(after.map((event) => value(event, 'sequence'))).toEqual(['1', '1', '1', '1']);
    const [clock] = await clocksOf(almaty);
    expect(value(after[1]!, 'dtstart')).toBe(inUtc(clock!.dueAt));
    expect(value(after[1]!, 'dtstart') > value(before[1]!, 'dtstart')).toBe(true);
    expect(value(after[1]!, 'last-modified')).toBe(inUtc(clock!.replaced[0]!.replacedAt));
    await putBack();
    expect((await eventsOf(address)).map((event) => value(event, 'sequence'))).toEqual(['2', '2', '2', '2']);
  });

  test('is not sent again to a program that has it, until something has changed', async () => {
    const url = await addressOf('iss.ala');
    const ask = (tag: string) => site.app.inject({ url, headers: { 'if-none-match': tag } });
    const { etag } = (await fetchFeed(url)).headers;
    const same = await ask(`"other", W/${String(etag)}`);
    expect([same.statusCode, same.body, same.headers['etag']]).toEqual([304, '', etag]);
    const putBack = await takeDaysOff(site.services, '2026-04-17', 1);
    const changed = await ask(String(etag));
    expect(changed.statusCode).toBe(200);
    expect(changed.headers['etag']).not.toBe(etag);
    await putBack();
    expect(
      (await site.app.inject({ url: `${url}?lang=en`, headers: { 'if-none-match': String(etag) } })).statusCode,
    ).toBe(200);
  });

  test('loses what has been stopped', async () => {
    const address = await addressOf('auditor');
    const number = await site.file('SC-1018');
    expect(numbersIn(await eventsOf(address))).toContain(number);
    const [clock] = await clocksOf(number);
    await site.services.database.transaction(somebody, (tx) =>
      site.services.clocks.stop(tx, { clockId: clock!._id, stoppedAt: clock!.startedAt }),
    );
    expect(numbersIn(await eventsOf(address))).not.toContain(number);
  });
});

describe('whose cases a feed has', () => {
  test('a branch its own, an auditor all', async () => {
    expect(numbersIn(await eventsOf(await addressOf('iss.ala')))).toEqual([almaty]);
    expect(numbersIn(await eventsOf(await addressOf('auditor')))).toEqual(expect.arrayContaining([almaty, shymkent]));
  });

  test('none any more once the role is withdrawn, at the same address', async () => {
    const address = await addressOf('iss.ala');
    expect(await eventsOf(address)).not.toEqual([]);
    await signIn('iss.ala', of['iss.ala']!, ['employee']);
    expect(await eventsOf(address)).toEqual([]);
  });

  test('none once the employee has left, whatever roles he had', async () => {
    const address = await addressOf('iss.ala');
    await signIn('iss.ala', of['iss.ala']!, ['auditor']);
    expect(numbersIn(await eventsOf(address))).toContain(shymkent);
    const employees = site.services.database.connection.collection<{ _id: string }>('employees');
    await employees.updateOne({ _id: of['iss.ala']! }, { $set: { active: false } });
    expect(await eventsOf(address)).toEqual([]);
    await employees.updateOne({ _id: of['iss.ala']! }, { $set: { active: true } });
  });

  test('none for somebody of whom no sign-in is known', async () => {
    const address = await addressOf('iss.shy');
    expect(numbersIn(await eventsOf(address))).toEqual([shymkent]);
    await site.services.database.connection.collection<{ _id: string }>('people').deleteOne({ _id: 'iss.shy' });
    expect(await eventsOf(address)).toEqual([]);
  });

  test('each fetch is in the access log under his name, without the token', async () => {
    const address = await addressOf('auditor');
    await fetchFeed(address);
    const [entry] = await site.services.accessLog.list({ login: 'auditor', limit: 1 });
    expect(entry).toMatchObject({
      type: 'personal-data.read',
      action: 'clock.read',
      route: 'calendar/:token.ics',
      status: 200,
    });
  });
});

describe('an address', () => {
  const seen = ({ statusCode, body }: LightMyRequestResponse, address: string) => ({
    statusCode,
    body: body.replaceAll(address, '').replaceAll(/"requestId":"[^"]*"/g, ''),
  });
  const neverGiven = `/calendar/${'A'.repeat(32)}.ics`;

  test('that was revoked answers as one that was never given', async () => {
    const address = await addressOf('iss.ala');
    expect((await fetchFeed(address)).statusCode).toBe(200);
    const revoked = await (await site.as('iss.ala')).form('/calendar', { revoke: 'yes' });
    expect([revoked.statusCode, revoked.headers.location]).toEqual([303, '/calendar']);
    const answer = seen(await fetchFeed(address), address);
    expect(answer.statusCode).toBe(404);
    expect(answer).toEqual(seen(await fetchFeed(neverGiven), neverGiven));
  });

  test('is revoked by a new one of the same person, and by nobody else', async () => {
    const other = await addressOf('auditor');
    const former = await addressOf('iss.ala');
    const latter = await addressOf('iss.ala');
    const statuses = await Promise.all([former, latter, other].map(async (each) => (await fetchFeed(each)).statusCode));
    expect(statuses).toEqual([404, 200, 200]);
  });

  test('ends', async () => {
    const address = await addressOf('iss.ala');
    const feeds = site.services.database.connection.collection<{ _id: string; createdAt: Date; endsAt: Date }>(
      'calendar-feeds',
    );
    const { createdAt, endsAt } = (await feeds.findOne({ _id: 'iss.ala' }))!;
    expect(endsAt.getTime() - createdAt.getTime()).toBe(feedDays * 24 * 3600_000);
    await feeds.updateOne({ _id: 'iss.ala' }, { $set: { endsAt: createdAt } });
    expect((await fetchFeed(address)).statusCode).toBe(404);
  });

  test('is shown once, and stored as a hash', async () => {
    const address = await addressOf('iss.ala');
    const token = /([0-9A-Z]{32})\.ics$/.exec(address)![1]!;
    const { body, headers } = await (await site.as('iss.ala')).page('/calendar');
    expect(headers['cache-control']).toBe('no-store');
    expect(body).not.toContain(token);
    expect(body).toContain('name="revoke"');
    const stored = await site.services.database.connection.collection('calendar-feeds').find().toArray();
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  test('is not made by a form of another site', async () => {
    const caller = await site.as('iss.ala');
    const refused = await caller.form('/calendar', { _csrf: 'x' }, { 'x-csrf-token': 'x' });
    expect(refused.statusCode).toBe(403);
  });

  test('is asked for too often', async () => {
    const statuses: number[] = [];
    for (let times = 0; times <= feedReadsPerMinute; times += 1)
      statuses.push((await site.anybody.from('127.0.0.9').get(neverGiven)).statusCode);
    expect([...new Set(statuses)]).toEqual([404, 429]);
    expect(statuses.indexOf(429)).toBe(feedReadsPerMinute);
  });
});
