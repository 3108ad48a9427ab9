import { Schema, type QueryFilter } from 'mongoose';
import type { Database, Tx } from './database.js';
import { newId } from './ids.js';

export type ProcessVariables = Record<string, string | number | boolean | null | string[]>;

/** A message for the engine: `messageId` makes a repeated publication count once. */
export interface MessagePayload {
  name: string;
  correlationKey: string;
  messageId: string;
  variables: ProcessVariables;
  timeToLiveMs: number;
}

export interface MailPayload {
  letterId: string;
}

/**
 * A mail to somebody who works here, about what waits for him: no letter, so it has no number, no PDF and no place in a case. Who it is for is
 * looked up when it goes out. Holds codes, numbers, moments and links, nothing of a person.
 */
export interface NoticePayload {
  /** What it counts once under: `task/<task>/<employee>` or `digest/<legal day>/<employee>`. */
  key: string;
  employeeId: string;
  /** `<folder>/<name>` in `config/letters/`, of kind `notice`. */
  template: string;
  data: Record<string, unknown>;
  /** The user task that it tells of; null for a digest. Nobody is told of one that is over. */
  taskId: string | null;
  /** Legal time after which it tells nothing new, UTC. */
  staleAt: Date;
}

export interface OutboxEntry {
  _id: string;
  kind: 'message' | 'mail' | 'notice';
  caseId: string;
  message?: MessagePayload;
  mail?: MailPayload;
  notice?: NoticePayload;
  state: 'pending' | 'sent' | 'failed';
  attempts: number;
  /** Wall time before which it is not tried. */
  notBefore: Date;
  leaseOwner: string | null;
  /** Wall time until which its owner has it alone. */
  leaseUntil: Date | null;
  createdAt: Date;
  sentAt: Date | null;
  lastErrorCode: string | null;
}

const dayMs = 24 * 60 * 60 * 1000;

/** One-way effects, written in the transaction of what causes them and carried out by the relay. */
export interface Outbox {
  message(
    tx: Tx,
    message: {
      caseId: string;
      name: string;
      correlationKey: string;
      messageId: string;
      variables: ProcessVariables;
      timeToLiveMs?: number;
    },
  ): Promise<string>;
  mail(tx: Tx, mail: { caseId: string; letterId: string }): Promise<string>;
  /** A second notice of the same key is refused by the database. `caseId` is '' for one that is of no case. */
  notice(tx: Tx, notice: { caseId: string } & NoticePayload): Promise<string>;
  /** Takes up to `limit` due entries of a kind for `owner` alone, oldest first, for `leaseMs` milliseconds of wall time. */
  claim(kind: OutboxEntry['kind'], owner: string, limit: number, leaseMs: number): Promise<OutboxEntry[]>;
  /** Whether an earlier message of the same correlation key still waits, here or at another relay. */
  waitsForEarlier(entry: OutboxEntry): Promise<boolean>;
  /** Frees what an owner had taken and will not carry out any more, because it was killed. */
  release(owner: string): Promise<void>;
  /** Who holds pending entries now, or held them when it was killed. */
  owners(): Promise<string[]>;
  /** Marks an entry as carried out; a repeat changes nothing. */
  done(tx: Tx | null, id: string): Promise<void>;
  /** Gives an entry back, to be tried again after `afterMs` milliseconds of wall time. */
  retry(id: string, fault: { afterMs: number; errorCode: string }): Promise<void>;
  /** Gives an entry up: somebody has to look. */
  fail(tx: Tx | null, id: string, errorCode: string): Promise<void>;
  /** How many entries wait, and since when the oldest does. */
  depth(): Promise<{ pending: number; failed: number; oldest: Date | null }>;
  init(): Promise<void>;
}

export function createOutbox({ database }: { database: Database }): Outbox {
  const { clock } = database;
  const entries = database.connection.model<OutboxEntry>('OutboxEntry', outboxSchema(), 'outbox');
  const add = async (
    tx: Tx,
    entry: Pick<OutboxEntry, 'kind' | 'caseId' | 'message' | 'mail' | 'notice'>,
  ): Promise<string> => {
    const _id = newId();
    await entries.insertMany(
      [
        {
          _id,
          state: 'pending',
          attempts: 0,
          notBefore: clock.wallNow(),
          leaseOwner: null,
          leaseUntil: null,
          createdAt: clock.wallNow(),
          sentAt: null,
          lastErrorCode: null,
          ...entry,
        },
      ],
      { session: tx.session },
    );
    return _id;
  };
  return {
    message: (tx, { caseId, timeToLiveMs = 30 * dayMs, ...message }) =>
      add(tx, { kind: 'message', caseId, message: { ...message, timeToLiveMs } }),
    mail: (tx, { caseId, letterId }) => add(tx, { kind: 'mail', caseId, mail: { letterId } }),
    notice: (tx, { caseId, ...notice }) => add(tx, { kind: 'notice', caseId, notice }),
    claim: async (kind, owner, limit, leaseMs) => {
      const now = clock.wallNow();
      const due: QueryFilter<OutboxEntry> = {
        kind,
        state: 'pending',
        notBefore: { $lte: now },
        $or: [{ leaseUntil: null }, { leaseUntil: { $lte: now } }],
      };
      const claimed: OutboxEntry[] = [];
      const candidates = await entries.find(due, { _id: 1 }).sort({ _id: 1 }).limit(limit).lean();
      for (const { _id } of candidates) {
        const entry = await entries
          .findOneAndUpdate(
            { ...due, _id },
            { $set: { leaseOwner: owner, leaseUntil: new Date(now.getTime() + leaseMs) }, $inc: { attempts: 1 } },
            { returnDocument: 'after' },
          )
          .lean();
        if (entry) claimed.push(entry);
      }
      return claimed;
    },
    waitsForEarlier: async ({ _id, message }) => {
      const key = message?.correlationKey;
      if (key === undefined) return false;
      const earlier = { state: 'pending', 'message.correlationKey': key, _id: { $lt: _id } } as const;
      return (await entries.exists(earlier)) !== null;
    },
    release: async (owner) => {
      await entries.updateMany(
        { leaseOwner: owner, state: 'pending' },
        { $set: { leaseOwner: null, leaseUntil: null } },
      );
    },
    owners: async () => {
      const held = await entries.distinct('leaseOwner', { state: 'pending', leaseUntil: { $gt: clock.wallNow() } });
      return held.filter((owner) => owner !== null);
    },
    done: async (tx, id) => {
      await entries.updateOne(
        { _id: id, state: 'pending' },
        { $set: { state: 'sent', sentAt: clock.wallNow(), leaseOwner: null, leaseUntil: null } },
        tx ? { session: tx.session } : {},
      );
    },
    retry: async (id, { afterMs, errorCode }) => {
      await entries.updateOne(
        { _id: id, state: 'pending' },
        {
          $set: {
            notBefore: new Date(clock.wallNow().getTime() + afterMs),
            leaseOwner: null,
            leaseUntil: null,
            lastErrorCode: errorCode,
          },
        },
      );
    },
    fail: async (tx, id, errorCode) => {
      await entries.updateOne(
        { _id: id, state: 'pending' },
        { $set: { state: 'failed', leaseOwner: null, leaseUntil: null, lastErrorCode: errorCode } },
        tx ? { session: tx.session } : {},
      );
    },
    depth: async () => {
      const [pending, failed, oldest] = await Promise.all([
        entries.countDocuments({ state: 'pending' }),
        entries.countDocuments({ state: 'failed' }),
        entries.findOne({ state: 'pending' }, { createdAt: 1 }).sort({ _id: 1 }).lean(),
      ]);
      return { pending, failed, oldest: oldest?.createdAt ?? null };
    },
    init: async () => {
      await entries.createCollection();
      await entries.createIndexes();
    },
  };
}

function outboxSchema(): Schema<OutboxEntry> {
  const schema = new Schema<OutboxEntry>(
    {
      _id: { type: String, required: true },
      kind: { type: String, enum: ['message', 'mail', 'notice'], required: true },
      caseId: { type: String, default: '' },
      message: { type: Schema.Types.Mixed },
      mail: { type: Schema.Types.Mixed },
      notice: { type: Schema.Types.Mixed },
      state: { type: String, enum: ['pending', 'sent', 'failed'], required: true },
      attempts: { type: Number, required: true },
      notBefore: { type: Date, required: true },
      leaseOwner: { type: String, default: null },
      leaseUntil: { type: Date, default: null },
      createdAt: { type: Date, required: true },
      sentAt: { type: Date, default: null },
      lastErrorCode: { type: String, default: null },
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ kind: 1, state: 1, notBefore: 1, _id: 1 });
  schema.index({ caseId: 1 });
  schema.index(
    { 'message.correlationKey': 1, _id: 1 },
    { partialFilterExpression: { state: 'pending', 'message.correlationKey': { $type: 'string' } } },
  );
  schema.index({ 'notice.key': 1 }, { unique: true, partialFilterExpression: { 'notice.key': { $type: 'string' } } });
  return schema;
}
