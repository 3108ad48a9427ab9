import { PermanentError } from './errors.js';
import { decrypt, encrypt, masterKeys } from './sealing.js';

/** A key as it is stored: wrapped by a master key, and the name of that one. */
export interface WrappedKey {
  /** base64 of iv | wrapped key | tag; null once erased. */
  wrapped: string | null;
  /** Which master key wrapped it; not secret. */
  masterKeyId: string;
}

/** The master keys of a process: one that wraps, and others that it accepts while keys that they wrapped are there. */
export interface MasterKeyRing {
  /** Name of the key that wraps. */
  currentId: string;
  /** Names of all keys that are accepted, the current one among them. */
  ids: ReadonlySet<string>;
  /** Wraps a key by the current master key. `context` says what the key is for; it has to be known to unwrap. */
  wrap(key: Buffer, context: string): { wrapped: string; masterKeyId: string };
  /** @throws PermanentError when no master key that is here wrapped it, or when it was altered. */
  unwrap(stored: { wrapped: string; masterKeyId: string }, context: string): Buffer;
  /** Key for blind indexes that installations had before it became a key of its own. */
  formerIndexKey: Buffer;
}

export function createMasterKeyRing({ masterKey, acceptedKeys = [] }: MasterKeySettings): MasterKeyRing {
  const current = masterKeys(masterKey);
  const all = new Map([...acceptedKeys.map(masterKeys), current].map((keys) => [keys.id, keys]));
  return {
    currentId: current.id,
    ids: new Set(all.keys()),
    wrap: (key, context) => ({
      wrapped: encrypt(current.wrap, key, context).toString('base64'),
      masterKeyId: current.id,
    }),
    unwrap: ({ wrapped, masterKeyId }, context) => {
      const master = all.get(masterKeyId);
      if (!master) throw unknownMasterKey(context, masterKeyId, current.id);
      const key = decrypt(master.wrap, Buffer.from(wrapped, 'base64'), context);
      if (!key) throw new PermanentError(`${context}: was altered`, { field: 'wrapped' });
      return key;
    },
    formerIndexKey: current.index,
  };
}

/** What a process is told of its master keys, 32 bytes each. */
export interface MasterKeySettings {
  masterKey: Buffer;
  acceptedKeys?: readonly Buffer[];
}

export function unknownMasterKey(what: string, missingId: string, currentId: string): PermanentError {
  return new PermanentError(
    `MASTER_KEY: is key ${currentId}, but ${what} was wrapped by key ${missingId}; put that one into MASTER_KEYS_ACCEPTED`,
    { field: 'MASTER_KEY' },
  );
}

/** What a subject's key is bound to. */
export function subjectContext(subjectId: string): string {
  return `subject-key:${subjectId}`;
}

/** What another key of the vault (collection `vault-keys`) is bound to. */
export function vaultKeyContext(id: string): string {
  return `vault-key:${id}`;
}
