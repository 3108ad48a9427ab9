import path from 'node:path';
import { readFileSync } from 'node:fs';
import { describeSettings } from '../../config/index.js';
import { mongodUri } from './components/mongod.js';
import { opensearchUrl } from './components/camunda.js';
import type { Site } from './site.js';
import { usersFile } from './web-users.js';

/** Kinds of component that the user may bring: when the setting is in the environment, nothing embedded of that kind starts. */
export const bringable = {
  database: 'MONGODB_URI',
  engine: 'ZEEBE_GRPC_ADDRESS',
  mail: 'SMTP_URL',
  identity: 'OIDC_ISSUER',
  nit: 'NIT_URL',
  skud: 'SKUD_URL',
} as const;

export type Bringable = keyof typeof bringable;

/** Which kinds the environment brings. */
export function brought(env: Record<string, string | undefined>): Set<Bringable> {
  return new Set((Object.keys(bringable) as Bringable[]).filter((kind) => isSet(env, bringable[kind])));
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
    SKUD_URL: at(ports.skud, '/scim/v2'),
    SKUD_TOKEN: secrets.skudToken,
    SKUD_EVENTS_SECRET: secrets.skudEvents,
    MASTER_KEY: secrets.masterKey,
    ERASURES_FILE: path.join(site.folders.data, 'erasures.jsonl'),
    TRAIL_ORIGIN: 'merzim.invalid/trail',
    SEALER_KEY: secrets.sealerKey,
    CHECKPOINTS_FOLDER: path.join(site.folders.data, 'checkpoints'),
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
  if (kinds.has('skud')) for (const name of ['SKUD_TOKEN', 'SKUD_EVENTS_SECRET']) delete embedded[name];
  for (const { name } of describeSettings()) {
    if (ofTheStack.has(name)) continue;
    const value = valueOf(given, name);
    if (value) embedded[name] = value;
  }
  return embedded;
}

/** Settings that the stack itself decides: where each process listens (MERZIM_PORT_*), and whether time can be moved. */
const ofTheStack: ReadonlySet<string> = new Set([
  'API_HOST',
  'API_PORT',
  'HEALTH_PORT',
  'CLOCK_TRAVEL',
  'ENGINE_MANAGEMENT_URL',
]);

/** A setting as given, or what the file holds that is named for it, as config/schema.ts reads it. */
function valueOf(given: Record<string, string | undefined>, name: string): string | undefined {
  const file = given[`${name}_FILE`];
  return given[name] || (file ? readFileSync(file, 'utf8').trim() : undefined);
}

function isSet(given: Record<string, string | undefined>, name: string): boolean {
  return Boolean(given[name] || given[`${name}_FILE`]);
}

/** What the simulator of SKUD needs: its own secrets, and where its events go. */
export function skudSettings(env: Record<string, string>): Record<string, string> {
  const { SKUD_TOKEN = '', SKUD_EVENTS_SECRET = '', SKUD_URL = '', PUBLIC_URL = '', API_PORT = '' } = env;
  return {
    ...{ TOKEN: SKUD_TOKEN, EVENTS_SECRET: SKUD_EVENTS_SECRET, EVENTS_ISSUER: SKUD_URL, EVENTS_AUDIENCE: PUBLIC_URL },
    EVENTS_URL: `http://127.0.0.1:${API_PORT}/skud/events`,
  };
}

/** What the development identity provider needs of the application's settings, and nothing else: no key, no address of a database. */
export function identitySettings(env: Record<string, string>): Record<string, string> {
  const needed = ['NODE_ENV', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL'];
  return {
    ...Object.fromEntries(needed.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    ISSUER: env.OIDC_ISSUER ?? '',
    USERS_FILE: usersFile,
  };
}
