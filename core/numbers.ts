import { Schema } from 'mongoose';
import type { Database, Tx } from './database.js';

interface Counter {
  _id: string;
  last: number;
}

/** Numbers for people: gap-free within a kind and a year, because the counter moves in the transaction that uses the number. */
export interface Numbers {
  /** The next number of a kind in a year, e.g. `next(tx, 'INS', 2026)` -> `INS-2026-000017`. */
  next(tx: Tx, kind: string, year: number): Promise<string>;
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
  return {
    next: async (tx, kind, year) => {
      const counter = await counters
        .findOneAndUpdate(
          { _id: `${kind}-${year}` },
          { $inc: { last: 1 } },
          { upsert: true, returnDocument: 'after', session: tx.session },
        )
        .lean();
      return `${kind}-${year}-${String(counter.last).padStart(6, '0')}`;
    },
  };
}
