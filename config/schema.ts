import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Every setting of an application process, by the name of its environment variable. A secret may also come from a file:
 * NAME_FILE=/run/secrets/name is read in place of NAME.
 */
const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');
const port = z.coerce.number().int().min(0).max(65_535);
const period = z
  .string()
  .regex(/^P[1-9]\d{0,2}[DWM]$/)
  .optional();
const optionalUrl = z.url().optional();
const emptyIsUnset = (value: unknown): unknown => (value === '' ? undefined : value);

const environment = z.object({
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//)
    .describe('address of a MongoDB replica set, e.g. mongodb://user:password@db.example:27017/?replicaSet=rs0'),
  MONGODB_DATABASE: z.string().min(1).default('merzim').describe('database of the application, e.g. merzim'),
  MONGODB_TRAIL_DATABASE: z
    .string()
    .min(1)
    .default('merzim_trail')
    .describe('database of the trail, where the application may only insert and find, e.g. merzim_trail'),
  ZEEBE_GRPC_ADDRESS: z
    .string()
    .regex(/^grpcs?:\/\//)
    .describe('gRPC address of the Camunda 8 cluster, e.g. grpc://127.0.0.1:26500'),
  ZEEBE_REST_ADDRESS: z.url().describe('REST address of the Camunda 8 cluster, e.g. http://127.0.0.1:8088'),
  CAMUNDA_AUTH_STRATEGY: z
    .enum(['NONE', 'OAUTH', 'BASIC'])
    .default('NONE')
    .describe('NONE for the embedded engine, OAUTH or BASIC for a real cluster'),
  CAMUNDA_OAUTH_URL: optionalUrl.describe('token endpoint of the cluster, for OAUTH'),
  CAMUNDA_TOKEN_AUDIENCE: z.string().default('zeebe-api').describe('audience of the token, for OAUTH'),
  ZEEBE_CLIENT_ID: z.string().optional().describe('client id, for OAUTH'),
  ZEEBE_CLIENT_SECRET: z.string().optional().describe('client secret, for OAUTH'),
  CAMUNDA_BASIC_AUTH_USERNAME: z.string().optional().describe('user, for BASIC'),
  CAMUNDA_BASIC_AUTH_PASSWORD: z.string().optional().describe('password, for BASIC'),
  ENGINE_MANAGEMENT_URL: optionalUrl.describe(
    'management address of the embedded engine, only where time travel is on, e.g. http://127.0.0.1:9600',
  ),
  CLOCK_TRAVEL: flag.describe('true only in a demo or test: legal time follows the travelled clock of the engine'),
  TASKLIST_URL: z.url().describe('where operators find Tasklist, e.g. http://127.0.0.1:8080/tasklist'),
  OPERATE_URL: z.url().describe('where auditors find Operate, e.g. http://127.0.0.1:8080/operate'),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//)
    .describe('mail server, e.g. smtps://user:password@mail.example:465'),
  MAIL_FROM: z.string().min(3).describe('sender of every letter, e.g. "Merzim <no-reply@example.kz>"'),
  MAIL_WEB_URL: optionalUrl.describe('page that shows the mails of the embedded mail server'),
  OIDC_ISSUER: z.url().describe('issuer of the OpenID Connect provider, e.g. https://id.example.kz/realms/staff'),
  OIDC_CLIENT_ID: z
    .string()
    .min(1)
    .describe('client id of the pages and of the API (also the audience of access tokens)'),
  OIDC_CLIENT_SECRET: z.string().min(1).describe('client secret of the pages'),
  NIT_URL: z.url().describe('export service of National Information Technologies, e.g. https://exports.nit.example'),
  NIT_CLIENT_ID: z.string().min(1).describe('client id for the export service'),
  NIT_CLIENT_SECRET: z.string().min(1).describe('client secret for the export service'),
  SKUD_URL: optionalUrl.describe(
    'SCIM 2.0 address of the access control and management system, e.g. https://skud.example/scim/v2',
  ),
  SKUD_TOKEN: z.string().min(1).optional().describe('bearer token that the system takes of us'),
  SKUD_EVENTS_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe('at least 32 characters that the system signs its events with (HS256)'),
  CREDENTIALS_BY: z
    .enum(['link', 'mail'])
    .default('link')
    .describe('how a temporary password reaches its user: a one-time link in the answer, or the mail itself'),
  CREDENTIALS_LENGTH: z.coerce
    .number()
    .int()
    .min(12)
    .max(64)
    .default(16)
    .describe('characters of a temporary password'),
  CREDENTIALS_LINK_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(240)
    .default(72)
    .describe('how long a one-time link to a temporary password is good, in hours'),
  MASTER_KEY: z
    .string()
    .refine((value) => Buffer.from(value, 'base64').length === 32, 'not 32 bytes in base64')
    .describe('32 random bytes in base64 that wrap the key of each subject, e.g. of `openssl rand -base64 32`'),
  MASTER_KEYS_ACCEPTED: z
    .string()
    .optional()
    .transform((value) => (value ?? '').split(/[\s,]+/).filter(Boolean))
    .refine((keys) => keys.every((key) => Buffer.from(key, 'base64').length === 32), 'not 32 bytes in base64 each')
    .describe(
      'further master keys, separated by commas or lines, whose wrapped keys are read while `npm run rotate-key` changes MASTER_KEY',
    ),
  ERASURES_FILE: z
    .string()
    .optional()
    .describe(
      'where erasures are listed a second time, out of reach of a restore, e.g. /mnt/apart/merzim-erasures.jsonl',
    ),
  ERASURE_WITHIN_DAYS: z.coerce
    .number()
    .int()
    .min(2)
    .default(30)
    .describe('days within which an erasure is promised to be true of backups: those of keys are kept half as long'),
  TRAIL_ORIGIN: z
    .string()
    .regex(/^[A-Za-z0-9._/-]{1,100}$/)
    .default('merzim/trail')
    .describe('name of the trail in its checkpoints, never changed later, e.g. merzim.example.kz/trail'),
  SEALER_KEY: z
    .string()
    .startsWith('-----BEGIN PRIVATE KEY-----')
    .optional()
    .describe(
      'Ed25519 key in PEM that signs checkpoints, for the sealer alone, e.g. of `openssl genpkey -algorithm ed25519`',
    ),
  CHECKPOINTS_FOLDER: z
    .string()
    .optional()
    .describe('where the sealer keeps checkpoints a second time, out of reach of the database, e.g. /mnt/worm/merzim'),
  ARCHIVE_FOLDER: z
    .string()
    .optional()
    .describe('where the archive of technical requests is put, on a disk of its own, e.g. /mnt/archive/merzim'),
  ARCHIVE_EVERY: period.describe(
    'how often: the Rules say periodically and name no period, e.g. P1M (ISO 8601, days, weeks or months)',
  ),
  BACKUP_EVERY: period.describe(
    'how often each system is backed up: the Rules set no period, and without one nobody is reminded, e.g. P1D (ISO 8601, days, weeks or months)',
  ),
  TIMELINESS_CONTROL_EVERY: period.describe(
    'how often it is controlled that information is updated in time; as BACKUP_EVERY, e.g. P7D',
  ),
  STATE_AUDIT_EVERY: period.describe('how often the state of each system is audited; as BACKUP_EVERY, e.g. P12M'),
  SESSION_SECRET: z.string().min(32).describe('at least 32 characters that sign cookies'),
  PUBLIC_URL: z.url().describe('address under which people reach the pages, e.g. https://merzim.example.kz'),
  API_HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  API_PORT: port.default(3000).describe('port to listen on'),
  HEALTH_PORT: port.default(3011).describe('port of /health and /metrics of a process that is not the API'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('least level that is logged'),
  ORGANISATION: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('name of the file in config/organisation, without .json'),
  UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(25 * 1024 * 1024)
    .describe('largest document that is accepted, in bytes'),
  REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .default(6000)
    .describe(
      'requests that one caller (a login, a machine client, else an address) may send to each route in a minute',
    ),
  TRUSTED_PROXIES: z
    .string()
    .regex(/^[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*$/)
    .optional()
    .describe('addresses of the reverse proxies whose X-Forwarded-For is believed, e.g. 127.0.0.1,10.0.0.0/24'),
  INTAKE_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .default(600)
    .describe('applications that one caller may file in a minute'),
});

/** All settings of a process, grouped by concern. Secrets are plain values here: never log this object. */
export type Settings = ReturnType<typeof toSettings>;

/** Settings that are wrong or missing, all of them at once. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly faults: readonly string[]) {
    super(
      `${faults.length} setting${faults.length === 1 ? ' is' : 's are'} wrong:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

type Environment = z.infer<typeof environment>;

/** Reads and checks the settings of this process from its environment. Throws {@link SettingsError} naming every fault. */
export function parseSettings(env: Record<string, string | undefined>): Settings {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(environment.shape)) {
    const file = env[`${name}_FILE`];
    values[name] = emptyIsUnset(env[name]);
    if (values[name] === undefined && file) {
      try {
        values[name] = readFileSync(file, 'utf8').trim();
      } catch (error) {
        faults.push(`${name}_FILE: ${file} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
      }
    }
  }
  const parsed = environment.safeParse(values);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
    for (const name of names) {
      const expected = environment.shape[name as keyof typeof environment.shape].description ?? '';
      faults.push(`${name}: ${values[name] === undefined ? 'is missing' : 'is wrong'}; expected: ${expected}`);
    }
  } else {
    faults.push(...combinations(parsed.data));
    if (faults.length === 0) return toSettings(parsed.data);
  }
  throw new SettingsError(faults);
}

/** The faults that only show when two settings are read together. */
function combinations(env: Environment): string[] {
  const faults: string[] = [];
  if (env.CLOCK_TRAVEL && !env.ENGINE_MANAGEMENT_URL)
    faults.push('ENGINE_MANAGEMENT_URL: is missing; CLOCK_TRAVEL=true needs it, e.g. http://127.0.0.1:9600');
  if (env.CAMUNDA_AUTH_STRATEGY === 'OAUTH')
    for (const name of ['CAMUNDA_OAUTH_URL', 'ZEEBE_CLIENT_ID', 'ZEEBE_CLIENT_SECRET'] as const)
      if (!env[name]) faults.push(`${name}: is missing; CAMUNDA_AUTH_STRATEGY=OAUTH needs it`);
  if (env.CAMUNDA_AUTH_STRATEGY === 'BASIC')
    for (const name of ['CAMUNDA_BASIC_AUTH_USERNAME', 'CAMUNDA_BASIC_AUTH_PASSWORD'] as const)
      if (!env[name]) faults.push(`${name}: is missing; CAMUNDA_AUTH_STRATEGY=BASIC needs it`);
  for (const [given, needed] of [
    ['ARCHIVE_FOLDER', 'ARCHIVE_EVERY'],
    ['ARCHIVE_EVERY', 'ARCHIVE_FOLDER'],
  ] as const)
    if (env[given] && !env[needed]) faults.push(`${needed}: is missing; ${given} needs it`);
  if (env.SKUD_URL)
    for (const name of ['SKUD_TOKEN', 'SKUD_EVENTS_SECRET'] as const)
      if (!env[name]) faults.push(`${name}: is missing; SKUD_URL needs it`);
  return faults;
}

function toSettings(env: Environment) {
  return {
    mongo: { uri: env.MONGODB_URI, database: env.MONGODB_DATABASE, trailDatabase: env.MONGODB_TRAIL_DATABASE },
    engine: {
      grpcAddress: env.ZEEBE_GRPC_ADDRESS,
      restAddress: env.ZEEBE_REST_ADDRESS,
      authStrategy: env.CAMUNDA_AUTH_STRATEGY,
      oauthUrl: env.CAMUNDA_OAUTH_URL,
      audience: env.CAMUNDA_TOKEN_AUDIENCE,
      clientId: env.ZEEBE_CLIENT_ID,
      clientSecret: env.ZEEBE_CLIENT_SECRET,
      username: env.CAMUNDA_BASIC_AUTH_USERNAME,
      password: env.CAMUNDA_BASIC_AUTH_PASSWORD,
      managementUrl: env.ENGINE_MANAGEMENT_URL,
    },
    clock: { travel: env.CLOCK_TRAVEL },
    mail: { smtpUrl: env.SMTP_URL, from: env.MAIL_FROM, webUrl: env.MAIL_WEB_URL },
    oidc: { issuer: env.OIDC_ISSUER, clientId: env.OIDC_CLIENT_ID, clientSecret: env.OIDC_CLIENT_SECRET },
    nit: { url: env.NIT_URL, clientId: env.NIT_CLIENT_ID, clientSecret: env.NIT_CLIENT_SECRET },
    /** Null where no accounts are kept through it. */
    skud: env.SKUD_URL
      ? { url: env.SKUD_URL, token: env.SKUD_TOKEN ?? '', eventsSecret: env.SKUD_EVENTS_SECRET ?? '' }
      : null,
    accounts: {
      passwordBy: env.CREDENTIALS_BY,
      passwordLength: env.CREDENTIALS_LENGTH,
      passwordLinkHours: env.CREDENTIALS_LINK_HOURS,
    },
    vault: {
      masterKey: Buffer.from(env.MASTER_KEY, 'base64'),
      acceptedKeys: env.MASTER_KEYS_ACCEPTED.map((key) => Buffer.from(key, 'base64')),
    },
    erasure: { listFile: env.ERASURES_FILE, withinDays: env.ERASURE_WITHIN_DAYS },
    evidence: { origin: env.TRAIL_ORIGIN, sealerKey: env.SEALER_KEY, checkpointsFolder: env.CHECKPOINTS_FOLDER },
    /** Null where technical requests are not archived. */
    archive: env.ARCHIVE_FOLDER && env.ARCHIVE_EVERY ? { folder: env.ARCHIVE_FOLDER, every: env.ARCHIVE_EVERY } : null,
    /** Periods of the organisation; null where it set none. */
    upkeep: {
      backup: env.BACKUP_EVERY ?? null,
      'timeliness-control': env.TIMELINESS_CONTROL_EVERY ?? null,
      audit: env.STATE_AUDIT_EVERY ?? null,
    },
    web: {
      publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
      host: env.API_HOST,
      port: env.API_PORT,
      sessionSecret: env.SESSION_SECRET,
      tasklistUrl: env.TASKLIST_URL,
      operateUrl: env.OPERATE_URL,
      uploadMaxBytes: env.UPLOAD_MAX_BYTES,
      intakePerMinute: env.INTAKE_PER_MINUTE,
      requestsPerMinute: env.REQUESTS_PER_MINUTE,
      trustedProxies: env.TRUSTED_PROXIES?.split(',') ?? [],
    },
    health: { port: env.HEALTH_PORT },
    log: { level: env.LOG_LEVEL },
    organisation: env.ORGANISATION,
  };
}

/** The names of all settings with what is expected of each: for `.env.example` and its test. */
export function describeSettings(): { name: string; description: string }[] {
  return Object.entries(environment.shape).map(([name, schema]) => ({ name, description: schema.description ?? '' }));
}
