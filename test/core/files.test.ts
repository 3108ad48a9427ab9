import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { InputProblem, PermanentError } from '../../core/errors.js';
import { createFiles, type Files } from '../../core/files.js';
import { newId } from '../../core/ids.js';
import { createVault, SubjectErasedError, type Vault } from '../../core/vault.js';
import { scanForPlaintext } from '../helpers/canary.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';

const masterKey = randomBytes(32);
const MiB = 1024 * 1024;
let database: TestDatabase;
let vault: Vault;
let files: Files;
let subjectId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  vault = createVault({ database, masterKey });
  files = createFiles({ database, vault });
  await vault.init();
  await files.init();
});
beforeEach(async () => {
  for (const name of ['files.files', 'files.chunks', 'file-orphans'])
    await database.connection.collection(name).deleteMany({});
  subjectId = await vault.createSubject(null, 'case');
});
afterAll(() => database.drop());

type Given = Parameters<Files['store']>[0];
const file = (given: Partial<Given> = {}): Given => ({
  content: pieces(Buffer.from('Canary content')),
  subjectId,
  caseId: newId(),
  contentType: 'text/plain',
  name: 'Canary Сейтқали note.txt',
  ...given,
});

async function* pieces(content: Buffer, pieceBytes = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) {
    await Promise.resolve();
    yield content.subarray(at, at + pieceBytes);
  }
}
const adopt = (fileId: string, usedBy = 'document:1') =>
  database.transaction(somebody, (tx) => files.adopt(tx, fileId, { usedBy }));
const counts = async () => ({
  files: await database.connection.collection('files.files').countDocuments(),
  chunks: await database.connection.collection('files.chunks').countDocuments(),
  orphans: await database.connection.collection('file-orphans').countDocuments(),
});
const nothing = { files: 0, chunks: 0, orphans: 0 };

describe('storing', () => {
  test.each([0, 1, 65_536, MiB - 52, MiB, 3 * MiB + 7])(
    '%i bytes come back as they were, with hash, type and name',
    async (length) => {
      const content = randomBytes(length);
      const stored = await files.store(file({ content: pieces(content), contentType: 'application/pdf' }));
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(stored).toEqual({ fileId: stored.fileId, bytes: length, sha256, contentType: 'application/pdf' });
      const { stream, ...opened } = await files.open(stored.fileId);
      expect(opened).toEqual({ ...stored, name: 'Canary Сейтқали note.txt' });
      expect((await buffer(stream)).equals(content)).toBe(true);
    },
  );

  test('empty pieces and pieces of many sizes do no harm', async () => {
    const parts = [
      Buffer.alloc(0),
      randomBytes(1),
      Buffer.alloc(0),
      randomBytes(70_000),
      new Uint8Array(randomBytes(300_000)),
    ];
    const { fileId } = await files.store(file({ content: Readable.from(parts) }));
    expect((await buffer((await files.open(fileId)).stream)).equals(Buffer.concat(parts))).toBe(true);
  });

  test('neither content nor name can be read in the database', async () => {
    await files.store(file({ content: pieces(Buffer.from('Canary content '.repeat(100_000))) }));
    expect(await scanForPlaintext(database, ['Canary', 'Сейтқали'])).toEqual([]);
  });

  test('a file of the largest size is accepted, one byte more is refused and leaves nothing behind', async () => {
    const { bytes } = await files.store(file({ content: pieces(Buffer.alloc(MiB)), maxBytes: MiB }));
    expect(bytes).toBe(MiB);
    const before = await counts();
    const refused = files.store(file({ content: pieces(Buffer.alloc(MiB + 1)), maxBytes: MiB }));
    await expect(refused).rejects.toMatchObject({
      status: 413,
      type: 'too-large',
      faults: [{ field: 'file', code: 'too-large', params: { maxBytes: MiB } }],
    });
    await expect(refused).rejects.toBeInstanceOf(InputProblem);
    expect(await counts()).toEqual(before);
  });

  test('the limit is enforced while the content comes: no more of it is read', async () => {
    let read = 0;
    let closed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          read += MiB;
          yield await Promise.resolve(Buffer.alloc(MiB));
        }
      } finally {
        closed = true;
      }
    };
    await expect(files.store(file({ content: endless(), maxBytes: 5 * MiB }))).rejects.toThrow('too-large');
    expect(read).toBeLessThanOrEqual(6 * MiB);
    expect(closed).toBe(true);
    expect(await counts()).toEqual(nothing);
  });

  test('a sender that hangs up half way leaves nothing behind', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces(randomBytes(2 * MiB));
      throw new Error('connection reset');
    };
    await expect(files.store(file({ content: broken() }))).rejects.toThrow('connection reset');
    expect(await counts()).toEqual(nothing);
  });

  test('a stream that is destroyed half way leaves nothing behind', async () => {
    const stream = Readable.from(pieces(randomBytes(4 * MiB)));
    stream.once('data', () => stream.destroy(new Error('aborted by the client')));
    stream.pause();
    await expect(files.store(file({ content: stream }))).rejects.toThrow('aborted by the client');
    expect(await counts()).toEqual(nothing);
  });

  test('an unknown or erased subject stores nothing', async () => {
    await expect(files.store(file({ subjectId: newId() }))).rejects.toThrow('has no key here');
    expect(await counts()).toEqual(nothing);
  });

  test('a database that refuses writes ends the storing with its error', async () => {
    const chunks = database.connection.db!;
    await chunks.command({ collMod: 'files.chunks', validator: { n: { $lt: 2 } } });
    try {
      await expect(files.store(file({ content: pieces(randomBytes(3 * MiB)) }))).rejects.toThrow('failed validation');
    } finally {
      await chunks.command({ collMod: 'files.chunks', validator: {} });
    }
    expect(await counts()).toEqual(nothing);
  });
});

describe('reading', () => {
  const stored = async (): Promise<string> =>
    (await files.store(file({ content: pieces(randomBytes(4 * MiB)) }))).fileId;
  const chunks = () => database.connection.collection<{ files_id: string; n: number; data: unknown }>('files.chunks');
  const read = async (fileId: string): Promise<Buffer> => buffer((await files.open(fileId)).stream);

  test('an unknown file is refused by its id', async () => {
    await expect(files.open('01JNAV5Q8E0000000000000000')).rejects.toThrow(
      new PermanentError('file 01JNAV5Q8E0000000000000000: is not stored'),
    );
  });
  test('a chunk that is missing is found', async () => {
    const fileId = await stored();
    await chunks().deleteOne({ files_id: fileId, n: 2 });
    await expect(read(fileId)).rejects.toThrow();
  });
  test('chunks that changed places are found', async () => {
    const fileId = await stored();
    const [one, two] = await chunks()
      .find({ files_id: fileId, n: { $in: [1, 2] } }, { sort: { n: 1 } })
      .toArray();
    await chunks().updateOne({ files_id: fileId, n: 1 }, { $set: { data: two!.data } });
    await chunks().updateOne({ files_id: fileId, n: 2 }, { $set: { data: one!.data } });
    await expect(read(fileId)).rejects.toThrow('was altered');
  });
  test('content of another file of the same case is found', async () => {
    const [one, two] = [await stored(), await stored()];
    const others = await chunks().find({ files_id: two }).toArray();
    for (const { n, data } of others) await chunks().updateOne({ files_id: one, n }, { $set: { data } });
    await expect(read(one)).rejects.toThrow('was altered');
  });
  test('a changed hash is found at the end', async () => {
    const fileId = await stored();
    const records = database.connection.collection<{ _id: string }>('files.files');
    await records.updateOne({ _id: fileId }, { $set: { 'metadata.sha256': 'a'.repeat(64) } });
    await expect(read(fileId)).rejects.toThrow('its content is not the one that was stored');
  });
  test('a reader that stops early ends the reading from the database', async () => {
    const { stream } = await files.open(await stored());
    for await (const piece of stream) {
      expect((piece as Buffer).length).toBeGreaterThan(0);
      break;
    }
    expect(stream.destroyed).toBe(true);
  });
  test('a file whose key was erased cannot be opened', async () => {
    const fileId = await stored();
    await database.connection
      .collection<{ _id: string }>('subject-keys')
      .updateOne({ _id: subjectId }, { $set: { wrapped: null, erasedAt: new Date(0) } });
    const afterwards = createFiles({ database, vault: createVault({ database, masterKey }) });
    await expect(afterwards.open(fileId)).rejects.toBeInstanceOf(SubjectErasedError);
  });
});

describe('adoption and sweeping', () => {
  test('an adopted file stays, an orphan is swept when it is old enough', async () => {
    const [adopted, orphan] = [await files.store(file()), await files.store(file())];
    await adopt(adopted.fileId);
    expect(await files.sweepOrphans(60_000)).toBe(0);
    expect(await files.sweepOrphans(-1000)).toBe(1);
    await expect(files.open(orphan.fileId)).rejects.toThrow('is not stored');
    expect((await buffer((await files.open(adopted.fileId)).stream)).toString()).toBe('Canary content');
    expect(await counts()).toEqual({ files: 1, chunks: 1, orphans: 0 });
    expect(await files.sweepOrphans(-1000)).toBe(0);
  });

  test('a transaction that fails after adopting leaves an orphan', async () => {
    const { fileId } = await files.store(file());
    const failing = database.transaction(somebody, async (tx) => {
      await files.adopt(tx, fileId, { usedBy: 'document:1' });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await files.sweepOrphans(-1000)).toBe(1);
    expect(await counts()).toEqual(nothing);
  });

  test('the same adopter may repeat, another one may not', async () => {
    const { fileId } = await files.store(file());
    await adopt(fileId, 'document:1');
    await expect(adopt(fileId, 'document:1')).resolves.toBeUndefined();
    await expect(adopt(fileId, 'document:2')).rejects.toThrow(`file ${fileId}: is used by document:1 already`);
  });

  test('a swept file cannot be adopted', async () => {
    const { fileId } = await files.store(file());
    await files.sweepOrphans(-1000);
    await expect(adopt(fileId)).rejects.toThrow('is not stored, or was swept');
  });

  test('a file that is being adopted while the sweep runs is not swept', async () => {
    const { fileId } = await files.store(file());
    let sweeping: Promise<number> | undefined;
    await database.transaction(somebody, async (tx) => {
      await files.adopt(tx, fileId, { usedBy: 'document:1' });
      sweeping ??= files.sweepOrphans(-1000);
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    expect(await sweeping).toBe(0);
    expect((await buffer((await files.open(fileId)).stream)).toString()).toBe('Canary content');
  });

  test('a file that is still coming when the sweep takes it is refused at its end, and nothing of it remains', async () => {
    let goOn = (): void => undefined;
    const paused = new Promise<void>((resolve) => (goOn = resolve));
    let halfWay = (): void => undefined;
    const half = new Promise<void>((resolve) => (halfWay = resolve));
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces(randomBytes(2 * MiB));
      halfWay();
      await paused;
      yield* pieces(randomBytes(MiB));
    };
    const storing = files.store(file({ content: slow() }));
    // eslint-disable-next-line jest/valid-expect -- awaited below, once the sweep has been
    const refused = expect(storing).rejects.toThrow('was swept as an orphan while it was stored');
    await half;
    expect(await files.sweepOrphans(-1000)).toBe(1);
    goOn();
    await refused;
    expect(await counts()).toEqual(nothing);
  });

  test('discarding removes an orphan at once and leaves an adopted file alone', async () => {
    const [orphan, adopted] = [await files.store(file()), await files.store(file())];
    await adopt(adopted.fileId);
    expect(await files.discard(orphan.fileId)).toBe(true);
    expect(await files.discard(orphan.fileId)).toBe(false);
    expect(await files.discard(adopted.fileId)).toBe(false);
    expect(await counts()).toEqual({ files: 1, chunks: 1, orphans: 0 });
  });
});
