import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { EncryptJWT, SignJWT, UnsecuredJWT } from 'jose';
import * as openid from 'openid-client';
import { languagePlugin } from '../../api/plugins/language.js';
import { problemsPlugin } from '../../api/plugins/problems.js';
import { signInPlugin } from '../../api/plugins/sign-in.js';
import { derivedKey } from '../../api/sign-in/sessions.js';
import { inProject, type Settings } from '../../config/index.js';
import type { Clock } from '../../core/clock.js';
import { createDirectory } from '../../core/directory.js';
import { createPeople, type People } from '../../core/people.js';
import { createVault } from '../../core/vault.js';
import { Browser, type Page } from '../../local/identity/browser.js';
import { identityKeys, type IdentityKeys } from '../../local/identity/keys.js';
import { startIdentityServer, type IdentityServer } from '../../local/identity/server.js';
import { readUsers } from '../../local/identity/users.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';
import { freePort } from '../helpers/ports.js';

const minute = 60_000;
const secret = randomBytes(32).toString('hex');
const keys = identityKeys(undefined);

let database: TestDatabase;
let people: People;
let identity: IdentityServer;
let identityPort: number;
let publicUrl: string;
let app: FastifyInstance;
/** How far the wall clock of the API is ahead, in milliseconds. */
let ahead = 0;

const settingsFor = (url: string, issuer: string): Settings =>
  ({
    oidc: { issuer, clientId: 'merzim', clientSecret: 'pages-secret' },
    web: { publicUrl: url, sessionSecret: secret },
  }) as Settings;

function startIdentity(port: number, own: IdentityKeys = keys): Promise<IdentityServer> {
  return startIdentityServer({
    host: '127.0.0.1',
    port,
    users: readUsers(inProject('local', 'identity', 'users.json')),
    keys: own,
    client: { id: 'merzim', secret: 'pages-secret', redirectUris: [`${publicUrl}/sign-in/callback`] },
    machine: { id: 'registry', secret: 'machine-secret' },
    log: () => undefined,
  });
}

/** An API of nothing but the sign-in, with routes that tell what it found. */
async function build(settings: Settings): Promise<FastifyInstance> {
  const clock: Clock = { ...database.clock, wallNow: () => new Date(database.clock.wallNow().getTime() + ahead) };
  const built = Fastify();
  await built.register(cookie);
  await built.register(formbody);
  await built.register(multipart);
  await built.register(languagePlugin, { timeZone: 'Asia/Almaty' });
  await built.register(problemsPlugin, { page: (_request, problem) => `<h1>${problem.title}</h1>` });
  await built.register(signInPlugin, { services: { settings, database, people, clock } });
  built.get('/me', (request) => ({ person: request.person, csrf: request.csrfToken() }));
  built.post('/change', (request) => ({ changed: true, by: request.person?.login ?? null }));
  return built;
}

beforeAll(async () => {
  // The provider says at each start that its state is in memory, which is meant.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  database = await openTestDatabase();
  const vault = createVault({ database, masterKey: randomBytes(32) });
  const directory = createDirectory({ database, vault });
  people = createPeople({ database });
  await Promise.all([vault.init(), directory.init(), people.init()]);
  await directory.importCsv(createReadStream(inProject('local', 'demo', 'directory.csv')));
  const apiPort = await freePort();
  publicUrl = `http://127.0.0.1:${apiPort}`;
  identityPort = await freePort();
  identity = await startIdentity(identityPort);
  app = await build(settingsFor(publicUrl, identity.issuer));
  await app.listen({ host: '127.0.0.1', port: apiPort });
});
beforeEach(() => {
  ahead = 0;
});
afterAll(async () => {
  await app.close();
  await identity.close();
  await database.drop();
  jest.restoreAllMocks();
});

interface Me {
  person: { login: string; roles: string[]; name?: string } | null;
  csrf: string;
}
const me = async (browser: Browser): Promise<Me> => (await (await browser.request(`${publicUrl}/me`)).json()) as Me;
const signedIn = async (login = 'iss.ala'): Promise<Browser> => {
  const browser = new Browser();
  const page = await browser.signIn(`${publicUrl}/sign-in?to=/me`, login, 'demo');
  expect(page.status).toBe(200);
  return browser;
};
const change = (browser: Browser, init: RequestInit = {}): Promise<Response> =>
  browser.request(`${publicUrl}/change`, { method: 'POST', ...init });
const form = (fields: Record<string, string>): RequestInit => ({ body: new URLSearchParams(fields) });
const problemType = async (response: Response): Promise<string> =>
  ((await response.json()) as { type: string }).type.replace('urn:merzim:problem:', '');
const title = (page: Page): string | undefined => /<h1>(.*)<\/h1>/.exec(page.body)?.[1];

describe('a person who signs in', () => {
  test('comes back to the page that asked, known with unit and branch', async () => {
    const browser = new Browser();
    const page = await browser.signIn(`${publicUrl}/sign-in?to=${encodeURIComponent('/me?tab=1')}`, 'iss.ala', 'demo');
    expect(page.url.href).toBe(`${publicUrl}/me?tab=1`);
    expect((await me(browser)).person).toEqual({
      login: 'iss.ala',
      employeeId: 'SC-1013',
      roles: ['iss', 'employee'],
      unitId: 'ALA-ISS',
      branchCode: 'ALA',
      name: expect.stringMatching(/^\p{L}+ \p{L}+ \p{L}+$/u),
    });
    expect(await people.byLogin('iss.ala')).toMatchObject({ employeeId: 'SC-1013', branchCode: 'ALA' });
  });

  test('is asked in the language of the pages', async () => {
    const browser = new Browser({ accept: 'text/html', 'accept-language': 'kk' });
    expect((await browser.get(`${publicUrl}/sign-in`)).body).toContain('<html lang="kk">');
  });

  test('who is signed in already goes straight on', async () => {
    const browser = await signedIn();
    const page = await browser.get(`${publicUrl}/sign-in?to=/me`);
    expect(page.chain).toEqual([`${publicUrl}/sign-in?to=/me`, `${publicUrl}/me`]);
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
    const browser = await signedIn();
    const response = await browser.request(`${publicUrl}/sign-in?to=${encodeURIComponent(to)}`);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(/^\/(?![/\\])/);
    expect(response.headers.get('location')).not.toContain('sign-in');
  });

  test('has cookies that scripts and other sites do not get', async () => {
    const browser = new Browser();
    const { headers } = await browser.request(`${publicUrl}/sign-in`);
    expect(headers.getSetCookie()[0]).toMatch(
      /^merzim-sign-in=.*; Max-Age=600; Path=\/sign-in; HttpOnly; SameSite=Lax$/,
    );
    const callback = await callbackOf(browser, new URL(headers.get('location')!), 'iss.ala');
    const answered = await browser.request(callback);
    const session = answered.headers.getSetCookie().find((line) => line.startsWith('merzim='));
    expect(session).toMatch(/^merzim=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('has secure cookies where the pages have https', async () => {
    const safe = await build(settingsFor('https://merzim.example.kz', identity.issuer));
    const { headers } = await safe.inject('/sign-in');
    expect(headers['set-cookie']).toMatch(/^__Secure-merzim-sign-in=.*; HttpOnly; Secure; SameSite=Lax$/);
    expect(headers.location).toContain(encodeURIComponent('https://merzim.example.kz/sign-in/callback'));
    await safe.close();
  });
});

/** Goes through the provider's pages up to the address that leads back, without asking it. */
async function callbackOf(browser: Browser, at: URL, login: string): Promise<URL> {
  const page = await browser.get(at);
  const action = /action="(\/interaction\/[\w-]+)"/.exec(page.body)![1]!;
  let location = (
    await browser.request(new URL(action, page.url), {
      method: 'POST',
      body: new URLSearchParams({ login, password: 'demo' }),
    })
  ).headers.get('location')!;
  while (!location.startsWith(publicUrl))
    location = (await browser.request(new URL(location, identity.issuer))).headers.get('location')!;
  return new URL(location);
}

/** Starts a sign-in and stops before the answer is handed in. */
async function almost(browser = new Browser()): Promise<{ browser: Browser; callback: URL }> {
  const started = await browser.request(`${publicUrl}/sign-in?to=/me`);
  return { browser, callback: await callbackOf(browser, new URL(started.headers.get('location')!), 'iss.ala') };
}

describe('an answer that does not fit is refused:', () => {
  const refused = async (browser: Browser, callback: URL, expected: string): Promise<void> => {
    const page = await browser.get(callback);
    expect(page.status).toBe(400);
    expect(title(page)).toBe(expected);
    expect(browser.cookie(publicUrl, 'merzim')).toBeUndefined();
    expect((await me(browser)).person).toBeNull();
  };
  const expired = 'Этот вход устарел; начните его заново';
  const failed = 'Вход не принят; начните его заново';

  test('with another state', async () => {
    const { browser, callback } = await almost();
    callback.searchParams.set('state', 'another');
    await refused(browser, callback, failed);
  });

  test('of another browser (login CSRF)', async () => {
    const { callback } = await almost();
    const victim = await almost();
    await refused(victim.browser, callback, failed);
  });

  test('in a browser that never started', async () => {
    const { callback } = await almost();
    await refused(new Browser(), callback, expired);
  });

  test('with another nonce in the ID token', async () => {
    const browser = new Browser();
    const verifier = openid.randomPKCECodeVerifier();
    const url = new URL(`${identity.issuer}/auth`);
    url.search = new URLSearchParams({
      client_id: 'merzim',
      redirect_uri: `${publicUrl}/sign-in/callback`,
      response_type: 'code',
      scope: 'openid profile',
      state: 'state',
      nonce: 'nonce-of-the-token',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const callback = await callbackOf(browser, url, 'iss.ala');
    const attempt = (nonce: string): Promise<string> => sealAttempt({ state: 'state', nonce, verifier });
    browser.setCookie(publicUrl, 'merzim-sign-in', await attempt('nonce-of-the-cookie'));
    await refused(browser, callback, failed);
  });

  test('with another code verifier', async () => {
    const { browser, callback } = await almost();
    const state = callback.searchParams.get('state')!;
    const verifier = openid.randomPKCECodeVerifier();
    browser.setCookie(publicUrl, 'merzim-sign-in', await sealAttempt({ state, nonce: 'any', verifier }));
    await refused(browser, callback, failed);
  });

  test('with a tampered cookie', async () => {
    const { browser, callback } = await almost();
    const sealed = browser.cookie(publicUrl, 'merzim-sign-in')!;
    browser.setCookie(publicUrl, 'merzim-sign-in', `${sealed.slice(0, -3)}AAA`);
    await refused(browser, callback, expired);
  });

  test('after more than ten minutes', async () => {
    const { browser, callback } = await almost();
    ahead = 11 * minute;
    await refused(browser, callback, expired);
  });

  test('a second time', async () => {
    const { browser, callback } = await almost();
    await browser.request(callback);
    const again = await browser.get(callback);
    expect([again.status, title(again)]).toEqual([400, expired]);
  });

  test('that says the person gave up', async () => {
    const { browser, callback } = await almost();
    const denied = new URL(`${callback.origin}${callback.pathname}`);
    denied.searchParams.set('error', 'access_denied');
    denied.searchParams.set('state', callback.searchParams.get('state')!);
    denied.searchParams.set('iss', identity.issuer);
    await refused(browser, denied, failed);
  });
});

function sealAttempt(values: Record<string, string>): Promise<string> {
  return new EncryptJWT({ ...values, to: '/me' })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime('5m')
    .encrypt(derivedKey(secret, 'sign-in'));
}

describe('a session', () => {
  test('ends after thirty minutes without a request', async () => {
    const browser = await signedIn();
    ahead = 29 * minute;
    expect((await me(browser)).person?.login).toBe('iss.ala');
    ahead = 58 * minute;
    expect((await me(browser)).person?.login).toBe('iss.ala');
    ahead = 89 * minute;
    expect((await me(browser)).person).toBeNull();
    ahead = 60 * minute;
    expect((await me(browser)).person).toBeNull();
  });

  test('ends after eight hours, however busy', async () => {
    const browser = await signedIn();
    for (ahead = 20 * minute; ahead < 8 * 60 * minute; ahead += 20 * minute)
      expect((await me(browser)).person?.login).toBe('iss.ala');
    ahead = 8 * 60 * minute + 1;
    expect((await me(browser)).person).toBeNull();
  });

  test('is not opened by a tampered cookie', async () => {
    const browser = await signedIn();
    const token = browser.cookie(publicUrl, 'merzim')!;
    browser.setCookie(publicUrl, 'merzim', `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`);
    expect((await me(browser)).person).toBeNull();
  });

  test('is not opened by what the database holds, nor is the name there', async () => {
    const browser = await signedIn('hr.ala');
    const { person } = await me(browser);
    const stored = await database.connection.collection('sessions').find({ login: 'hr.ala' }).toArray();
    const raw = JSON.stringify(stored);
    expect(raw).not.toContain(browser.cookie(publicUrl, 'merzim'));
    for (const part of person!.name!.split(' ')) expect(raw).not.toContain(part);
    const thief = new Browser();
    for (const session of stored) {
      thief.setCookie(publicUrl, 'merzim', String(session._id));
      expect((await me(thief)).person).toBeNull();
    }
  });

  test('that was there before a sign-in is not carried on', async () => {
    const browser = await signedIn();
    const former = browser.cookie(publicUrl, 'merzim')!;
    const attempt = await almostAs(browser);
    await browser.request(attempt);
    expect(browser.cookie(publicUrl, 'merzim')).not.toBe(former);
    const other = new Browser();
    other.setCookie(publicUrl, 'merzim', former);
    expect((await me(other)).person).toBeNull();
    expect((await me(browser)).person?.login).toBe('iss.ala');
  });

  test('is cleared away by the server some time after its end', async () => {
    const indexes = await database.connection.collection('sessions').indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { endsAt: 1 }, expireAfterSeconds: 0 }));
  });
});

/** A second answer of the provider for a browser that has a session here: the cookie of an attempt is made by hand. */
async function almostAs(browser: Browser): Promise<URL> {
  const verifier = openid.randomPKCECodeVerifier();
  const url = new URL(`${identity.issuer}/auth`);
  url.search = new URLSearchParams({
    client_id: 'merzim',
    redirect_uri: `${publicUrl}/sign-in/callback`,
    response_type: 'code',
    scope: 'openid profile',
    state: 'again',
    nonce: 'again',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const response = await browser.request(url);
  browser.setCookie(publicUrl, 'merzim-sign-in', await sealAttempt({ state: 'again', nonce: 'again', verifier }));
  return new URL(response.headers.get('location')!);
}

describe('signing out', () => {
  test('ends the session here and leads to the end at the provider', async () => {
    const browser = await signedIn();
    const { csrf } = await me(browser);
    const token = browser.cookie(publicUrl, 'merzim')!;
    const response = await browser.request(`${publicUrl}/sign-out`, { method: 'POST', ...form({ _csrf: csrf }) });
    expect(response.status).toBe(303);
    const end = new URL(response.headers.get('location')!);
    expect(end.origin).toBe(new URL(identity.issuer).origin);
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${publicUrl}/`);
    expect((await browser.get(end)).status).toBe(200);
    const other = new Browser();
    other.setCookie(publicUrl, 'merzim', token);
    expect((await me(other)).person).toBeNull();
  });

  test('can not be done by another site', async () => {
    const browser = await signedIn();
    const response = await browser.request(`${publicUrl}/sign-out`, { method: 'POST' });
    expect(response.status).toBe(403);
    expect((await me(browser)).person?.login).toBe('iss.ala');
  });
});

describe('a change by a session', () => {
  test('needs the token of its form', async () => {
    const browser = await signedIn();
    const { csrf } = await me(browser);
    expect((await change(browser, form({ _csrf: csrf }))).status).toBe(200);
    expect((await change(browser, { headers: { 'x-csrf-token': csrf } })).status).toBe(200);
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
    const browser = await signedIn();
    const { csrf } = await me(browser);
    const response = await change(browser, withJson(init(csrf)));
    expect(response.status).toBe(403);
    expect(await problemType(response)).toBe('csrf');
  });

  test('is refused with the token of another session', async () => {
    const other = await me(await signedIn('hr.ala'));
    const response = await change(await signedIn(), form({ _csrf: other.csrf }));
    expect(response.status).toBe(403);
  });

  test('may send a file from the pages themselves', async () => {
    const response = await change(await signedIn(), { body: upload(), headers: { 'sec-fetch-site': 'same-origin' } });
    expect(response.status).toBe(200);
  });

  test('is no matter for who is not signed in', async () => {
    const response = await change(new Browser(), form({}));
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

describe('an access token', () => {
  const grant = async (server: IdentityServer, scope?: string): Promise<string> => {
    const config = await openid.discovery(
      new URL(server.issuer),
      'registry',
      'machine-secret',
      openid.ClientSecretBasic('machine-secret'),
      { execute: [openid.allowInsecureRequests] },
    );
    return (await openid.clientCredentialsGrant(config, scope ? { scope } : {})).access_token;
  };
  const asked = (token: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${publicUrl}/${init.method === 'POST' ? 'change' : 'me'}`, {
      ...init,
      headers: { authorization: `Bearer ${token}` },
    });
  const refused = async (token: string): Promise<void> => {
    const response = await asked(token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(await problemType(response)).toBe('invalid-token');
  };
  const signed = (claims: Record<string, unknown>, header: Record<string, string> = {}) => {
    const [jwk] = keys.jwks.keys as unknown as [Record<string, string>];
    return new SignJWT({ client_id: 'registry', scope: 'intake', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid!, typ: 'at+jwt', ...header })
      .sign(jwk);
  };
  const good = (): Record<string, unknown> => {
    const now = Math.floor(database.clock.wallNow().getTime() / 1000);
    return { iss: identity.issuer, aud: 'merzim', sub: 'registry', iat: now, exp: now + 300 };
  };

  test('of a machine with the scope intake registers cases', async () => {
    const response = await asked(await grant(identity, 'intake'));
    expect(((await response.json()) as Me).person).toEqual({
      login: 'client:registry',
      employeeId: null,
      roles: ['registrar-machine'],
      unitId: null,
      branchCode: null,
    });
  });

  test('of a machine without the scope has no role', async () => {
    expect(((await (await asked(await grant(identity))).json()) as Me).person?.roles).toEqual([]);
  });

  test('changes things without a form token', async () => {
    const response = await asked(await grant(identity, 'intake'), { method: 'POST' });
    expect(await response.json()).toEqual({ changed: true, by: 'client:registry' });
  });

  test('goes before a cookie', async () => {
    const browser = await signedIn();
    const response = await browser.request(`${publicUrl}/me`, {
      headers: { authorization: `Bearer ${await grant(identity, 'intake')}` },
    });
    expect(((await response.json()) as Me).person?.login).toBe('client:registry');
  });

  test('made by hand as the provider makes it is good (so that those below fail for their own fault alone)', async () => {
    expect((await asked(await signed(good()))).status).toBe(200);
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another audience', () => signed({ ...good(), aud: 'other' })],
    ['of another issuer with the same keys', () => signed({ ...good(), iss: 'https://other.example' })],
    ['without an end', () => signed({ ...good(), exp: undefined })],
    ['that has expired', () => signed({ ...good(), exp: Math.floor(database.clock.wallNow().getTime() / 1000) - 60 })],
    ['that is an ID token', () => signed({ ...good(), nonce: 'n' }, { typ: 'JWT' })],
    ['without a signature', () => new UnsecuredJWT({ ...good(), client_id: 'registry' }).encode()],
    [
      'signed with the secret of the client',
      () =>
        new SignJWT({ ...good(), client_id: 'registry' })
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
          .sign(Buffer.from('pages-secret')),
    ],
    [
      'that names a person like a machine',
      () => signed({ ...good(), sub: 'x', preferred_username: 'client:registry' }),
    ],
    ['that was tampered with', async () => tamper(await signed(good()))],
    ['that is none', () => 'abc'],
  ])('%s is refused', async (_name, make) => {
    await refused(await make());
  });

  test('of another provider is refused', async () => {
    const other = await startIdentity(0, identityKeys(undefined));
    try {
      await refused(await grant(other, 'intake'));
    } finally {
      await other.close();
    }
  });

  test('that has expired meanwhile is refused', async () => {
    const token = await grant(identity, 'intake');
    ahead = 11 * minute;
    await refused(token);
  });

  test('of another kind than Bearer is refused', async () => {
    const response = await fetch(`${publicUrl}/me`, { headers: { authorization: 'Basic YTpi' } });
    expect(response.status).toBe(401);
  });

  test('of a person acts as that person', async () => {
    const now = good();
    const token = await signed({
      ...now,
      sub: 'auditor',
      client_id: 'merzim',
      scope: 'api',
      preferred_username: 'auditor',
      employee_id: 'SC-1007',
      roles: ['auditor', 'registrar-machine', 'root'],
    });
    const { person } = (await (await asked(token)).json()) as Me;
    expect(person).toMatchObject({ login: 'auditor', roles: ['auditor'], unitId: 'CO-AUD' });
  });
});

function tamper(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'other', client_id: 'other' })).toString('base64url');
  return [header, forged, signature].join('.');
}

describe('while the provider is down', () => {
  test('the API starts, keeps its sessions and says that nobody can sign in; then all is well again', async () => {
    const browser = await signedIn();
    const token = await signed401();
    await identity.close();
    const other = await build(settingsFor(publicUrl, identity.issuer));
    try {
      expect((await me(browser)).person?.login).toBe('iss.ala');
      const page = await other.inject({ url: '/sign-in', headers: { accept: 'text/html', 'accept-language': 'en' } });
      expect(page.statusCode).toBe(503);
      expect(page.body).toContain('Signing in is not possible for now');
      const problem = await other.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } });
      expect([problem.statusCode, problem.json<{ type: string }>().type]).toEqual([
        503,
        'urn:merzim:problem:sign-in-unavailable',
      ]);
      const { csrf } = await me(browser);
      const out = await browser.request(`${publicUrl}/sign-out`, { method: 'POST', ...form({ _csrf: csrf }) });
      expect(out.status).toBe(303);
      expect((await me(browser)).person).toBeNull();
    } finally {
      identity = await startIdentity(identityPort);
    }
    expect((await other.inject('/sign-in')).statusCode).toBe(303);
    expect((await other.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })).statusCode).toBe(200);
    await other.close();
    await signedIn();
  });

  test('an answer to a sign-in says the same', async () => {
    const { browser, callback } = await almost();
    await identity.close();
    try {
      const page = await browser.get(callback);
      expect(page.status).toBe(503);
      expect(title(page)).toMatch(/^Войти сейчас нельзя/);
    } finally {
      identity = await startIdentity(identityPort);
    }
  });

  const signed401 = async (): Promise<string> => {
    const [jwk] = keys.jwks.keys as unknown as [Record<string, string>];
    return new SignJWT({ client_id: 'registry', scope: 'intake' })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid!, typ: 'at+jwt' })
      .setIssuer(identity.issuer)
      .setAudience('merzim')
      .setSubject('registry')
      .setExpirationTime('5m')
      .sign(jwk);
  };
});

test('a provider without https is refused but on this machine', async () => {
  await expect(build(settingsFor(publicUrl, 'http://id.example.kz'))).rejects.toThrow('OIDC_ISSUER');
});
