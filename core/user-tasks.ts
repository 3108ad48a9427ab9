import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';

/** A user task that the engine opened, as its diagram announced it (job type `task.announce`). Holds codes and keys only. */
export interface OpenTask {
  /** `<epoch>/<element instance key>`: one pass through one user task. */
  _id: string;
  caseId: string;
  caseNumber: string;
  /** Decision that the task leads to; also its name in the catalogue (`task.<decision>`) and in the table of rights. */
  decision: string;
  /** Id of what the decision is about within the case; '' for the case. */
  subject: string;
  processInstanceKey: string;
  elementId: string;
  elementInstanceKey: string;
  /** Legal time, UTC. */
  openedAt: Date;
  /** Wall time, UTC: the engine's search tells of a task some seconds later. */
  openedWallAt: Date;
  /** Legal time in which those who may complete it were written to; null until then. */
  announcedAt: Date | null;
  /** Legal time in which it was known to be over; null while it is open. */
  closedAt: Date | null;
}

/** What is told of a task when it opens; the rest follows. */
export type OpenedTask = Omit<OpenTask, '_id' | 'openedAt' | 'openedWallAt' | 'announcedAt' | 'closedAt'> & {
  epoch: string;
};

/**
 * User tasks by the engine's own word (collection `user-tasks`): for mail about them and for the digest. It is no copy of the engine's list: that a task was
 * cancelled is found out when somebody asks.
 */
export interface UserTasks {
  opened(tx: Tx, task: OpenedTask): Promise<void>;
  /** It was completed, or is no longer there; nothing happens when that is known, or the task is not. */
  closed(tx: Tx, epoch: string, elementInstanceKey: string): Promise<void>;
  find(id: string, tx?: Tx): Promise<OpenTask | null>;
  /** Open ones that nobody was written to about, oldest first. */
  unannounced(limit: number): Promise<OpenTask[]>;
  /** Marks it as announced; false when it was, or is over. */
  announce(tx: Tx, id: string): Promise<boolean>;
  /** All that are open as far as is known, oldest first. */
  open(): Promise<OpenTask[]>;
  /** Those of some cases, by id. */
  openOfCases(caseIds: readonly string[]): Promise<OpenTask[]>;
  /** Those after an id, by id. */
  openAfter(id: string, limit: number): Promise<OpenTask[]>;
  init(): Promise<void>;
}

export function createUserTasks({ database }: { database: Database }): UserTasks {
  const tasks = database.connection.collection<OpenTask>('user-tasks');
  const idOf = (epoch: string, elementInstanceKey: string): string => `${epoch}/${elementInstanceKey}`;
  const oldestFirst = { openedAt: 1, _id: 1 } as const;
  return {
    opened: async (tx, { epoch, ...task }) => {
      const moments = { openedAt: tx.at, openedWallAt: database.clock.wallNow(), announcedAt: null, closedAt: null };
      await tasks.insertOne(
        { _id: idOf(epoch, task.elementInstanceKey), ...task, ...moments },
        { session: tx.session },
      );
    },
    closed: async (tx, epoch, elementInstanceKey) => {
      await tasks.updateOne(
        { _id: idOf(epoch, elementInstanceKey), closedAt: null },
        { $set: { closedAt: tx.at } },
        { session: tx.session },
      );
    },
    find: (id, tx) => tasks.findOne({ _id: id }, tx ? { session: tx.session } : {}),
    unannounced: (limit) => tasks.find({ closedAt: null, announcedAt: null }).sort(oldestFirst).limit(limit).toArray(),
    announce: async (tx, id) => {
      const marked = await tasks.updateOne(
        { _id: id, closedAt: null, announcedAt: null },
        { $set: { announcedAt: tx.at } },
        { session: tx.session },
      );
      return marked.modifiedCount === 1;
    },
    open: () => tasks.find({ closedAt: null }).sort(oldestFirst).toArray(),
    openOfCases: (caseIds) =>
      tasks
        .find({ caseId: { $in: [...caseIds] }, closedAt: null })
        .sort({ _id: 1 })
        .toArray(),
    openAfter: (id, limit) =>
      tasks
        .find({ closedAt: null, _id: { $gt: id } })
        .hint('open-by-id')
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
    init: () =>
      ensureCollection(database.connection, 'user-tasks', [
        {
          key: { closedAt: 1, announcedAt: 1, openedAt: 1 },
          name: 'open',
          partialFilterExpression: { closedAt: null },
        },
        { key: { closedAt: 1, _id: 1 }, name: 'open-by-id', partialFilterExpression: { closedAt: null } },
        { key: { caseId: 1 }, name: 'caseId' },
      ]),
  };
}
