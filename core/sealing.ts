import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { PermanentError } from './errors.js';

/**
 * The vault's cryptography without its storage. AES-256-GCM with random 96-bit IVs; every key that is used is derived by HKDF-SHA-256 for
 * one use, so that no key serves two algorithms or purposes.
 */

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** Keys of one subject, derived from its wrapped key. */
export interface SubjectKeys {
  /** For texts. */
  text: Buffer;
  /** Each file derives its own key from this one. */
  file: Buffer;
}

/** A 32-byte key for one use, from a 32-byte key. */
export function deriveKey(key: Buffer, use: string, salt: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `merzim/1/${use}`, 32));
}

/** The keys that a subject's own key stands for. */
export function subjectKeys(key: Buffer): SubjectKeys {
  return { text: deriveKey(key, 'text'), file: deriveKey(key, 'file') };
}

/** Encrypts to iv | ciphertext | tag. `context` is authenticated, not stored: it has to be known to decrypt. */
export function encrypt(key: Buffer, content: Buffer, context: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key, iv);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([iv, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts what {@link encrypt} made; null when it was altered, or made with another key or context. */
export function decrypt(key: Buffer, sealed: Buffer, context: string): Buffer | null {
  if (sealed.length < ivBytes + tagBytes) return null;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, ivBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const content = decipher.update(sealed.subarray(ivBytes, -tagBytes));
  try {
    return Buffer.concat([content, decipher.final()]);
  } catch {
    return null;
  }
}

const sealedForm = /^mz1:([0-7][0-9A-HJKMNP-TV-Z]{25}):([A-Za-z0-9+/]{38,}={0,2})$/;

/** Parts of a sealed text, `mz1:<subject id>:<base64 of iv | ciphertext | tag>`; null when a string is none. */
export function parseSealed(value: unknown): { subjectId: string; content: Buffer } | null {
  const parts = typeof value === 'string' ? sealedForm.exec(value) : null;
  return parts ? { subjectId: parts[1]!, content: Buffer.from(parts[2]!, 'base64') } : null;
}

/** Seals a text for a subject; the subject's id is authenticated with it, so that it can't be moved to somebody else's name. */
export function sealText(keys: SubjectKeys, subjectId: string, text: string): string {
  return `mz1:${subjectId}:${encrypt(keys.text, Buffer.from(text, 'utf8'), subjectId).toString('base64')}`;
}

/** Opens a sealed text; null when it doesn't authenticate. */
export function openText(keys: SubjectKeys, sealed: { subjectId: string; content: Buffer }): string | null {
  return decrypt(keys.text, sealed.content, sealed.subjectId)?.toString('utf8') ?? null;
}

/** The master key's two uses, and a public name for it that says nothing about it. */
export interface MasterKeys {
  wrap: Buffer;
  index: Buffer;
  id: string;
}

/** Derives the keys for wrapping and for blind indexes from the master key (32 bytes). */
export function masterKeys(masterKey: Buffer): MasterKeys {
  if (masterKey.length !== 32) throw new PermanentError('MASTER_KEY: has to be 32 bytes', { field: 'MASTER_KEY' });
  return {
    wrap: deriveKey(masterKey, 'wrap'),
    index: deriveKey(masterKey, 'blind-index'),
    id: deriveKey(masterKey, 'id').subarray(0, 6).toString('hex'),
  };
}
