import type { Actor, Database } from './database.js';
import {
  createMasterKeyRing,
  subjectContext,
  unknownMasterKey,
  vaultKeyContext,
  type MasterKeySettings,
  type WrappedKey,
} from './master-keys.js';
import type { Trail, TrailEntry } from './trail.js';

/** Keys that are there, by the master key that wraps them. Erased ones have none and are not counted. */
export interface WrappedKeys {
  /** Name of the master key that wraps from now on. */
  currentId: string;
  byMasterKey: { masterKeyId: string; keys: number; accepted: boolean }[];
}

export interface Rotated {
  /** Keys that this call wrapped anew. */
  rewrapped: number;
  /** What could not be unwrapped, and was left as it is: `subject-key:<id>`. A backup of the keys may have them whole. */
  altered: string[];
}

/**
 * A new master key: every key is wrapped by it in place of the former one. No data are touched, and the keys that the data are sealed with
 * stay what they are, that of the blind indexes too. Processes that accept both master keys go on working meanwhile.
 */
export interface KeyRotation {
  /** What there is to do; writes nothing. */
  look(): Promise<WrappedKeys>;
  /**
   * Wraps every key by the current master key that isn't wrapped by it yet, some hundred at a time, and records `master-key.rotation-started`
   * and `master-key.rotated` in the chain `master-key`. Killed anywhere, it goes on when called again; two at once do no harm.
   * @throws PermanentError, with nothing written, when a key was wrapped by a master key that isn't here.
   */
  rotate(by: Actor): Promise<Rotated>;
}

/** The chain of the trail in which changes of the master key are recorded. */
export const masterKeyChain = 'master-key';

const batch = 500;

export function createKeyRotation(deps: MasterKeySettings & { database: Database; trail: Trail }): KeyRotation {
  const { database, trail } = deps;
  const master = createMasterKeyRing(deps);
  const stores = [
    { name: 'vault-keys', contextOf: vaultKeyContext },
    { name: 'subject-keys', contextOf: subjectContext },
  ].map(({ name, contextOf }) => ({
    contextOf,
    records: database.connection.collection<WrappedKey & { _id: string }>(name),
  }));
  const entries = database.trail.collection<TrailEntry>('trail');

  const look = async (): Promise<WrappedKeys> => {
    const counts = new Map<string, number>();
    for (const { records } of stores) {
      const groups = records.aggregate<{ _id: string; keys: number }>([
        { $match: { wrapped: { $ne: null } } },
        { $group: { _id: '$masterKeyId', keys: { $sum: 1 } } },
      ]);
      for await (const { _id, keys } of groups) counts.set(_id, (counts.get(_id) ?? 0) + keys);
    }
    const byMasterKey = [...counts].map(([masterKeyId, keys]) => ({
      ...{ masterKeyId, keys },
      accepted: master.ids.has(masterKeyId),
    }));
    return { currentId: master.currentId, byMasterKey };
  };

  /** One pass over a store. Only what is still wrapped as it was read is replaced: an erasure in between stays one. */
  const pass = async ({ records, contextOf }: (typeof stores)[number], altered: Set<string>): Promise<number> => {
    let rewrapped = 0;
    for (let after = ''; ;) {
      const found = await records
        .find(
          { _id: { $gt: after }, wrapped: { $ne: null }, masterKeyId: { $ne: master.currentId } },
          { sort: { _id: 1 }, limit: batch },
        )
        .toArray();
      const last = found.at(-1);
      if (!last) return rewrapped;
      after = last._id;
      const updates = found.flatMap((record) => {
        const { _id, wrapped, masterKeyId } = record;
        const context = contextOf(_id);
        if (wrapped === null) return [];
        if (!master.ids.has(masterKeyId)) throw unknownMasterKey(context, masterKeyId, master.currentId);
        try {
          const key = master.unwrap({ wrapped, masterKeyId }, context);
          return [{ updateOne: { filter: { _id, wrapped }, update: { $set: master.wrap(key, context) } } }];
        } catch {
          altered.add(context);
          return [];
        }
      });
      if (updates.length === 0) continue;
      const written = await records.bulkWrite(updates, { ordered: false, writeConcern: { w: 'majority', j: true } });
      rewrapped += written.modifiedCount;
    }
  };

  /** The newest entry of the chain: whether a change to the current key was begun and not yet ended. */
  const unfinished = async (): Promise<boolean> => {
    const newest = await entries.findOne({ caseId: masterKeyChain }, { sort: { seq: -1 } });
    return newest?.type === 'master-key.rotation-started' && newest.data.to === nameOf(master.currentId);
  };

  const record = (by: Actor, type: string, data: Record<string, string | number | string[]>): Promise<void> =>
    database.transaction(by, async (tx) => {
      await trail.record(tx, { caseId: masterKeyChain, type, data: { to: nameOf(master.currentId), ...data } });
    });

  return {
    look,
    rotate: async (by) => {
      const { byMasterKey, currentId } = await look();
      const stranger = byMasterKey.find(({ accepted }) => !accepted);
      if (stranger) throw unknownMasterKey(`${stranger.keys} keys`, stranger.masterKeyId, currentId);
      const former = byMasterKey.filter(({ masterKeyId }) => masterKeyId !== currentId);
      const begun = await unfinished();
      if (former.length === 0 && !begun) return { rewrapped: 0, altered: [] };
      if (!begun) {
        const from = former.map(({ masterKeyId }) => nameOf(masterKeyId));
        await record(by, 'master-key.rotation-started', { from });
      }
      const altered = new Set<string>();
      let rewrapped = 0;
      // Again until nothing is found: a process that has not heard of the new key yet wraps by the former one.
      for (let found = -1; found !== 0; rewrapped += found) {
        found = 0;
        for (const store of stores) found += await pass(store, altered);
      }
      if (altered.size === 0) await record(by, 'master-key.rotated', { rewrapped });
      return { rewrapped, altered: [...altered] };
    },
  };
}

/** As the trail names a master key: twelve digits alone would look like somebody's number. */
function nameOf(masterKeyId: string): string {
  return `mk.${masterKeyId}`;
}
