import type { mongo } from 'mongoose';
import { ensureCollection } from './collections.js';
import type { Database } from './database.js';

/** A name held alone for a time: what has to run once (sealer, watchdog) runs in the process that holds its lease. */
export interface Lease {
  name: string;
  owner: string;
  /** Grows by one with each change of owner: what a former owner still does can be told by its smaller number. */
  term: number;
  /** The database server's time until which it is held, UTC. */
  until: Date;
}

/**
 * Leases in MongoDB. Only the database server's clock counts, so that processes on machines whose clocks differ agree on who holds one.
 * An owner is one process: its id has to be new at each start.
 */
export interface Leases {
  /** Takes a lease that is free, ran out, or is the owner's already, for `ttlMs` milliseconds from now. Null when another one holds it. */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | null>;
  /** Takes or prolongs it like `acquire`, for those who only ask whether it is theirs. */
  hold(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Holds it for `ttlMs` milliseconds from now. Null when it ran out or another one took it: the owner has to stop what it does. */
  renew(name: string, owner: string, ttlMs: number): Promise<Lease | null>;
  /** Gives it up at once, so that another one need not wait; nothing happens when the owner doesn't hold it. */
  release(name: string, owner: string): Promise<void>;
  /** Who holds it now, if anybody does. */
  holder(name: string): Promise<Lease | null>;
  init(): Promise<void>;
}

interface LeaseRecord {
  _id: string;
  owner: string | null;
  term: number;
  until: Date;
}

export function createLeases({ database }: { database: Database }): Leases {
  const leases = database.connection.collection<LeaseRecord>('leases');
  const majority = { writeConcern: { w: 'majority', j: true } } as const;

  const end = (ttlMs: number): object => {
    if (!(ttlMs > 0)) throw new RangeError('a lease has to last longer than 0 ms');
    return { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: Math.ceil(ttlMs) } };
  };

  /** Sets owner, term and end when it is free or the owner's; what it is then is whoever's it is. An upsert allows no $expr in its filter. */
  const take = async (name: string, owner: string, ttlMs: number): Promise<LeaseRecord | null> => {
    const own = { $eq: ['$owner', { $literal: owner }] };
    const free = { $or: [own, { $lte: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] }] };
    const update = [
      {
        $set: {
          owner: { $cond: [free, { $literal: owner }, '$owner'] },
          term: { $add: [{ $ifNull: ['$term', 0] }, { $cond: [{ $and: [free, { $not: [own] }] }, 1, 0] }] },
          until: { $cond: [free, end(ttlMs), '$until'] },
        },
      },
    ];
    const record = await leases.findOneAndUpdate({ _id: name }, update, {
      upsert: true,
      returnDocument: 'after',
      ...majority,
    });
    return record?.owner === owner ? record : null;
  };

  const acquire: Leases['acquire'] = async (name, owner, ttlMs) => {
    const record = await take(name, owner, ttlMs).catch((error: unknown) => {
      // Two made the record at the same time: look again at whose it is.
      if ((error as mongo.MongoServerError).code !== 11_000) throw error;
      return take(name, owner, ttlMs);
    });
    return record && leaseOf(record);
  };

  return {
    acquire,
    hold: async (name, owner, ttlMs) => (await acquire(name, owner, ttlMs)) !== null,
    renew: async (name, owner, ttlMs) => {
      const held = { _id: name, owner, $expr: { $gt: ['$until', '$$NOW'] } };
      const update = [{ $set: { until: end(ttlMs) } }];
      const record = await leases.findOneAndUpdate(held, update, { returnDocument: 'after', ...majority });
      return record && leaseOf(record);
    },
    release: async (name, owner) => {
      await leases.updateOne({ _id: name, owner }, { $set: { owner: null, until: new Date(0) } }, majority);
    },
    holder: async (name) => {
      const held = { _id: name, owner: { $ne: null }, $expr: { $gt: ['$until', '$$NOW'] } };
      const record = await leases.findOne(held);
      return record && leaseOf(record);
    },
    init: () => ensureCollection(database.connection, 'leases'),
  };
}

function leaseOf({ _id, owner, term, until }: LeaseRecord): Lease {
  return { name: _id, owner: owner ?? '', term, until };
}
