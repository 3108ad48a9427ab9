import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import * as openid from 'openid-client';
import { identityKeys } from '../../local/identity/keys.js';
import type { IdentityServer } from '../../local/identity/server.js';
import { minute, problemType, SignInSite, type Me } from '../helpers/sign-in-site.js';

let site: SignInSite;

beforeAll(async () => {
  site = await SignInSite.start();
});
beforeEach(() => {
  site.ahead = 0;
});
afterAll(() => site.stop());

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
    fetch(`${site.publicUrl}/${init.method === 'POST' ? 'change' : 'me'}`, {
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
    const [jwk] = site.keys.jwks.keys as unknown as [Record<string, string>];
    return new SignJWT({ client_id: 'registry', scope: 'intake', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: jwk.kid!, typ: 'at+jwt', ...header })
      .sign(jwk);
  };
  const good = (): Record<string, unknown> => {
    const now = Math.floor(site.database.clock.wallNow().getTime() / 1000);
    return { iss: site.identity.issuer, aud: 'merzim', sub: 'registry', iat: now, exp: now + 300 };
  };

  test('of a machine with the scope intake registers cases', async () => {
    const response = await asked(await grant(site.identity, 'intake'));
    expect(((await response.json()) as Me).person).toEqual({
      login: 'client:registry',
      employeeId: null,
      roles: ['registrar-machine'],
      unitId: null,
      branchCode: null,
    });
  });

  test('of a machine without the scope has no role', async () => {
    expect(((await (await asked(await grant(site.identity))).json()) as Me).person?.roles).toEqual([]);
  });

  test('changes things without a form token', async () => {
    const response = await asked(await grant(site.identity, 'intake'), { method: 'POST' });
    expect(await response.json()).toEqual({ changed: true, by: 'client:registry' });
  });

  test('goes before a cookie', async () => {
    const browser = await site.signedIn();
    const response = await browser.request(`${site.publicUrl}/me`, {
      headers: { authorization: `Bearer ${await grant(site.identity, 'intake')}` },
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
    [
      'that has expired',
      () => signed({ ...good(), exp: Math.floor(site.database.clock.wallNow().getTime() / 1000) - 60 }),
    ],
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
    const other = await site.anotherIdentity(0, identityKeys(undefined));
    try {
      await refused(await grant(other, 'intake'));
    } finally {
      await other.close();
    }
  });

  test('that has expired meanwhile is refused', async () => {
    const token = await grant(site.identity, 'intake');
    site.ahead = 61 * minute;
    await refused(token);
  });

  test('of another kind than Bearer is refused', async () => {
    const response = await fetch(`${site.publicUrl}/me`, { headers: { authorization: 'Basic YTpi' } });
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
