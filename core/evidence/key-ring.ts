import { createPublicKey, type KeyObject } from 'node:crypto';
import { ensureCollection } from '../collections.js';
import type { Database } from '../database.js';
import { fingerprintOf } from './signed-note.js';

/** A public key with which checkpoints were signed. */
export interface PublishedKey {
  /** SHA-256 of its 32 bytes, hex. */
  _id: string;
  /** Name of the log. */
  origin: string;
  /** PEM. */
  publicKey: string;
  /** Wall time of its first use, UTC. */
  since: Date;
}

/** The sealer's public keys, in the trail's database: who hands out an export puts the newest beside it. */
export interface KeyRing {
  /** Adds the public half of a key, once. */
  publish(origin: string, privateKey: KeyObject): Promise<void>;
  /** The newest, or null while no sealer ever ran. */
  current(): Promise<PublishedKey | null>;
  init(): Promise<void>;
}

export function createKeyRing({ database }: { database: Pick<Database, 'trail' | 'clock'> }): KeyRing {
  const keys = database.trail.collection<PublishedKey>('sealer-keys');
  return {
    publish: async (origin, privateKey) => {
      const key = createPublicKey(privateKey);
      const publicKey = key.export({ type: 'spki', format: 'pem' }).toString();
      const since = database.clock.wallNow();
      await keys.insertOne({ _id: fingerprintOf(key), origin, publicKey, since }).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 11_000) throw error;
      });
    },
    current: () => keys.findOne({}, { sort: { since: -1 } }),
    init: () => ensureCollection(database.trail, 'sealer-keys'),
  };
}
