import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mongo } from 'mongoose';
import {
  backupChain,
  checkPair,
  restorePair,
  takeBackup,
  type BackupSettings,
  type BackupTaken,
} from '../../core/backup/backups.js';
import { openKeyArchive, removeExpired } from '../../core/backup/key-archive.js';
import { filesOf, readManifest } from '../../core/backup/manifest.js';
import { openDatabase } from '../../core/database.js';
import { openErasureList } from '../../core/erasure-list.js';
import { createErasures } from '../../core/erasures.js';
import { createFiles } from '../../core/files.js';
import { createTrail } from '../../core/trail.js';
import { createVault, type SubjectKeyRecord } from '../../core/vault.js';
import { openTestDatabase, somebody, testMongodbUri, type TestDatabase } from '../helpers/database.js';

/** Backups of MongoDB, on a real one: what is in them, what fits together, and what comes back. */

const folder = mkdtempSync(path.join(tmpdir(), 'merzim-backup-'));
const place = (name: string): string => path.join(folder, name);
const settings: BackupSettings = {
  vault: { masterKey: randomBytes(32) },
  erasure: { listFile: place('erasures.jsonl'), withinDays: 30 },
};
const by = { kind: 'person', id: 'administrator' } as const;
const texts = { erased: 'Канарейка Өшірілген', kept: 'Ivanova Қалған', later: 'Added afterwards' };
const content = Buffer.from(`content of a file ${texts.erased}`.repeat(5000));

let source: Services;
let first: BackupTaken;
let second: BackupTaken;
let erased: string;
const targets: TestDatabase[] = [];

type Services = Awaited<ReturnType<typeof servicesOf>>;
async function servicesOf(database: TestDatabase) {
  const vault = createVault({ database, ...settings.vault });
  const trail = createTrail({ database });
  const files = createFiles({ database, vault });
  const outside = openErasureList(settings.erasure.listFile!);
  const erasures = createErasures({ database, vault, trail, outside });
  for (const part of [vault, trail, files, erasures]) await part.init();
  return { database, vault, trail, files, erasures };
}

const pairOf = async (data: BackupTaken, keys: BackupTaken = data) => ({
  folder: data.data!,
  manifest: readManifest(data.data!),
  keys: await openKeyArchive(keys.keys, settings.vault),
});
async function emptyTarget(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  targets.push(database);
  return database;
}
async function restored(data: BackupTaken, keys: BackupTaken, incompleteKeys = false): Promise<TestDatabase> {
  const database = await emptyTarget();
  const pair = await pairOf(data, keys);
  const found = await checkPair(pair, settings, { incompleteKeys });
  await restorePair(database, pair, settings, { by, ...found });
  return database;
}
const take = () => takeBackup(source.database, settings, { by, to: place('data'), keysTo: place('keys') });
const plainOf = (taken: BackupTaken): Buffer =>
  Buffer.concat(
    filesOf(readManifest(taken.data!)).map(({ file }) => gunzipSync(readFileSync(path.join(taken.data!, file)))),
  );

beforeAll(async () => {
  source = await servicesOf(await openTestDatabase());
  const { database, vault, trail, files } = source;
  const { connection } = database;
  erased = await vault.createSubject(null, 'employee');
  const kept = await vault.createSubject(null, 'employee');
  const employee = async (_id: string, subjectId: string, name: string) => ({
    ...{ _id, subjectId, name: await vault.seal(subjectId, name), active: true, login: _id },
    ...{ rowIndex: vault.blindIndex('row', name), searchIndex: [vault.blindIndex('search', name)] },
  });
  await connection.db!.createCollection('employees', { validator: { active: { $type: 'bool' } } });
  await connection.db!.collection('employees').createIndex({ rowIndex: 1 }, { unique: true, name: 'row' });
  const employees = connection.collection<{ _id: string }>('employees');
  await employees.insertMany([await employee('e1', erased, texts.erased), await employee('e2', kept, texts.kept)]);
  await connection.collection<{ _id: string }>('kinds').insertOne({
    ...{ _id: 'all', int: 1, double: new mongo.Double(1), long: mongo.Long.fromString('9007199254740993') },
    ...{ decimal: mongo.Decimal128.fromString('1.10'), at: new Date(5), bytes: new mongo.Binary(Buffer.from([1])) },
    ...{ none: null, nested: [{ deep: [true] }], id: new mongo.ObjectId(), pattern: /a+/i },
  });
  await connection.collection<{ _id: string }>('sessions').insertOne({ _id: 'signed-in' });
  await database.trail
    .collection<{ _id: number }>('leaves')
    .insertOne({ _id: 0, hash: 'ab', resumeToken: { t: 1 } } as never);
  const { fileId } = await files.store({
    ...{ content: Readable.from([content]), subjectId: erased, caseId: 'c1', contentType: 'text/plain' },
  });
  await connection.collection<{ _id: string }>('file-ids').insertOne({ _id: fileId });
  await database.transaction(somebody, (tx) => trail.record(tx, { caseId: 'c1', type: 'case.opened' }));
  first = await take();
  const later = await vault.createSubject(null, 'employee');
  await employees.insertOne(await employee('e3', later, texts.later));
  await source.erasures.erase(by, erased, { ground: 'DPO-2026-17' });
  second = await take();
}, 60_000);
afterAll(async () => {
  for (const database of [source.database, ...targets]) await database.drop();
  rmSync(folder, { recursive: true });
});

describe('a backup', () => {
  test('holds in its data no key and no hash of a personal value; a control is found', async () => {
    const { database, vault } = source;
    const keys = await database.connection.collection<SubjectKeyRecord>('subject-keys').find().toArray();
    const data = plainOf(first);
    const hidden = [
      ...keys.flatMap(({ wrapped }) => (wrapped === null ? [] : [wrapped])),
      ...Object.values(texts).flatMap((name) => [vault.blindIndex('row', name), vault.blindIndex('search', name)]),
      ...['signed-in', 'resumeToken'],
    ];
    expect(hidden.filter((text) => data.includes(text))).toEqual([]);
    expect([data.includes(erased), data.includes('DPO-2026-17'), plainOf(second).includes('DPO-2026-17')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('its data and the keys that are there now tell nothing of who was erased after it', async () => {
    // Whoever has the archive, the master key and every key of the present opens what can be opened.
    const vault = createVault({ database: source.database, ...settings.vault });
    const opened: string[] = [];
    for (const [sealed] of plainOf(first)
      .toString('latin1')
      .matchAll(/mz1:[0-9A-Z]{26}:[A-Za-z0-9+/]{38,}={0,2}/g))
      opened.push(String(await vault.reveal(sealed)));
    expect(opened).toContain(texts.kept);
    expect(opened).not.toContain(texts.erased);
  });

  test('has its keys encrypted, in a file of mode 0600 that says until when', async () => {
    const { head } = await openKeyArchive(first.keys, settings.vault);
    expect(statSync(first.keys).mode & 0o777).toBe(0o600);
    expect(Date.parse(head.expiresAt) - Date.parse(head.at)).toBe(15 * 24 * 3600_000);
    expect(head.of).toBe(first.id);
    expect(readFileSync(first.keys).includes('wrapped')).toBe(false);
    await expect(openKeyArchive(first.keys, { masterKey: randomBytes(32) })).rejects.toThrow('MASTER_KEYS_ACCEPTED');
  });

  test('needs folders apart for data and keys', async () => {
    const request = { by, to: place('x'), keysTo: place('x/keys') };
    await expect(takeBackup(source.database, settings, request)).rejects.toThrow('folders apart');
  });

  test('leaves nothing behind when it fails', async () => {
    const [data, keys] = [readdirSync(place('data')), readdirSync(place('keys'))];
    const failing = takeBackup(source.database, settings, {
      ...{ by, to: place('data'), keysTo: place('keys') },
      addEngine: () => Promise.reject(new Error('disk full')),
    });
    await expect(failing).rejects.toThrow('disk full');
    expect([readdirSync(place('data')), readdirSync(place('keys'))]).toEqual([data, keys]);
  });

  test('of keys is removed when its time is over, and no sooner', () => {
    cpSync(place('keys'), place('copies'), { recursive: true });
    const copies = readdirSync(place('copies')).length;
    expect(removeExpired(place('copies'), new Date(first.keysExpireAt.getTime() - 1000))).toEqual([]);
    expect(removeExpired(place('copies'), new Date(second.keysExpireAt.getTime() + 1000))).toHaveLength(copies);
    expect(readdirSync(place('copies'))).toEqual([]);
  });
});

describe('a restore', () => {
  test('of a backup from before an erasure brings all back but who was erased', async () => {
    const { database, vault, trail, files } = await servicesOf(await restored(first, first));
    const employees = await database.connection
      .collection('employees')
      .find({}, { sort: { _id: 1 } })
      .toArray();
    expect(await vault.reveal(employees)).toMatchObject([
      { name: null, active: false, searchIndex: [] },
      { name: texts.kept, active: true, searchIndex: [vault.blindIndex('search', texts.kept)] },
    ]);
    const file = await database.connection.collection('file-ids').findOne();
    await expect(files.open(String(file!._id))).rejects.toThrow('was erased');
    expect(await trail.verifyChain('c1')).toMatchObject({ ok: true, entries: 1 });
    expect(await trail.verifyChain(backupChain)).toMatchObject({ ok: true, entries: 2 });
    expect((await trail.list(`erasure.${erased}`)).at(-1)).toMatchObject({ data: { replayed: true } });
    expect((await trail.list(backupChain)).at(-1)).toMatchObject({ type: 'backup.restored', data: { erasedAgain: 1 } });
    expect(await database.connection.collection('sessions').countDocuments()).toBe(0);
  });

  test('brings each value back with its type, each index and each rule', async () => {
    const { connection } = await restored(first, first);
    const raw = async ({ db }: typeof connection) =>
      ((await db!.collection('kinds').find({}, { raw: true }).toArray()) as unknown as Buffer[])[0]!.toString('hex');
    expect(await raw(connection)).toBe(await raw(source.database.connection));
    const indexes = async ({ db }: typeof connection) => db!.collection('employees').indexes();
    expect(await indexes(connection)).toEqual(await indexes(source.database.connection));
    await expect(connection.db!.collection('employees').insertOne({ active: 'yes' })).rejects.toThrow('validation');
  });

  test('of older data with newer keys fits: the erased have none there', async () => {
    const { database, vault } = await servicesOf(await restored(first, second));
    const employees = await database.connection
      .collection('employees')
      .find({}, { sort: { _id: 1 } })
      .toArray();
    expect(await vault.reveal(employees)).toMatchObject([{ name: null, active: false }, { name: texts.kept }]);
    const keys = database.connection.collection<SubjectKeyRecord>('subject-keys');
    expect(await keys.findOne({ _id: erased })).toMatchObject({ wrapped: null, erasedAt: expect.any(Date) });
  });

  test('of a file comes back to the last byte', async () => {
    const list = openErasureList(place('none.jsonl'));
    list.add([]);
    const database = await emptyTarget();
    const pair = await pairOf(first);
    const own = { ...settings, erasure: { ...settings.erasure, listFile: list.file } };
    await restorePair(database, pair, own, { by, ...(await checkPair(pair, own)) });
    const vault = createVault({ database, ...settings.vault });
    const files = createFiles({ database, vault });
    const file = await database.connection.collection('file-ids').findOne();
    expect((await buffer((await files.open(String(file!._id))).stream)).equals(content)).toBe(true);
  });
});

describe('what does not fit is explained, and nothing is written', () => {
  test('keys that are older than the data', async () => {
    await expect(checkPair(await pairOf(second, first), settings)).rejects.toThrow(
      /do not fit data of .*: 1 persons or cases of the data have no key in them.*--incomplete-keys/,
    );
    const { database, vault } = await servicesOf(await restored(second, first, true));
    const employees = await database.connection
      .collection('employees')
      .find({}, { sort: { _id: 1 } })
      .toArray();
    expect(await vault.reveal(employees)).toMatchObject([{ name: null }, { name: texts.kept }, { name: null }]);
  });

  test('a file of another backup among the data', async () => {
    cpSync(first.data!, place('mixed'), { recursive: true });
    const name = path.join('mongodb', 'application', 'employees.bson.gz');
    cpSync(path.join(second.data!, name), path.join(place('mixed'), name));
    const pair = { ...(await pairOf(first)), folder: place('mixed') };
    await expect(checkPair(pair, settings)).rejects.toThrow(`${name} is another one than at the backup`);
    rmSync(path.join(place('mixed'), name));
    await expect(checkPair(pair, settings)).rejects.toThrow(`${name} is missing`);
  });

  test('a backup that was not brought to its end', () => {
    cpSync(first.data!, place('half'), { recursive: true });
    renameSync(place('half/manifest.json'), place('half/manifest.json.tmp'));
    expect(() => readManifest(place('half'))).toThrow('not brought to its end');
  });

  test('keys of which a byte was altered or the end is missing', async () => {
    const whole = readFileSync(first.keys);
    for (const bytes of [Buffer.from(whole).fill(0, whole.length - 3), whole.subarray(0, -40)]) {
      writeFileSync(place('altered.mzk'), bytes);
      const pair = { ...(await pairOf(first)), keys: await openKeyArchive(place('altered.mzk'), settings.vault) };
      await expect(checkPair(pair, settings)).rejects.toThrow('was altered');
    }
    writeFileSync(place('altered.mzk'), Buffer.from(whole.toString('latin1').replace('"of":"0', '"of":"1'), 'latin1'));
    const pair = { ...(await pairOf(first)), keys: await openKeyArchive(place('altered.mzk'), settings.vault) };
    await expect(checkPair(pair, settings)).rejects.toThrow('was altered');
  });

  test('a list of erasures that is older than the data, or none', async () => {
    const older = { ...settings, erasure: { listFile: place('older.jsonl'), withinDays: 30 } };
    await expect(checkPair(await pairOf(second), older)).rejects.toThrow('older.jsonl: is not there');
    writeFileSync(place('older.jsonl'), '');
    await expect(checkPair(await pairOf(second), older)).rejects.toThrow(`lacks the erasure of ${erased}`);
    const none = { ...settings, erasure: { listFile: undefined, withinDays: 30 } };
    await expect(checkPair(await pairOf(second), none)).rejects.toThrow('ERASURES_FILE: is missing');
  });

  test('databases that are not empty', async () => {
    const database = await emptyTarget();
    await database.trail.collection('anything').insertOne({});
    await expect(restorePair(database, await pairOf(first), settings, { by, missingKeys: 0 })).rejects.toThrow(
      'are not empty',
    );
    expect(await database.connection.db!.collection('employees').countDocuments()).toBe(0);
  });

  test('databases on which a restore was cut off: no process opens them, and no second restore fills them', async () => {
    const database = await emptyTarget();
    const pair = await pairOf(first);
    cpSync(first.data!, place('cut'), { recursive: true });
    rmSync(path.join(place('cut'), 'mongodb', 'trail'), { recursive: true });
    const cut = { ...pair, folder: place('cut') };
    await expect(restorePair(database, cut, settings, { by, missingKeys: 0 })).rejects.toThrow('ENOENT');
    const mongoSettings = {
      uri: testMongodbUri(),
      database: database.connection.name,
      trailDatabase: database.trail.name,
    };
    await expect(openDatabase({ mongo: mongoSettings, clock: { travel: false } })).rejects.toThrow(
      'not brought to its end',
    );
    await expect(restorePair(database, pair, settings, { by, missingKeys: 0 })).rejects.toThrow('drop both databases');
  });
});
