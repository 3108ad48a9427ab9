import { createHash } from 'node:crypto';
import { pipeline, Readable, Transform } from 'node:stream';
import { mongo } from 'mongoose';
import type { Clock } from './clock.js';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import { InputProblem, PermanentError, RetryableError } from './errors.js';
import { newId } from './ids.js';
import type { Vault } from './vault.js';

/** A file as those who refer to it keep it. */
export interface StoredFile {
  /** ULID. */
  fileId: string;
  /** Length of the content, in bytes. */
  bytes: number;
  /** SHA-256 of the content, hex. */
  sha256: string;
  contentType: string;
}

export interface FileContent extends StoredFile {
  /** The content; fails at the end when it isn't what was stored, so act on it only when it has ended well. */
  stream: Readable;
  name: string | null;
}

/** Files of the cases: encrypted with the key of their subject, in GridFS, of any length in constant memory. */
export interface Files {
  /**
   * Stores a file, before the transaction that refers to it: until that adopts it, the file is an orphan. `maxBytes` is the largest content
   * that is accepted. When it fails, or the content does, nothing of the file remains. Throws an InputProblem 413 on `file`.
   */
  store(file: {
    content: AsyncIterable<Uint8Array>;
    subjectId: string;
    caseId: string;
    contentType: string;
    name?: string;
    maxBytes?: number;
  }): Promise<StoredFile>;
  /** Ties a stored file to what refers to it, in that one's transaction; a repeat by the same changes nothing. */
  adopt(tx: Tx, fileId: string, use: { usedBy: string }): Promise<void>;
  /** Removes a file that nobody has adopted, at once; an adopted or unknown one is left alone. Says whether it was removed. */
  discard(fileId: string): Promise<boolean>;
  /** Content and name of a whole file. Throws a PermanentError when there is none, SubjectErasedError when its key was erased. */
  open(fileId: string): Promise<FileContent>;
  /** Removes files and parts of files that nobody adopted and whose storing began more than `olderThanMs` (wall time) ago; returns how many. */
  sweepOrphans(olderThanMs: number): Promise<number>;
  init(): Promise<void>;
}

interface FileMetadata {
  caseId: string;
  subjectId: string;
  contentType: string;
  /** Sealed. */
  name: string | null;
  /** Of the content before encryption; null until it is whole. */
  bytes: number | null;
  sha256: string | null;
  adopted: boolean;
  usedBy: string | null;
}

interface FileRecord {
  _id: string;
  length: number;
  metadata: FileMetadata;
}

/** A file that nobody has adopted yet: there before its first byte, gone with its adoption. What a crash leaves is found by it. */
interface Orphan {
  _id: string;
  /** Wall time when storing began, or when it ended. */
  startedAt: Date;
  /** The sweep has begun to remove it: it can't become whole any more. */
  swept: boolean;
}

export function createFiles(deps: { database: Database; vault: Vault; clock?: Clock }): Files {
  const { database, vault } = deps;
  const clock = deps.clock ?? database.clock;
  const { connection } = database;
  // Larger chunks than GridFS's own 255 KiB: a third less time for a large file.
  const bucket = new mongo.GridFSBucket(connection.db!, { bucketName: 'files', chunkSizeBytes: 1024 * 1024 });
  const files = connection.collection<FileRecord>('files.files');
  const chunks = connection.collection<{ files_id: string }>('files.chunks');
  const orphans = connection.collection<Orphan>('file-orphans');

  /** The record goes first, and only unadopted: whoever adopts at this moment either wins or finds it gone. */
  const discard = async (fileId: string): Promise<boolean> => {
    const { deletedCount } = await files.deleteOne({ _id: fileId, 'metadata.adopted': false });
    if (await files.findOne({ _id: fileId }, { projection: { _id: 1 } })) return false;
    const parts = await chunks.deleteMany({ files_id: fileId });
    await orphans.deleteOne({ _id: fileId });
    return deletedCount + parts.deletedCount > 0;
  };

  /** A file that took so long that the sweep came upon it lacks parts by now. Gives a whole one its full time to be adopted. */
  const mustNotBeSwept = async (fileId: string): Promise<void> => {
    const own = await orphans.updateOne({ _id: fileId, swept: false }, { $set: { startedAt: clock.wallNow() } });
    if (own.matchedCount === 0) throw new RetryableError(`file ${fileId}: was swept as an orphan while it was stored`);
  };

  return {
    store: async ({ content, subjectId, caseId, contentType, name, maxBytes = Number.POSITIVE_INFINITY }) => {
      const fileId = newId();
      const sealedName = name === undefined ? null : await vault.seal(subjectId, name);
      const encrypt = await vault.encryptStream(subjectId, fileId);
      const metadata: FileMetadata = {
        ...{ caseId, subjectId, contentType, name: sealedName },
        ...{ bytes: null, sha256: null, adopted: false, usedBy: null },
      };
      await orphans.insertOne({ _id: fileId, startedAt: clock.wallNow(), swept: false });
      const upload = bucket.openUploadStreamWithId(gridId(fileId), fileId, { metadata });
      upload.on('error', ignore);
      const hash = createHash('sha256');
      let bytes = 0;
      const metered = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of content) {
          bytes += piece.length;
          if (bytes > maxBytes) {
            throw new InputProblem(413, 'too-large', [{ field: 'file', code: 'too-large', params: { maxBytes } }]);
          }
          hash.update(piece);
          yield piece;
        }
      };
      try {
        // Piece by piece, each awaited: when something fails, no write is on its way that would come after the removal.
        for await (const piece of pipeline(Readable.from(metered(), { objectMode: false }), encrypt, ignore)) {
          await written(upload, piece as Buffer);
        }
        await ended(upload);
        await mustNotBeSwept(fileId);
        const sha256 = hash.digest('hex');
        await files.updateOne({ _id: fileId }, { $set: { 'metadata.bytes': bytes, 'metadata.sha256': sha256 } });
        return { fileId, bytes, sha256, contentType };
      } catch (error) {
        upload.destroy();
        // Should this fail too, the sweep finds what is left.
        await discard(fileId).catch(ignore);
        throw error;
      }
    },

    adopt: async ({ session }, fileId, { usedBy }) => {
      const whole = { _id: fileId, 'metadata.sha256': { $type: 'string' as const } };
      const adopted = await files.updateOne(
        { ...whole, 'metadata.adopted': false },
        { $set: { 'metadata.adopted': true, 'metadata.usedBy': usedBy } },
        { session },
      );
      if (adopted.matchedCount === 0) {
        const file = await files.findOne(whole, { session });
        if (file?.metadata.usedBy === usedBy) return;
        throw new PermanentError(
          file
            ? `file ${fileId}: is used by ${file.metadata.usedBy} already`
            : `file ${fileId}: is not stored, or was swept as an orphan`,
          { field: 'fileId' },
        );
      }
      await orphans.deleteOne({ _id: fileId }, { session });
    },

    discard,

    open: async (fileId) => {
      const file = await files.findOne({ _id: fileId });
      if (!file || file.metadata.sha256 === null || file.metadata.bytes === null) {
        throw new PermanentError(`file ${fileId}: is not stored`, { field: 'fileId' });
      }
      const { subjectId, contentType, bytes, sha256 } = file.metadata;
      const name = file.metadata.name === null ? null : await vault.open(file.metadata.name);
      const decrypt = await vault.decryptStream(subjectId, fileId);
      // A failure of any of the three ends the last one with it.
      const stream = pipeline(bucket.openDownloadStream(gridId(fileId)), decrypt, checked(fileId, sha256), ignore);
      return { fileId, stream, contentType, bytes, sha256, name };
    },

    sweepOrphans: async (olderThanMs) => {
      const startedAt = { $lt: new Date(clock.wallNow().getTime() - olderThanMs) };
      let swept = 0;
      for (const { _id } of await orphans.find({ startedAt }).toArray()) {
        const claimed = await orphans.updateOne({ _id, startedAt }, { $set: { swept: true } });
        if (claimed.matchedCount > 0 && (await discard(_id))) swept += 1;
      }
      return swept;
    },

    init: async () => {
      await ensureCollection(connection, 'files.files', [{ key: { filename: 1, uploadDate: 1 } }]);
      await ensureCollection(connection, 'files.chunks', [{ key: { files_id: 1, n: 1 }, unique: true }]);
      await ensureCollection(connection, 'file-orphans', [{ key: { startedAt: 1 } }]);
    },
  };
}

/** GridFS takes ids of any type; only the driver's types insist on ObjectId. */
function gridId(fileId: string): mongo.ObjectId {
  return fileId as unknown as mongo.ObjectId;
}

function ignore(): void {
  // The failure reaches the caller by the stream itself.
}

function written(upload: mongo.GridFSBucketWriteStream, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    upload.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

function ended(upload: mongo.GridFSBucketWriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    upload.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}

/** Passes content on, and fails at its end when it isn't the one that was stored. */
function checked(fileId: string, sha256: string): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(piece: Buffer, _encoding, callback) {
      hash.update(piece);
      callback(null, piece);
    },
    flush(callback) {
      const whole = hash.digest('hex') === sha256;
      callback(whole ? null : new PermanentError(`file ${fileId}: its content is not the one that was stored`));
    },
  });
}
