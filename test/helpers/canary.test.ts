import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mongo } from 'mongoose';
import { findPlaintext, scanForPlaintext } from './canary.js';
import { openTestDatabase, type TestDatabase } from './database.js';

const needle = 'Қанарбек Сынақов';
let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.drop());

describe('each form in which a text may lie is found', () => {
  const forms: Record<string, Buffer | string> = {
    plain: `name: ${needle}!`,
    'lower case': needle.toLowerCase(),
    'upper case': needle.toUpperCase(),
    decomposed: needle.normalize('NFD'),
    'UTF-16, little end first': Buffer.from(`ab${needle}`, 'utf16le'),
    'UTF-16, big end first': Buffer.from(needle, 'utf16le').swap16(),
    hex: Buffer.from(`x${needle}y`).toString('hex'),
    'percent-encoded': `/find?name=${encodeURIComponent(needle)}`,
    'form-encoded': new URLSearchParams({ name: needle }).toString(),
    'JSON escapes': JSON.stringify(needle).replace(
      /[^\0-~]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
    'base64 at 0': Buffer.from(`${needle} and more`).toString('base64'),
    'base64 at 1': Buffer.from(`a${needle} and more`).toString('base64'),
    'base64 at 2': Buffer.from(`ab${needle}`).toString('base64'),
    base64url: Buffer.from(`abc${needle}`).toString('base64url'),
  };
  test.each(Object.keys(forms))('%s', (form) => {
    expect(findPlaintext(forms[form]!, ['Somebody else', needle]).length).toBeGreaterThan(0);
    expect(findPlaintext(forms[form]!, ['Somebody else'])).toEqual([]);
  });
});

describe('each place in which it may lie is found', () => {
  const found = async () =>
    (await scanForPlaintext(database, [needle])).map(({ collection, id, encoding }) => ({ collection, id, encoding }));

  test('values, names of fields, binary data, and the border of two chunks, in both databases', async () => {
    expect(await found()).toEqual([]);
    const app = database.connection.db!;
    await app.collection<{ _id: string }>('deep').insertOne({ _id: 'a', list: [{ name: needle }] } as never);
    await app.collection<{ _id: string }>('names').insertOne({ _id: 'b', [needle]: 1 } as never);
    await app.collection('bytes').insertOne({ data: new mongo.Binary(Buffer.from(needle, 'utf16le')) });
    const bytes = Buffer.from(`${'.'.repeat(20)}${needle}`);
    await app.collection('files.chunks').insertMany([
      { files_id: 'f', n: 0, data: new mongo.Binary(bytes.subarray(0, 28)) },
      { files_id: 'f', n: 1, data: new mongo.Binary(bytes.subarray(28)) },
      { files_id: 'g', n: 0, data: new mongo.Binary(bytes.subarray(0, 28)) },
    ]);
    await database.trail
      .db!.collection<{ _id: string }>('trail')
      .insertOne({ _id: 'c', data: { name: needle } } as never);
    expect(await found()).toEqual(
      expect.arrayContaining([
        { collection: 'deep', id: 'a', encoding: 'utf8' },
        { collection: 'names', id: 'b', encoding: 'utf8' },
        { collection: 'bytes', id: expect.any(String), encoding: 'utf16le' },
        { collection: 'files.chunks', id: 'f', encoding: 'utf8' },
        { collection: 'trail', id: 'c', encoding: 'utf8' },
      ]),
    );
    expect(await found()).toHaveLength(5);
  });

  test('a needle that chance would find is refused', async () => {
    await expect(scanForPlaintext(database, ['Ivan'])).rejects.toThrow('too short');
  });
});
