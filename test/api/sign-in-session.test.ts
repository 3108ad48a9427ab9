import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../../local/identity/browser.js';
import { form, minute, problemType, SignInSite } from '../helpers/sign-in-site.js';

let site: SignInSite;

beforeAll(async () => {
  site = await SignInSite.start();
});
beforeEach(() => {
  site.ahead = 0;
});
afterAll(() => site.stop());

describe('a session', () => {
  test('ends after thirty minutes without a request', async () => {
    const browser = await site.signedIn();
    site.ahead = 29 * minute;
    expect((await site.me(browser)).person?.login).toBe('iss.ala');
    site.ahead = 58 * minute;
    expect((await site.me(browser)).person?.login).toBe('iss.ala');
    site.ahead = 89 * minute;
    expect((await site.me(browser)).person).toBeNull();
    site.ahead = 60 * minute;
    expect((await site.me(browser)).person).toBeNull();
  });

  test('ends after eight hours, however busy', async () => {
    const browser = await site.signedIn();
    for (site.ahead = 20 * minute; site.ahead < 8 * 60 * minute; site.ahead += 20 * minute)
      expect((await site.me(browser)).person?.login).toBe('iss.ala');
    site.ahead = 8 * 60 * minute + 1;
    expect((await site.me(browser)).person).toBeNull();
  });

  test('is not opened by a tampered cookie', async () => {
    const browser = await site.signedIn();
    const token = browser.cookie(site.publicUrl, 'merzim')!;
    browser.setCookie(site.publicUrl, 'merzim', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`);
    expect((await site.me(browser)).person).toBeNull();
  });

  test('is not opened by what the database holds, nor is the name there', async () => {
    const browser = await site.signedIn('hr.ala');
    const { person } = await site.me(browser);
    const stored = await site.database.connection.collection('sessions').find({ login: 'hr.ala' }).toArray();
    const raw = JSON.stringify(stored);
    expect(raw).not.toContain(browser.cookie(site.publicUrl, 'merzim'));
    for (const part of person!.name!.split(' ')) expect(raw).not.toContain(part);
    const thief = new Browser();
    for (const session of stored) {
      thief.setCookie(site.publicUrl, 'merzim', String(session._id));
      expect((await site.me(thief)).person).toBeNull();
    }
  });

  test('that was there before a sign-in is not carried on', async () => {
    const browser = await site.signedIn();
    const former = browser.cookie(site.publicUrl, 'merzim')!;
    const { url, cookie } = await site.attempt();
    const callback = await site.callbackOf(browser, url, 'iss.ala');
    browser.setCookie(site.publicUrl, 'merzim-sign-in', cookie);
    await browser.request(callback);
    expect(browser.cookie(site.publicUrl, 'merzim')).not.toBe(former);
    const other = new Browser();
    other.setCookie(site.publicUrl, 'merzim', former);
    expect((await site.me(other)).person).toBeNull();
    expect((await site.me(browser)).person?.login).toBe('iss.ala');
  });

  test('is cleared away by the server some time after its end', async () => {
    const indexes = await site.database.connection.collection('sessions').indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { endsAt: 1 }, expireAfterSeconds: 0 }));
  });
});

describe('signing out', () => {
  test('ends the session here and leads to the end at the provider', async () => {
    const browser = await site.signedIn();
    const { csrf } = await site.me(browser);
    const token = browser.cookie(site.publicUrl, 'merzim')!;
    const response = await browser.request(`${site.publicUrl}/sign-out`, { method: 'POST', ...form({ _csrf: csrf }) });
    expect(response.status).toBe(303);
    const end = new URL(response.headers.get('location')!);
    expect(end.origin).toBe(new URL(site.identity.issuer).origin);
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${site.publicUrl}/`);
    expect((await browser.get(end)).status).toBe(200);
    const other = new Browser();
    other.setCookie(site.publicUrl, 'merzim', token);
    expect((await site.me(other)).person).toBeNull();
  });

  test('everywhere ends the sessions of this person in every browser, and nobody else’s', async () => {
    const [browser, other, colleague] = [await site.signedIn(), await site.signedIn(), await site.signedIn('hr.ala')];
    const { csrf } = await site.me(browser);
    await browser.request(`${site.publicUrl}/sign-out`, {
      method: 'POST',
      ...form({ _csrf: csrf, everywhere: 'yes' }),
    });
    expect((await site.me(browser)).person).toBeNull();
    expect((await site.me(other)).person).toBeNull();
    expect((await site.me(colleague)).person?.login).toBe('hr.ala');
  });

  test('ends no other session of the same person', async () => {
    const [browser, other] = [await site.signedIn(), await site.signedIn()];
    const { csrf } = await site.me(browser);
    await browser.request(`${site.publicUrl}/sign-out`, { method: 'POST', ...form({ _csrf: csrf }) });
    expect((await site.me(other)).person?.login).toBe('iss.ala');
  });

  test('can not be done by another site', async () => {
    const browser = await site.signedIn();
    const response = await browser.request(`${site.publicUrl}/sign-out`, { method: 'POST' });
    expect(response.status).toBe(403);
    expect((await site.me(browser)).person?.login).toBe('iss.ala');
  });
});

describe('a change by a session', () => {
  test('needs the token of its form', async () => {
    const browser = await site.signedIn();
    const { csrf } = await site.me(browser);
    expect((await site.change(browser, form({ _csrf: csrf }))).status).toBe(200);
    expect((await site.change(browser, { headers: { 'x-csrf-token': csrf } })).status).toBe(200);
  });

  test.each<[string, (csrf: string) => RequestInit]>([
    ['no token', () => form({})],
    ['no body', () => ({})],
    ['an empty token', () => form({ _csrf: '' })],
    ['a token with a letter changed', (csrf) => form({ _csrf: `${csrf.slice(0, -1)}!` })],
    [
      'two tokens',
      (csrf) => ({
        body: new URLSearchParams([
          ['_csrf', csrf],
          ['_csrf', csrf],
        ]),
      }),
    ],
    [
      'its token, sent from another site',
      (csrf) => ({ ...form({ _csrf: csrf }), headers: { 'sec-fetch-site': 'cross-site' } }),
    ],
    [
      'its token, sent from another port',
      (csrf) => ({ ...form({ _csrf: csrf }), headers: { 'sec-fetch-site': 'same-site' } }),
    ],
    ['a file and no token, from a client that says nothing of where it is from', () => ({ body: upload() })],
    ['a file and no token, from another site', () => ({ body: upload(), headers: { 'sec-fetch-site': 'cross-site' } })],
  ])('is refused with %s', async (_name, init) => {
    const browser = await site.signedIn();
    const { csrf } = await site.me(browser);
    const response = await site.change(browser, withJson(init(csrf)));
    expect(response.status).toBe(403);
    expect(await problemType(response)).toBe('csrf');
  });

  test('is refused with the token of another session', async () => {
    const other = await site.me(await site.signedIn('hr.ala'));
    const response = await site.change(await site.signedIn(), form({ _csrf: other.csrf }));
    expect(response.status).toBe(403);
  });

  test('may send a file from the pages themselves', async () => {
    const response = await site.change(await site.signedIn(), {
      body: upload(),
      headers: { 'sec-fetch-site': 'same-origin' },
    });
    expect(response.status).toBe(200);
  });

  test('is no matter for who is not signed in', async () => {
    const response = await site.change(new Browser(), form({}));
    expect(await response.json()).toEqual({ changed: true, by: null });
  });
});

function upload(): FormData {
  const data = new FormData();
  data.set('file', new Blob(['x'], { type: 'text/plain' }), 'x.txt');
  return data;
}

function withJson(init: RequestInit): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), accept: 'application/json' } };
}
