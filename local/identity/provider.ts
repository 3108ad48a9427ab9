import './url-parse.js';
import Provider, { errors, type ClientMetadata, type Configuration } from 'oidc-provider';
import type { IdentityKeys } from './keys.js';
import { errorPage, signedOutPage, signOutPage } from './pages.js';
import type { Users } from './users.js';

/** What clients name as `resource` to get an access token for Merzim's API; its audience is the client id of the pages. */
export const apiResource = 'urn:merzim:api';

export interface IdentityOptions {
  issuer: string;
  users: Users;
  keys: IdentityKeys;
  /** The pages: authorization code with PKCE. */
  client: { id: string; secret: string; redirectUris: string[] };
  /** A machine that registers cases: client credentials, scope `intake`. None when left out. */
  machine?: { id: string; secret: string };
  log?: Log;
}

/** Takes one event of the log: no login, no claim, no token is in it. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: Record<string, unknown>) => void;

const hour = 3600;

/** OpenID Connect as a real provider does it, for people whose passwords are public. State is in memory. */
export function createProvider(options: IdentityOptions): Provider {
  const provider = new Provider(options.issuer, configuration(options));
  const log = options.log ?? logLine;
  provider.on('server_error', (_ctx, error) => log('error', 'server-error', { errorName: error.name }));
  provider.on('authorization.error', (_ctx, error) => log('warn', 'authorization-refused', { code: error.error }));
  provider.on('grant.error', (_ctx, error) => log('warn', 'token-refused', { code: error.error }));
  return provider;
}

/** One line of JSON on standard output. */
export const logLine: Log = (level, event, fields = {}) => {
  console.log(JSON.stringify({ level, component: 'identity', event, ...fields }));
};

function configuration({ users, keys, client, machine }: IdentityOptions): Configuration {
  return {
    clients: clientsOf(client, machine),
    jwks: keys.jwks,
    // Cookies are shared by all ports of a host: these names keep clear of the pages' and Camunda's.
    cookies: {
      keys: keys.cookieKeys,
      names: { session: 'idp_session', interaction: 'idp_interaction', resume: 'idp_resume' },
      long: { httpOnly: true, sameSite: 'lax' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    scopes: ['openid', 'profile', 'offline_access'],
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name', 'employee_id', 'roles', 'groups'],
    },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage(ctx.get('accept-language'), form);
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = signedOutPage(ctx.get('accept-language'));
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, asking, oneOf) =>
          oneOf?.[0] ?? (asking.clientId === machine?.id ? apiResource : undefined),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource, asking) => {
          if (resource !== apiResource) throw new errors.InvalidTarget();
          return {
            scope: asking.clientId === machine?.id ? 'intake' : 'api',
            audience: client.id,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    findAccount: (_ctx, login) => {
      const user = users.byLogin(login);
      return user && { accountId: login, claims: () => ({ sub: login, ...claimsOf(user) }) };
    },
    extraTokenClaims: (_ctx, token) => {
      const user = 'accountId' in token ? users.byLogin(token.accountId) : undefined;
      return user && claimsOf(user);
    },
    // The pages are the organisation's own: nobody is asked to consent to them.
    loadExistingGrant: async (ctx) => {
      const { oidc } = ctx;
      const known = oidc.session?.grantIdFor(oidc.client!.clientId);
      const grant =
        (known ? await oidc.provider.Grant.find(known) : undefined) ??
        new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
      for (const [resource, { scope }] of Object.entries(oidc.resourceServers ?? {}))
        grant.addResourceScope(resource, scope);
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_ctx, asking) => asking.grantTypeAllowed('refresh_token'),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => {
      ctx.type = 'html';
      ctx.body = errorPage(ctx.get('accept-language'), String(out.error));
    },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      // Longer than any file of tests takes: a machine client of these asks once.
      ClientCredentials: 3600,
      Grant: 8 * hour,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 8 * hour,
      Session: 8 * hour,
    },
    clientBasedCORS: () => false,
  };
}

function clientsOf(client: IdentityOptions['client'], machine: IdentityOptions['machine']): ClientMetadata[] {
  return [
    {
      client_id: client.id,
      client_secret: client.secret,
      client_name: 'Merzim',
      redirect_uris: client.redirectUris,
      post_logout_redirect_uris: [...new Set(client.redirectUris.map((uri) => new URL('/', uri).href))],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    ...(machine
      ? [
          {
            client_id: machine.id,
            client_secret: machine.secret,
            redirect_uris: [],
            grant_types: ['client_credentials'],
            response_types: [],
            token_endpoint_auth_method: 'client_secret_basic' as const,
          },
        ]
      : []),
  ];
}

function claimsOf(user: { login: string; name: string; employeeId: string | null; roles: string[]; groups: string[] }) {
  return {
    preferred_username: user.login,
    name: user.name,
    ...(user.employeeId === null ? {} : { employee_id: user.employeeId }),
    roles: user.roles,
    groups: user.groups,
  };
}
