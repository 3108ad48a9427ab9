import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { badTokensPerMinute } from '../../api/limits.js';
import { document } from '../builders/inspection.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';

/** What every answer says to a browser, how often one may ask, and what a caller's words can't become. */

const perMinute = 40;
let site: ApiSite;
let number: string;
let officer: Caller;
let auditor: Caller;
let address: string;

beforeAll(async () => {
  site = await ApiSite.start({ REQUESTS_PER_MINUTE: String(perMinute), TRUSTED_PROXIES: '10.9.9.9' });
  number = await site.file('SC-1018');
  officer = await site.as('iss.ala');
  auditor = await site.as('auditor');
  address = await site.listen();
});
afterAll(() => site.stop());

const guarded = ({ headers }: Pick<LightMyRequestResponse, 'headers'>) => ({
  policy: headers['content-security-policy'],
  sniffing: headers['x-content-type-options'],
  framing: headers['x-frame-options'],
  referrer: headers['referrer-policy'],
  resource: headers['cross-origin-resource-policy'],
  powered: headers['x-powered-by'],
});

describe('headers', () => {
  test('every answer has them: pages, refusals, files, styles, figures, and what comes to no route', async () => {
    const { documentId } = (await officer.upload(`/api/cases/${number}/documents`, [['file', document()]])).json<{
      documentId: string;
    }>();
    const answers: Record<string, LightMyRequestResponse> = {
      page: await site.anybody.page('/'),
      'case file': await officer.page(`/cases/${number}`),
      'page of nothing': await site.anybody.page('/no-such-page'),
      'page of nobody': await site.anybody.page('/cases'),
      json: await auditor.get(`/api/cases/${number}`),
      unauthorised: await site.anybody.get('/api/cases'),
      hidden: await site.anybody.get('/api/nothing'),
      wrong: await auditor.get('/api/cases?limit=no'),
      'no json': await officer.request({
        method: 'POST',
        url: '/api/inspections',
        payload: '{',
        headers: { 'content-type': 'application/json' },
      }),
      'unknown type': await officer.request({
        method: 'POST',
        url: '/api/inspections',
        payload: 'x',
        headers: { 'content-type': 'text/plain' },
      }),
      'bad token': await site.anybody.get('/api/cases', { authorization: 'Bearer x.y.z' }),
      'unknown method': await site.anybody.request({ method: 'DELETE', url: `/api/cases/${number}` }),
      options: await site.anybody.request({ method: 'OPTIONS', url: '/api/cases' }),
      csv: await auditor.get('/api/cases.csv'),
      pdf: await auditor.get(`/api/cases/${number}/documents/${documentId}`),
      style: await site.anybody.get('/assets/merzim.css'),
      script: await site.anybody.get('/assets/diagram.js'),
      document: await site.anybody.get('/api/openapi.json'),
      health: await site.anybody.get('/health/live'),
      feed: await site.anybody.get(`/calendar/${'A'.repeat(32)}.ics`),
      redirect: await site.anybody.page('/sign-in'),
      'unreadable address': await site.anybody.get('/cases/%E0%A4%A'),
      'address that is too long': await site.anybody.get(`/cases/${'x'.repeat(500)}`),
      'no sealer': await auditor.get(`/api/cases/${number}/export`),
    };
    const seen = Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, guarded(answer)]));
    const expected = Object.fromEntries(
      Object.keys(answers).map((name) => [
        name,
        {
          policy: expect.stringMatching(
            /^default-src 'none';.*frame-ancestors 'none'.*base-uri 'none'|^default-src 'none'; sandbox/,
          ),
          sniffing: 'nosniff',
          framing: 'DENY',
          referrer: 'no-referrer',
          resource: 'same-origin',
          powered: undefined,
        },
      ]),
    );
    expect(seen).toEqual(expected);
    for (const [name, { headers, statusCode }] of Object.entries(answers))
      if (statusCode >= 400)
        expect([name, statusCode, headers['content-type'], headers['cache-control']]).toEqual([
          name,
          expect.any(Number),
          expect.stringMatching(/^(application\/problem\+json|text\/html; charset=utf-8)/),
          'no-store',
        ]);
  });

  test('a policy never allows a script of the page itself, or of another site', async () => {
    for (const caller of [site.anybody, officer])
      for (const url of ['/', '/apply', '/cases', `/cases/${number}`, '/no-such-page']) {
        const policy = String((await caller.page(url)).headers['content-security-policy']);
        expect([url, policy]).toEqual([url, expect.not.stringMatching(/unsafe|\*|https?:(?!\/\/127)/)]);
      }
  });

  test('what is no HTTP at all is answered with a problem', async () => {
    const { hostname, port } = new URL(address);
    const answered = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    expect(answered).toMatch(/^HTTP\/1.1 400 /);
    expect(answered).toMatch(/content-type: application\/problem\+json/i);
    expect(answered).toMatch(/urn:merzim:problem:malformed/);
  });
});

describe('rate limits', () => {
  const drain = async (caller: Caller): Promise<LightMyRequestResponse> => {
    for (let sent = 0; sent <= perMinute; sent += 1) {
      const answer = await caller.get('/api/deadlines');
      if (answer.statusCode === 429) return answer;
    }
    throw new Error('it was never limited');
  };
  const limited = {
    statusCode: 429,
    headers: expect.objectContaining({
      'content-type': 'application/problem+json',
      'retry-after': expect.stringMatching(/^[1-9]\d?$/),
    }),
  };

  test('a person is one caller wherever he comes from, and others at his address are others', async () => {
    const hr = await site.as('hr.ala');
    expect(await drain(hr.from('10.2.0.1'))).toMatchObject(limited);
    expect(await hr.from('10.2.0.2').get('/api/deadlines')).toMatchObject({ statusCode: 429 });
    expect(await (await site.as('hr.ala')).get('/api/deadlines')).toMatchObject({ statusCode: 429 });
    const colleague = (await site.as('employee.ala2')).from('10.2.0.1');
    expect((await colleague.get('/api/deadlines')).statusCode).toBe(200);
  });

  test('a machine client is one caller, and whoever is not signed in is his address', async () => {
    const machine = await site.machine();
    expect(await drain(machine.from('10.3.0.1'))).toMatchObject(limited);
    expect(await machine.from('10.3.0.2').get('/api/deadlines')).toMatchObject({ statusCode: 429 });
    expect(await drain(site.anybody.from('10.4.0.1'))).toMatchObject(limited);
    expect(await site.anybody.from('10.4.0.2').get('/api/deadlines')).toMatchObject({ statusCode: 401 });
  });

  test('an address is what a trusted proxy says, and nobody else', async () => {
    const by = (ip: string, forwarded: string) =>
      site.anybody.from(ip).get('/api/deadlines', { 'x-forwarded-for': forwarded });
    for (let sent = 0; sent < perMinute; sent += 1) await by('10.9.9.9', '192.0.2.1');
    expect((await by('10.9.9.9', '192.0.2.1')).statusCode).toBe(429);
    expect((await by('10.9.9.9', '192.0.2.2')).statusCode).toBe(401);
    for (let sent = 0; sent < perMinute; sent += 1) await by('10.8.8.8', `192.0.2.${sent}`);
    expect((await by('10.8.8.8', '192.0.2.200')).statusCode).toBe(429);
  });

  test('who tries access tokens is stopped by his address', async () => {
    const tried = (): Promise<LightMyRequestResponse> =>
      site.anybody.from('10.5.0.1').get('/api/cases', { authorization: 'Bearer a.b.c' });
    for (let sent = 0; sent < badTokensPerMinute; sent += 1) expect((await tried()).statusCode).toBe(401);
    expect(await tried()).toMatchObject(limited);
  });
});

describe('a caller’s words', () => {
  test('in a file’s name never become a header, a path or a tag', async () => {
    const name = '../../x"; filename=evil.html\r\nSet-Cookie: a=b\r\n<script>.txt';
    const { documentId } = (
      await officer.upload(`/api/cases/${number}/documents`, [
        ['file', { ...document(), name: name.replaceAll('"', '%22').replaceAll('\r\n', '%0D%0A') }],
      ])
    ).json<{ documentId: string }>();
    const answer = await auditor.get(`/api/cases/${number}/documents/${documentId}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['content-disposition']).toMatch(/^attachment; /);
    expect(answer.headers['content-disposition']).not.toMatch(/[\r\n]/);
    const html = (await officer.page(`/cases/${number}`)).body;
    expect(html).not.toContain('<script>.txt');
  });

  test('in the language, the host and the address never become a header or an address to go to', async () => {
    const answer = await site.anybody.page('/sign-in?to=//evil.example/%0d%0aSet-Cookie:a=b', {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'accept-language': 'ru\u00a0,<script>',
    });
    expect(JSON.stringify(answer.headers)).not.toContain('evil.example');
    const filed = await site.anybody.post(
      '/api/inspections',
      {
        triggerKind: 'individualApplication',
        sender: { name: '{{constructor}} ${7*7} <%= 7*7 %>' },
        facts: ['=HYPERLINK("http://evil.example")'],
      },
      { host: 'evil.example' },
    );
    expect(filed.statusCode).toBe(201);
    expect(`${filed.body}${JSON.stringify(filed.headers)}`).not.toContain('evil.example');
  });
});
