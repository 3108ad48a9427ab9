import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import { PermanentError } from './errors.js';
import { newId } from './ids.js';

/**
 * Facts that one process hands to another, of which it knows nothing but the message that brings the reference: the receiving process reads the
 * facts from here, so that no variable holds them.
 */
export interface Referral {
  _id: string;
  /** Number of what they come from, e.g. `VIO-2026-000003`: the receiving process counts them once under it. */
  source: string;
  /** When they came to be known here, UTC. */
  receivedAt: Date;
  /** Sealed. */
  facts: string;
  /** Whether a machine told of them, not a person. */
  byMachine: boolean;
  /** Whom they are about, by id of the directory. */
  employeeIds: string[];
}

/** What processes hand to each other (collection `referrals`). */
export interface Referrals {
  /** Returns the id, which travels in the message. */
  create(tx: Tx, referral: Omit<Referral, '_id'>): Promise<string>;
  /** Sealed as stored. @throws PermanentError where there is none of that id. */
  get(referralId: string, tx?: Tx): Promise<Referral>;
  init(): Promise<void>;
}

export function createReferrals({ database }: { database: Database }): Referrals {
  const referrals = database.connection.collection<Referral>('referrals');
  return {
    create: async (tx, referral) => {
      const _id = newId();
      await referrals.insertOne({ _id, ...referral }, { session: tx.session });
      return _id;
    },
    get: async (referralId, tx) => {
      const found = await referrals.findOne({ _id: referralId }, tx ? { session: tx.session } : {});
      if (!found) throw new PermanentError(`referralId ${referralId} names no referral`, { field: 'referralId' });
      return found;
    },
    init: () => ensureCollection(database.connection, 'referrals'),
  };
}
