import SCIMMY from 'scimmy';
import type { Account, AccountContent, Accounts } from './accounts.js';
import { accountSchema, basePath, userSchema } from './names.js';

/** Most accounts in one answer. */
export const mostResults = 500;

/** What the library makes of a body: only attributes of the schemas, checked. */
type Written = SCIMMY.Schemas.User & Record<typeof accountSchema, { mustChangePassword?: boolean } | undefined>;

/**
 * Declares to the SCIM library what this server keeps. The library holds it for the whole process, so there is one server in a process.
 * It checks what is written, carries out PATCH, and describes the server; answers and filters are ours (see README.md).
 */
export function declareScim(accounts: Accounts): void {
  const { Attribute, SchemaDefinition } = SCIMMY.Types;
  const extension = new SchemaDefinition('Account', accountSchema, 'Sign-in and password of an account', [
    new Attribute('dateTime', 'lastSignInAt', { mutable: false, description: 'Last sign-in; absent when never used' }),
    new Attribute('dateTime', 'passwordChangedAt', {
      mutable: false,
      description: 'When its user changed the password last; absent while the first one stands',
    }),
    new Attribute('boolean', 'mustChangePassword', { description: 'The next sign-in has to change the password' }),
  ]);
  SCIMMY.Config.set({
    patch: true,
    etag: true,
    filter: { supported: true, maxResults: mostResults },
    authenticationSchemes: [
      { type: 'oauthbearertoken', name: 'Bearer token', description: 'A token in the header Authorization (RFC 6750)' },
    ],
  });
  SCIMMY.Resources.declare(SCIMMY.Resources.User);
  // The library takes a definition where its types want a class.
  for (const name of unused) SCIMMY.Schemas.User.definition.truncate(name);
  SCIMMY.Resources.User.extend(extension as never, false);
  SCIMMY.Resources.User.basepath(basePath);
  SCIMMY.Resources.User.egress(({ id }) => {
    const account = accounts.get(String(id));
    if (!account) throw new SCIMMY.Types.Error(404, '', 'There is no such account.');
    return represent(account) as never;
  }).ingress(({ id }, instance) => {
    const content = contentOf(instance as Written, id === undefined ? null : accounts.get(id));
    const account = id === undefined ? accounts.create(content) : accounts.change(id, content);
    if (!account) throw new SCIMMY.Types.Error(409, 'uniqueness', 'The userName is taken.');
    return represent(account) as never;
  });
}

/** Attributes of the core schema that this server has not: each makes the library slower. */
const unused = [
  ...['displayName', 'nickName', 'profileUrl', 'userType', 'preferredLanguage', 'locale', 'timezone', 'emails'],
  ...['phoneNumbers', 'ims', 'photos', 'addresses', 'groups', 'roles', 'x509Certificates'],
];

function contentOf(written: Written, old: Account | null): AccountContent {
  const plain = JSON.parse(JSON.stringify(written)) as Record<string, unknown>;
  // The library writes no password out, but has it.
  const { password } = written as { password?: string };
  return {
    externalId: plain.externalId as string | undefined,
    userName: String(plain.userName),
    name: plain.name as Record<string, string> | undefined,
    title: plain.title as string | undefined,
    active: plain.active !== false,
    entitlements: (plain.entitlements ?? []) as Account['entitlements'],
    mustChangePassword: written[accountSchema]?.mustChangePassword ?? old?.mustChangePassword ?? false,
    password: password ?? old?.password,
  };
}

/** An account as it is answered, with the attributes asked for (and those that always are there). */
export function represent(account: Account, attributes: readonly string[] = []): Record<string, unknown> {
  const { id, externalId, userName, name, title, active, entitlements } = account;
  const { lastSignInAt, passwordChangedAt, mustChangePassword } = account;
  const whole: Record<string, unknown> = {
    ...{ externalId, userName, name, title, active, entitlements },
    [accountSchema]: { lastSignInAt, passwordChangedAt, mustChangePassword },
    meta: {
      resourceType: 'User',
      created: account.createdAt,
      lastModified: account.modifiedAt,
      version: etagOf(account),
      location: `${basePath}/Users/${id}`,
    },
  };
  // One attribute of the extension brings all three.
  const asked = new Set(
    attributes.map((name) => (name.startsWith(accountSchema) ? accountSchema : name).toLowerCase()),
  );
  const shown = Object.entries(whole).filter(([attribute]) => asked.size === 0 || asked.has(attribute.toLowerCase()));
  return { schemas: [userSchema, accountSchema], id, ...Object.fromEntries(shown) };
}

export function etagOf({ version }: Account): string {
  return `W/"${version}"`;
}

export const readUser = {
  create: (body: unknown) => new SCIMMY.Resources.User().write(body),
  patch: (id: string, body: unknown) => new SCIMMY.Resources.User(id).patch(body as never),
};

/** What describes the server: `ServiceProviderConfig`, `ResourceTypes` or `Schemas`. */
export function describe(kind: string): Promise<unknown> | null {
  if (kind === 'ServiceProviderConfig') return new SCIMMY.Resources.ServiceProviderConfig().read();
  if (kind === 'ResourceTypes') return new SCIMMY.Resources.ResourceType().read();
  if (kind === 'Schemas') return new SCIMMY.Resources.Schema().read();
  return null;
}

export function scimErrorOf(error: unknown): { status: number; scimType: string | undefined; detail: string } | null {
  if (!(error instanceof SCIMMY.Types.Error)) return null;
  return { status: Number(error.status), scimType: error.scimType || undefined, detail: error.message };
}
