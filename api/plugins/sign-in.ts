import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { InputProblem } from '../../core/errors.js';
import type { Person } from '../../core/people.js';
import type { Services } from '../../core/services.js';
import { badTokensPerMinute } from '../limits.js';
import { createIdentityProvider, type Attempt } from '../sign-in/oidc.js';
import { createSessions, derivedKey } from '../sign-in/sessions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: by the session's cookie or by an access token; null for who isn't signed in. */
    person: Person | null;
    /**
     * What a form of this session has to send back, as field `_csrf` or header `x-csrf-token`; '' without a session. It is checked before the
     * handler of each request that changes something, unless that came with an access token.
     */
    csrfToken(): string;
  }
}

const attemptMinutes = 10;
const attemptValues = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() });
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Sign-in of people by OpenID Connect (authorization code, PKCE) and of machines by access token. */
export const signInPlugin = fp<{ services: Pick<Services, 'settings' | 'database' | 'people' | 'clock'> }>(
  async (app: FastifyInstance, { services }) => {
    const { settings, database, people, clock } = services;
    const { publicUrl, sessionSecret } = settings.web;
    const secure = publicUrl.startsWith('https:');
    const sessionCookie = secure ? '__Host-merzim' : 'merzim';
    const attemptCookie = secure ? '__Secure-merzim-sign-in' : 'merzim-sign-in';
    const sessionOptions: CookieSerializeOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure };
    const attemptOptions: CookieSerializeOptions = { ...sessionOptions, path: '/sign-in' };
    const attemptKey = derivedKey(sessionSecret, 'sign-in');
    const provider = createIdentityProvider({ settings, clock, log: app.log });
    const sessions = createSessions({ database, secret: sessionSecret, clock });
    /** Tokens of the sessions by which requests came. */
    const tokens = new WeakMap<FastifyRequest, string>();
    await sessions.init();

    const countBadToken = app.createRateLimit({ max: badTokensPerMinute, keyGenerator: ({ ip }) => `token:${ip}` });

    app.decorateRequest('person', null);
    app.decorateRequest('csrfToken', function csrfToken(this: FastifyRequest) {
      const token = tokens.get(this);
      return token === undefined ? '' : sessions.csrfToken(token);
    });

    app.addHook('onRequest', async (request, reply) => {
      const { authorization } = request.headers;
      if (authorization !== undefined) {
        const bearer = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
        try {
          if (!bearer) throw new InputProblem(401, 'invalid-token');
          request.person = await people.resolve(await provider.verify(bearer));
        } catch (error) {
          if (!(error instanceof InputProblem && error.status === 401)) throw error;
          reply.header('www-authenticate', 'Bearer error="invalid_token"');
          const tried = await countBadToken(request);
          if (tried.isAllowed || !tried.isExceeded) throw error;
          reply.header('retry-after', String(tried.ttlInSeconds));
          throw new InputProblem(429, 'too-many-requests');
        }
        return;
      }
      const token = request.cookies[sessionCookie];
      if (!token) return;
      const found = await sessions.find(token);
      if (!found) {
        reply.clearCookie(sessionCookie, sessionOptions);
        return;
      }
      tokens.set(request, token);
      const { name, ...seen } = found;
      request.person = { ...(await people.resolve(seen)), ...(name === undefined ? {} : { name }) };
    });

    app.addHook('preValidation', async (request) => {
      const token = tokens.get(request);
      if (token === undefined || safeMethods.has(request.method)) return;
      // What the browser itself tells of where a request comes from (Fetch Metadata); a script can't set it.
      const site = request.headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin') throw new InputProblem(403, 'csrf');
      // The fields of a multipart body are read by the handler, together with the file: there the browser's own word is enough.
      if (site === 'same-origin' && request.headers['content-type']?.startsWith('multipart/form-data')) return;
      const field = (request.body as { _csrf?: unknown } | null | undefined)?._csrf;
      if (!sessions.isCsrfToken(token, request.headers['x-csrf-token'] ?? field)) throw new InputProblem(403, 'csrf');
    });

    const sealAttempt = (attempt: Attempt, to: string): Promise<string> => {
      const now = Math.floor(clock.wallNow().getTime() / 1000);
      return new EncryptJWT({ ...attempt, to })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setIssuedAt(now)
        .setExpirationTime(now + attemptMinutes * 60)
        .encrypt(attemptKey);
    };
    const openAttempt = async (sealed: string | undefined): Promise<Attempt & { to: string }> => {
      try {
        const { payload } = await jwtDecrypt(sealed ?? '', attemptKey, { currentDate: clock.wallNow() });
        return attemptValues.parse(payload);
      } catch {
        throw new InputProblem(400, 'sign-in-expired');
      }
    };

    const hide = { schema: { hide: true } } as const;
    app.get<{ Querystring: { to?: unknown } }>('/sign-in', hide, async (request, reply) => {
      const to = localPath(request.query.to, publicUrl);
      reply.header('cache-control', 'no-store');
      if (tokens.has(request)) return reply.redirect(to, 303);
      const { url, attempt } = await provider.begin(request.language);
      reply.setCookie(attemptCookie, await sealAttempt(attempt, to), {
        ...attemptOptions,
        maxAge: attemptMinutes * 60,
      });
      return reply.redirect(url.href, 303);
    });

    app.get('/sign-in/callback', hide, async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const sealed = request.cookies[attemptCookie];
      // An attempt is good for one answer, whatever comes of it.
      reply.clearCookie(attemptCookie, attemptOptions);
      const { to, ...attempt } = await openAttempt(sealed);
      const { name, ...seen } = await provider.finish(new URL(request.url, publicUrl), attempt);
      await people.seen(seen);
      // A session of before is never carried on (session fixation).
      const former = tokens.get(request);
      if (former !== undefined) await sessions.close(former);
      reply.setCookie(sessionCookie, await sessions.open({ ...seen, name }), sessionOptions);
      request.log.info({ action: 'sign-in' }, 'signed in');
      return reply.redirect(to, 303);
    });

    app.post('/sign-out', hide, async (request, reply) => {
      const token = tokens.get(request);
      const everywhere = (request.body as { everywhere?: unknown } | null | undefined)?.everywhere !== undefined;
      if (token !== undefined) await (everywhere ? sessions.closeAll(token) : sessions.close(token));
      reply.clearCookie(sessionCookie, sessionOptions).header('cache-control', 'no-store');
      request.log.info({ action: 'sign-out' }, 'signed out');
      return reply.redirect((await provider.endUrl())?.href ?? '/', 303);
    });
  },
  { name: 'sign-in', dependencies: ['@fastify/cookie', '@fastify/rate-limit'] },
);

/** A path of these pages to return to; '/' for anything that could lead elsewhere. */
function localPath(value: unknown, publicUrl: string): string {
  if (typeof value !== 'string' || !value.startsWith('/')) return '/';
  const url = URL.canParse(value, publicUrl) ? new URL(value, publicUrl) : null;
  if (url?.origin !== new URL(publicUrl).origin || url.pathname.startsWith('//')) return '/';
  return url.pathname.startsWith('/sign-in') ? '/' : `${url.pathname}${url.search}`;
}
