import type { Connection, mongo } from 'mongoose';

/** An index that has to be there before the first document is. */
export type IndexDescription = mongo.IndexDescription;

/** Creates a collection with its indexes unless they are there: inside a transaction neither may be made. Safe to repeat and to race. */
export async function ensureCollection(
  connection: Connection,
  name: string,
  indexes: IndexDescription[] = [],
): Promise<void> {
  const { db } = connection;
  if (!db) throw new Error('the database is not connected');
  await db.createCollection(name).catch((error: unknown) => {
    const exists = 48;
    if ((error as { code?: unknown }).code !== exists) throw error;
  });
  if (indexes.length > 0) await db.collection(name).createIndexes(indexes);
}
