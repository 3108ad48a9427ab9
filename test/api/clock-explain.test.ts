import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ApiSite, type SeenProblem } from '../helpers/api-site.js';

let site: ApiSite;
beforeAll(async () => {
  site = await ApiSite.start();
});
afterAll(() => site.stop());

const ask = (query: Record<string, string>) =>
  site.anybody.get(`/api/clocks/explain?${new URLSearchParams(query).toString()}`);

describe('GET /api/clocks/explain', () => {
  test('tells anybody how a term is counted, day by day', async () => {
    const response = await ask({ rule: 'DL-INS-1', from: '2026-05-08T14:00:00+05:00' });
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      200,
      expect.stringContaining('application/json'),
    ]);
    expect(response.json()).toEqual({
      rule: 'DL-INS-1',
      from: '2026-05-08T09:00:00.000Z',
      targetAt: '2026-05-13T13:30:00.000Z',
      dueAt: '2026-05-14T18:59:59.999Z',
      zone: 'Asia/Almaty',
      calendarVersions: [expect.stringMatching(/^kz-2026\./)],
      days: [
        { date: '2026-05-08', counted: false, reason: 'day-of-event' },
        { date: '2026-05-09', counted: false, reason: 'holiday' },
        { date: '2026-05-10', counted: false, reason: 'weekend' },
        { date: '2026-05-11', counted: false, reason: 'observed' },
        { date: '2026-05-12', counted: true, reason: 'working' },
        { date: '2026-05-13', counted: true, reason: 'working' },
        { date: '2026-05-14', counted: true, reason: 'working' },
      ],
    });
  });

  test('takes the blank that a form makes of the plus of an offset', async () => {
    const response = await site.anybody.get('/api/clocks/explain?rule=DL-INS-1&from=2026-05-08T14:00:00+05:00');
    expect(response.json()).toMatchObject({ from: '2026-05-08T09:00:00.000Z' });
  });

  test('a rule without a term has no moments', async () => {
    const response = await ask({ rule: 'DL-INS-6', from: '2026-05-08T14:00:00Z' });
    expect(response.json()).toMatchObject({ targetAt: null, dueAt: null, days: [] });
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['no rule', { from: '2026-05-08T14:00:00Z' }, 'rule', 'missing'],
    ['an unknown rule', { rule: 'DL-INS-99', from: '2026-05-08T14:00:00Z' }, 'rule', 'unknown-rule'],
    ['no rule at all', { rule: 'three days', from: '2026-05-08T14:00:00Z' }, 'rule', 'unknown-rule'],
    ['no moment', { rule: 'DL-INS-1' }, 'from', 'missing'],
    ['a day without a time', { rule: 'DL-INS-1', from: '2026-05-08' }, 'from', 'datetime'],
    ['a moment without offset', { rule: 'DL-INS-1', from: '2026-05-08T14:00:00' }, 'from', 'datetime'],
    ['a day that is none', { rule: 'DL-INS-1', from: '2026-02-30T14:00:00Z' }, 'from', 'datetime'],
    ['an event before the act', { rule: 'DL-INS-1', from: '2019-05-08T14:00:00Z' }, 'from', 'before-rule'],
    ['a year without a calendar', { rule: 'DL-INS-1', from: '2031-05-08T14:00:00Z' }, 'from', 'no-calendar'],
  ])('refuses %s, naming the field', async (_, query, field, code) => {
    const response = await ask(query);
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      422,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(response.json<SeenProblem>().errors).toEqual([{ field, code, detail: expect.any(String) }]);
  });

  test('is in the OpenAPI document', async () => {
    const document = (await site.anybody.get('/api/openapi.json')).json<{ paths: Record<string, unknown> }>();
    expect(document.paths).toHaveProperty(['/api/clocks/explain', 'get']);
  });
});
