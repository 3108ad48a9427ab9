import { ensureCollection } from './collections.js';
import type { Database } from './database.js';

interface Lease {
  _id: string;
  owner: string;
  /** Wall time until which its owner has it. */
  until: Date;
}

/** What only one process of a kind may do at a time, e.g. sweeping (collection `leases`, in wall time). */
export interface Leases {
  /** Takes or prolongs a lease for `forMs` milliseconds. False when another owner has it. */
  hold(name: string, owner: string, forMs: number): Promise<boolean>;
  /** Gives a lease back, so that the next owner needn't wait for its end. */
  release(name: string, owner: string): Promise<void>;
  init(): Promise<void>;
}

export function createLeases({ database }: { database: Database }): Leases {
  const collection = database.connection.collection<Lease>('leases');
  const { clock } = database;
  return {
    hold: async (name, owner, forMs) => {
      const now = clock.wallNow();
      try {
        await collection.updateOne(
          { _id: name, $or: [{ owner }, { until: { $lte: now } }] },
          { $set: { owner, until: new Date(now.getTime() + forMs) } },
          { upsert: true, writeConcern: { w: 'majority' } },
        );
        return true;
      } catch (error) {
        const duplicate = 11_000;
        if ((error as { code?: unknown }).code === duplicate) return false;
        throw error;
      }
    },
    release: async (name, owner) => {
      await collection.deleteOne({ _id: name, owner });
    },
    init: () => ensureCollection(database.connection, 'leases'),
  };
}
