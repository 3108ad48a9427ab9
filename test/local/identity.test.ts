import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as openid from 'openid-client';
import { inProject } from '../../config/index.js';
import { Browser } from '../../local/identity/browser.js';
import { identityKeys } from '../../local/identity/keys.js';
import { apiResource } from '../../local/identity/provider.js';
import { startIdentityServer, type IdentityServer } from '../../local/identity/server.js';
import { readUsers } from '../../local/identity/users.js';

const redirectUri = 'http://127.0.0.1:9/sign-in/callback';
const usersFile = inProject('local', 'identity', 'users.json');
const folder = mkdtempSync(path.join(tmpdir(), 'identity-'));
const keysFile = path.join(folder, 'keys.json');

const logged: unknown[] = [];
let server: IdentityServer;
let pages: openid.Configuration;
let machine: openid.Configuration;

const start = (port = 0, issuer?: string): Promise<IdentityServer> =>
  startIdentityServer({
    host: '127.0.0.1',
    port,
    issuer,
    users: readUsers(usersFile),
    keys: identityKeys(keysFile),
    client: { id: 'merzim', secret: 'pages-secret', redirectUris: [redirectUri] },
    machine: { id: 'registry', secret: 'machine-secret' },
    log: (...entry) => void logged.push(entry),
  });
const discover = (id: string, secret: string): Promise<openid.Configuration> =>
  openid.discovery(new URL(server.issuer), id, secret, openid.ClientSecretBasic(secret), {
    execute: [openid.allowInsecureRequests],
  });

beforeAll(async () => {
  // The provider says at each start that its state is in memory, which is meant.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  server = await start();
  pages = await discover('merzim', 'pages-secret');
  machine = await discover('registry', 'machine-secret');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
});

/** The address to sign in at, with the secrets that the answer has to fit. */
async function authorization(parameters: Record<string, string> = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const [state, nonce] = [openid.randomState(), openid.randomNonce()];
  const url = openid.buildAuthorizationUrl(pages, {
    redirect_uri: redirectUri,
    scope: 'openid profile',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  return { url, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } };
}

/** Signs in up to the redirect that leads back to the pages, which nobody serves here. */
async function callbackOf(browser: Browser, url: URL, login: string, password: string): Promise<URL> {
  const page = await browser.get(url);
  const action = /action="(\/interaction\/[\w-]+)"/.exec(page.body)?.[1];
  let location = action
    ? (
        await browser.request(new URL(action, page.url), {
          method: 'POST',
          body: new URLSearchParams({ login, password }),
        })
      ).headers.get('location')
    : null;
  for (let hops = 0; location && !location.startsWith(redirectUri) && hops < 5; hops += 1)
    location = (await browser.request(new URL(location, server.issuer))).headers.get('location');
  if (!location) throw new Error('the sign-in did not lead back');
  return new URL(location);
}

describe('signing in', () => {
  test('leads back with a code that is good for the claims of the person', async () => {
    const { url, checks } = await authorization();
    const callback = await callbackOf(new Browser(), url, 'iss.ala', 'demo');
    const tokens = await openid.authorizationCodeGrant(pages, callback, checks);
    expect(tokens.claims()).toMatchObject({
      iss: server.issuer,
      aud: 'merzim',
      sub: 'iss.ala',
      preferred_username: 'iss.ala',
      name: expect.any(String),
      employee_id: 'SC-1013',
      roles: ['iss', 'employee'],
      groups: ['ins-iss-branch-ALA'],
    });
    expect(await openid.fetchUserInfo(pages, tokens.access_token, 'iss.ala')).toMatchObject({
      employee_id: 'SC-1013',
    });
    const renewed = await openid.refreshTokenGrant(pages, tokens.refresh_token!);
    expect(renewed.claims()).toMatchObject({ preferred_username: 'iss.ala' });
  });

  test('gives an access token for the API on request', async () => {
    const { url, checks } = await authorization({ resource: apiResource, scope: 'openid profile api' });
    const callback = await callbackOf(new Browser(), url, 'auditor', 'demo');
    const tokens = await openid.authorizationCodeGrant(pages, callback, checks, { resource: apiResource });
    const { payload } = await verify(tokens.access_token);
    expect(payload).toMatchObject({ sub: 'auditor', preferred_username: 'auditor', roles: ['auditor', 'employee'] });
  });

  test.each([
    ['a wrong password', 'iss.ala', 'wrong'],
    ['an empty password', 'iss.ala', ''],
    ['a user that there is not', 'nobody', 'demo'],
    ['a user that there is not, with no password', 'nobody', ''],
  ])('is refused for %s, in the same words', async (_name, login, password) => {
    const { url } = await authorization();
    const page = await new Browser().signIn(url, login, password);
    expect(page.status).toBe(422);
    expect(page.body).toContain('Неверный логин или пароль.');
    expect(page.body).not.toContain('nobody');
    expect(page.headers.getSetCookie().join()).not.toContain('idp_session');
  });

  test('works after a wrong password', async () => {
    const { url } = await authorization();
    const browser = new Browser();
    const page = await browser.signIn(url, 'hr.ala', 'wrong');
    const action = /action="(\/interaction\/[\w-]+)"/.exec(page.body)![1]!;
    const response = await browser.request(new URL(action, page.url), {
      method: 'POST',
      body: new URLSearchParams({ login: 'hr.ala', password: 'demo' }),
    });
    expect(response.status).toBe(303);
  });

  test('needs PKCE', async () => {
    const { url } = await authorization();
    url.searchParams.delete('code_challenge');
    url.searchParams.delete('code_challenge_method');
    const response = await fetch(url, { redirect: 'manual' });
    expect(new URL(response.headers.get('location')!).searchParams.get('error')).toBe('invalid_request');
  });

  test('leads nowhere but to a registered address', async () => {
    const { url } = await authorization({ redirect_uri: 'https://elsewhere.example/callback' });
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).not.toContain('elsewhere');
  });

  test('with another code verifier gets no token', async () => {
    const { url, checks } = await authorization();
    const callback = await callbackOf(new Browser(), url, 'iss.ala', 'demo');
    const wrong = { ...checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() };
    await expect(openid.authorizationCodeGrant(pages, callback, wrong)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('that has expired says so', async () => {
    const page = await new Browser().get(`${server.issuer}/interaction/none`);
    expect(page.status).toBe(400);
    expect(page.body).toContain('устарел');
  });
});

describe('the page', () => {
  test.each([
    ['kk', 'Құпиясөз'],
    ['ru', 'Пароль'],
    ['en', 'Password'],
  ])('speaks %s, names its fields and lists nobody', async (language, word) => {
    const { url } = await authorization({ ui_locales: language });
    const page = await new Browser().get(url);
    expect(page.body).toContain(`<html lang="${language}">`);
    expect(page.body).toContain(`<label for="password">${word}</label>`);
    for (const user of readUsers(usersFile).all) {
      expect(page.body).not.toContain(user.name);
      expect(page.body).not.toContain(user.login);
    }
  });

  test('loads nothing and may not be framed', async () => {
    const { url } = await authorization();
    const { headers } = await new Browser().get(url);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('signing out', () => {
  test('ends the sign-in after asking, and leads back', async () => {
    const browser = new Browser();
    const { url } = await authorization();
    await callbackOf(browser, url, 'iss.ala', 'demo');
    const out = openid.buildEndSessionUrl(pages, {
      client_id: 'merzim',
      post_logout_redirect_uri: 'http://127.0.0.1:9/',
    });
    const page = await browser.get(out);
    const xsrf = /name="xsrf" value="(\w+)"/.exec(page.body)![1]!;
    const action = /action="([^"]+)"/.exec(page.body)![1]!;
    const response = await browser.request(action, {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    });
    expect(response.headers.get('location')).toBe('http://127.0.0.1:9/');
    const again = await authorization();
    expect((await browser.get(again.url)).body).toContain('name="password"');
  });
});

describe('a machine', () => {
  test('gets an access token for the API with its scope', async () => {
    const tokens = await openid.clientCredentialsGrant(machine, { scope: 'intake' });
    const { payload, protectedHeader } = await verify(tokens.access_token);
    expect(protectedHeader.typ).toBe('at+jwt');
    expect(payload).toMatchObject({ sub: 'registry', client_id: 'registry', scope: 'intake', aud: 'merzim' });
  });

  test('gets none for another API', async () => {
    await expect(
      openid.clientCredentialsGrant(machine, { scope: 'intake', resource: 'urn:other:api' }),
    ).rejects.toMatchObject({ error: 'invalid_target' });
  });

  test('gets none with a wrong secret', async () => {
    const config = await discover('registry', 'wrong');
    await expect(openid.clientCredentialsGrant(config, { scope: 'intake' })).rejects.toMatchObject({ status: 401 });
  });
});

test('the log tells what happened, and nobody', () => {
  expect(logged).toContainEqual(['info', 'sign-in', { accepted: true }]);
  expect(logged).toContainEqual(['info', 'sign-in', { accepted: false }]);
  for (const value of ['iss.ala', 'demo', 'SC-1013', 'nobody']) expect(JSON.stringify(logged)).not.toContain(value);
});

test('keys stay the same from one start to the next, readable by the owner alone', async () => {
  expect(statSync(keysFile).mode & 0o777).toBe(0o600);
  const { access_token: token } = await openid.clientCredentialsGrant(machine, { scope: 'intake' });
  const second = await start(0, server.issuer);
  try {
    expect(identityKeys(keysFile).jwks.keys[0]?.kid).toBe(decodeProtectedHeader(token).kid);
  } finally {
    await second.close();
  }
});

async function verify(token: string) {
  return jwtVerify(token, createRemoteJWKSet(new URL(pages.serverMetadata().jwks_uri!)), {
    issuer: server.issuer,
    audience: 'merzim',
  });
}
