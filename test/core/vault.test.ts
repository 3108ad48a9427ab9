import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createVault, SubjectErasedError, type SubjectKeyRecord, type Vault } from '../../core/vault.js';
import { chunkBytes } from '../../core/sealed-stream.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';

const masterKey = randomBytes(32);
let database: TestDatabase;
let vault: Vault;

/** A vault of another process: the same keys, nothing in memory. */
const freshVault = (): Vault => createVault({ database, masterKey });
const keyRecords = () => database.connection.collection<SubjectKeyRecord>('subject-keys');

beforeAll(async () => {
  database = await openTestDatabase();
  vault = freshVault();
  await vault.init();
});
afterAll(() => database.drop());

describe('sealed texts', () => {
  test('a sealed text opens in another process and shows nothing of itself', async () => {
    const subject = await vault.createSubject(null, 'person');
    const sealed = await vault.seal(subject, 'Әйгерім Сейтқали');
    expect(sealed).toMatch(new RegExp(`^mz1:${subject}:[A-Za-z0-9+/]+=*$`));
    expect(await freshVault().open(sealed)).toBe('Әйгерім Сейтқали');
  });

  test('the same text is sealed differently each time', async () => {
    const subject = await vault.createSubject(null, 'person');
    expect(await vault.seal(subject, 'x')).not.toBe(await vault.seal(subject, 'x'));
  });

  test('an empty text survives', async () => {
    const subject = await vault.createSubject(null, 'case');
    expect(await vault.open(await vault.seal(subject, ''))).toBe('');
  });

  test('each altered byte is found', async () => {
    const subject = await vault.createSubject(null, 'person');
    const sealed = await vault.seal(subject, 'Ivanova');
    const [prefix, content] = [sealed.slice(0, 31), Buffer.from(sealed.slice(31), 'base64')];
    for (let index = 0; index < content.length; index += 1) {
      const altered = Buffer.from(content);
      altered[index]! ^= 1;
      await expect(vault.open(prefix + altered.toString('base64'))).rejects.toThrow('was altered');
    }
  });

  test("a text moved to another subject's name does not open", async () => {
    const [one, other] = [await vault.createSubject(null, 'person'), await vault.createSubject(null, 'person')];
    const sealed = await vault.seal(one, 'Ivanova');
    await expect(vault.open(sealed.replace(one, other))).rejects.toThrow('was altered');
  });

  test('a string that is no sealed text is refused', async () => {
    await expect(vault.open('mz1:nonsense')).rejects.toThrow('mz1:<subject id>:<base64>');
  });
});

describe('subjects', () => {
  test('a subject made in a transaction seals before it commits, and opens after', async () => {
    const sealed = await database.transaction(somebody, async (tx) => {
      const subject = await vault.createSubject(tx, 'case');
      const [one, two] = await Promise.all([vault.seal(subject, 'one', tx), vault.seal(subject, 'two', tx)]);
      expect(await vault.open(one, tx)).toBe('one');
      return [one, two];
    });
    expect(await freshVault().reveal(sealed)).toEqual(['one', 'two']);
  });

  test('a subject of a transaction that failed can neither seal nor open', async () => {
    let subject = '';
    const failing = database.transaction(somebody, async (tx) => {
      subject = await vault.createSubject(tx, 'case');
      await vault.seal(subject, 'lost', tx);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await expect(vault.seal(subject, 'again')).rejects.toThrow('has no key here');
    expect(await keyRecords().countDocuments({ _id: subject })).toBe(0);
  });

  test('outside its transaction an uncommitted subject is unknown', async () => {
    await database.transaction(somebody, async (tx) => {
      const subject = await vault.createSubject(tx, 'case');
      await expect(vault.seal(subject, 'early')).rejects.toThrow('has no key here');
    });
  });

  test('an erased subject is told apart, and revealed as null', async () => {
    const [erased, living] = [await vault.createSubject(null, 'person'), await vault.createSubject(null, 'person')];
    const record = { name: await vault.seal(erased, 'Ivanova'), unit: await vault.seal(living, 'Unit 7') };
    await keyRecords().updateOne({ _id: erased }, { $set: { wrapped: null, erasedAt: new Date(0) } });
    await expect(freshVault().open(record.name)).rejects.toBeInstanceOf(SubjectErasedError);
    await expect(freshVault().seal(erased, 'again')).rejects.toBeInstanceOf(SubjectErasedError);
    expect(await freshVault().reveal(record)).toEqual({ name: null, unit: 'Unit 7' });
  });

  test('keys are stored wrapped: neither the subject key nor the master key lies in the row', async () => {
    const subject = await vault.createSubject(null, 'employee');
    const row = await keyRecords().findOne({ _id: subject });
    expect(Buffer.from(row!.wrapped!, 'base64')).toHaveLength(12 + 32 + 16);
    expect(JSON.stringify(row)).not.toContain(masterKey.toString('base64'));
  });

  test('start-up with another master key is refused by name', async () => {
    await vault.createSubject(null, 'person');
    const other = createVault({ database, masterKey: randomBytes(32) });
    await expect(other.init()).rejects.toThrow(
      /^MASTER_KEY: is key [0-9a-f]{12}, but subject-key:\w+ was wrapped by key [0-9a-f]{12}; put that one into/,
    );
    await expect(freshVault().init()).resolves.toBeUndefined();
  });

  test('a master key of another length is refused', () => {
    expect(() => createVault({ database, masterKey: randomBytes(16) })).toThrow('MASTER_KEY: has to be 32 bytes');
  });
});

describe('reveal', () => {
  test('opens at every depth and leaves everything else as it is', async () => {
    const subject = await vault.createSubject(null, 'case');
    const at = new Date('2026-03-02T05:00:00Z');
    const stored = {
      at,
      count: 3,
      none: null,
      bytes: Buffer.from([1, 2]),
      likeSealed: 'mz1:but-not-really',
      lines: [{ name: await vault.seal(subject, 'A') }, { name: await vault.seal(subject, 'B'), tags: ['x'] }],
    };
    const before = structuredClone(stored.lines);
    expect(await freshVault().reveal(stored)).toEqual({
      ...stored,
      lines: [{ name: 'A' }, { name: 'B', tags: ['x'] }],
    });
    expect(stored.lines).toEqual(before);
  });

  test('an altered value is an error, not a null', async () => {
    const subject = await vault.createSubject(null, 'case');
    const sealed = await vault.seal(subject, 'A');
    const flipped = sealed.slice(0, 40) + (sealed[40] === 'A' ? 'B' : 'A') + sealed.slice(41);
    await expect(vault.reveal({ name: flipped })).rejects.toThrow('was altered');
  });
});

describe('blind index', () => {
  test('is the same for forms of one value and in another process', async () => {
    const other = freshVault();
    await other.init();
    expect(vault.blindIndex('name', '  Ә йгерім\u00a0СЕЙТҚАЛИ ')).toBe(other.blindIndex('name', 'ә Йгерім Сейтқали'));
    expect(vault.blindIndex('name', 'é')).toBe(vault.blindIndex('name', 'e\u0301'));
  });

  test('differs by value and purpose', () => {
    const index = vault.blindIndex('iin', '900101300017');
    expect(index).toMatch(/^[0-9a-f]{64}$/);
    expect(vault.blindIndex('iin', '900101300018')).not.toBe(index);
    expect(vault.blindIndex('phone', '900101300017')).not.toBe(index);
  });

  test('differs by installation, and has no key before init', async () => {
    const elsewhere = await openTestDatabase();
    try {
      const other = createVault({ database: elsewhere, masterKey });
      expect(() => other.blindIndex('iin', '900101300017')).toThrow('needs init() first');
      await other.init();
      expect(other.blindIndex('iin', '900101300017')).not.toBe(vault.blindIndex('iin', '900101300017'));
    } finally {
      await elsewhere.drop();
    }
  });
});

describe('encrypted streams', () => {
  let subject: string;
  beforeAll(async () => {
    subject = await vault.createSubject(null, 'case');
  });
  const seal = async (content: Buffer, context = 'file-1', pieceBytes = 50_000): Promise<Buffer> => {
    const pieces = Array.from({ length: Math.ceil(content.length / pieceBytes) }, (_, index) =>
      content.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    );
    const stream = await vault.encryptStream(subject, context);
    const [sealed] = await Promise.all([buffer(stream), pipeline(Readable.from(pieces), stream)]);
    return sealed;
  };
  const open = async (sealed: Buffer, context = 'file-1', pieceBytes = 7_777): Promise<Buffer> => {
    const pieces = Array.from({ length: Math.ceil(sealed.length / pieceBytes) }, (_, index) =>
      sealed.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    );
    const stream = await freshVault().decryptStream(subject, context);
    const [content] = await Promise.all([buffer(stream), pipeline(Readable.from(pieces), stream)]);
    return content;
  };
  const header = 36;
  const chunk = chunkBytes + 16;

  test.each([0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 5 * chunkBytes, 5 * chunkBytes + 17])(
    '%i bytes come back as they were',
    async (length) => {
      const content = randomBytes(length);
      const sealed = await seal(content);
      expect(sealed).toHaveLength(header + length + 16 * Math.max(1, Math.ceil(length / chunkBytes)));
      expect((await open(sealed)).equals(content)).toBe(true);
    },
  );

  test('content that arrives byte by byte comes back as it was', async () => {
    const content = randomBytes(300);
    expect((await open(await seal(content, 'f', 1), 'f', 1)).equals(content)).toBe(true);
  });

  test('an end that was cut off at the border of a chunk is found', async () => {
    const sealed = await seal(randomBytes(3 * chunkBytes));
    await expect(open(sealed.subarray(0, header + 2 * chunk))).rejects.toThrow('its end is missing');
    await expect(open(sealed.subarray(0, header))).rejects.toThrow('it ends too early');
    await expect(open(sealed.subarray(0, 10))).rejects.toThrow('it ends too early');
    await expect(open(Buffer.alloc(0))).rejects.toThrow('it ends too early');
  });

  test('chunks that changed places are found', async () => {
    const sealed = await seal(randomBytes(4 * chunkBytes));
    const at = (index: number): Buffer => sealed.subarray(header + index * chunk, header + (index + 1) * chunk);
    const swapped = Buffer.concat([sealed.subarray(0, header), at(1), at(0), at(2), at(3)]);
    await expect(open(swapped)).rejects.toThrow('chunk 0 is not its own');
  });

  test('a chunk that is left out or repeated is found', async () => {
    const sealed = await seal(randomBytes(3 * chunkBytes));
    const at = (index: number): Buffer => sealed.subarray(header + index * chunk, header + (index + 1) * chunk);
    await expect(open(Buffer.concat([sealed.subarray(0, header), at(0), at(2)]))).rejects.toThrow('was altered');
    await expect(open(Buffer.concat([sealed.subarray(0, header), at(0), at(0), at(1), at(2)]))).rejects.toThrow(
      'chunk 1',
    );
  });

  test('bytes added after the end are found', async () => {
    const sealed = await seal(randomBytes(100));
    await expect(open(Buffer.concat([sealed, randomBytes(40)]))).rejects.toThrow('was altered');
  });

  test('one altered byte is found, wherever it is', async () => {
    const sealed = await seal(randomBytes(2 * chunkBytes + 5));
    for (const index of [0, 5, 40, header + chunk + 3, sealed.length - 1]) {
      const altered = Buffer.from(sealed);
      altered[index]! ^= 0x80;
      await expect(open(altered)).rejects.toThrow('was altered');
    }
  });

  test('content that was put under the id of another file does not open', async () => {
    const sealed = await seal(randomBytes(100), 'file-1');
    await expect(open(sealed, 'file-2')).rejects.toThrow('was altered');
  });
});
