import { mongodUri } from './components/mongod.js';
import { opensearchUrl } from './components/camunda.js';
import type { Site } from './site.js';

/** Kinds of component that the user may bring: when the setting is in the environment, nothing embedded of that kind starts. */
export const bringable = {
  database: 'MONGODB_URI',
  engine: 'ZEEBE_GRPC_ADDRESS',
  mail: 'SMTP_URL',
  identity: 'OIDC_ISSUER',
  nit: 'NIT_URL',
} as const;

export type Bringable = keyof typeof bringable;

/** Which kinds the environment brings. */
export function brought(env: Record<string, string | undefined>): Set<Bringable> {
  return new Set((Object.keys(bringable) as Bringable[]).filter((kind) => Boolean(env[bringable[kind]])));
}

/** Every setting of an application process of this stack, by the names of config/schema.ts. What `given` holds goes before. */
export function applicationSettings(site: Site, given: Record<string, string | undefined>): Record<string, string> {
  const { ports, secrets, travel } = site;
  const at = (port: number, path = ''): string => `http://127.0.0.1:${port}${path}`;
  const embedded: Record<string, string> = {
    NODE_ENV: 'development',
    ORGANISATION: 'demo',
    LOG_LEVEL: 'info',
    MONGODB_URI: mongodUri(site),
    MONGODB_DATABASE: 'merzim',
    MONGODB_TRAIL_DATABASE: 'merzim_trail',
    ZEEBE_GRPC_ADDRESS: `grpc://127.0.0.1:${ports.grpc}`,
    ZEEBE_REST_ADDRESS: at(ports.rest),
    CAMUNDA_AUTH_STRATEGY: 'NONE',
    CLOCK_TRAVEL: String(travel),
    ...(travel ? { ENGINE_MANAGEMENT_URL: at(ports.management) } : {}),
    OPENSEARCH_URL: opensearchUrl(site),
    TASKLIST_URL: at(ports.web, '/tasklist'),
    OPERATE_URL: at(ports.web, '/operate'),
    SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    MAIL_WEB_URL: at(ports.mailWeb, '/'),
    MAIL_FROM: 'Merzim <no-reply@merzim.invalid>',
    OIDC_ISSUER: at(ports.identity, '/'),
    OIDC_CLIENT_ID: 'merzim',
    OIDC_CLIENT_SECRET: secrets.oidcClientSecret,
    NIT_URL: at(ports.nit),
    NIT_CLIENT_ID: 'merzim',
    NIT_CLIENT_SECRET: secrets.nitClientSecret,
    MASTER_KEY: secrets.masterKey,
    SESSION_SECRET: secrets.sessionSecret,
    PUBLIC_URL: at(ports.api),
    API_HOST: '127.0.0.1',
    API_PORT: String(ports.api),
  };
  const kinds = brought(given);
  // Settings of a kind that the user brings belong together: an embedded value beside them would be wrong.
  if (kinds.has('engine')) {
    for (const name of [
      'ZEEBE_REST_ADDRESS',
      'CAMUNDA_AUTH_STRATEGY',
      'ENGINE_MANAGEMENT_URL',
      'OPENSEARCH_URL',
      'TASKLIST_URL',
      'OPERATE_URL',
    ]) {
      delete embedded[name];
    }
    embedded.CLOCK_TRAVEL = 'false';
  }
  if (kinds.has('mail')) delete embedded.MAIL_WEB_URL;
  if (kinds.has('identity')) for (const name of ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET']) delete embedded[name];
  if (kinds.has('nit')) for (const name of ['NIT_CLIENT_ID', 'NIT_CLIENT_SECRET']) delete embedded[name];
  const passedOn =
    /^(CAMUNDA|ZEEBE|MONGODB|SMTP|MAIL|OIDC|NIT|TASKLIST|OPERATE|MASTER_KEY|SESSION_SECRET|PUBLIC_URL|ORGANISATION|LOG_LEVEL|UPLOAD)/;
  for (const [name, value] of Object.entries(given)) if (value && passedOn.test(name)) embedded[name] = value;
  return embedded;
}
