import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import * as openid from 'openid-client';
import { Browser } from '../../local/identity/browser.js';
import { form, minute, SignInSite, title } from '../helpers/sign-in-site.js';

let site: SignInSite;

beforeAll(async () => {
  site = await SignInSite.start();
});
beforeEach(() => {
  site.ahead = 0;
});
afterAll(() => site.stop());

describe('a person who signs in', () => {
  test('comes back to the page that asked, known with unit and branch', async () => {
    const browser = new Browser();
    const page = await browser.signIn(
      `${site.publicUrl}/sign-in?to=${encodeURIComponent('/me?tab=1')}`,
      'iss.ala',
      'demo',
    );
    expect(page.url.href).toBe(`${site.publicUrl}/me?tab=1`);
    expect((await site.me(browser)).person).toEqual({
      login: 'iss.ala',
      employeeId: 'SC-1013',
      roles: ['iss', 'employee'],
      unitId: 'ALA-ISS',
      branchCode: 'ALA',
      name: expect.stringMatching(/^\p{L}+ \p{L}+ \p{L}+$/u),
    });
    expect(await site.people.byLogin('iss.ala')).toMatchObject({ employeeId: 'SC-1013', branchCode: 'ALA' });
  });

  test('is asked in the language of the pages', async () => {
    const browser = new Browser({ accept: 'text/html', 'accept-language': 'kk' });
    expect((await browser.get(`${site.publicUrl}/sign-in`)).body).toContain('<html lang="kk">');
  });

  test('who is signed in already goes straight on', async () => {
    const browser = await site.signedIn();
    const page = await browser.get(`${site.publicUrl}/sign-in?to=/me`);
    expect(page.chain).toEqual([`${site.publicUrl}/sign-in?to=/me`, `${site.publicUrl}/me`]);
  });

  test.each([
    'https://elsewhere.example/',
    '//elsewhere.example/',
    '/\\elsewhere.example/',
    '/\t/elsewhere.example',
    'javascript:alert(1)',
    '/sign-in?to=/sign-in',
    '',
  ])('is led nowhere else by to=%j', async (to) => {
    const browser = await site.signedIn();
    const response = await browser.request(`${site.publicUrl}/sign-in?to=${encodeURIComponent(to)}`);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/^\/(?![/\\])/);
    expect(response.headers.get('location')).not.toContain('sign-in');
  });

  test('has cookies that scripts and other sites do not get', async () => {
    const browser = new Browser();
    const { headers } = await browser.request(`${site.publicUrl}/sign-in`);
    expect(headers.getSetCookie()[0]).toMatch(
      /^merzim-sign-in=.*; Max-Age=600; Path=\/sign-in; HttpOnly; SameSite=Lax$/,
    );
    const callback = await site.callbackOf(browser, new URL(headers.get('location')!), 'iss.ala');
    const answered = await browser.request(callback);
    const session = answered.headers.getSetCookie().find((line) => line.startsWith('merzim='));
    expect(session).toMatch(/^merzim=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('has secure cookies where the pages have https', async () => {
    const safe = await site.build({ publicUrl: 'https://merzim.example.kz' });
    const { headers } = await safe.inject('/sign-in');
    expect(headers['set-cookie']).toMatch(/^__Secure-merzim-sign-in=.*; HttpOnly; Secure; SameSite=Lax$/);
    expect(headers.location).toContain(encodeURIComponent('https://merzim.example.kz/sign-in/callback'));
    await safe.close();
  });
});

describe('an answer that does not fit is refused:', () => {
  const refused = async (browser: Browser, callback: URL, expected: string): Promise<void> => {
    const page = await browser.get(callback);
    expect(page.status).toBe(400);
    expect(title(page)).toBe(expected);
    expect(browser.cookie(site.publicUrl, 'merzim')).toBeUndefined();
    expect((await site.me(browser)).person).toBeNull();
  };
  const expired = 'Этот вход устарел; начните его заново';
  const failed = 'Вход не принят; начните его заново';

  test('with another state', async () => {
    const { browser, callback } = await site.almost();
    callback.searchParams.set('state', 'another');
    await refused(browser, callback, failed);
  });

  test('of another browser (login CSRF)', async () => {
    const { callback } = await site.almost();
    const victim = await site.almost();
    await refused(victim.browser, callback, failed);
  });

  test('in a browser that never started', async () => {
    const { callback } = await site.almost();
    await refused(new Browser(), callback, expired);
  });

  test('with another nonce in the ID token', async () => {
    const browser = new Browser();
    const { url, cookie } = await site.attempt({ nonce: 'another' });
    const callback = await site.callbackOf(browser, url, 'iss.ala');
    browser.setCookie(site.publicUrl, 'merzim-sign-in', cookie);
    await refused(browser, callback, failed);
  });

  test('with another code verifier', async () => {
    const browser = new Browser();
    const { url, cookie } = await site.attempt({ verifier: openid.randomPKCECodeVerifier() });
    const callback = await site.callbackOf(browser, url, 'iss.ala');
    browser.setCookie(site.publicUrl, 'merzim-sign-in', cookie);
    await refused(browser, callback, failed);
  });

  test('not when everything fits (so that those above fail for their own fault alone)', async () => {
    const browser = new Browser();
    const { url, cookie } = await site.attempt();
    const callback = await site.callbackOf(browser, url, 'iss.ala');
    browser.setCookie(site.publicUrl, 'merzim-sign-in', cookie);
    expect((await browser.get(callback)).status).toBe(200);
  });

  test('with a tampered cookie', async () => {
    const { browser, callback } = await site.almost();
    const sealed = browser.cookie(site.publicUrl, 'merzim-sign-in')!;
    browser.setCookie(site.publicUrl, 'merzim-sign-in', `${sealed.slice(0, -3)}AAA`);
    await refused(browser, callback, expired);
  });

  test('after more than ten minutes', async () => {
    const { browser, callback } = await site.almost();
    site.ahead = 11 * minute;
    await refused(browser, callback, expired);
  });

  test('a second time', async () => {
    const { browser, callback } = await site.almost();
    await browser.request(callback);
    const again = await browser.get(callback);
    expect([again.status, title(again)]).toEqual([400, expired]);
  });

  test('that says the person gave up', async () => {
    const { browser, callback } = await site.almost();
    const denied = new URL(`${callback.origin}${callback.pathname}`);
    denied.searchParams.set('error', 'access_denied');
    denied.searchParams.set('state', callback.searchParams.get('state')!);
    denied.searchParams.set('iss', site.identity.issuer);
    await refused(browser, denied, failed);
  });
});

describe('while the provider is down', () => {
  test('the API starts, keeps its sessions and says that nobody can sign in; then all is well again', async () => {
    const browser = await site.signedIn();
    const token = await signed401();
    await site.identity.close();
    const other = await site.build();
    try {
      expect((await site.me(browser)).person?.login).toBe('iss.ala');
      const page = await other.inject({ url: '/sign-in', headers: { accept: 'text/html', 'accept-language': 'en' } });
      expect(page.statusCode).toBe(503);
      expect(page.body).toContain('Signing in is not possible for now');
      const problem = await other.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } });
      expect([problem.statusCode, problem.json<{ type: string }>().type]).toEqual([
        503,
        'urn:merzim:problem:sign-in-unavailable',
      ]);
      const { csrf } = await site.me(browser);
      const out = await browser.request(`${site.publicUrl}/sign-out`, { method: 'POST', ...form({ _csrf: csrf }) });
      expect(out.status).toBe(303);
      expect((await site.me(browser)).person).toBeNull();
    } finally {
      await site.startIdentity();
    }
    expect((await other.inject('/sign-in')).statusCode).toBe(303);
    expect((await other.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })).statusCode).toBe(200);
    await other.close();
    await site.signedIn();
  });

  test('an answer to a sign-in says the same', async () => {
    const { browser, callback } = await site.almost();
    await site.identity.close();
    try {
      const page = await browser.get(callback);
      expect(page.status).toBe(503);
      expect(title(page)).toMatch(/^Войти сейчас нельзя/);
    } finally {
      await site.startIdentity();
    }
  });

  const signed401 = async (): Promise<string> => {
    const [jwk] = site.keys.jwks.keys as unknown as [Record<string, string>];
    return new SignJWT({ client_id: 'registry', scope: 'intake' })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid!, typ: 'at+jwt' })
      .setIssuer(site.identity.issuer)
      .setAudience('merzim')
      .setSubject('registry')
      .setExpirationTime('5m')
      .sign(jwk);
  };
});

test('a provider without https is refused but on this machine', async () => {
  await expect(site.build({ issuer: 'http://id.example.kz' })).rejects.toThrow('OIDC_ISSUER');
});
