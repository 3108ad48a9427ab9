import { createHmac, randomBytes } from 'node:crypto';
import type { Transform } from 'node:stream';
import type { ClientSession } from 'mongoose';
import type { Clock } from './clock.js';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import { PermanentError } from './errors.js';
import { newId } from './ids.js';
import {
  createMasterKeyRing,
  subjectContext,
  unknownMasterKey,
  vaultKeyContext,
  type MasterKeySettings,
  type WrappedKey,
} from './master-keys.js';
import { decryptTransform, encryptTransform } from './sealed-stream.js';
import { openText, parseSealed, sealText, subjectKeys } from './sealing.js';
import type { SubjectKeys } from './sealing.js';

/** Whose key it is: a person of a case, a case's own texts and files, an employee of the directory, an organisation. */
export type SubjectKind = 'person' | 'case' | 'employee' | 'organisation';

/** Something that carries a transaction's session: a key made in the transaction is found only through it until it commits. */
export type InTransaction = Pick<Tx, 'session'>;

/** Row of `subject-keys`: one key for each subject, wrapped by the master key. Erasing the wrapped key erases the person everywhere. */
export interface SubjectKeyRecord extends WrappedKey {
  _id: string;
  kind: SubjectKind;
  createdAt: Date;
  erasedAt: Date | null;
}

/** Row of `vault-keys`: a key that is nobody's. `blind-index` makes the keyed hashes; it stays the same when the master key changes. */
export interface VaultKeyRecord extends WrappedKey {
  _id: 'blind-index';
  createdAt: Date;
}

/** The subject's key was erased: what was sealed with it can't be read again by anybody. */
export class SubjectErasedError extends Error {
  override readonly name = 'SubjectErasedError';
  constructor(readonly subjectId: string) {
    super(`the key of subject ${subjectId} was erased`);
  }
}

/** Seals texts for one subject whose key is at hand. */
export interface Sealer {
  seal(text: string): string;
  /** Whether a value is a text that was sealed for this subject, and unaltered. */
  holds(value: unknown): boolean;
}

/** Personal values at rest: each subject (person, case, ...) has a key of its own, wrapped by the master key. */
export interface Vault {
  /** Makes a subject and its key; returns the subject's id (ULID). In a transaction it exists only if that commits; null makes it at once. */
  createSubject(tx: Tx | null, kind: SubjectKind): Promise<string>;
  /** Seals a text to `mz1:<subject id>:<base64>` (AES-256-GCM). Give the transaction when the subject was made in it. */
  seal(subjectId: string, text: string, tx?: InTransaction): Promise<string>;
  /** A sealer for several texts of one subject, with one look-up of its key. Throws {@link SubjectErasedError}. */
  sealer(subjectId: string, tx?: InTransaction): Promise<Sealer>;
  /** The text of a sealed value. Throws {@link SubjectErasedError}, or a PermanentError when it was altered. */
  open(sealed: string, tx?: InTransaction): Promise<string>;
  /** A deep copy (plain objects and arrays) in which each sealed text is open, and null where the subject was erased. */
  reveal<T>(value: T, tx?: InTransaction): Promise<T>;
  /**
   * Keyed hash (HMAC-SHA-256, hex) under which a personal value can be looked up: equal for values that differ only in Unicode form,
   * case or spacing. `purpose` (e.g. `employee.iin`) keeps the indexes of different fields from being compared. Works after `init` alone.
   */
  blindIndex(purpose: string, value: string): string;
  /** Encrypts a stream of any length in constant memory. `context` (the file's id) has to be the same to decrypt. */
  encryptStream(subjectId: string, context?: string): Promise<Transform>;
  /** Decrypts what encryptStream made; the stream fails with a PermanentError when it was altered, reordered or cut off. */
  decryptStream(subjectId: string, context?: string): Promise<Transform>;
  /** Which of these subjects were erased. */
  erased(subjectIds: readonly string[], tx?: InTransaction): Promise<Set<string>>;
  /** Drops a key from this process's memory. */
  forget(subjectId: string): void;
  /** Makes the collections, loads the key of blind indexes, and checks that the master keys are those that wrapped the keys that are there. */
  init(): Promise<void>;
}

/** How long an erased key may stay usable in a process that had it in memory. */
const cachedMs = 60_000;
const cachedKeys = 20_000;

export function createVault(deps: MasterKeySettings & { database: Database; clock?: Clock }): Vault {
  const { database } = deps;
  const clock = deps.clock ?? database.clock;
  const master = createMasterKeyRing(deps);
  const records = database.connection.collection<SubjectKeyRecord>('subject-keys');
  const ownKeys = database.connection.collection<VaultKeyRecord>('vault-keys');
  let indexKey: Buffer | null = null;
  const cache = new Map<string, { keys: SubjectKeys; until: number }>();
  /** Keys made in a transaction that hasn't committed: of use to that transaction alone, and gone with its session. */
  const pending = new WeakMap<ClientSession, Map<string, SubjectKeys>>();

  const unwrap = (record: SubjectKeyRecord): SubjectKeys => {
    if (record.wrapped === null) throw new SubjectErasedError(record._id);
    return subjectKeys(master.unwrap({ ...record, wrapped: record.wrapped }, subjectContext(record._id)));
  };

  const remembered = (subjectId: string): SubjectKeys | null => {
    const entry = cache.get(subjectId);
    if (!entry) return null;
    if (entry.until > clock.monotonicMs()) return entry.keys;
    cache.delete(subjectId);
    return null;
  };

  /** Keys of the subjects that have one; an erased subject is absent. Only committed keys are remembered for all. */
  const load = async (subjectIds: Iterable<string>, session?: ClientSession): Promise<Map<string, SubjectKeys>> => {
    const found = new Map<string, SubjectKeys>();
    const unknown: string[] = [];
    for (const id of new Set(subjectIds)) {
      const keys = (session && pending.get(session)?.get(id)) ?? remembered(id);
      if (keys) found.set(id, keys);
      else unknown.push(id);
    }
    if (unknown.length === 0) return found;
    // Outside the session, so that seals that run side by side don't run side by side in its transaction.
    const stored = await records.find({ _id: { $in: unknown } }).toArray();
    for (const record of stored) {
      if (record.wrapped === null) continue;
      const keys = unwrap(record);
      found.set(record._id, keys);
      remember(record._id, keys);
    }
    const known = new Set(stored.map(({ _id }) => _id));
    const missing = unknown.find((id) => !known.has(id));
    if (missing) throw new PermanentError(`subject ${missing}: has no key here`, { field: 'subjectId' });
    return found;
  };

  const remember = (subjectId: string, keys: SubjectKeys): void => {
    const oldest = cache.size >= cachedKeys ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(subjectId, { keys, until: clock.monotonicMs() + cachedMs });
  };

  const keysOf = async (subjectId: string, session?: ClientSession): Promise<SubjectKeys> => {
    const keys = (await load([subjectId], session)).get(subjectId);
    if (!keys) throw new SubjectErasedError(subjectId);
    return keys;
  };

  const sealer = async (subjectId: string, tx?: InTransaction): Promise<Sealer> => {
    const keys = await keysOf(subjectId, tx?.session);
    return {
      seal: (text) => sealText(keys, subjectId, text),
      holds: (value) => {
        const parts = parseSealed(value);
        return parts?.subjectId === subjectId && openText(keys, parts) !== null;
      },
    };
  };

  /** Where subjects are older than this key, their hashes were made by one that was derived from the master key: it goes on being used. */
  const loadIndexKey = async (subjectsAreOlder: boolean): Promise<Buffer> => {
    const _id = 'blind-index';
    const stored = async (): Promise<Buffer | null> => {
      const record = await ownKeys.findOne({ _id });
      if (!record?.wrapped) return null;
      return master.unwrap({ ...record, wrapped: record.wrapped }, vaultKeyContext(_id));
    };
    const there = await stored();
    if (there) return there;
    const key = subjectsAreOlder ? master.formerIndexKey : randomBytes(32);
    const made = { _id, ...master.wrap(key, vaultKeyContext(_id)), createdAt: clock.wallNow() } as const;
    await ownKeys.insertOne(made, { writeConcern: { w: 'majority', j: true } }).catch(unlessThere);
    return (await stored()) ?? key;
  };

  return {
    createSubject: async (tx, kind) => {
      const _id = newId();
      const key = randomBytes(32);
      await records.insertOne(
        {
          _id,
          kind,
          ...master.wrap(key, subjectContext(_id)),
          createdAt: clock.wallNow(),
          erasedAt: null,
        },
        tx ? { session: tx.session } : {},
      );
      if (tx) {
        const made = pending.get(tx.session) ?? new Map<string, SubjectKeys>();
        pending.set(tx.session, made.set(_id, subjectKeys(key)));
      }
      return _id;
    },
    sealer,
    seal: async (subjectId, text, tx) => (await sealer(subjectId, tx)).seal(text),
    open: async (sealed, tx) => {
      const parts = parseSealed(sealed);
      if (!parts) throw new PermanentError('sealed value: is not of the form mz1:<subject id>:<base64>');
      return openOrThrow(await keysOf(parts.subjectId, tx?.session), parts);
    },
    reveal: async (value, tx) => {
      const sealed = new Map<string, NonNullable<ReturnType<typeof parseSealed>>>();
      copy(value, (text) => {
        const parts = parseSealed(text);
        if (parts) sealed.set(text, parts);
        return text;
      });
      const keys = await load(
        [...sealed.values()].map(({ subjectId }) => subjectId),
        tx?.session,
      );
      return copy(value, (text) => {
        const parts = sealed.get(text);
        if (!parts) return text;
        const own = keys.get(parts.subjectId);
        return own ? openOrThrow(own, parts) : null;
      });
    },
    blindIndex: (purpose, value) => {
      if (!indexKey) throw new Error('vault: a blind index needs init() first');
      return createHmac('sha256', indexKey)
        .update(`${purpose}\0${normalise(value)}`, 'utf8')
        .digest('hex');
    },
    encryptStream: async (subjectId, context = '') => encryptTransform((await keysOf(subjectId)).file, context),
    decryptStream: async (subjectId, context = '') => decryptTransform((await keysOf(subjectId)).file, context),
    erased: async (subjectIds, tx) => {
      const found = await records
        .find(
          { _id: { $in: [...subjectIds] }, wrapped: null },
          { projection: { _id: 1 }, ...(tx ? { session: tx.session } : {}) },
        )
        .toArray();
      return new Set(found.map(({ _id }) => _id));
    },
    forget: (subjectId) => {
      cache.delete(subjectId);
    },
    init: async () => {
      await ensureCollection(database.connection, 'subject-keys', [{ key: { masterKeyId: 1 }, name: 'master-key' }]);
      await ensureCollection(database.connection, 'vault-keys');
      const record = await records.findOne({ wrapped: { $ne: null } }, { sort: { _id: -1 } });
      if (record) unwrap(record);
      const stranger = await records.findOne({ wrapped: { $ne: null }, masterKeyId: { $nin: [...master.ids] } });
      if (stranger) throw unknownMasterKey(subjectContext(stranger._id), stranger.masterKeyId, master.currentId);
      indexKey = await loadIndexKey(record !== null);
    },
  };
}

function unlessThere(error: unknown): void {
  if ((error as { code?: unknown }).code !== 11_000) throw error;
}

function openOrThrow(keys: SubjectKeys, parts: { subjectId: string; content: Buffer }): string {
  const text = openText(keys, parts);
  if (text === null) throw new PermanentError(`sealed value of subject ${parts.subjectId}: was altered`);
  return text;
}

/** Upper case first: it folds letters that have two lower-case forms (ß, final sigma). */
function normalise(value: string): string {
  return value.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').replace(/\s+/gu, ' ').trim();
}

/** A deep copy of plain objects and arrays with each string mapped; everything else (dates, ids, buffers) is passed on as it is. */
function copy<T>(value: T, map: (text: string) => string | null): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return map(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== 'object' || item === null) return item;
    const { toObject } = item as { toObject?: () => unknown };
    if (typeof toObject === 'function') return walk(toObject.call(item));
    const prototype: unknown = Object.getPrototypeOf(item);
    if (prototype !== Object.prototype && prototype !== null) return item;
    return Object.fromEntries(Object.entries(item).map(([name, content]) => [name, walk(content)]));
  };
  return walk(value) as T;
}
