import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/**
 * Signed notes (C2SP signed-note) with Ed25519: a text, an empty line, and a line `— <name> <base64 of key id | signature>`. The name says
 * what the key is for; a note of another installation has another name and another key id.
 */

/** Key id of a name and an Ed25519 public key: the first four bytes of SHA-256(name | LF | 0x01 | 32 bytes of the key). */
export function keyIdOf(name: string, key: KeyObject): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), Buffer.from([1]), rawPublicKey(key)]);
  return createHash('sha256').update(content).digest().subarray(0, 4);
}

/** SHA-256 (hex) of a public key's 32 bytes: what to compare when a key is handed over. */
export function fingerprintOf(key: KeyObject): string {
  return createHash('sha256').update(rawPublicKey(key)).digest('hex');
}

/** Signs a text, which has to end with a line feed and hold no empty line at its end. */
export function signNote(name: string, text: string, privateKey: KeyObject): string {
  if (!text.endsWith('\n') || text.endsWith('\n\n')) throw new RangeError('a note ends with one line feed');
  const signature = sign(null, Buffer.from(text, 'utf8'), privateKey);
  const signed = Buffer.concat([keyIdOf(name, createPublicKey(privateKey)), signature]);
  return `${text}\n— ${name} ${signed.toString('base64')}\n`;
}

/** The text of a note with exactly one signature, by this name and key; null for anything else, down to the last bit. */
export function openNote(name: string, note: string, publicKey: KeyObject): string | null {
  const at = note.lastIndexOf('\n\n');
  if (at < 0) return null;
  const text = note.slice(0, at + 1);
  const line = /^— (\S+) ([A-Za-z0-9+/=]+)\n$/.exec(note.slice(at + 2));
  if (!line || line[1] !== name) return null;
  const signed = Buffer.from(line[2]!, 'base64');
  if (signed.length !== 68 || signed.toString('base64') !== line[2]) return null;
  if (!signed.subarray(0, 4).equals(keyIdOf(name, publicKey))) return null;
  return verify(null, Buffer.from(text, 'utf8'), publicKey, signed.subarray(4)) ? text : null;
}

function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new RangeError('the key has to be an Ed25519 key');
  const { x } = (key.type === 'public' ? key : createPublicKey(key)).export({ format: 'jwk' });
  return Buffer.from(x!, 'base64url');
}
