import { ensureCollection } from '../collections.js';
import type { Database, Tx } from '../database.js';
import { atLocalTime, dayNumber, localDay } from '../legal-day.js';

/** How far the look at all accounts of a legal day has come (collection `account-sweeps`): whoever goes on begins at `position`. */
interface Sweep {
  /** The legal day. */
  _id: string;
  position: { startIndex: number; total: number } | null;
  done: boolean;
  blocked: number;
  /** Everybody whom the day's look reminds has been: what SKUD refused to block is left. */
  reminded: boolean;
}

export interface AccountSweeps {
  /** Where the day's look goes on; `done` when all accounts were seen. */
  of(day: string): Promise<Omit<Sweep, '_id'>>;
  /** Stores how far it has come, with what was done up to there. */
  advance(tx: Tx, day: string, step: { position: Sweep['position']; done: boolean; blocked: number }): Promise<void>;
  noteReminded(tx: Tx, day: string): Promise<void>;
  init(): Promise<void>;
}

export function createAccountSweeps({ database }: { database: Database }): AccountSweeps {
  const sweeps = database.connection.collection<Sweep>('account-sweeps');
  return {
    of: async (day) => {
      const found = (await sweeps.findOne({ _id: day })) ?? {};
      const { position = null, done = false, blocked = 0, reminded = false }: Partial<Sweep> = found;
      return { position, done, blocked, reminded };
    },
    advance: async (tx, day, { position, done, blocked }) => {
      await sweeps.updateOne(
        { _id: day },
        { $set: { position, done }, $inc: { blocked } },
        { upsert: true, session: tx.session },
      );
    },
    noteReminded: async ({ session }, day) => {
      await sweeps.updateOne({ _id: day }, { $set: { reminded: true } }, { upsert: true, session });
    },
    init: () => ensureCollection(database.connection, 'account-sweeps'),
  };
}

/**
 * Where a reading of open accounts goes on after some of them were blocked: those behind moved forward by as many. The number of all that are left does not tell
 * so, where others joined meanwhile. One may come twice.
 */
export function steppedBack(position: NonNullable<Sweep['position']>, blocked: number): typeof position {
  const { startIndex, total } = position;
  return { startIndex: Math.max(1, startIndex - blocked), total: Math.max(0, total - blocked) };
}

/**
 * R28, AMB-ACC-05: on `now`'s legal day an account is blocked when its last use was before this instant: last used on day L, it is blocked from
 * 00:00 of day L + `length` + 1 on.
 * @param length calendar days of DL-ACC-4.
 */
export function unusedBefore(now: Date, length: number, zone: string): { day: string; before: Date } {
  const day = localDay(now, zone);
  return { day, before: new Date(atLocalTime(dayNumber(day) - length, '00:00', zone)) };
}
