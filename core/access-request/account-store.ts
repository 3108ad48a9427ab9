import type { Database, Tx } from '../database.js';
import { ensureCollection } from '../collections.js';
import { RetryableError } from '../errors.js';
import type { Trail } from '../trail.js';
import type { Vault } from '../vault.js';
import type { AccountRight, SkudAccount, SkudEvent } from './skud-account.js';

/** Why an account is blocked without an application: R28 knows the first two; the others follow from R27 and R30 (AMB-ACC-14). */
export const blockGrounds = ['inactivity30', 'securityViolation', 'dismissal', 'transfer'] as const;
export type BlockGround = (typeof blockGrounds)[number];

/** R27: an account that is blocked because its user was transferred, and for nothing else: the application about it opens it again. */
export function waitsForChange({ state, blockGrounds, blocking }: StoredAccount): boolean {
  return state === 'blocked' && blocking === null && blockGrounds.join() === 'transfer';
}

/** Whether an account is blocked for a violation that turned out to be none, and for nothing else (AMB-ACC-15): what is to be blocked for another reason is not opened. */
export function heldOnlyBy({ state, blocking, violations }: StoredAccount, violationId: string): boolean {
  return state === 'blocked' && blocking === null && violations?.join() === violationId;
}

/** An account as the case file of its request knows it (F-ACC-4). What is of a person is sealed with his key. */
export interface StoredAccount {
  /** Our id of the account: SCIM's externalId. Of an account that SKUD had before us: SKUD's id. */
  _id: string;
  skudId: string;
  /** The request in which it was made, or opened last; of an account of no request a chain of its own in the trail. */
  caseId: string;
  caseNumber: string | null;
  /** Whose key seals what is sealed here; null where nothing is known of the user. */
  subjectId: string | null;
  /** Sealed. */
  login: string | null;
  email: string | null;
  /** Keyed hash of the login. */
  loginIndex: string;
  applicant: { subjectId: string; email: string } | null;
  language: 'kk' | 'ru';
  employeeId: string | null;
  state: 'pendingFirstLogin' | 'active' | 'blocked';
  rights: AccountRight[];
  /** When the credentials were issued, or issued anew: never used, it is unused since then (AMB-ACC-04). Legal time. */
  issuedAt: Date;
  /** When it was opened again with the password that it had (R27): what is unused counts from then. */
  openedAt: Date | null;
  passwordChangedAt: Date | null;
  lastSignInAt: Date | null;
  blockedAt: Date | null;
  blockGrounds: BlockGround[];
  /** Violations that block it, unless one turned out to be none; null where it is open, or blocked for another reason too. */
  violations?: string[] | null;
  /** The violation that turned out to be none, stored before SKUD is asked to open the account, so that whoever goes on after a crash knows of it. */
  opening?: string | null;
  /** When a reminder of the application that opens it went out last (R27); null before, and where it is open. */
  remindedAt?: Date | null;
  /** When its user was reminded of renewing the password last (DL-ACC-8); null before. A newer `passwordChangedAt` makes it past. */
  passwordRemindedAt?: Date | null;
  /** What is to be asked of SKUD, stored before it is asked, so that whoever goes on after a crash knows of it. `refusedOn`: the legal day on which SKUD refused it last. */
  blocking: { ground: BlockGround; unlessSignedInSince: Date | null; at: Date; refusedOn?: string } | null;
}

/** What a request tells of an account that SKUD has made or opened for it. Values as the user's form has them, not sealed. */
export interface IssuedAccount {
  accountId: string;
  skudId: string;
  caseId: string;
  caseNumber: string;
  subjectId: string;
  login: string;
  email: string | null;
  applicant: { subjectId: string; email: string };
  language: 'kk' | 'ru';
  employeeId: string | null;
  rights: readonly AccountRight[];
  /** A new password within the same request, for which SKUD was not asked to open anything: what is blocked stays blocked. */
  again?: boolean;
}

/** Accounts in SKUD that we know of (collection `accounts`). */
export interface Accounts {
  /**
   * Credentials were issued (R20, R29): the account waits for its first sign-in, blocked or not before. Records `account.issued`.
   * @throws RetryableError while it is being blocked: what SKUD did last is known only when that is settled.
   */
  issued(tx: Tx, account: IssuedAccount): Promise<void>;
  /** What an application, or the end of its credentials, made of an account that is known here; of another nothing is noted. */
  noteChange(tx: Tx, skudId: string, change: { rights?: readonly AccountRight[]; blocked?: boolean }): Promise<void>;
  /** R27: opens an account that {@link waitsForChange}; what is unused is counted anew. Records `account.opened`; false where it waits for none. */
  open(tx: Tx, skudId: string): Promise<boolean>;
  /** Those that {@link waitsForChange}. */
  waitingForChange(tx: Tx): Promise<StoredAccount[]>;
  /** Records `account.reminded`. */
  noteReminded(tx: Tx, account: Pick<StoredAccount, '_id' | 'caseId'>): Promise<void>;
  /** Accounts in use whose password, and the reminder of it if there was one, are of before a moment; the oldest password first. */
  withOldPasswords(tx: Tx, before: Date, limit: number): Promise<StoredAccount[]>;
  /** Records `account.password-reminded`. */
  notePasswordReminded(tx: Tx, account: Pick<StoredAccount, '_id' | 'caseId'>): Promise<void>;
  find(accountId: string, tx?: Tx): Promise<StoredAccount | null>;
  byLogin(login: string): Promise<StoredAccount | null>;
  ofEmployee(employeeId: string): Promise<StoredAccount[]>;
  /**
   * Ids of accounts of these employees that are open, or could be opened without a repeated application: because a transfer alone blocks them, or violations
   * that may turn out to be none.
   */
  openOf(employeeIds: readonly string[]): Promise<string[]>;
  /** By SKUD's id. */
  ofSkud(skudIds: readonly string[], tx?: Tx): Promise<Map<string, StoredAccount>>;
  /** Accounts of SKUD that no request of ours made: known from now on. A repeat changes nothing. */
  adopt(found: readonly SkudAccount[]): Promise<void>;
  /** Stores that accounts are to be blocked, before SKUD is asked. Those that are blocked, or are to be already, stay as they are. A transfer takes the place of no ground that only a repeated application ends. */
  intendBlock(
    accountIds: readonly string[],
    why: Omit<NonNullable<StoredAccount['blocking']>, 'at' | 'refusedOn'>,
  ): Promise<void>;
  /** Accounts that are to be blocked; without those that SKUD refused `notRefusedOn` a legal day. */
  toBlock(
    limit: number,
    which?: { accountIds?: readonly string[]; ground?: BlockGround; notRefusedOn?: string },
  ): Promise<StoredAccount[]>;
  /** SKUD refused to block them on a legal day: they stay to be blocked. */
  noteRefused(tx: Tx, accountIds: readonly string[], day: string): Promise<void>;
  /** What SKUD did. Records `account.blocked` and answers the account when it is blocked by this; null when it was left open, or settled before. */
  settleBlock(tx: Tx, accountId: string, outcome: BlockOutcome): Promise<StoredAccount | null>;
  /**
   * Notes that these accounts are blocked for a violation, so that the end of another does not open them. False where one is not blocked, or is about
   * to be opened: then SKUD has to be asked again.
   */
  holdFor(tx: Tx, accountIds: readonly string[], violationId: string): Promise<boolean>;
  /** Stores that an account which {@link heldOnlyBy} says is to be opened; null where it is not, and was not begun to be either. */
  intendOpening(accountId: string, violationId: string): Promise<StoredAccount | null>;
  /** A violation is none: it holds the account no more. Where SKUD `opened` it and nothing else holds it, records `account.opened` and answers it; else null. */
  release(tx: Tx, accountId: string, violationId: string, opened: boolean): Promise<StoredAccount | null>;
  /**
   * What SKUD told. Later events win over earlier ones, in whatever order they come. `completed`: the user replaced the temporary password
   * that was issued last (R24), also where the account has been blocked since; a repeat, or a password changed before, completes nothing.
   */
  noteEvent(tx: Tx, event: SkudEvent): Promise<{ account: StoredAccount; completed: boolean } | null>;
  init(): Promise<void>;
}

export interface BlockOutcome {
  /** Why it was to be blocked: what was intended for another reason since is settled by itself. */
  ground: BlockGround;
  blocked: boolean;
  lastSignInAt: Date | null;
}

const foreignCase = 'account.';
/** Of an account that is open. */
const unblocked = { blockedAt: null, blockGrounds: [], violations: null, opening: null, remindedAt: null };

export function createAccounts(deps: { database: Database; vault: Vault; trail: Trail }): Accounts {
  const { database, vault, trail } = deps;
  const accounts = database.connection.collection<StoredAccount>('accounts');
  const { clock } = database;
  const indexOf = (login: string): string => vault.blindIndex('account.login', login);
  const inTx = (tx?: Tx) => (tx ? { session: tx.session } : {});
  /** Opens it with the password that it has; what is unused is counted anew. */
  const reopen = async (tx: Tx, account: StoredAccount): Promise<StoredAccount> => {
    const { _id, caseId, skudId, passwordChangedAt, issuedAt } = account;
    const used = passwordChangedAt !== null && passwordChangedAt >= issuedAt;
    const state = used ? ('active' as const) : ('pendingFirstLogin' as const);
    const change = { ...unblocked, state, openedAt: tx.at };
    await accounts.updateOne({ _id }, { $set: change }, { session: tx.session });
    await trail.record(tx, { caseId, type: 'account.opened', subject: _id, data: { skudId } });
    return { ...account, ...change };
  };

  return {
    issued: async (tx, { accountId, login, email, applicant, rights, again = false, ...issued }) => {
      const before = await accounts.findOne({ _id: accountId }, { session: tx.session });
      const { blocking = null } = before ?? {};
      if (blocking && !blocking.refusedOn) throw new RetryableError('the account is being blocked at the same time');
      const { skudId, caseId, caseNumber, subjectId, language, employeeId } = issued;
      const sealer = await vault.sealer(subjectId, tx);
      const sealed = {
        login: sealer.seal(login),
        email: email === null ? null : sealer.seal(email),
        applicant: {
          subjectId: applicant.subjectId,
          email: await vault.seal(applicant.subjectId, applicant.email, tx),
        },
      };
      const opened = { ...unblocked, openedAt: null, state: 'pendingFirstLogin' as const };
      await accounts.updateOne(
        { _id: accountId },
        {
          $set: {
            ...{ skudId, caseId, caseNumber, subjectId, language, employeeId, rights: [...rights] },
            ...(again && before?.state === 'blocked' ? {} : opened),
            // What SKUD refused to block stays to be blocked, but for disuse, until an application was granted.
            blocking: again && blocking?.ground !== 'inactivity30' ? blocking : null,
            ...{ ...sealed, loginIndex: indexOf(login), issuedAt: tx.at, passwordChangedAt: null },
          },
          $setOnInsert: { lastSignInAt: null },
        },
        { upsert: true, session: tx.session },
      );
      await trail.record(tx, { caseId, type: 'account.issued', subject: accountId, data: { skudId } });
    },
    noteChange: async (tx, skudId, { rights, blocked = false }) => {
      const before = blocked ? await accounts.findOne({ skudId }, { session: tx.session }) : null;
      // Grounds stay on record (ACC-29), but for a transfer's: what is blocked by now is opened by a repeated application alone.
      const blockGrounds = before?.blockGrounds.filter((ground) => ground !== 'transfer') ?? [];
      const blockedAt = before?.blockedAt ?? tx.at;
      const change = {
        ...(rights ? { rights: [...rights] } : {}),
        ...(blocked ? { ...unblocked, state: 'blocked' as const, blockedAt, blockGrounds, blocking: null } : {}),
      };
      await accounts.updateOne({ skudId }, { $set: change }, { session: tx.session });
    },
    open: async (tx, skudId) => {
      const account = await accounts.findOne({ skudId }, { session: tx.session });
      if (!account || !waitsForChange(account)) return false;
      await reopen(tx, account);
      return true;
    },
    waitingForChange: async ({ session }) => {
      const blocked = { state: 'blocked' as const, blockGrounds: 'transfer' as const, blocking: null };
      const found = await accounts.find(blocked, { session }).sort({ _id: 1 }).toArray();
      return found.filter(waitsForChange);
    },
    noteReminded: async (tx, { _id, caseId }) => {
      await accounts.updateOne({ _id }, { $set: { remindedAt: tx.at } }, { session: tx.session });
      await trail.record(tx, { caseId, type: 'account.reminded', subject: _id, data: {} });
    },
    withOldPasswords: (tx, before, limit) => {
      const old = { $lt: before };
      const unreminded = { $or: [{ passwordRemindedAt: null }, { passwordRemindedAt: old }] };
      const query = { state: 'active' as const, passwordChangedAt: old, ...unreminded };
      return accounts.find(query, { session: tx.session, sort: { passwordChangedAt: 1 }, limit }).toArray();
    },
    notePasswordReminded: async (tx, { _id, caseId }) => {
      await accounts.updateOne({ _id }, { $set: { passwordRemindedAt: tx.at } }, { session: tx.session });
      await trail.record(tx, { caseId, type: 'account.password-reminded', subject: _id, data: {} });
    },
    find: (accountId, tx) => accounts.findOne({ _id: accountId }, inTx(tx)),
    byLogin: (login) => accounts.findOne({ loginIndex: indexOf(login) }),
    ofEmployee: (employeeId) => accounts.find({ employeeId }).sort({ _id: 1 }).toArray(),
    openOf: (employeeIds) =>
      accounts.distinct('_id', {
        employeeId: { $in: [...employeeIds] },
        $or: [{ state: { $ne: 'blocked' } }, { blockGrounds: ['transfer'] }, { 'violations.0': { $exists: true } }],
      }),
    ofSkud: async (skudIds, tx) => {
      const found = await accounts.find({ skudId: { $in: [...skudIds] } }, inTx(tx)).toArray();
      return new Map(found.map((account) => [account.skudId, account]));
    },
    adopt: async (found) => {
      if (found.length === 0) return;
      await accounts.bulkWrite(
        found.map(({ skudId, login, rights, createdAt, passwordChangedAt, lastSignInAt }) => ({
          updateOne: {
            filter: { skudId },
            update: {
              $setOnInsert: {
                ...{ _id: skudId, caseId: `${foreignCase}${skudId}`, caseNumber: null, subjectId: null, login: null },
                ...{ email: null, loginIndex: indexOf(login), applicant: null, language: 'kk' as const },
                ...{ employeeId: null, state: 'active' as const, rights, issuedAt: createdAt, passwordChangedAt },
                ...{ ...unblocked, openedAt: null, lastSignInAt, blocking: null },
              },
            },
            upsert: true,
          },
        })),
        { ordered: false },
      );
    },
    intendBlock: async (accountIds, why) => {
      await accounts.updateMany(
        {
          _id: { $in: [...accountIds] },
          $or: [{ state: { $ne: 'blocked' } }, { blockGrounds: { $ne: why.ground } }, { opening: { $type: 'string' } }],
          // What no sign-in averts goes before what one does.
          ...(why.unlessSignedInSince ? { blocking: null } : {}),
          ...(why.ground === 'transfer'
            ? { 'blocking.ground': { $in: [null, 'inactivity30'] } }
            : { 'blocking.ground': { $ne: why.ground } }),
        },
        { $set: { blocking: { ...why, at: clock.legalNow() } } },
        { writeConcern: { w: 'majority', j: true } },
      );
    },
    toBlock: (limit, { accountIds, ground, notRefusedOn } = {}) =>
      accounts
        .find({
          ...(accountIds ? { _id: { $in: [...accountIds] } } : {}),
          ...(ground ? { 'blocking.ground': ground } : {}),
          ...(notRefusedOn ? { 'blocking.refusedOn': { $ne: notRefusedOn } } : {}),
          'blocking.at': { $type: 'date' },
        })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray(),
    noteRefused: async ({ session }, accountIds, day) => {
      const these = { _id: { $in: [...accountIds] }, 'blocking.at': { $type: 'date' as const } };
      await accounts.updateMany(these, { $set: { 'blocking.refusedOn': day } }, { session });
    },
    settleBlock: async (tx, accountId, { ground, blocked, lastSignInAt }) => {
      const { session } = tx;
      const account = await accounts.findOne({ _id: accountId, 'blocking.ground': ground }, { session });
      if (!account) return null;
      const { blockGrounds, blockedAt, state, violations = null } = account;
      const before = state === 'blocked' ? { blockedAt, violations } : { blockedAt: tx.at, violations: [] };
      const change = blocked
        ? {
            ...{ state: 'blocked' as const, blockGrounds: [...blockGrounds, ground], blockedAt: before.blockedAt },
            violations: ground === 'securityViolation' ? before.violations : null,
          }
        : { lastSignInAt: later(account.lastSignInAt, lastSignInAt) };
      await accounts.updateOne({ _id: accountId }, { $set: { ...change, blocking: null } }, { session });
      if (!blocked) return null;
      const data = { ground, lastSignInAt: lastSignInAt?.toISOString() ?? '' };
      await trail.record(tx, { caseId: account.caseId, type: 'account.blocked', subject: accountId, data });
      return { ...account, ...change, blocking: null };
    },
    holdFor: async (tx, accountIds, violationId) => {
      const { session } = tx;
      const these = { _id: { $in: [...accountIds] } };
      const add = { $addToSet: { violations: violationId } };
      await accounts.updateMany({ ...these, violations: { $type: 'array' } }, add, { session });
      const open = { $or: [{ state: { $ne: 'blocked' as const } }, { opening: { $type: 'string' as const } }] };
      return (await accounts.countDocuments({ ...these, ...open }, { session })) === 0;
    },
    intendOpening: async (accountId, violationId) => {
      const account = await accounts.findOne({ _id: accountId });
      if (!account || account.opening === violationId) return account;
      if (!heldOnlyBy(account, violationId)) return null;
      return accounts.findOneAndUpdate(
        { _id: accountId, state: 'blocked', blocking: null, violations: [violationId] },
        { $set: { opening: violationId } },
        { returnDocument: 'after', writeConcern: { w: 'majority', j: true } },
      );
    },
    release: async (tx, accountId, violationId, opened) => {
      const { session } = tx;
      const account = await accounts.findOne({ _id: accountId }, { session });
      if (account && opened && heldOnlyBy(account, violationId)) return reopen(tx, account);
      const held = { _id: accountId, violations: violationId };
      await accounts.updateOne(held, { $pull: { violations: violationId } }, { session });
      await accounts.updateOne({ _id: accountId, opening: violationId }, { $set: { opening: null } }, { session });
      return null;
    },
    noteEvent: async (tx, { kind, skudId, at }) => {
      const { session } = tx;
      const account = await accounts.findOne({ skudId }, { session });
      if (!account) return null;
      const { state, issuedAt, passwordChangedAt } = account;
      // By the moments, not by the state: it may have been blocked between the change and the event that tells of it.
      const first = passwordChangedAt === null || passwordChangedAt < issuedAt;
      const completed = kind === 'password-changed' && state !== 'active' && at >= issuedAt && first;
      const change = {
        ...(kind === 'signed-in' ? { lastSignInAt: later(account.lastSignInAt, at) } : {}),
        ...(kind === 'password-changed' ? { passwordChangedAt: later(account.passwordChangedAt, at) } : {}),
        ...(completed && state === 'pendingFirstLogin' ? { state: 'active' as const } : {}),
      };
      await accounts.updateOne({ _id: account._id }, { $set: change }, { session });
      if (completed)
        await trail.record(tx, {
          ...{ caseId: account.caseId, type: 'password.changed', subject: account._id },
          data: { at: at.toISOString() },
        });
      return { account: { ...account, ...change }, completed };
    },
    init: () =>
      ensureCollection(database.connection, 'accounts', [
        { key: { skudId: 1 }, name: 'skud', unique: true },
        { key: { loginIndex: 1 }, name: 'login' },
        { key: { employeeId: 1 }, name: 'employee' },
        { key: { 'blocking.at': 1 }, name: 'blocking' },
        { key: { blockGrounds: 1 }, name: 'block-grounds' },
        { key: { state: 1, passwordChangedAt: 1 }, name: 'password-age' },
      ]),
  };
}

function later(a: Date | null, b: Date | null): Date | null {
  return a !== null && (b === null || a > b) ? a : b;
}
