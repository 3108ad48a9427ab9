import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { PermanentError } from './errors.js';
import { deriveKey } from './sealing.js';

/**
 * Streams of any length under authenticated encryption, in constant memory (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
 * Vizár, 2015). Layout: 'mzf1' | salt (32) | chunks, each up to 64 KiB of content and a tag (16). Each stream has its own key (HKDF with
 * its salt); a chunk's nonce is its number and whether it is the last, so that a chunk left out, repeated, moved or cut off at the
 * end doesn't authenticate.
 */
const magic = Buffer.from('mzf1', 'latin1');
const saltBytes = 32;
const headerBytes = magic.length + saltBytes;
const tagBytes = 16;

/** Content bytes of one encrypted chunk. */
export const chunkBytes = 64 * 1024;

function nonce(counter: number, last: boolean): Buffer {
  if (counter > 0xffff_ffff) throw new PermanentError('content: is longer than 256 TiB');
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 7);
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}

/** Collects bytes into pieces of one size and knows, for each, whether more follow. */
class Pieces {
  private readonly buffer: Buffer;
  private filled = 0;
  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }
  /** Takes bytes in; yields each full piece as soon as it is known not to be the last. The yielded buffer is only valid until resumed. */
  *add(bytes: Buffer): Generator<Buffer> {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.filled === this.buffer.length) {
        yield this.buffer;
        this.filled = 0;
      }
      const taken = bytes.copy(this.buffer, this.filled, offset);
      this.filled += taken;
      offset += taken;
    }
  }
  last(): Buffer {
    return this.buffer.subarray(0, this.filled);
  }
}

/** A stream that encrypts what is written to it. `context` (a file's id) is bound to the content: it has to be known to decrypt. */
export function encryptTransform(key: Buffer, context: string): Transform {
  const salt = randomBytes(saltBytes);
  const streamKey = deriveKey(key, `stream/${context}`, salt);
  const pieces = new Pieces(chunkBytes);
  let counter = 0;
  const seal = (content: Buffer, last: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', streamKey, nonce(counter, last));
    counter += 1;
    return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  };
  return new Transform({
    construct(callback) {
      this.push(Buffer.concat([magic, salt]));
      callback();
    },
    transform(bytes: Buffer, _encoding, callback) {
      attempt(callback, () => {
        for (const piece of pieces.add(bytes)) this.push(seal(piece, false));
      });
    },
    flush(callback) {
      attempt(callback, () => {
        this.push(seal(pieces.last(), true));
      });
    },
  });
}

/**
 * A stream that decrypts what {@link encryptTransform} made. Each chunk is authenticated before it is passed on; whether the end is the true
 * end is known only at the end: a consumer that must not act on a part waits for it. Fails with a PermanentError.
 */
export function decryptTransform(key: Buffer, context: string): Transform {
  const pieces = new Pieces(chunkBytes + tagBytes);
  let header = Buffer.alloc(0);
  let streamKey: Buffer | null = null;
  let counter = 0;
  const keyOf = (header: Buffer): Buffer => {
    if (!header.subarray(0, magic.length).equals(magic)) throw altered('it does not begin as an encrypted file does');
    return deriveKey(key, `stream/${context}`, header.subarray(magic.length));
  };
  const open = (sealed: Buffer, last: boolean): Buffer => {
    if (!streamKey || sealed.length < tagBytes) throw altered('it ends too early');
    const decipher = createDecipheriv('aes-256-gcm', streamKey, nonce(counter, last), { authTagLength: tagBytes });
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    try {
      const content = Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]);
      counter += 1;
      return content;
    } catch {
      throw altered(last ? 'its end is missing or not its own' : `chunk ${counter} is not its own`);
    }
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, callback) {
      attempt(callback, () => {
        let rest = bytes;
        if (!streamKey) {
          const missing = headerBytes - header.length;
          header = Buffer.concat([header, bytes.subarray(0, missing)]);
          rest = bytes.subarray(missing);
          if (header.length === headerBytes) streamKey = keyOf(header);
        }
        for (const piece of pieces.add(rest)) this.push(open(piece, false));
      });
    },
    flush(callback) {
      attempt(callback, () => {
        this.push(open(pieces.last(), true));
      });
    },
  });
}

function altered(what: string): PermanentError {
  return new PermanentError(`encrypted content was altered: ${what}`);
}

function attempt(callback: TransformCallback, work: () => void): void {
  try {
    work();
    callback();
  } catch (error) {
    callback(error as Error);
  }
}
