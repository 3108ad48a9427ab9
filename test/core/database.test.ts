import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConflictError } from '../../core/database.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.connection.createCollection('things');
});
afterAll(() => database.drop());

const by = { kind: 'system', id: 'test' } as const;
const things = () => database.connection.collection<{ _id: string; n: number }>('things');

/** A transaction that nobody ends, as a process that is killed in the middle of one leaves it. */
async function abandoned(id: string): Promise<void> {
  const session = await database.connection.startSession();
  session.startTransaction();
  await things().updateOne({ _id: id }, { $inc: { n: 100 } }, { session });
}

describe('what a killed process left locked', () => {
  test('is written once MongoDB has given up the transaction, not refused', async () => {
    await things().insertOne({ _id: 'left', n: 0 });
    await abandoned('left');
    await Promise.all(
      [1, 2, 3].map(() =>
        database.transaction(by, async ({ session }) => {
          await things().updateOne({ _id: 'left' }, { $inc: { n: 1 } }, { session });
        }),
      ),
    );
    expect((await things().findOne({ _id: 'left' }))?.n).toBe(3);
  });

  test('is a fault that may pass, with nothing written, for who would wait for less long', async () => {
    const hasty = await openTestDatabase(undefined, database.connection.name, { patienceMs: 50 });
    await things().insertOne({ _id: 'held', n: 0 });
    await abandoned('held');
    const written = hasty.transaction(by, async ({ session }) => {
      await hasty.connection.collection<{ _id: string }>('things').insertOne({ _id: 'before' }, { session });
      await hasty.connection
        .collection<{ _id: string; n: number }>('things')
        .updateOne({ _id: 'held' }, { $inc: { n: 1 } }, { session });
    });
    await expect(written).rejects.toBeInstanceOf(ConflictError);
    expect(await things().findOne({ _id: 'before' })).toBeNull();
    await hasty.close();
  });
});
