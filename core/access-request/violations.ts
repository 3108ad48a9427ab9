import { ensureCollection } from '../collections.js';
import type { Database, Tx } from '../database.js';
import { PermanentError } from '../errors.js';
import type { Trail } from '../trail.js';

/** What R26 and R6 forbid; of data (R6(3)) each operation by itself. */
export const violationKinds = [
  'sharedLogin',
  'credentialsHandedOver',
  'foreignAccount',
  'parametersChanged',
  'dataCopied',
  'dataModified',
  'dataDeleted',
  'dataDistributed',
  'unrelatedPurpose',
  'foreignSoftware',
  'disruption',
] as const;
export type ViolationKind = (typeof violationKinds)[number];

/** What the administrator said of a machine's report (AMB-ACC-15). */
export const reviewOutcomes = ['confirmed', 'notConfirmed'] as const;
export type ReviewOutcome = (typeof reviewOutcomes)[number];

/** A violation of information security that was revealed (R28, AMB-ACC-15). Strings marked sealed are ciphertext of the vault. */
export interface Violation {
  _id: string;
  /** For people, e.g. `VIO-2026-000003`. */
  number: string;
  /** Whose key seals facts and login: the user's where he is known, else a key of their own. */
  subjectId: string;
  kind: ViolationKind;
  /** Sealed. */
  facts: string;
  /** Sealed: of the account, where it was named. */
  login: string | null;
  /** Our id of the account of that login, where it was known when it was named: it is found by it after an erasure too. */
  accountId: string | null;
  /** The user, where the directory has him. */
  employeeId: string | null;
  /** An employee disclosed personal data to third parties: an inspection is opened (Rules on inspection, R4). */
  disclosed: boolean;
  /** Login, or client:<id> of a rule that watches the logs. */
  reportedBy: string;
  reportedAt: Date;
  /** Accounts that are blocked for it; null until SKUD has been asked. */
  accountIds: string[] | null;
  /** Accounts of them that were opened because it is no violation; null before, and where it is one. */
  releasedIds?: string[] | null;
  /** Id of what was handed to the inspection. */
  referralId: string | null;
  /** AMB-TECH-10: it is also a failure: what does not work, sealed; null where it is none, or a technical request told of it first. */
  failure?: string | null;
  /** Id of what was handed to the technical requests. */
  failureReferralId?: string | null;
  /** Number of the technical request that told of the same incident first. */
  technicalRequest?: string | null;
  /** Null until it is said, and of a person's report. `note` is sealed; null where the user was erased before. */
  review: { outcome: ReviewOutcome; note: string | null; by: string; at: Date } | null;
  /** When a letter about it went to the operational centre of information security, and its id; not there before, and where no centre is configured. */
  centreInformedAt?: Date;
  centreLetterId?: string;
  idempotency: { client: string; key: string; contentHash: string } | null;
}

/** Whether a machine reported it, a rule that watches the logs: an administrator says whether it is one (AMB-ACC-15). */
export function isByMachine({ reportedBy }: Pick<Violation, 'reportedBy'>): boolean {
  return reportedBy.startsWith('client:');
}

/** AMB-ACC-15: a machine reported it, and no administrator has said yet whether it is one. */
export function awaitsReview({ reportedBy, review }: Pick<Violation, 'reportedBy' | 'review'>): boolean {
  return isByMachine({ reportedBy }) && !review;
}

/** The chain of a violation in the trail: it belongs to no case. */
export const violationChain = (violationId: string): string => `violation.${violationId}`;

/** Violations as they are known (collection `access-violations`). Every change is one trail entry. */
export interface Violations {
  create(tx: Tx, violation: Violation): Promise<void>;
  /** Sealed as stored. @throws PermanentError where there is none of that id. */
  get(violationId: string, tx?: Tx): Promise<Violation>;
  byIdempotencyKey(client: string, key: string): Promise<Violation | null>;
  byNumber(number: string, tx: Tx): Promise<Violation | null>;
  /** Newest first, from the one before an id on; sealed as stored. */
  list(before: string | null, limit: number): Promise<Violation[]>;
  /** Of these accounts or employees, the newest first; sealed as stored. */
  of(whom: { accountIds: readonly string[]; employeeIds: readonly string[] }): Promise<Violation[]>;
  /** SKUD has been asked: these accounts are blocked. */
  noteBlocked(tx: Tx, violationId: string, accountIds: readonly string[]): Promise<void>;
  /** It is none: these accounts are open again. */
  noteReleased(tx: Tx, violationId: string, accountIds: readonly string[]): Promise<void>;
  /** What of it was handed to another process, by the field that keeps the reference. */
  noteReferral(
    tx: Tx,
    violationId: string,
    field: 'referralId' | 'failureReferralId',
    referralId: string,
  ): Promise<void>;
  /** Numbers of those whose incident a technical request told of first; sealed values are left out. */
  ofTechnicalRequest(number: string): Promise<string[]>;
  noteReview(tx: Tx, violationId: string, review: Omit<NonNullable<Violation['review']>, 'by' | 'at'>): Promise<void>;
  /** The operational centre of information security is written to. */
  noteCentreInformed(tx: Tx, violationId: string, letterId: string): Promise<void>;
  init(): Promise<void>;
}

export function createViolations({ database, trail }: { database: Database; trail: Trail }): Violations {
  const violations = database.connection.collection<Violation>('access-violations');
  const set = async (tx: Tx, _id: string, change: Partial<Violation>): Promise<void> => {
    await violations.updateOne({ _id }, { $set: change }, { session: tx.session });
  };
  const noteAccounts = async (tx: Tx, violationId: string, as: 'blocked' | 'released', accountIds: string[]) => {
    await set(tx, violationId, as === 'blocked' ? { accountIds } : { releasedIds: accountIds });
    await trail.record(tx, {
      ...{ caseId: violationChain(violationId), type: `violation.accounts-${as}`, subject: violationId },
      data: { accountIds },
    });
  };
  return {
    create: async (tx, violation) => {
      await violations.insertOne(violation, { session: tx.session });
      const { _id, number, kind, disclosed } = violation;
      const data = { number, kind, disclosed };
      await trail.record(tx, { caseId: violationChain(_id), type: 'violation.reported', subject: _id, data });
    },
    get: async (violationId, tx) => {
      const found = await violations.findOne({ _id: violationId }, tx ? { session: tx.session } : {});
      if (!found) throw new PermanentError(`violationId ${violationId} names no violation`, { field: 'violationId' });
      return found;
    },
    byIdempotencyKey: (client, key) => violations.findOne({ 'idempotency.client': client, 'idempotency.key': key }),
    byNumber: (number, { session }) => violations.findOne({ number }, { session }),
    list: (before, limit) =>
      violations.find(before === null ? {} : { _id: { $lt: before } }, { sort: { _id: -1 }, limit }).toArray(),
    of: async ({ accountIds, employeeIds }) => {
      const accountsNamed = { $in: [...accountIds] };
      const either = [
        ...(accountIds.length > 0 ? [{ accountId: accountsNamed }, { accountIds: accountsNamed }] : []),
        ...(employeeIds.length > 0 ? [{ employeeId: { $in: [...employeeIds] } }] : []),
      ];
      return either.length === 0 ? [] : violations.find({ $or: either }, { sort: { _id: -1 }, limit: 100 }).toArray();
    },
    noteBlocked: (tx, violationId, accountIds) => noteAccounts(tx, violationId, 'blocked', [...accountIds]),
    noteReleased: (tx, violationId, accountIds) => noteAccounts(tx, violationId, 'released', [...accountIds]),
    ofTechnicalRequest: async (technicalRequest) =>
      (await violations.find({ technicalRequest }, { projection: { number: 1 }, sort: { _id: 1 } }).toArray()).map(
        ({ number }) => number,
      ),
    noteReferral: async (tx, violationId, field, referralId) => {
      await set(tx, violationId, { [field]: referralId });
      await trail.record(tx, {
        ...{ caseId: violationChain(violationId), type: 'violation.referred', subject: violationId },
        data: { referralId },
      });
    },
    noteReview: async (tx, violationId, review) => {
      await set(tx, violationId, { review: { ...review, by: tx.by.id, at: tx.at } });
      const type = review.outcome === 'confirmed' ? 'violation.confirmed' : 'violation.not-confirmed';
      await trail.record(tx, { caseId: violationChain(violationId), type, subject: violationId, data: {} });
    },
    noteCentreInformed: async (tx, violationId, letterId) => {
      await set(tx, violationId, { centreInformedAt: tx.at, centreLetterId: letterId });
      await trail.record(tx, {
        ...{ caseId: violationChain(violationId), type: 'violation.centre-informed', subject: violationId },
        data: { letterId },
      });
    },
    init: () =>
      ensureCollection(database.connection, 'access-violations', [
        {
          key: { 'idempotency.client': 1, 'idempotency.key': 1 },
          ...{ name: 'idempotency', unique: true },
          partialFilterExpression: { 'idempotency.key': { $type: 'string' } },
        },
        { key: { number: 1 }, name: 'number', unique: true },
        { key: { subjectId: 1 }, name: 'subject' },
        { key: { accountId: 1 }, name: 'account' },
        { key: { accountIds: 1 }, name: 'accounts' },
        { key: { employeeId: 1 }, name: 'employee' },
        { key: { technicalRequest: 1 }, name: 'technical-request' },
      ]),
  };
}
