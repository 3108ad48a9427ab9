import { Schema } from 'mongoose';
import type { Database, Tx } from './database.js';

interface Counter {
  _id: string;
  last: number;
}

/** Numbers for people: gap-free, because the counter moves in the transaction that uses the number. */
export interface Numbers {
  /** The next number of a kind in a year, e.g. `next(tx, 'INS', 2026)` -> `INS-2026-000017`. */
  next(tx: Tx, kind: string, year: number): Promise<string>;
  /** The next of a row that begins anew in no year: 1, 2, 3, ... */
  count(tx: Tx, what: string): Promise<number>;
}

export function createNumbers({ database }: { database: Database }): Numbers {
  const counters = database.connection.model<Counter>(
    'Counter',
    new Schema<Counter>(
      { _id: { type: String, required: true }, last: { type: Number, required: true } },
      { versionKey: false },
    ),
    'counters',
  );
  const count: Numbers['count'] = async (tx, what) => {
    const counter = await counters
      .findOneAndUpdate(
        { _id: what },
        { $inc: { last: 1 } },
        { upsert: true, returnDocument: 'after', session: tx.session },
      )
      .lean();
    return counter.last;
  };
  return {
    count,
    next: async (tx, kind, year) => `${kind}-${year}-${String(await count(tx, `${kind}-${year}`)).padStart(6, '0')}`,
  };
}
