import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * The protocol between Merzim and JSC "National Information Technologies" (NIT): an export is asked for, prepared, and fetched in
 * hashed parts. Published as openapi.yaml; this file is what the client checks answers by.
 */

/** The two systems that item R6 of the inspection rules names. */
export const nitSystems = ['iisPsc', 'egovPortal'] as const;
export type NitSystem = (typeof nitSystems)[number];

/** One fact of the appeal. The text is personal: it travels in the request's body only, never in a URL or a log. */
export interface ExportFact {
  factId: string;
  text: string;
}

/** What an export is asked for (R6: only the facts of the appeal, the systems and the period of the case). */
export interface ExportRequest {
  /** The same key is always the same export, however often it is asked for. */
  idempotencyKey: string;
  system: NitSystem;
  facts: ExportFact[];
  /** Employee ids whose operations are asked for. */
  subjects: string[];
  /** Half-open: from is in, to is not. */
  period: { from: Date; to: Date };
}

/** What the rows of an export may be about: anything else is refused. */
export interface ExtractScope {
  system: NitSystem;
  factIds: string[];
  subjects: string[];
  /** Half-open: from is in, to is not. */
  period: { from: Date; to: Date };
}

/** One operation in one of the systems: a line of NDJSON with these fields and no others. */
export interface ExtractRow {
  rowId: string;
  /** RFC 3339 with a zone. */
  occurredAt: string;
  system: string;
  factId: string;
  actorEmployeeId: string;
  operation: string;
  objectRef: string;
  /** Whoever the data went to, or null where the operation has no recipient. */
  recipientRef: string | null;
}

/** Ids of NIT's: safe in a path and in a log. */
const exportId = z.string().regex(/^[A-Za-z0-9._~-]{1,128}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

export const partManifest = z.object({
  number: z.int().min(1),
  rows: count,
  /** Length of the NDJSON text in bytes, before any content encoding. */
  bytes: count,
  /** Over the same bytes. */
  sha256,
});
export type PartManifest = z.infer<typeof partManifest>;

export const manifest = z.object({
  rows: count,
  parts: z.array(partManifest).max(100_000),
  /** Over the parts' lower-case hex hashes in the order of their numbers, with nothing between. */
  sha256,
});
export type Manifest = z.infer<typeof manifest>;

const state = z.enum(['pending', 'ready', 'failed', 'refused']);
export type ExportState = z.infer<typeof state>;

export const exportCreated = z.object({ exportId, state });
export const exportsFound = z.object({ exports: z.array(exportCreated).max(1) });
export const exportStatus = z.object({
  exportId,
  state,
  retryAfterSeconds: z.number().min(0).optional(),
  /** A code, never a sentence: what is free text can carry a person's data. */
  reasonCode: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional(),
  manifest: manifest.optional(),
});

export const tokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  /** Seconds. */
  expires_in: z.number().positive().optional(),
});

/** The three ways in which an extract ends against us; declared as BPMN errors by the steps that throw them. */
export const nitErrors = ['NIT_OUT_OF_SCOPE', 'NIT_MANIFEST_MISMATCH', 'NIT_REFUSED'] as const;
export type NitError = (typeof nitErrors)[number];

/** The manifest's hash by its definition. */
export function hashOfParts(parts: readonly Pick<PartManifest, 'sha256'>[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part.sha256);
  return hash.digest('hex');
}

/** What is wrong with a manifest in itself, or null: parts numbered 1 to n without a gap, rows that add up, the hash over the hashes. */
export function manifestFault(given: Manifest): string | null {
  const gap = given.parts.findIndex((part, at) => part.number !== at + 1);
  if (gap >= 0) return `part ${gap + 1} is missing or out of order`;
  if (given.parts.reduce((sum, part) => sum + part.rows, 0) !== given.rows)
    return 'the rows of the parts do not add up';
  if (hashOfParts(given.parts) !== given.sha256) return 'the hash does not fit the hashes of the parts';
  return null;
}
