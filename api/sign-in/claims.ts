import { z } from 'zod';
import { rolesOfPeople } from '../../core/rights.js';
import type { SignedIn } from './sessions.js';

const login = z
  .string()
  .min(1)
  .max(128)
  // A machine is told apart by this beginning: no person may be called so.
  .refine((value) => !value.startsWith('client:'));

const claims = z.object({
  sub: z.string().min(1),
  preferred_username: login.optional(),
  name: z.string().max(300).optional(),
  employee_id: z.string().min(1).max(64).nullish(),
  roles: z.array(z.string()).optional(),
});

const knownRoles: readonly string[] = rolesOfPeople;

/**
 * The person of a set of claims, or null when they name none. Roles that this application doesn't know are left out, and those
 * of machines too.
 */
export function personOf(values: unknown): SignedIn | null {
  const parsed = claims.safeParse(values);
  const name = parsed.success ? login.safeParse(parsed.data.preferred_username ?? parsed.data.sub) : undefined;
  if (!parsed.success || !name?.success) return null;
  return {
    login: name.data,
    employeeId: parsed.data.employee_id ?? null,
    roles: (parsed.data.roles ?? []).filter((role) => knownRoles.includes(role)),
    ...(parsed.data.name === undefined ? {} : { name: parsed.data.name }),
  };
}

const tokenClaims = z.object({
  sub: z.string().min(1),
  client_id: z.string().optional(),
  azp: z.string().optional(),
  scope: z.string().optional(),
  preferred_username: z.string().optional(),
});

/**
 * Who holds an access token: a machine (client credentials: the token's subject is the client itself, or a provider's service account) by
 * its scopes, else a person by his roles.
 */
export function holderOf(payload: unknown): SignedIn | null {
  const parsed = tokenClaims.safeParse(payload);
  if (!parsed.success) return null;
  const { sub, client_id: clientId, azp, scope, preferred_username: username } = parsed.data;
  const client = clientId ?? azp;
  const machine = sub === client || username === undefined || username.startsWith('service-account-');
  if (!machine) return personOf(payload);
  if (client === undefined) return null;
  const scopes = scope?.split(' ') ?? [];
  return { login: `client:${client}`, employeeId: null, roles: scopes.includes('intake') ? ['registrar-machine'] : [] };
}
