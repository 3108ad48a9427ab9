import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ClientSession, Connection, mongo } from 'mongoose';
import type { Database } from '../database.js';
import type { WithheldFields } from './key-archive.js';
import type { DatabaseRole, StoredCollection } from './manifest.js';
import { dropped, leftOut, withheld } from './withheld.js';

/** Both databases at one moment, whoever writes meanwhile: MongoDB answers every read of the session as of the first. */
export interface DatabaseSnapshot {
  /** Writes every collection to a file of its own, below `folder`: BSON as mongodump writes it, packed by gzip. Constant memory. */
  dump(folder: string): Promise<Record<DatabaseRole, StoredCollection[]>>;
  /** What the data are dumped without. */
  withheldFields(): AsyncGenerator<WithheldFields>;
  end(): Promise<void>;
}

export async function openSnapshot(database: Database): Promise<DatabaseSnapshot> {
  const session = await database.connection.startSession({ snapshot: true });
  const roles = { application: database.connection, trail: database.trail } as const;
  return {
    dump: async (folder) => ({
      application: await dumpDatabase(roles.application, session, folder, 'application'),
      trail: await dumpDatabase(roles.trail, session, folder, 'trail'),
    }),
    withheldFields: async function* () {
      for (const [collection, paths] of Object.entries(withheld)) {
        const projection = Object.fromEntries(paths.map((field) => [field, 1]));
        const found = database.connection
          .collection<{ _id: string }>(collection)
          .find({}, { session, projection, sort: { _id: 1 } });
        for await (const document of found) {
          const fields = Object.fromEntries(
            paths.map((field) => [field, at(document, field)]).filter(([, value]) => value !== undefined),
          ) as Record<string, unknown>;
          if (Object.keys(fields).length > 0) yield { collection, id: document._id, fields };
        }
      }
    },
    end: () => session.endSession(),
  };
}

async function dumpDatabase(
  connection: Connection,
  session: ClientSession,
  folder: string,
  role: DatabaseRole,
): Promise<StoredCollection[]> {
  const db = connection.db!;
  await mkdir(path.join(folder, 'mongodb', role), { recursive: true, mode: 0o700 });
  const infos = await db.listCollections<mongo.CollectionInfo>({ type: 'collection' }).toArray();
  const stored: StoredCollection[] = [];
  for (const { name, options = {} } of infos.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (name.startsWith('system.') || leftOut.has(name)) continue;
    const file = path.posix.join('mongodb', role, `${encodeURIComponent(name)}.bson.gz`);
    const indexes = (await db.collection(name).indexes()).filter(({ name: index }) => index !== '_id_');
    const gone = [...(withheld[name] ?? []), ...(dropped[name] ?? [])];
    const documents = db
      .collection(name)
      .aggregate([{ $sort: { _id: 1 } }, ...(gone.length > 0 ? [{ $unset: gone }] : [])], {
        ...{ session, raw: true, batchSize: 500, allowDiskUse: true },
      }) as unknown as AsyncIterable<Buffer>;
    stored.push({ name, options, indexes, ...(await writeDocuments(path.join(folder, file), documents)), file });
  }
  return stored;
}

async function writeDocuments(
  file: string,
  documents: AsyncIterable<Buffer>,
): Promise<{ documents: number; bytes: number; sha256: string }> {
  let [count, bytes] = [0, 0];
  const hash = createHash('sha256');
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const document of documents) {
      count += 1;
      yield document;
    }
  };
  const hashed = new Transform({
    transform(piece: Buffer, _encoding, callback) {
      hash.update(piece);
      bytes += piece.length;
      callback(null, piece);
    },
  });
  const output = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(Readable.from(counted()), createGzip({ level: 1 }), hashed, output);
  return { documents: count, bytes, sha256: hash.digest('hex') };
}

function at(document: unknown, field: string): unknown {
  let value: unknown = document;
  for (const part of field.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
