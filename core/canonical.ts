import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** What canonical JSON can say: plain JSON values, and moments, which it writes as ISO 8601 in UTC with milliseconds. */
export type CanonicalValue =
  string | number | boolean | null | Date | readonly CanonicalValue[] | { readonly [name: string]: CanonicalValue };

/**
 * RFC 8785 canonical JSON of a value: the same text for the same content, in every implementation. Throws a TypeError naming the place
 * when something has no canonical form (undefined, NaN, an object of a class), instead of leaving it out as JSON.stringify does.
 */
export function canonicalJson(value: CanonicalValue): string {
  return canonicalize(plain(value, '$')) as string;
}

/** SHA-256 (hex) over the UTF-8 bytes of a value's RFC 8785 canonical JSON. */
export function canonicalHash(value: CanonicalValue): string {
  return createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');
}

function plain(value: unknown, place: string): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${place}: half of a surrogate pair has no canonical JSON`);
    return value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (Array.isArray(value)) return value.map((item, index) => plain(item, `${place}[${index}]`));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, `${place}.${name}`)]));
  }
  throw new TypeError(`${place}: ${value === undefined ? 'undefined' : typeof value} has no canonical JSON`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
