import { ensureCollection } from '../collections.js';
import type { Database, Tx } from '../database.js';
import type { Numbers } from '../numbers.js';
import type { Trail } from '../trail.js';
import type { BlockGround } from './account-store.js';
import type { BasisType } from './model.js';

/** What was done to an account. `issued`, `opened` (R29) and `reissued`: with a temporary password; `reopened`: changed and, after a transfer, open again (R27); `released`: open again, since what it was blocked for is no violation (AMB-ACC-15). */
export const journalActs = ['issued', 'opened', 'reissued', 'changed', 'reopened', 'blocked', 'released'] as const;
export type JournalAct = (typeof journalActs)[number];

/**
 * A row of the journal of Appendix 1 (F-ACC-1): what was done to one account. The form has no column for its user (AMB-ACC-06): request
 * and user are held by reference. Strings marked sealed are ciphertext of the vault, under the key of whom they tell.
 */
export interface JournalRow {
  /** Column 1: 1, 2, 3, ... without a gap. */
  _id: number;
  /** Column 4: legal time. */
  at: Date;
  act: JournalAct;
  /** The request, or the chain of its own of an account that no request made. */
  caseId: string;
  caseNumber: string | null;
  /** Our id of the account; in a request the id of its user. */
  accountId: string;
  skudId: string | null;
  /** Number of the user's row in Appendix 2. */
  userRowNo: number | null;
  /** Column 2, null where no request is known. `region` and `letterRefNo` are sealed. */
  applicant: { region: string | null; letterRefNo: string | null; letterDate: string | null } | null;
  /** Column 2: when the request came in; its number is the owner's incoming number. */
  receivedAt: Date | null;
  /** Column 3: codes of the registry. */
  systems: string[];
  /** Column 5. `number` is sealed. */
  basis: { type: BasisType | null; number: string | null; date: string | null } | null;
  /** Column 5, where the account was blocked without an application: R28, R30, or a temporary password that nobody came for (AMB-ACC-08); or released without one. */
  ground: BlockGround | 'credentialsExpired' | 'notConfirmed' | null;
  /** Column 6: who decided; nobody where SKUD was told without. Names are sealed; null where the directory has nobody of the login. */
  administrators: { login: string; employeeId: string | null; fullName: string | null; fullNameKk: string | null }[];
}

export interface JournalFilter {
  /** Done from this moment on, UTC. */
  from?: Date | undefined;
  /** Done before this moment, UTC. */
  before?: Date | undefined;
  /** Of these requests only. */
  caseIds?: readonly string[] | undefined;
}

/** The journal of registration of users and issue of logins (R25, AMB-ACC-07; collection `access-journal`). Rows are never changed. */
export interface AccessJournal {
  /** Writes the next row in the transaction of what it tells of. Records `journal.entered`; returns the row's number. */
  write(tx: Tx, row: Omit<JournalRow, '_id' | 'at'>): Promise<number>;
  /** Rows that fit, sealed as stored: the oldest first, or the newest first from the one before a number on. Reads no further than is taken. */
  rows(filter: JournalFilter, order: 'oldest' | { before: number | null }): AsyncIterable<JournalRow>;
  init(): Promise<void>;
}

export function createAccessJournal(deps: { database: Database; numbers: Numbers; trail: Trail }): AccessJournal {
  const { database, numbers, trail } = deps;
  const journal = database.connection.collection<JournalRow>('access-journal');
  return {
    write: async (tx, row) => {
      const _id = await numbers.count(tx, 'access-journal');
      await journal.insertOne({ _id, at: tx.at, ...row }, { session: tx.session });
      await trail.record(tx, {
        ...{ caseId: row.caseId, type: 'journal.entered', subject: row.accountId },
        data: { rowNo: _id, act: row.act },
      });
      return _id;
    },
    rows: ({ from, before: until, caseIds }, order) => {
      const at = { ...(from ? { $gte: from } : {}), ...(until ? { $lt: until } : {}) };
      const last = order === 'oldest' ? null : order.before;
      return journal.find(
        {
          ...(Object.keys(at).length > 0 ? { at } : {}),
          ...(caseIds ? { caseId: { $in: [...caseIds] } } : {}),
          ...(last === null ? {} : { _id: { $lt: last } }),
        },
        { sort: { _id: order === 'oldest' ? 1 : -1 }, batchSize: 100 },
      );
    },
    init: () =>
      ensureCollection(database.connection, 'access-journal', [
        { key: { at: 1, _id: 1 }, name: 'at' },
        { key: { caseId: 1, _id: 1 }, name: 'case' },
      ]),
  };
}
