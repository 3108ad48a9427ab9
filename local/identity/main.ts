import { z } from 'zod';
import { inProject } from '../../config/root.js';
import { identityKeys } from './keys.js';
import { logLine } from './provider.js';
import { startIdentityServer } from './server.js';
import { readUsers } from './users.js';

const text = z.string().min(1);
const environment = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65_535).describe('port to listen on, e.g. 8460'),
    HOST: text.default('127.0.0.1').describe('address to listen on'),
    ISSUER: z.url().optional().describe('issuer as clients configure it, e.g. http://127.0.0.1:8460'),
    USERS_FILE: text.default(inProject('local', 'identity', 'users.json')).describe('file with the users'),
    KEYS_FILE: text.optional().describe('file that keeps the keys from one start to the next'),
    OIDC_CLIENT_ID: text.default('merzim').describe('client id of the pages, and audience of access tokens'),
    OIDC_CLIENT_SECRET: text.describe('client secret of the pages'),
    PUBLIC_URL: z.url().optional().describe('address of the pages, e.g. http://127.0.0.1:3000'),
    REDIRECT_URIS: text
      .optional()
      .describe('where sign-ins may lead, separated by spaces; else /sign-in/callback of PUBLIC_URL'),
    MACHINE_CLIENT_ID: text.default('merzim-registry').describe('client id of the machine that registers cases'),
    MACHINE_CLIENT_SECRET: text.optional().describe('its client secret; without one there is no such client'),
  })
  .refine((env) => env.REDIRECT_URIS ?? env.PUBLIC_URL, { path: ['REDIRECT_URIS'], message: 'is missing' });

const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
const parsed = environment.safeParse(set);
if (!parsed.success) {
  const shape: Record<string, { description?: string }> = environment.shape;
  for (const name of new Set(parsed.error.issues.map((issue) => String(issue.path[0]))))
    console.error(`${name}: expected: ${shape[name]?.description ?? ''}`);
  process.exit(1);
}
const env = parsed.data;

try {
  const server = await startIdentityServer({
    host: env.HOST,
    port: env.PORT,
    issuer: env.ISSUER,
    users: readUsers(env.USERS_FILE),
    keys: identityKeys(env.KEYS_FILE),
    client: {
      id: env.OIDC_CLIENT_ID,
      secret: env.OIDC_CLIENT_SECRET,
      redirectUris: env.REDIRECT_URIS?.split(/\s+/) ?? [new URL('/sign-in/callback', env.PUBLIC_URL).href],
    },
    machine: env.MACHINE_CLIENT_SECRET ? { id: env.MACHINE_CLIENT_ID, secret: env.MACHINE_CLIENT_SECRET } : undefined,
  });
  logLine('info', 'ready', { issuer: server.issuer });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void server.close().then(() => process.exit(0)));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  logLine('error', 'not-started', { code, message, host: env.HOST, port: env.PORT });
  process.exit(1);
}
