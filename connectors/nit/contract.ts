import { createHash } from 'node:crypto';
import { z } from 'zod';
import { nitSystems, type NitSystem } from '../../core/inspection/extracts.js';

/**
 * The protocol between Merzim and JSC "National Information Technologies" (NIT): an export is asked for, prepared, and fetched in
 * hashed parts. Published as openapi.json, which is generated from this file; the client checks answers by the same schemas.
 */

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

/** Ids of NIT's: safe in a path and in a log. */
const exportId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

export const partManifest = z.object({
  number: z.int().min(1),
  rows: count,
  bytes: count.describe('Length of the NDJSON text, before any content encoding'),
  sha256: sha256.describe('Over the same bytes'),
});
export type PartManifest = z.infer<typeof partManifest>;

export const manifest = z.object({
  rows: count,
  parts: z.array(partManifest).max(100_000).describe('Numbered from 1 without a gap'),
  sha256: sha256.describe("Over the parts' lower-case hex hashes in the order of their numbers, with nothing between"),
});
export type Manifest = z.infer<typeof manifest>;

const state = z.enum(['pending', 'ready', 'failed', 'refused']);
export type ExportState = z.infer<typeof state>;

export const exportCreated = z.object({ exportId, state });
export const exportsFound = z.object({ exports: z.array(exportCreated).max(1) });
export const exportStatus = z.object({
  exportId,
  state,
  retryAfterSeconds: z.number().min(0).optional().describe('While pending: when to ask again'),
  reasonCode: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional()
    .describe("Why it failed or was refused: a code, since a sentence can carry a person's data"),
  manifest: manifest.optional().describe('Once it is ready'),
});

/** The body of a request, as it travels. */
export const exportRequest = z.strictObject({
  idempotencyKey: z.string().min(1).max(128).describe('The same key is always the same export'),
  system: z.enum(nitSystems),
  facts: z
    .array(z.strictObject({ factId: z.string().min(1).max(64), text: z.string().min(1).max(10_000) }))
    .min(1)
    .describe('The facts of the appeal: nothing else may be looked for. The texts are personal data'),
  subjects: z.array(z.string().min(1).max(128)).min(1).describe('Ids of the employees whose operations are asked for'),
  periodFrom: z.iso.datetime({ offset: true }).describe('First instant that is in'),
  periodTo: z.iso.datetime({ offset: true }).describe('First instant that is no longer in'),
});

/**
 * One operation in one of the systems: a line of NDJSON with these fields and no others. Read a million times in a row, it is checked by
 * hand in part-stream.ts; the schema is for the published description, and a test holds the two together.
 */
export const extractRow = z.strictObject({
  rowId: z.string().min(1),
  occurredAt: z.iso.datetime({ offset: true }).describe('Within the period of the request'),
  system: z.enum(nitSystems).describe('The system of the request'),
  factId: z.string().min(1).describe('The fact of the request to which the row belongs'),
  actorEmployeeId: z.string().min(1).describe('One of the subjects of the request'),
  operation: z.string().min(1),
  objectRef: z.string().min(1),
  recipientRef: z.string().nullable().describe('Whoever the data went to; null where the operation has no recipient'),
});

/** A problem (RFC 9457). Only its code is read: a sentence can carry a person's data. */
export const problem = z.object({ code: z.string().regex(/^[a-z0-9-]{1,64}$/) });

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
