import type { FastifyBaseLogger } from 'fastify';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as openid from 'openid-client';
import { SettingsError, type Settings } from '../../config/index.js';
import type { Clock } from '../../core/clock.js';
import { InputProblem } from '../../core/errors.js';
import { holderOf, personOf } from './claims.js';
import type { SignedIn } from './sessions.js';

/** What has to come back from the identity provider, kept in the browser's cookie meanwhile. */
export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

/** The organisation's OpenID Connect provider, found when it is first needed: the API starts and works while it is down. */
export interface IdentityProvider {
  /** Where to send the browser, and what its answer has to fit. @throws InputProblem 503 while the provider can't be reached. */
  begin(language: string): Promise<{ url: URL; attempt: Attempt }>;
  /**
   * Who signed in, by the answer with which the provider sent the browser back.
   * @throws InputProblem 400 when it doesn't fit the attempt or was refused, 503 while the provider can't be reached.
   */
  finish(answer: URL, attempt: Attempt): Promise<SignedIn>;
  /** Where to end the sign-in at the provider; null when it has no such place, or can't be reached. */
  endUrl(): Promise<URL | null>;
  /** Who holds an access token for this API. @throws InputProblem 401 for any token that isn't good, 503 while its keys can't be had. */
  verify(accessToken: string): Promise<SignedIn>;
}

const timeoutSeconds = 5;
/** Signatures of key pairs alone: the client's secret makes no token good. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export function createIdentityProvider(deps: {
  settings: Pick<Settings, 'oidc' | 'web'>;
  clock: Clock;
  log: FastifyBaseLogger;
}): IdentityProvider {
  const { oidc, web } = deps.settings;
  const issuer = new URL(oidc.issuer);
  const insecure = issuer.protocol === 'http:';
  if (insecure && !['127.0.0.1', 'localhost', '[::1]'].includes(issuer.hostname))
    throw new SettingsError([
      'OIDC_ISSUER: is wrong; expected: an address with https, e.g. https://id.example.kz/realms/staff',
    ]);

  interface Found {
    config: openid.Configuration;
    keys: JWTVerifyGetKey;
  }
  let found: Promise<Found> | null = null;
  const discover = async (): Promise<Found> => {
    try {
      const config = await openid.discovery(
        issuer,
        oidc.clientId,
        oidc.clientSecret,
        openid.ClientSecretBasic(oidc.clientSecret),
        {
          timeout: timeoutSeconds,
          execute: [openid.enableNonRepudiationChecks, ...(insecure ? [openid.allowInsecureRequests] : [])],
        },
      );
      const keysAt = new URL(config.serverMetadata().jwks_uri ?? '');
      return { config, keys: createRemoteJWKSet(keysAt, { timeoutDuration: timeoutSeconds * 1000 }) };
    } catch (error) {
      // A failure isn't kept: the next request asks again.
      found = null;
      deps.log.error({ err: error }, 'the identity provider of OIDC_ISSUER was not found');
      throw new InputProblem(503, 'sign-in-unavailable');
    }
  };
  const provider = (): Promise<Found> => (found ??= discover());
  const reached = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof InputProblem)) deps.log.warn({ err: error }, 'a sign-in was not accepted');
      throw problemOf(error);
    }
  };

  return {
    begin: async (language) => {
      const { config } = await provider();
      const attempt = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: `${web.publicUrl}/sign-in/callback`,
        response_type: 'code',
        scope: 'openid profile',
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        ui_locales: language,
      });
      return { url, attempt };
    },
    finish: async (answer, { state, nonce, verifier }) => {
      const { config } = await provider();
      const tokens = await reached(
        openid.authorizationCodeGrant(config, answer, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }),
      );
      const claims = tokens.claims()!;
      const more =
        claims['roles'] === undefined && config.serverMetadata().userinfo_endpoint
          ? await reached(openid.fetchUserInfo(config, tokens.access_token, claims.sub))
          : {};
      const person = personOf({ ...more, ...claims });
      if (!person) throw new InputProblem(400, 'sign-in-failed');
      return person;
    },
    endUrl: async () => {
      try {
        const { config } = await provider();
        if (!config.serverMetadata().end_session_endpoint) return null;
        return openid.buildEndSessionUrl(config, {
          client_id: oidc.clientId,
          post_logout_redirect_uri: `${web.publicUrl}/`,
        });
      } catch {
        return null;
      }
    },
    verify: async (accessToken) => {
      const { config, keys } = await provider();
      try {
        const { payload, protectedHeader } = await jwtVerify(accessToken, keys, {
          issuer: config.serverMetadata().issuer,
          audience: oidc.clientId,
          algorithms,
          currentDate: deps.clock.wallNow(),
          clockTolerance: 10,
          requiredClaims: ['exp', 'sub'],
        });
        // An ID token has our audience too, and is no access token (RFC 9068, 2.1; providers older than it say so in a claim).
        const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '');
        const holder = type === 'at+jwt' || payload['typ'] === 'Bearer' ? holderOf(payload) : null;
        if (!holder) throw invalidToken();
        return holder;
      } catch (error) {
        if (error instanceof InputProblem) throw error;
        throw isUnreachable(error) ? new InputProblem(503, 'sign-in-unavailable') : invalidToken();
      }
    },
  };
}

function invalidToken(): InputProblem {
  return new InputProblem(401, 'invalid-token');
}

/** A provider that can't be reached, or fails itself, is one thing; an answer that doesn't fit is another. */
function problemOf(error: unknown): InputProblem {
  if (error instanceof InputProblem) return error;
  return isUnreachable(error) ? new InputProblem(503, 'sign-in-unavailable') : new InputProblem(400, 'sign-in-failed');
}

const codesOfFailure = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'ERR_JWKS_TIMEOUT',
  // Any answer for the keys but a key set.
  'ERR_JOSE_GENERIC',
]);

function isUnreachable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, name, message, cause } = error as {
    code?: unknown;
    name?: unknown;
    message?: unknown;
    cause?: unknown;
  };
  // What fetch says of a connection that isn't there or breaks.
  if (name === 'TypeError' && message === 'fetch failed') return true;
  return codesOfFailure.has(String(code)) || isUnreachable(cause);
}
