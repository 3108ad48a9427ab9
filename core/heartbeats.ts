import { ensureCollection } from './collections.js';
import type { Database } from './database.js';

/** Components whose work nobody would miss at once. */
export const beatingComponents = ['worker', 'relay', 'sealer', 'watchdog'] as const;
export type BeatingComponent = (typeof beatingComponents)[number];

/** A component's newest sign of life, of whichever of its processes; wall time, UTC. */
export interface LastBeat {
  component: BeatingComponent;
  at: Date;
}

/**
 * Signs of life (collection `heartbeats`): one document for each process, gone a day after its last one, and one for each component, which
 * stays: what never ran is not missed.
 */
export interface Heartbeats {
  /** Notes that a process did its work `agoMs` milliseconds ago. An older moment than the noted one changes nothing. */
  beat(component: BeatingComponent, processId: string, agoMs: number): Promise<void>;
  /** The newest of each component that ever had one. */
  newest(): Promise<LastBeat[]>;
  init(): Promise<void>;
}

interface HeartbeatRecord {
  _id: string;
  component: BeatingComponent;
  /** Null in the component's own document. */
  processId: string | null;
  at: Date;
  /** For the index that removes it; the component's own has none. */
  expiresFrom?: Date;
}

export function createHeartbeats({ database }: { database: Database }): Heartbeats {
  const beats = database.connection.collection<HeartbeatRecord>('heartbeats');
  return {
    beat: async (component, processId, agoMs) => {
      const at = new Date(database.clock.wallNow().getTime() - agoMs);
      await beats.bulkWrite([
        {
          updateOne: {
            filter: { _id: `${component}:${processId}` },
            update: { $setOnInsert: { component, processId }, $max: { at, expiresFrom: at } },
            upsert: true,
          },
        },
        {
          updateOne: {
            filter: { _id: component },
            update: { $setOnInsert: { component, processId: null }, $max: { at } },
            upsert: true,
          },
        },
      ]);
    },
    newest: async () =>
      (await beats.find({ _id: { $in: [...beatingComponents] } }, { sort: { _id: 1 } }).toArray()).map(
        ({ component, at }) => ({ component, at }),
      ),
    init: () =>
      ensureCollection(database.connection, 'heartbeats', [
        { key: { expiresFrom: 1 }, name: 'expire', expireAfterSeconds: 24 * 60 * 60 },
      ]),
  };
}
