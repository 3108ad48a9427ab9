import { randomBytes } from 'node:crypto';
import { openDatabase, type Actor, type Database } from '../../core/database.js';

/** Who acts in tests where it doesn't matter who. */
export const somebody: Actor = { kind: 'worker', id: 'test.step' };

export interface TestDatabase extends Database {
  /** Drops both databases and closes the connection. */
  drop(): Promise<void>;
}

/** Address of the replica set of the tests, under which they may make databases of their own. */
export function testMongodbUri(): string {
  const uri = process.env.MERZIM_TEST_MONGODB_URI ?? process.env.MONGODB_URI;
  if (!uri)
    throw new Error(
      'MERZIM_TEST_MONGODB_URI: is missing; run the tests by `npm test`, or name a replica set of your own',
    );
  return uri;
}

/** A pair of databases (new ones unless named), `<name>` of the application and `<name>_trail`, on the real MongoDB of the tests. */
export async function openTestDatabase(
  uri = testMongodbUri(),
  name = `test_${randomBytes(6).toString('hex')}`,
  options: Parameters<typeof openDatabase>[1] = {},
): Promise<TestDatabase> {
  const database = await openDatabase(
    { mongo: { uri, database: name, trailDatabase: `${name}_trail` }, clock: { travel: false } },
    options,
  );
  return {
    ...database,
    drop: async () => {
      await database.connection.dropDatabase();
      await database.trail.dropDatabase();
      await database.close();
    },
  };
}
