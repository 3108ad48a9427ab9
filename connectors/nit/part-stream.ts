import { createHash } from 'node:crypto';
import { BusinessError, RetryableError } from '../../core/errors.js';
import type { ExtractScope, PartManifest } from './contract.js';

/** The longest row that is read, in bytes: without a limit a part without line feeds would fill the memory. */
export const longestRowBytes = 64 * 1024;

const lineFeed = 0x0a;
const texts = ['rowId', 'occurredAt', 'system', 'factId', 'actorEmployeeId', 'operation', 'objectRef'] as const;
const fields: ReadonlySet<string> = new Set([...texts, 'recipientRef']);
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Says of a row what of it lies outside the scope, or null. Built once for a part: the sets are looked up a million times. */
export type ScopeCheck = (row: Readonly<Record<(typeof texts)[number], string>>) => string | null;

export function scopeCheck(scope: ExtractScope): ScopeCheck {
  const facts = new Set(scope.factIds);
  const subjects = new Set(scope.subjects);
  const from = scope.period.from.getTime();
  const to = scope.period.to.getTime();
  return (row) => {
    if (row.system !== scope.system) return 'system';
    if (!subjects.has(row.actorEmployeeId)) return 'actorEmployeeId';
    if (!facts.has(row.factId)) return 'factId';
    const at = Date.parse(row.occurredAt);
    return at >= from && at < to ? null : 'occurredAt';
  };
}

/** Told what came with each chunk; what it throws ends the download. */
export type Seen = (added: { bytes: number; rows: number }) => void | Promise<void>;

/** Fewer bytes than the manifest says, without a fault of the connection: a silent break, or a manifest that says too much. */
export class ShortPart extends RetryableError {}

/**
 * Passes a part's bytes on and checks them on the way: each row against the scope, and at the end count, length and hash against the
 * manifest. Holds one chunk and one unfinished row. What was passed on counts only when the iteration ends without an error:
 * - BusinessError NIT_OUT_OF_SCOPE: a row, or a field of it, that was not asked for;
 * - BusinessError NIT_MANIFEST_MISMATCH: other rows or bytes than the manifest says, or a line that is no row;
 * - ShortPart, a RetryableError.
 * No message holds anything of a row but its number.
 */
export async function* verifiedPart(
  chunks: AsyncIterable<Uint8Array>,
  part: PartManifest,
  scope: ExtractScope,
  seen: Seen = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const check = scopeCheck(scope);
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array = new Uint8Array(0);
  let bytes = 0;
  let rows = 0;

  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > part.bytes) throw mismatch(part, `more than the ${part.bytes} bytes that it should have`);
    hash.update(chunk);
    const end = chunk.lastIndexOf(lineFeed) + 1;
    const before = rows;
    if (end > 0) {
      const whole = joined(rest, chunk.subarray(0, end));
      rest = chunk.slice(end);
      for (const line of lines(whole, decoder, part, rows)) {
        rows += 1;
        checkRow(line, rows, part, check);
      }
    } else {
      rest = joined(rest, chunk);
    }
    if (rest.length > longestRowBytes) throw mismatch(part, `row ${rows + 1} is longer than ${longestRowBytes} bytes`);
    await seen({ bytes: chunk.length, rows: rows - before });
    yield chunk;
  }

  if (bytes < part.bytes) {
    throw new ShortPart(`NIT part ${part.number} ended after ${bytes} of ${part.bytes} bytes`);
  }
  if (rest.length > 0) throw mismatch(part, 'the last row does not end in a line feed');
  if (rows !== part.rows) throw mismatch(part, `${rows} rows where the manifest says ${part.rows}`);
  if (hash.digest('hex') !== part.sha256) throw mismatch(part, 'the hash is not the one of the manifest');
}

function lines(whole: Uint8Array, decoder: TextDecoder, part: PartManifest, rows: number): string[] {
  let text: string;
  try {
    text = decoder.decode(whole);
  } catch {
    throw mismatch(part, `not UTF-8 after row ${rows}`);
  }
  const split = text.split('\n');
  split.pop();
  return split;
}

function checkRow(line: string, number: number, part: PartManifest, check: ScopeCheck): void {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    throw mismatch(part, `row ${number} is not JSON`);
  }
  const fault = rowFault(row);
  if (fault) throw mismatch(part, `row ${number}: ${fault} is missing or wrong`);
  for (const field in row as object) {
    // A field that nobody asked for is data that nobody may keep; its name is NIT's, so it isn't repeated.
    if (!fields.has(field)) throw outOfScope(part, number, 'a field that the contract does not have');
  }
  const outside = check(row as Parameters<ScopeCheck>[0]);
  if (outside) throw outOfScope(part, number, outside);
}

function rowFault(row: unknown): string | null {
  if (typeof row !== 'object' || row === null) return 'row';
  const given = row as Record<string, unknown>;
  for (const field of texts) {
    const value = given[field];
    if (typeof value !== 'string' || value === '') return field;
  }
  if (!instant.test(given.occurredAt as string) || Number.isNaN(Date.parse(given.occurredAt as string))) {
    return 'occurredAt';
  }
  return given.recipientRef === null || typeof given.recipientRef === 'string' ? null : 'recipientRef';
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.length === 0 ? b : Buffer.concat([a, b]);
}

function mismatch(part: PartManifest, what: string): BusinessError {
  return new BusinessError('NIT_MANIFEST_MISMATCH', `NIT part ${part.number}: ${what}`);
}

function outOfScope(part: PartManifest, row: number, field: string): BusinessError {
  return new BusinessError('NIT_OUT_OF_SCOPE', `NIT part ${part.number}, row ${row}: outside the request (${field})`);
}
