import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRotation, masterKeyChain } from '../../core/key-rotation.js';
import { deriveKey } from '../../core/sealing.js';
import { createTrail, type Trail } from '../../core/trail.js';
import { createVault, type SubjectKeyRecord, type Vault, type VaultKeyRecord } from '../../core/vault.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

/** Another master key, while data stay as they are and other processes go on. */

const by = { kind: 'person', id: 'administrator' } as const;
const [former, next] = [randomBytes(32), randomBytes(32)];
let database: TestDatabase;
let trail: Trail;

const keys = () => database.connection.collection<SubjectKeyRecord>('subject-keys');
const vaultOf = async (masterKey: Buffer, ...acceptedKeys: Buffer[]): Promise<Vault> => {
  const vault = createVault({ database, masterKey, acceptedKeys });
  await vault.init();
  return vault;
};
const rotationTo = (masterKey: Buffer, ...acceptedKeys: Buffer[]) =>
  createKeyRotation({ database, trail, masterKey, acceptedKeys });
const acts = async () => (await trail.list(masterKeyChain)).map(({ type, data }) => ({ type, ...data }));

beforeAll(async () => {
  database = await openTestDatabase();
  trail = createTrail({ database });
  await trail.init();
});
afterAll(() => database.drop());

describe('a new master key', () => {
  let sealed: string[];
  let index: string;
  let erased: string;

  beforeAll(async () => {
    const vault = await vaultOf(former);
    const subjects = await Promise.all(Array.from({ length: 700 }, () => vault.createSubject(null, 'person')));
    sealed = await Promise.all(subjects.slice(0, 20).map((subject, at) => vault.seal(subject, `person ${at}`)));
    erased = subjects[30]!;
    await keys().updateOne({ _id: erased }, { $set: { wrapped: null } });
    index = vault.blindIndex('name', 'Ivanova');
  });
  const readBy = async (vault: Vault): Promise<string[]> => Promise.all(sealed.map((text) => vault.open(text)));

  test('is refused by name where the former one is not given, and nothing is written', async () => {
    await expect(rotationTo(next).rotate(by)).rejects.toThrow('MASTER_KEYS_ACCEPTED');
    await expect(vaultOf(next)).rejects.toThrow('MASTER_KEYS_ACCEPTED');
    expect(await acts()).toEqual([]);
  });

  test('is shown before anything is written', async () => {
    const shown = await rotationTo(next, former).look();
    expect(shown.byMasterKey).toEqual([{ masterKeyId: expect.any(String) as unknown, keys: 700, accepted: true }]);
    expect(shown.byMasterKey[0]!.masterKeyId).not.toBe(shown.currentId);
  });

  test('goes on after a kill in the middle, beside processes that have both keys', async () => {
    const older = await vaultOf(former, next);
    const newer = await vaultOf(next, former);
    const dying: TestDatabase = { ...database, connection: failingAfter(database, 2) };
    const killed = createKeyRotation({ database: dying, trail, masterKey: next, acceptedKeys: [former] });
    await expect(killed.rotate(by)).rejects.toThrow('killed');
    const { byMasterKey } = await rotationTo(next, former).look();
    expect(byMasterKey.map(({ keys: count }) => count > 0)).toEqual([true, true]);
    const expected = sealed.map((_, at) => `person ${at}`);
    expect([await readBy(older), await readBy(newer)]).toEqual([expected, expected]);
    // Whoever has not restarted yet still wraps by the former one.
    await older.createSubject(null, 'person');

    expect((await rotationTo(next, former).rotate(by)).altered).toEqual([]);
    expect(await rotationTo(next).look()).toMatchObject({ byMasterKey: [{ keys: 701, accepted: true }] });
    expect(await readBy(await vaultOf(next))).toEqual(expected);
  });

  test('leaves the erased erased and what is found by a hash to be found', async () => {
    expect((await keys().findOne({ _id: erased }))!.wrapped).toBeNull();
    expect((await vaultOf(next)).blindIndex('name', 'Ivanova')).toBe(index);
  });

  test('shuts the former one out', async () => {
    await expect(vaultOf(former)).rejects.toThrow(/^MASTER_KEY: is key/);
  });

  test('is in the trail once, begun and ended', async () => {
    expect(await acts()).toMatchObject([
      { type: 'master-key.rotation-started', from: [expect.stringMatching(/^mk\./)] },
      { type: 'master-key.rotated', rewrapped: expect.any(Number) },
    ]);
    expect(await rotationTo(next).rotate(by)).toEqual({ rewrapped: 0, altered: [] });
    expect(await acts()).toHaveLength(2);
    expect(await trail.verifyChain(masterKeyChain)).toMatchObject({ ok: true });
  });

  test('names a key that was altered, changes the others, and stays unfinished', async () => {
    const broken = await keys().findOne({ wrapped: { $ne: null } });
    await keys().updateOne({ _id: broken!._id }, { $set: { wrapped: randomBytes(60).toString('base64') } });
    const third = randomBytes(32);
    const { rewrapped, altered } = await rotationTo(third, next).rotate(by);
    expect([rewrapped, altered]).toEqual([700, [`subject-key:${broken!._id}`]]);
    expect((await acts()).at(-1)).toMatchObject({ type: 'master-key.rotation-started' });
    await keys().deleteOne({ _id: broken!._id });
    expect(await rotationTo(third, next).rotate(by)).toEqual({ rewrapped: 0, altered: [] });
    expect((await acts()).at(-1)).toMatchObject({ type: 'master-key.rotated' });
  });
});

test('an installation from before the key of blind indexes keeps its hashes', async () => {
  const own = await openTestDatabase();
  try {
    const masterKey = randomBytes(32);
    const before = createVault({ database: own, masterKey });
    await before.createSubject(null, 'person');
    await own.connection.collection<VaultKeyRecord>('vault-keys').deleteMany({});
    const after = createVault({ database: own, masterKey });
    await after.init();
    const derived = deriveKey(masterKey, 'blind-index');
    const { createHmac } = await import('node:crypto');
    expect(after.blindIndex('name', 'x')).toBe(createHmac('sha256', derived).update('name\0x').digest('hex'));
  } finally {
    await own.drop();
  }
});

/** The database's connection as a process sees it that is killed at its n-th write of keys. */
function failingAfter({ connection }: TestDatabase, writes: number): TestDatabase['connection'] {
  let done = 0;
  const wrapped = Object.create(connection) as TestDatabase['connection'];
  wrapped.collection = ((name: string) => {
    const collection = connection.collection(name);
    const dying = Object.create(collection) as typeof collection;
    dying.bulkWrite = (...args: Parameters<typeof collection.bulkWrite>) => {
      done += 1;
      return done > writes ? Promise.reject(new Error('killed')) : collection.bulkWrite(...args);
    };
    for (const method of ['find', 'findOne', 'aggregate'] as const)
      dying[method] = collection[method].bind(collection) as never;
    return dying;
  }) as typeof connection.collection;
  return wrapped;
}
