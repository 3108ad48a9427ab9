import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHeartbeats } from '../../core/heartbeats.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';

/** The pages of auditors: the access log, narrowed and a page at a time, and the charts and the state of the trail. */

let site: ApiSite;
let auditor: Caller;
let number: string;

beforeAll(async () => {
  site = await ApiSite.start();
  auditor = await site.as('auditor');
  number = await site.file('SC-1018');
  const officer = await site.as('iss.ala');
  for (let count = 0; count < 60; count += 1) await officer.get(`/api/cases/${number}`);
  await (await site.as('iss.shy')).page(`/cases/${number}`);
}, 120_000);
afterAll(() => site.stop());

const shown = async (path: string, by = auditor): Promise<string> => (await by.page(path)).body;
const rowsOf = (html: string): string[] =>
  [...html.matchAll(/<tr role="row"><th scope="row".*?<\/tr>/g)].map(([row]) =>
    row
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );

describe('the access log as a page', () => {
  test('says who read or was refused what, newest first', async () => {
    const [first] = rowsOf(await shown('/audit/access-log?lang=en&login=iss.shy'));
    expect(first).toContain(`iss.shy refused 404 case.read ${number} GET /cases/:number`);
    const [read] = rowsOf(await shown('/audit/access-log?lang=en&login=iss.ala'));
    expect(read).toContain(`iss.ala read 200 case.read ${number} GET /api/cases/:number`);
  });

  test('is narrowed by person, case and days, and goes on where it ended', async () => {
    const today = new Date(site.services.clock.wallNow()).toISOString().slice(0, 10);
    const path = `/audit/access-log?lang=en&login=iss.ala&case=${number}&from=${today}&to=${today}`;
    const first = await shown(path);
    const [, next = ''] = /href="(\/audit\/access-log\?[^"]*before=[^"]*)"/.exec(first) ?? [];
    const second = await shown(next.replaceAll('&amp;', '&'));
    expect([rowsOf(first).length, rowsOf(second).length]).toEqual([50, 10]);
    expect(second).not.toContain('>Older');
    for (const query of ['login=nobody', 'to=2020-01-01', 'case=INS-2026-999999', 'from=2099-01-01'])
      expect(rowsOf(await shown(`/audit/access-log?${query}`))).toEqual([]);
  });

  test('is for auditors, and looking at it is an entry', async () => {
    expect((await (await site.as('iss.central')).page('/audit/access-log')).statusCode).toBe(403);
    await shown('/audit/access-log');
    const [last] = await site.services.accessLog.list({ login: 'auditor', limit: 1 });
    expect(last).toMatchObject({ action: 'access-log.read', route: 'audit/access-log', status: 200 });
  });
});

describe('the audit page', () => {
  test('says when the sealer lived last, and that it is silent', async () => {
    expect(await shown('/audit?lang=en')).toContain('never ran');
    const heartbeats = createHeartbeats(site.services);
    await heartbeats.beat('sealer', 'host:1', 10 * 60_000);
    expect(await shown('/audit?lang=en')).toMatch(/Sealer.*<time.*silent/);
    await heartbeats.beat('sealer', 'host:1', 0);
    expect(await shown('/audit?lang=en')).not.toContain('silent');
  });

  test('has charts that say what they show, with their figures in a table beneath', async () => {
    const { record } = await site.caseOf(number);
    const { clocks, database } = site.services;
    const [clock] = await clocks.ofCase(record._id);
    await database.connection
      .collection('clocks')
      .updateOne(
        { _id: clock!._id as never },
        { $set: { state: 'stopped', stoppedAt: site.services.clock.legalNow(), kept: false } },
      );
    const body = await shown('/audit?lang=en&seed=7');
    for (const name of ['rule', 'process', 'unit', 'month'])
      expect(body).toMatch(
        new RegExp(`<svg[^>]*aria-labelledby="chart-${name} chart-${name}-told".*?<desc[^>]*>0 kept, 1`),
      );
    expect(rowsOf(body).slice(0, 3)).toEqual([
      'DL-INS-5 0 1',
      'Inspection of employees 0 1',
      'Almaty city branch (ALA) 0 1',
    ]);
    expect(body).toContain('0 / 1');
  });
});
