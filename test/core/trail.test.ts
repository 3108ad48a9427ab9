import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Actor, Tx } from '../../core/database.js';
import { newId } from '../../core/ids.js';
import { createNumbers } from '../../core/numbers.js';
import {
  checkChain,
  createTrail,
  hashOf,
  trailActions,
  type Trail,
  type TrailData,
  type TrailEntry,
} from '../../core/trail.js';
import { openTestDatabase, somebody, type TestDatabase } from '../helpers/database.js';
import { startMongodWithUsers, type OwnMongod } from '../helpers/mongod.js';

let database: TestDatabase;
let trail: Trail;

beforeAll(async () => {
  database = await openTestDatabase();
  trail = createTrail({ database });
  await trail.init();
});
afterAll(() => database.drop());

type Act = Parameters<Trail['record']>[1];
const record = (act: Act, by: Actor = somebody): Promise<TrailEntry> =>
  database.transaction(by, (tx) => trail.record(tx, act));
const act = (caseId: string, given: Partial<Act> = {}): Act => ({
  caseId,
  type: 'letter.sent',
  subject: newId(),
  data: { number: 'OUT-2026-000123' },
  ...given,
});

describe('an entry', () => {
  test('says what was done, when, by whom, and follows the one before', async () => {
    const caseId = newId();
    const by: Actor = { kind: 'person', id: 'a.omarova' };
    const first = await record(act(caseId), by);
    const second = await record(
      act(caseId, { type: 'case.closed', subject: null, data: { kept: true, count: 2, none: null } }),
    );
    expect(await trail.list(caseId)).toEqual([first, second]);
    expect(first).toMatchObject({ caseId, seq: 1, by, type: 'letter.sent', previousHash: '0'.repeat(64) });
    expect(second).toMatchObject({ seq: 2, subject: null, previousHash: first.hash });
    expect(second.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(Math.abs(first.at.getTime() - first.wallAt.getTime())).toBeLessThan(1000);
  });

  test('hashes as RFC 8785 says: fixed entry, fixed hash', () => {
    const entry = {
      _id: '01JNAV5Q8E0000000000000000',
      caseId: '01JNAV5Q8E0000000000000001',
      seq: 1,
      at: new Date('2026-03-02T05:00:00Z'),
      wallAt: new Date('2026-03-02T05:00:00.120Z'),
      by: { kind: 'worker', id: 'document.request' },
      type: 'document.requested',
      subject: null,
      data: { letter: 'OUT-2026-000001', b: 1e21, a: ['x', 'y'] },
      previousHash: '0'.repeat(64),
    } satisfies Omit<TrailEntry, 'hash'>;
    // computed outside: keys sorted, no spaces, numbers as ECMAScript writes them (1e+21)
    expect(hashOf(entry)).toBe('0e61432c907f10a13e3f764c73d01d78819c7fe5d5f8672edcb0e990faae8653');
    expect(hashOf({ ...entry, hash: 'ignored' })).toBe(hashOf(entry));
  });

  test('is absent when its transaction fails', async () => {
    const caseId = newId();
    const failing = database.transaction(somebody, async (tx) => {
      await trail.record(tx, act(caseId));
      throw new Error('the letter was not stored');
    });
    await expect(failing).rejects.toThrow('the letter was not stored');
    expect(await trail.list(caseId)).toEqual([]);
  });

  test('is listed in pages', async () => {
    const caseId = newId();
    await database.transaction(somebody, async (tx) => {
      for (let count = 0; count < 7; count += 1) await trail.record(tx, act(caseId, { data: { count } }));
    });
    expect((await trail.list(caseId, { after: 2, limit: 3 })).map(({ seq }) => seq)).toEqual([3, 4, 5]);
    expect((await trail.list(caseId, { after: 7 })).length).toBe(0);
  });
});

describe('at the same time', () => {
  test('50 transactions in one case all succeed, and the chain has no gap', async () => {
    const caseId = newId();
    await Promise.all(Array.from({ length: 50 }, (_, count) => record(act(caseId, { data: { count } }))));
    expect(await trail.verifyChain(caseId)).toMatchObject({ ok: true, entries: 50 });
    const counts = (await trail.list(caseId)).map(({ data }) => data.count as number);
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, count) => count));
  });

  test('200 transactions that also take a letter number each all succeed', async () => {
    const caseId = newId();
    const numbers = createNumbers({ database });
    await database.connection.createCollection('counters');
    const taken = await Promise.all(
      Array.from({ length: 200 }, () =>
        database.transaction(somebody, async (tx) => {
          const number = await numbers.next(tx, 'OUT', 2026);
          await trail.record(tx, act(caseId, { data: { number } }));
          return number;
        }),
      ),
    );
    expect(new Set(taken).size).toBe(200);
    expect(await trail.verifyChain(caseId)).toMatchObject({ ok: true, entries: 200 });
  }, 60_000);

  test('two cases do not disturb each other', async () => {
    const [one, other] = [newId(), newId()];
    await database.transaction(somebody, async (tx) => {
      await trail.record(tx, act(one));
      await record(act(other));
      await record(act(other));
    });
    expect(await trail.verifyChain(one)).toMatchObject({ ok: true, entries: 1 });
    expect(await trail.verifyChain(other)).toMatchObject({ ok: true, entries: 2 });
  });

  test('a transaction that was overtaken runs again and takes the next number', async () => {
    const caseId = newId();
    let runs = 0;
    const entry = await database.transaction(somebody, async (tx: Tx) => {
      runs += 1;
      // the snapshot is taken by this read; then somebody else's entry commits
      await database.trail.collection('trail').findOne({ caseId }, { session: tx.session });
      if (runs === 1) await record(act(caseId));
      return trail.record(tx, act(caseId));
    });
    expect(runs).toBe(2);
    expect(entry.seq).toBe(2);
    expect(await trail.verifyChain(caseId)).toMatchObject({ ok: true, entries: 2 });
  });
});

describe('a chain that was tampered with', () => {
  const chain = async (): Promise<TrailEntry[]> => {
    const caseId = newId();
    for (let count = 0; count < 4; count += 1) await record(act(caseId, { data: { count } }));
    return trail.list(caseId);
  };
  const rehashed = (entry: TrailEntry): TrailEntry => ({ ...entry, hash: hashOf(entry) });

  test('whole', async () => {
    const entries = await chain();
    expect(await checkChain(entries)).toEqual({ ok: true, entries: 4, lastHash: entries[3]!.hash });
  });
  test.each([
    ['data', { data: { count: 9 } }],
    ['time', { at: new Date(0) }],
    ['actor', { by: { kind: 'person', id: 'x' } }],
    ['type', { type: 'letter.failed' }],
    ['subject', { subject: 'x' }],
  ] as [string, Partial<TrailEntry>][])('changed %s is found', async (_name, change) => {
    const entries = await chain();
    entries[1] = { ...entries[1]!, ...change };
    expect(await checkChain(entries)).toEqual({ ok: false, entries: 1, seq: 2, fault: 'altered' });
  });
  test('an added field is found', async () => {
    const entries = await chain();
    entries[1] = { ...entries[1]!, note: 'added' } as TrailEntry;
    expect(await checkChain(entries)).toMatchObject({ ok: false, seq: 2, fault: 'altered' });
  });
  test('a changed entry with a fresh hash is found at the next one', async () => {
    const entries = await chain();
    entries[1] = rehashed({ ...entries[1]!, data: { count: 9 } });
    expect(await checkChain(entries)).toEqual({ ok: false, entries: 2, seq: 3, fault: 'unlinked' });
  });
  test('a removed entry is found', async () => {
    const entries = await chain();
    expect(await checkChain([entries[0]!, ...entries.slice(2)])).toEqual({
      ok: false,
      entries: 1,
      seq: 2,
      fault: 'missing',
    });
  });
  test('a first entry that was cut off is found', async () => {
    expect(await checkChain((await chain()).slice(1))).toMatchObject({ ok: false, seq: 1, fault: 'missing' });
  });
  test('entries that changed places are found', async () => {
    const [a, b, c, d] = (await chain()) as [TrailEntry, TrailEntry, TrailEntry, TrailEntry];
    expect(await checkChain([a, rehashed({ ...c, seq: 2 }), rehashed({ ...b, seq: 3 }), d])).toMatchObject({
      ok: false,
      seq: 2,
    });
  });
  test('a change in the stored trail is found by verifyChain', async () => {
    const [first] = await chain();
    await database.trail
      .collection('trail')
      .updateOne({ caseId: first!.caseId, seq: 3 }, { $set: { type: 'letter.failed' } });
    expect(await trail.verifyChain(first!.caseId)).toEqual({ ok: false, entries: 2, seq: 3, fault: 'altered' });
  });
});

describe('no personal values', () => {
  test.each([
    ['a text', 'gave data away'],
    ['a Cyrillic name', 'Сейтқали'],
    ['a Latin name', 'Seitkali'],
    ['a name with initials', 'Ivanova.A.B.'],
    ['a full name', 'Ivanova-Petrova'],
    ['an e-mail address', 'a.omarova@example.kz'],
    ['an IIN', '900101300017'],
    ['a PIN', '20101199012345'],
    ['a phone', '+7 701 123 45 67'],
    ['a phone in digits', '77011234567'],
    ['an account', 'KZ86125KZT5004100100'],
    ['a long string', 'x'.repeat(129)],
    ['a line break', 'a\nb'],
  ])('%s is refused, and its value is not in the message', async (_what, value) => {
    const caseId = newId();
    for (const data of [{ fact: value }, { list: ['ok', value] }] as TrailData[]) {
      const refused = record(act(caseId, { data }));
      await expect(refused).rejects.toThrow(/^trail: data\.(fact|list\[1\]) /);
      await expect(refused).rejects.not.toThrow(value);
    }
    await expect(record(act(caseId, { subject: value }))).rejects.toThrow('trail: subject');
    expect(await trail.list(caseId)).toEqual([]);
  });

  test.each([
    ['a number like an IIN', { fact: 900101300017 }],
    ['an object', { fact: { name: 'x' } }],
    ['undefined', { fact: undefined }],
    ['a Date', { fact: new Date(0) }],
    ['a list of lists', { fact: [['a']] }],
    ['not a number', { fact: Number.NaN }],
    ['a field name with a space', { 'Ivanova A': 1 }],
  ] as [string, object][])('%s is refused', async (_what, data) => {
    await expect(record(act(newId(), { data: data as never }))).rejects.toThrow(/^trail: data/);
  });

  test('a type that is not dotted is refused', async () => {
    await expect(record(act(newId(), { type: 'Sent' }))).rejects.toThrow('trail: type has to be dotted');
  });

  test('what the processes record is let through', async () => {
    const data = {
      caseNumber: 'INS-2026-000017',
      rule: 'DL-INS-3',
      document: newId(),
      code: 'NIT_MANIFEST_MISMATCH',
      outcome: 'not-confirmed',
      kind: 'employeeExplanatoryNote',
      element: 'UserTask_ScreenTrigger',
      key: '2251799813685249',
      at: '2026-03-02T05:00:00.000Z',
      local: '2026-03-02T10:00:00+05:00',
      day: '2026-03-02',
      sha256: 'a'.repeat(64),
      unit: 'branch:ALM',
      zone: 'Asia/Almaty',
      employee: 'E-0042',
      none: null,
      empty: '',
      bytes: 1_073_741_824,
      kept: false,
      languages: ['kk', 'ru'],
    };
    const entry = await record(act(newId(), { data }));
    expect((await trail.list(entry.caseId))[0]!.data).toEqual(data);
  });
});

describe('rights in the database', () => {
  let own: OwnMongod;
  let asApplication: TestDatabase;
  let entries: ReturnType<TestDatabase['trail']['collection']>;
  beforeAll(async () => {
    own = await startMongodWithUsers();
    const admin = own.admin.db('admin');
    await admin.command({
      createRole: 'trailWriter',
      privileges: [{ resource: { db: 'rights_trail', collection: '' }, actions: trailActions }],
      roles: [],
    });
    const roles = [{ role: 'readWrite', db: 'rights' }, 'trailWriter'];
    await admin.command({ createUser: 'merzim', pwd: 'secret', roles });
    asApplication = await openTestDatabase(own.uriFor('merzim', 'secret'), 'rights');
    await createTrail({ database: asApplication }).init();
    entries = asApplication.trail.collection('trail');
  }, 60_000);
  afterAll(async () => {
    await asApplication?.close();
    await own?.stop();
  });

  test('the application records, lists and verifies in one transaction over both databases', async () => {
    const caseId = newId();
    const ownTrail = createTrail({ database: asApplication });
    await asApplication.connection.createCollection('things');
    await asApplication.transaction(somebody, async (tx) => {
      await asApplication.connection.collection('things').insertOne({ caseId }, { session: tx.session });
      await ownTrail.record(tx, act(caseId));
      await ownTrail.record(tx, act(caseId));
    });
    expect(await asApplication.connection.collection('things').countDocuments({ caseId })).toBe(1);
    expect(await ownTrail.list(caseId)).toHaveLength(2);
    expect(await ownTrail.verifyChain(caseId)).toMatchObject({ ok: true, entries: 2 });
  });

  test('a second start of the application finds everything in place', async () => {
    await expect(createTrail({ database: asApplication }).init()).resolves.toBeUndefined();
  });

  const forbidden: Record<string, () => Promise<unknown>> = {
    update: () => entries.updateOne({}, { $set: { type: 'x.y' } }),
    replace: () => entries.replaceOne({}, {}),
    'find and modify': () => entries.findOneAndUpdate({}, { $set: { type: 'x.y' } }),
    delete: () => entries.deleteOne({}),
    'delete many': () => entries.deleteMany({}),
    'drop the collection': () => entries.drop(),
    'drop the database': () => asApplication.trail.dropDatabase(),
    'drop the index': () => entries.dropIndex('case-seq'),
    rename: () => entries.rename('other'),
    'merge into it': () => entries.aggregate([{ $set: { type: 'x.y' } }, { $merge: 'trail' }]).toArray(),
    'write over it': () => entries.aggregate([{ $out: 'trail' }]).toArray(),
    'change its validation': () => asApplication.trail.db!.command({ collMod: 'trail', validator: {} }),
  };
  test.each(Object.keys(forbidden))('the application cannot: %s', async (name) => {
    const before = await own.admin.db('rights_trail').collection('trail').find().toArray();
    await expect(forbidden[name]!()).rejects.toThrow(/not authorized/);
    expect(await own.admin.db('rights_trail').collection('trail').find().toArray()).toEqual(before);
  });
});
