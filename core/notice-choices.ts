import { ensureCollection } from './collections.js';
import type { Database } from './database.js';

/** What somebody wants to be written about: each new task and the daily digest, the digest alone, or nothing. */
export const noticeChoices = ['each-task', 'digest', 'none'] as const;
export type NoticeChoice = (typeof noticeChoices)[number];

interface StoredChoice {
  /** Id of the employee. */
  _id: string;
  choice: NoticeChoice;
}

/** What everybody has chosen (collection `notice-choices`); who has not gets everything. Warnings of clocks do not go by it. */
export interface NoticeChoices {
  of(employeeId: string): Promise<NoticeChoice>;
  /** Those of `employeeIds` who want this kind. */
  wanting(kind: 'task' | 'digest', employeeIds: readonly string[]): Promise<string[]>;
  choose(employeeId: string, choice: NoticeChoice): Promise<void>;
  init(): Promise<void>;
}

export function createNoticeChoices({ database }: { database: Database }): NoticeChoices {
  const choices = database.connection.collection<StoredChoice>('notice-choices');
  return {
    of: async (employeeId) => (await choices.findOne({ _id: employeeId }))?.choice ?? 'each-task',
    wanting: async (kind, employeeIds) => {
      const declined: NoticeChoice[] = kind === 'task' ? ['digest', 'none'] : ['none'];
      const found = await choices.find({ _id: { $in: [...employeeIds] }, choice: { $in: declined } }).toArray();
      const out = new Set(found.map(({ _id }) => _id));
      return employeeIds.filter((id) => !out.has(id));
    },
    choose: async (employeeId, choice) => {
      await choices.replaceOne({ _id: employeeId }, { choice }, { upsert: true });
    },
    init: () => ensureCollection(database.connection, 'notice-choices'),
  };
}
