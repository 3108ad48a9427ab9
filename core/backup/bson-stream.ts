import { mongo } from 'mongoose';
import { PermanentError } from '../errors.js';

/** BSON documents one after the other, as mongodump writes them: each begins with its own length. */

const shortest = 5;
const longest = 16 * 1024 * 1024 + 16 * 1024;

/** The documents of a stream, each as its bytes. @throws PermanentError when it ends within one, or holds something else. */
export async function* documentsOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let length = 0;
  let wanted = 4;
  for await (const piece of pieces) {
    kept.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    length += piece.length;
    if (length < wanted) continue;
    let whole = Buffer.concat(kept);
    wanted = 4;
    while (whole.length >= 4) {
      const size = whole.readInt32LE(0);
      if (size < shortest || size > longest) throw new PermanentError('stream of documents: is none');
      if (whole.length < size) {
        wanted = size;
        break;
      }
      yield whole.subarray(0, size);
      whole = whole.subarray(size);
    }
    kept = [whole];
    length = whole.length;
  }
  if (length > 0) throw new PermanentError('stream of documents: ends within one');
}

/** A document whose values keep the types that they have: a long stays one, a double too. */
export function typed(document: Buffer): mongo.Document {
  return mongo.BSON.deserialize(document, { promoteValues: false, promoteBuffers: false, bsonRegExp: true });
}

/** A document as the application reads it. */
export function plain<T>(document: Buffer): T {
  return mongo.BSON.deserialize(document) as T;
}
