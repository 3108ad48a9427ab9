import type { UpdateQuery } from 'mongoose';
import type { Database, Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Trail } from '../trail.js';
import type { Vault } from '../vault.js';
import {
  accessRequestSchema,
  type AccessRequest,
  type MissingBasis,
  type RequestedUser,
  type SystemDecision,
} from './model.js';

/** `account.issued` is recorded where the account itself is kept. */
const acts = {
  changed: 'account.changed',
  blocked: 'account.blocked',
  'not-provided': 'account.not-provided',
} as const;

type NotedText = 'legalException' | 'reviewNote';

/** What the case file of an access request can be told. Every change is one trail entry, in the caller's transaction. */
export interface AccessRequests {
  create(tx: Tx, request: AccessRequest): Promise<void>;
  /** Sealed as stored; `vault.reveal` opens it. Throws where the case is none of ours. */
  get(caseId: string, tx?: Tx): Promise<AccessRequest>;
  find(caseId: string, tx?: Tx): Promise<AccessRequest | null>;
  /** The users whose temporary passwords of this account were issued and are not replaced yet, the last first. */
  awaiting(skudId: string, tx?: Tx): Promise<{ caseId: string; userId: string }[]>;
  /** Ids of the cases, newest first, in which a change of rights of this employee was asked for, and neither answered nor withdrawn. */
  unansweredChanges(employeeId: string, tx?: Tx): Promise<string[]>;
  /** Other requests by which one of these people got an account, the newest first and a hundred at most; sealed as stored. @param hashes keyed hashes of IINs. */
  withAccountsOf(hashes: readonly string[], exceptCaseId: string): Promise<AccessRequest[]>;
  /** Fields that an incomplete form now has (AMB-ACC-13): sealed already, by their paths in {@link AccessRequest}. */
  complete(tx: Tx, caseId: string, fields: Record<string, unknown>, names: readonly string[]): Promise<void>;
  noteMissing(tx: Tx, caseId: string, missing: readonly string[]): Promise<void>;
  noteAsked(tx: Tx, caseId: string): Promise<void>;
  notePrecheck(tx: Tx, caseId: string, precheck: Omit<NonNullable<AccessRequest['precheck']>, 'at'>): Promise<void>;
  noteText(tx: Tx, caseId: string, field: NotedText, text: string): Promise<void>;
  noteRefusalReason(tx: Tx, caseId: string, system: string, text: string): Promise<void>;
  decide(
    tx: Tx,
    caseId: string,
    decision: { system: string; granted: boolean; ground: MissingBasis | null },
  ): Promise<void>;
  setAccount(
    tx: Tx,
    caseId: string,
    userId: string,
    account: Omit<NonNullable<RequestedUser['account']>, 'at'>,
    /** Of an account that was made now. */
    login?: string | null,
  ): Promise<void>;
  setAnswerLetter(tx: Tx, caseId: string, userId: string, letterId: string): Promise<void>;
  /** From here on the request is answered and no more withdrawn; false where it was withdrawn before. */
  beginAnswer(tx: Tx, caseId: string): Promise<boolean>;
  /** The applicant withdraws it. False where it is withdrawn already, or is being answered. */
  withdraw(tx: Tx, caseId: string): Promise<boolean>;
  /** R22: everybody has been answered. */
  noteAnswered(tx: Tx, caseId: string, at: Date): Promise<void>;
  /** E5: his account was blocked before the first sign-in: he is awaited no more, and a repeated application opens it (R29). */
  lapseRegistration(tx: Tx, caseId: string, userId: string): Promise<void>;
  /** R24: the user replaced the temporary password. False when it is known already. */
  completeRegistration(tx: Tx, caseId: string, userId: string, at: Date): Promise<boolean>;
  init(): Promise<void>;
}

export function createAccessRequests(deps: { database: Database; vault: Vault; trail: Trail }): AccessRequests {
  const { database, vault, trail } = deps;
  const model = database.connection.model<AccessRequest>('AccessRequest', accessRequestSchema(), 'access-requests');

  const find = (caseId: string, tx?: Tx): Promise<AccessRequest | null> =>
    model
      .findById(caseId)
      .session(tx?.session ?? null)
      .lean<AccessRequest>()
      .exec();
  const get = async (caseId: string, tx?: Tx): Promise<AccessRequest> => {
    const found = await find(caseId, tx);
    if (!found) throw new PermanentError(`caseId ${caseId} is no access request`, { field: 'caseId' });
    return found;
  };
  const change = async (
    tx: Tx,
    caseId: string,
    update: UpdateQuery<AccessRequest>,
    filter: Record<string, unknown> = {},
  ): Promise<boolean> => {
    const changed = await model.updateOne({ _id: caseId, ...filter }, update, { session: tx.session });
    return changed.matchedCount === 1;
  };

  return {
    create: async (tx, request) => {
      await model.insertMany([request], { session: tx.session });
    },
    get,
    find,
    awaiting: async (skudId, tx) => {
      const found = await model
        .find({
          users: { $elemMatch: { 'account.skudId': skudId, 'account.outcome': 'issued', registeredAt: null } },
        })
        .sort({ _id: -1 })
        .session(tx?.session ?? null)
        .lean<AccessRequest[]>()
        .exec();
      return found.flatMap(({ _id: caseId, users }) =>
        users.flatMap(({ userId, account, registeredAt }) =>
          account?.skudId === skudId && account.outcome === 'issued' && registeredAt === null
            ? [{ caseId, userId }]
            : [],
        ),
      );
    },
    unansweredChanges: async (employeeId, tx) => {
      const asked = { kind: 'change' as const, 'users.employeeId': employeeId, answeredAt: null, withdrawnAt: null };
      const found = await model
        .find(asked, { _id: 1 })
        .sort({ _id: -1 })
        .session(tx?.session ?? null)
        .lean()
        .exec();
      return found.map(({ _id }) => _id);
    },
    withAccountsOf: (hashes, exceptCaseId) =>
      model
        .find({ userIndex: { $in: [...hashes] }, 'users.account.skudId': { $ne: null }, _id: { $ne: exceptCaseId } })
        .sort({ _id: -1 })
        .limit(100)
        .lean<AccessRequest[]>()
        .exec(),
    complete: async (tx, caseId, fields, names) => {
      if (Object.keys(fields).length > 0) await change(tx, caseId, { $set: fields });
      await trail.record(tx, { caseId, type: 'request.completed', data: { fields: [...names] } });
    },
    noteMissing: async (tx, caseId, missing) => {
      await change(tx, caseId, { $set: { missing: [...missing] } });
      await trail.record(tx, { caseId, type: 'request.checked', data: { missing: [...missing] } });
    },
    noteAsked: async (tx, caseId) => {
      await change(tx, caseId, { $set: { askedForCompletionAt: tx.at } });
    },
    notePrecheck: async (tx, caseId, precheck) => {
      await change(tx, caseId, { $set: { precheck: { ...precheck, at: tx.at } } });
      await trail.record(tx, {
        caseId,
        type: 'basis.checked',
        data: { check: precheck.check, missingBasis: precheck.missingBasis ?? '' },
      });
    },
    noteText: async (tx, caseId, field, text) => {
      const { subjectId } = await get(caseId, tx);
      await change(tx, caseId, { $set: { [field]: await vault.seal(subjectId, text, tx) } });
      await trail.record(tx, {
        caseId,
        type: field === 'legalException' ? 'legal-exception.noted' : 'review.noted',
        data: {},
      });
    },
    noteRefusalReason: async (tx, caseId, system, text) => {
      const { subjectId } = await get(caseId, tx);
      await change(tx, caseId, { $pull: { refusalReasons: { system } } });
      await change(tx, caseId, {
        $push: { refusalReasons: { system, text: await vault.seal(subjectId, text, tx) } },
      });
      await trail.record(tx, { caseId, type: 'refusal-reason.noted', data: { system } });
    },
    decide: async (tx, caseId, { system, granted, ground }) => {
      const decision: SystemDecision = {
        ...{ system, ground, by: tx.by.id, at: tx.at },
        outcome: granted ? 'granted' : 'refused',
      };
      await change(tx, caseId, { $pull: { decisions: { system } } });
      await change(tx, caseId, { $push: { decisions: decision } });
      await trail.record(tx, {
        caseId,
        type: granted ? 'access.granted' : 'access.refused',
        data: { system, ground: ground ?? '' },
      });
    },
    setAccount: async (tx, caseId, userId, account, login = null) => {
      const { users } = await get(caseId, tx);
      const subjectId = users.find((user) => user.userId === userId)?.subjectId;
      const named = login && subjectId ? { 'users.$.login': await vault.seal(subjectId, login, tx) } : {};
      const update = { $set: { 'users.$.account': { ...account, at: tx.at }, ...named } };
      await change(tx, caseId, update, { 'users.userId': userId });
      if (account.outcome === 'issued') return;
      await trail.record(tx, {
        caseId,
        type: acts[account.outcome],
        subject: userId,
        data: { accountId: account.accountId, skudId: account.skudId ?? '' },
      });
    },
    setAnswerLetter: async (tx, caseId, userId, letterId) => {
      await change(tx, caseId, { $set: { 'users.$.answerLetterId': letterId } }, { 'users.userId': userId });
    },
    beginAnswer: (tx, caseId) => change(tx, caseId, { $set: { answeringSince: tx.at } }, { withdrawnAt: null }),
    withdraw: async (tx, caseId) => {
      const free = { answeringSince: null, withdrawnAt: null };
      const withdrawn = await change(tx, caseId, { $set: { withdrawnAt: tx.at } }, free);
      if (withdrawn) await trail.record(tx, { caseId, type: 'request.withdrawn', data: {} });
      return withdrawn;
    },
    noteAnswered: async (tx, caseId, at) => {
      await change(tx, caseId, { $set: { answeredAt: at } });
      await trail.record(tx, { caseId, type: 'request.answered', data: { at: at.toISOString() } });
    },
    lapseRegistration: async (tx, caseId, userId) => {
      const lapsed = { 'users.$.account.outcome': 'blocked', 'users.$.account.expired': true };
      await change(tx, caseId, { $set: lapsed }, { 'users.userId': userId });
      await trail.record(tx, { caseId, type: 'registration.lapsed', subject: userId, data: {} });
    },
    completeRegistration: async (tx, caseId, userId, at) => {
      const completed = await change(
        tx,
        caseId,
        { $set: { 'users.$.registeredAt': at } },
        { users: { $elemMatch: { userId, registeredAt: null } } },
      );
      if (completed)
        await trail.record(tx, {
          caseId,
          type: 'registration.completed',
          subject: userId,
          data: { at: at.toISOString() },
        });
      return completed;
    },
    init: async () => {
      await model.createCollection();
      await model.createIndexes();
    },
  };
}
