import { createHash } from 'node:crypto';
import { ensureCollection } from '../../core/collections.js';
import type { Database } from '../../core/database.js';
import { newSecret } from '../../core/ids.js';
import type { Language } from '../../core/text.js';

/** How long an address is good, in days: who has left, and can't sign in any more, makes no new one. */
export const feedDays = 180;

/** The address of somebody's calendar feed, without its secret. */
export interface Feed {
  login: string;
  /** Language in which it was made, and in which it speaks. */
  language: Language;
  /** Wall time, UTC. */
  createdAt: Date;
  endsAt: Date;
}

interface StoredFeed {
  /** The login: everybody has one at most. */
  _id: string;
  /** SHA-256 of the token, in hex. The token itself is in the person's calendar alone. */
  tokenHash: string;
  language: Language;
  createdAt: Date;
  endsAt: Date;
}

/** Addresses of calendar feeds (collection `calendar-feeds`), each by a token that is good for nothing but reading the feed. */
export interface Feeds {
  /** Makes an address and revokes the former one of the same person. Returns its token (32 characters of 5 random bits each). */
  make(login: string, language: Language): Promise<{ token: string; feed: Feed }>;
  revoke(login: string): Promise<void>;
  of(login: string): Promise<Feed | null>;
  /** Whose a token is; null when it is none, was revoked, or has ended. */
  find(token: string): Promise<Feed | null>;
  init(): Promise<void>;
}

export function createFeeds({ database }: { database: Database }): Feeds {
  const feeds = database.connection.collection<StoredFeed>('calendar-feeds');
  const one = async (by: { _id: string } | { tokenHash: string }): Promise<Feed | null> => {
    const found = await feeds.findOne({ ...by, endsAt: { $gt: database.clock.wallNow() } });
    return found && feedOf(found);
  };
  return {
    make: async (login, language) => {
      const token = newSecret(32);
      const createdAt = database.clock.wallNow();
      const endsAt = new Date(createdAt.getTime() + feedDays * 24 * 3600_000);
      const stored = { tokenHash: hashOf(token), language, createdAt, endsAt };
      await feeds.replaceOne({ _id: login }, stored, { upsert: true });
      return { token, feed: feedOf({ _id: login, ...stored }) };
    },
    revoke: async (login) => {
      await feeds.deleteOne({ _id: login });
    },
    of: (login) => one({ _id: login }),
    find: (token) => one({ tokenHash: hashOf(token) }),
    init: () =>
      ensureCollection(database.connection, 'calendar-feeds', [
        { key: { tokenHash: 1 }, unique: true },
        { key: { endsAt: 1 }, expireAfterSeconds: 0 },
      ]),
  };
}

function feedOf({ _id: login, language, createdAt, endsAt }: StoredFeed): Feed {
  return { login, language, createdAt, endsAt };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
