import { z } from 'zod';
import type { AccountRight, SkudAccount } from '../../core/access-request/skud-account.js';

/**
 * What goes over the wire between Merzim and SKUD: SCIM 2.0 (RFC 7643, RFC 7644) with one extension of the User (schema.json), which holds
 * what R24 and R28 need and SCIM's core has not: last sign-in, change of the password, and that it has to be changed.
 */

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
/**
 * Published in schema.json; servers announce it at /ResourceTypes. Under SCIM's own prefix, as vendors name theirs, since libraries refuse others.
 */
export const accountSchema = 'urn:ietf:params:scim:schemas:extension:merzim:2.0:User';
export const searchSchema = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** A new account. Names are personal: they travel in the request's body only. */
export interface NewAccount {
  /** Our id of the account (ULID): SCIM's externalId, by which a repeat finds what an earlier attempt made. */
  accountId: string;
  login: string;
  name: { surname: string; name: string; middleName?: string | null };
  /** Name of the position (column 3 of the request). */
  position: string;
  rights: readonly AccountRight[];
  /** Valid for the first sign-in, which replaces it. Not kept by the client. */
  temporaryPassword: string;
}

/** Which accounts to read. Without anything: all of them. */
export interface AccountFilter {
  /** Only those that are active, or only those that are blocked. */
  active?: boolean;
  /** Only those whose last sign-in was before this instant, or that were never signed in to. */
  notSignedInSince?: Date;
  /** Only those that SKUD changed at this instant or after. */
  changedSince?: Date;
}

/** Where a reading of accounts goes on: plain JSON, to be stored and handed in again. */
export interface PagePosition {
  startIndex: number;
  total: number;
}

export interface AccountPage {
  accounts: SkudAccount[];
  /** Where the next page begins; null after the last. */
  next: PagePosition | null;
}

/** Business outcomes that a diagram has to deal with; declared as BPMN errors by the steps that throw them. */
export const skudErrors = ['SKUD_LOGIN_TAKEN', 'SKUD_REFUSED', 'SKUD_ACCOUNT_GONE'] as const;
export type SkudError = (typeof skudErrors)[number];

/** SKUD's ids of accounts: safe in a path and in a log. */
const resourceId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/);
const instant = z.iso.datetime({ offset: true });

/** A User as servers answer it: what the client asks for and reads, and nothing else of it. */
export const scimUser = z.object({
  schemas: z.array(z.string()).refine((schemas) => schemas.includes(userSchema)),
  id: resourceId,
  externalId: z.string().nullish(),
  userName: z.string().min(1),
  active: z.boolean().nullish(),
  entitlements: z.array(z.object({ value: z.string(), type: z.string().nullish() })).nullish(),
  meta: z.object({
    created: instant,
    lastModified: instant.nullish(),
    /** The ETag, for If-Match; absent where the server has none. */
    version: z.string().nullish(),
  }),
  [accountSchema]: z
    .object({
      lastSignInAt: instant.nullish(),
      passwordChangedAt: instant.nullish(),
      mustChangePassword: z.boolean().nullish(),
    })
    .nullish(),
});
export type ScimUser = z.infer<typeof scimUser>;

/** A page of Users, by index (RFC 7644, section 3.4.2.4). */
export const scimUsers = z.object({
  schemas: z.array(z.string()).refine((schemas) => schemas.includes(listSchema)),
  totalResults: z.int().min(0),
  startIndex: z.int().min(1).nullish(),
  itemsPerPage: z.int().min(0).nullish(),
  /** Servers leave it out of an empty list. */
  Resources: z.array(scimUser).default([]),
});

/** An error (RFC 7644, section 3.12). `detail` is a sentence that may hold a personal value: it isn't read. */
export const scimError = z.object({
  schemas: z.array(z.string()).refine((schemas) => schemas.includes(errorSchema)),
  scimType: z
    .string()
    .regex(/^[A-Za-z]{1,32}$/)
    .nullish(),
  status: z.union([z.string(), z.number()]),
});

/** Types of resource (RFC 7643, section 6), as far as it is read. */
export const resourceTypes = z.object({
  Resources: z.array(
    z.object({
      schema: z.string(),
      endpoint: z.string(),
      schemaExtensions: z.array(z.object({ schema: z.string() })).nullish(),
    }),
  ),
});
