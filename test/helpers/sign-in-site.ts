import { randomBytes } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import { jest } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { EncryptJWT } from 'jose';
import * as openid from 'openid-client';
import { languagePlugin } from '../../api/plugins/language.js';
import { problemsPlugin } from '../../api/plugins/problems.js';
import rateLimit from '@fastify/rate-limit';
import { signInPlugin } from '../../api/plugins/sign-in.js';
import { derivedKey } from '../../api/sign-in/sessions.js';
import { inProject, type Settings } from '../../config/index.js';
import type { Clock } from '../../core/clock.js';
import { createDirectory } from '../../core/directory.js';
import { createPeople, type People } from '../../core/people.js';
import { createVault } from '../../core/vault.js';
import { Browser, type Page } from '../../local/identity/browser.js';
import { identityKeys, type IdentityKeys } from '../../local/identity/keys.js';
import { seedOrganisation } from '../../local/identity/seed.js';
import { startIdentityServer, type IdentityServer } from '../../local/identity/server.js';
import { readUsers } from '../../local/identity/users.js';
import { openTestDatabase, type TestDatabase } from './database.js';
import { freePort } from './ports.js';

/** What `/me` answers. */
export interface Me {
  person: { login: string; roles: string[]; name?: string } | null;
  csrf: string;
}

/** A real identity provider, and an API of nothing but the sign-in with routes that tell what it found, both on loopback. */
export class SignInSite {
  /** How far the wall clock of the API is ahead, in milliseconds. */
  ahead = 0;
  readonly keys = identityKeys(undefined);
  readonly secret = randomBytes(32).toString('hex');

  private constructor(
    readonly database: TestDatabase,
    readonly people: People,
    readonly publicUrl: string,
    private readonly identityPort: number,
  ) {}

  identity!: IdentityServer;
  #app!: FastifyInstance;

  static async start(): Promise<SignInSite> {
    // The provider says at each start that its state is in memory, which is meant.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const database = await openTestDatabase();
    const vault = createVault({ database, masterKey: randomBytes(32) });
    const directory = createDirectory({ database, vault });
    const people = createPeople({ database });
    await Promise.all([vault.init(), directory.init(), people.init()]);
    await seedOrganisation({ directory, people });
    await database.connection.collection('people').deleteMany({});
    const apiPort = await freePort();
    const site = new SignInSite(database, people, `http://127.0.0.1:${apiPort}`, await freePort());
    await site.startIdentity();
    site.#app = await site.build();
    await site.#app.listen({ host: '127.0.0.1', port: apiPort });
    return site;
  }

  async stop(): Promise<void> {
    await this.#app.close();
    await this.identity.close();
    await this.database.drop();
    jest.restoreAllMocks();
  }

  /** Starts the provider of this site, after it was closed too. */
  async startIdentity(): Promise<void> {
    this.identity = await this.anotherIdentity(this.identityPort, this.keys);
  }

  /** Starts a provider that is like this site's but for its address and keys. */
  anotherIdentity(port: number, keys: IdentityKeys): Promise<IdentityServer> {
    return startIdentityServer({
      host: '127.0.0.1',
      port,
      users: readUsers(inProject('local', 'identity', 'users.json')),
      keys,
      client: { id: 'merzim', secret: 'pages-secret', redirectUris: [`${this.publicUrl}/sign-in/callback`] },
      machine: { id: 'registry', secret: 'machine-secret' },
      log: () => undefined,
    });
  }

  async build({ publicUrl = this.publicUrl, issuer = this.identity.issuer } = {}): Promise<FastifyInstance> {
    const { database, people } = this;
    const settings = {
      oidc: { issuer, clientId: 'merzim', clientSecret: 'pages-secret' },
      web: { publicUrl, sessionSecret: this.secret },
    } as Settings;
    const wallNow = (): Date => new Date(database.clock.wallNow().getTime() + this.ahead);
    const clock: Clock = { ...database.clock, wallNow };
    const app = Fastify();
    await app.register(cookie);
    await app.register(formbody);
    await app.register(multipart);
    await app.register(languagePlugin, { organisation: { jurisdiction: 'KZ', timeZone: 'Asia/Almaty' } });
    await app.register(problemsPlugin, { page: (_request, problem) => `<h1>${problem.title}</h1>` });
    await app.register(rateLimit, { global: false });
    await app.register(signInPlugin, { services: { settings, database, people, clock } });
    app.get('/me', (request) => ({ person: request.person, csrf: request.csrfToken() }));
    app.post('/change', (request) => ({ changed: true, by: request.person?.login ?? null }));
    return app;
  }

  async signedIn(login = 'iss.ala'): Promise<Browser> {
    const browser = new Browser();
    const page = await browser.signIn(`${this.publicUrl}/sign-in?to=/me`, login, 'demo');
    if (page.status !== 200) throw new Error(`signing in ended with ${page.status}`);
    return browser;
  }

  async me(browser: Browser): Promise<Me> {
    return (await (await browser.request(`${this.publicUrl}/me`)).json()) as Me;
  }

  change(browser: Browser, init: RequestInit = {}): Promise<Response> {
    return browser.request(`${this.publicUrl}/change`, { method: 'POST', ...init });
  }

  /** Starts a sign-in and stops before the provider's answer is handed in. */
  async almost(browser = new Browser()): Promise<{ browser: Browser; callback: URL }> {
    const started = await browser.request(`${this.publicUrl}/sign-in?to=/me`);
    return { browser, callback: await this.callbackOf(browser, new URL(started.headers.get('location')!), 'iss.ala') };
  }

  /** Goes through the provider's pages up to the address that leads back, without asking it. */
  async callbackOf(browser: Browser, at: URL, login: string): Promise<URL> {
    const first = await browser.request(at);
    let location = first.headers.get('location') ?? '';
    while (!location.startsWith(this.publicUrl)) {
      const page = await browser.request(new URL(location, this.identity.issuer));
      const action = /action="(\/interaction\/[\w-]+)"/.exec(await page.text())?.[1];
      const next = action
        ? await browser.request(new URL(action, this.identity.issuer), {
            method: 'POST',
            body: new URLSearchParams({ login, password: 'demo' }),
          })
        : page;
      location = next.headers.get('location') ?? '';
      if (!location) throw new Error(`the provider led nowhere (${next.status})`);
    }
    return new URL(location);
  }

  /** An attempt made by hand: the address to ask, and the cookie's content; `kept` differs from what was asked. */
  async attempt(kept: { nonce?: string; verifier?: string } = {}): Promise<{ url: URL; cookie: string }> {
    const verifier = openid.randomPKCECodeVerifier();
    const url = new URL('auth', `${this.identity.issuer}/`);
    url.search = new URLSearchParams({
      client_id: 'merzim',
      redirect_uri: `${this.publicUrl}/sign-in/callback`,
      response_type: 'code',
      scope: 'openid profile',
      state: 'state',
      nonce: 'nonce',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const cookie = await new EncryptJWT({ state: 'state', nonce: 'nonce', verifier, to: '/me', ...kept })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setExpirationTime('5m')
      .encrypt(derivedKey(this.secret, 'sign-in'));
    return { url, cookie };
  }
}

export const minute = 60_000;

export function form(fields: Record<string, string>): RequestInit {
  return { body: new URLSearchParams(fields) };
}

/** Last part of a problem's type. */
export async function problemType(response: Response): Promise<string> {
  return ((await response.json()) as { type: string }).type.replace('urn:merzim:problem:', '');
}

export function title(page: Page): string | undefined {
  return /<h1>(.*)<\/h1>/.exec(page.body)?.[1];
}
