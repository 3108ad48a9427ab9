import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import type { Connection, mongo } from 'mongoose';
import { unfinishedRestore, type Database, type RestoreMark } from '../database.js';
import type { ErasureList } from '../erasure-list.js';
import type { Erasure } from '../erasures.js';
import { PermanentError } from '../errors.js';
import { documentsOf, plain, typed } from './bson-stream.js';
import type { KeyArchive } from './key-archive.js';
import type { DatabaseRole, Manifest, StoredCollection } from './manifest.js';

/** A backup of the data with one of the keys: of the same moment, or keys that are newer. */
export interface BackupPair {
  folder: string;
  manifest: Manifest;
  keys: KeyArchive;
}

/**
 * Reads both to their end and compares them with each other and with the list of erasures; writes nothing. Returns how many subjects of the
 * data have no key in the keys.
 * @throws PermanentError when something of the keys was altered, or when the list is not as new as the data.
 */
export async function comparePair({ folder, manifest, keys }: BackupPair, erasures: ErasureList): Promise<number> {
  const listed = new Set(erasures.read().map(({ _id }) => _id));
  for await (const { _id } of stored<Erasure>(folder, manifest, 'trail', 'erasures'))
    if (!listed.has(_id))
      throw new PermanentError(
        `${erasures.file}: lacks the erasure of ${_id}, which was done before the backup; put the newest list there, else erased persons come back`,
        { field: 'ERASURES_FILE' },
      );
  const fields = keys.fields();
  let key = await fields.next();
  let missing = 0;
  const subjects = stored<{ _id: string; erasedAt: Date | null }>(folder, manifest, 'application', 'subject-keys');
  for await (const { _id, erasedAt } of subjects) {
    while (!key.done && key.value.collection === 'subject-keys' && key.value.id < _id) key = await fields.next();
    const there = !key.done && key.value.collection === 'subject-keys' && key.value.id === _id;
    if (!there && erasedAt === null) missing += 1;
  }
  while (!key.done) key = await fields.next();
  return missing;
}

/**
 * Loads a pair into empty databases, which stay marked as half restored until {@link endRestore}: no process starts on them meanwhile.
 * @throws PermanentError, with nothing written, when they are not empty.
 */
export async function loadPair(database: Database, pair: BackupPair): Promise<void> {
  const { folder, manifest, keys } = pair;
  const targets = { application: database.connection, trail: database.trail } as const;
  await requireEmpty(database);
  await marks(database).insertOne(
    { _id: unfinishedRestore, backup: manifest.id, startedAt: database.clock.wallNow() },
    { writeConcern: { w: 'majority', j: true } },
  );
  for (const role of ['application', 'trail'] as const)
    for (const collection of manifest.databases[role]) await loadCollection(targets[role], folder, collection);
  await applyFields(database.connection, keys);
  // Without its key a person reads as one who was erased; no key comes back by itself.
  await database.connection
    .collection('subject-keys')
    .updateMany({ wrapped: { $exists: false } }, { $set: { wrapped: null, masterKeyId: '' } });
  // Last: hashes that have to be unique came with the keys.
  for (const role of ['application', 'trail'] as const)
    for (const { name, indexes } of manifest.databases[role]) {
      const wanted = indexes.map(({ v: _v, ns: _ns, ...index }) => index as unknown as mongo.IndexDescription);
      if (wanted.length > 0) await targets[role].db!.collection(name).createIndexes(wanted);
    }
}

/** Takes the mark away: processes may start. */
export async function endRestore(database: Database): Promise<void> {
  await marks(database).deleteOne({ _id: unfinishedRestore }, { writeConcern: { w: 'majority', j: true } });
}

function marks(database: Database): mongo.Collection<RestoreMark> {
  return database.connection.collection<RestoreMark>('restores');
}

async function requireEmpty(database: Database): Promise<void> {
  const mark = await marks(database).findOne({ _id: unfinishedRestore });
  const names = `${database.connection.name} and ${database.trail.name}`;
  if (mark)
    throw new PermanentError(`${names}: hold half of backup ${mark.backup}; drop both databases and restore again`);
  for (const { db } of [database.connection, database.trail])
    for (const { name } of await db!.listCollections({ type: 'collection' }, { nameOnly: true }).toArray())
      if (!name.startsWith('system.') && (await db!.collection(name).findOne({}, { projection: { _id: 1 } })))
        throw new PermanentError(
          `${names}: are not empty; a restore overwrites nothing. Drop them, or name others by MONGODB_DATABASE and MONGODB_TRAIL_DATABASE`,
        );
}

async function* stored<T>(
  folder: string,
  manifest: Manifest,
  role: DatabaseRole,
  collection: string,
): AsyncGenerator<T> {
  const found = manifest.databases[role].find(({ name }) => name === collection);
  if (found) for await (const document of read(path.join(folder, found.file))) yield plain<T>(document);
}

function read(file: string): AsyncGenerator<Buffer> {
  const packed = createReadStream(file);
  const documents = createGunzip();
  packed.on('error', (error) => documents.destroy(error));
  return documentsOf(packed.pipe(documents));
}

async function loadCollection(connection: Connection, folder: string, collection: StoredCollection): Promise<void> {
  const { name, options, file } = collection;
  const db = connection.db!;
  await db.createCollection(name, options).catch((error: unknown) => {
    const exists = 48;
    if ((error as { code?: unknown }).code !== exists) throw error;
  });
  let batch: mongo.Document[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0)
      await db.collection(name).insertMany(batch, { ordered: false, bypassDocumentValidation: false });
    [batch, bytes] = [[], 0];
  };
  for await (const document of read(path.join(folder, file))) {
    batch.push(typed(document));
    bytes += document.length;
    if (batch.length >= 1000 || bytes >= 8 * 1024 * 1024) await flush();
  }
  await flush();
}

/** Sets what the data were dumped without. What the keys have of documents that are not in the data is of a later time, and left out. */
async function applyFields(connection: Connection, keys: KeyArchive): Promise<void> {
  const waiting = new Map<string, mongo.AnyBulkWriteOperation[]>();
  const flush = async (collection: string): Promise<void> => {
    const updates = waiting.get(collection) ?? [];
    if (updates.length > 0) await connection.db!.collection(collection).bulkWrite(updates, { ordered: false });
    waiting.set(collection, []);
  };
  for await (const { collection, id, fields } of keys.fields()) {
    const updates = waiting.get(collection) ?? [];
    const nested = Object.keys(fields).some((field) => field.includes('.'));
    // A field below one that is null in the data could not be set, and has nothing to belong to.
    const parents = nested
      ? Object.keys(fields)
          .filter((field) => field.includes('.'))
          .map((field) => ({ [field.slice(0, field.lastIndexOf('.'))]: { $type: 'object' } }))
      : [];
    const filter = { _id: id as unknown as mongo.ObjectId };
    const flat = Object.fromEntries(Object.entries(fields).filter(([field]) => !field.includes('.')));
    const deep = Object.fromEntries(Object.entries(fields).filter(([field]) => field.includes('.')));
    if (Object.keys(flat).length > 0) updates.push({ updateOne: { filter, update: { $set: flat } } });
    if (nested) updates.push({ updateOne: { filter: { ...filter, $and: parents }, update: { $set: deep } } });
    waiting.set(collection, updates);
    if (updates.length >= 1000) await flush(collection);
  }
  for (const collection of waiting.keys()) await flush(collection);
}
