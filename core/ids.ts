import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';

const next = monotonicFactory();

/** A new ULID: 26 characters, ordered by the system's time within this process. For everything inside; people get case numbers. */
export function newId(): string {
  return next();
}

/** Whether a string has the form of a ULID. */
export function isId(value: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value);
}

/** A secret for a person to type or a link to carry: `bytes` random bytes in base32 without look-alikes. */
export function newSecret(bytes = 20): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  return [...randomBytes(bytes)].map((byte) => alphabet[byte % 32]).join('');
}
