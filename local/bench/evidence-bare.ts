import { PassThrough } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { newId } from '../../core/ids.js';
import type { Trail, TrailEntry } from '../../core/trail.js';
import type { Vault } from '../../core/vault.js';

/** Stand-ins of the measurement alone: what the system would do that neither seals nor records. The documents keep their form. */

/** Values look sealed, but are the text itself: no keys, no encryption, no keyed hashes. */
export function bareVault(): Vault {
  const seal = (subjectId: string, text: string): string => `mz1:${subjectId}:${Buffer.from(text).toString('base64')}`;
  const open = (sealed: string): string => Buffer.from(sealed.split(':')[2] ?? '', 'base64').toString();
  const revealed = (value: unknown): unknown => {
    if (typeof value === 'string') return value.startsWith('mz1:') ? open(value) : value;
    if (Array.isArray(value)) return value.map(revealed);
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, revealed(part)]));
  };
  return {
    createSubject: () => Promise.resolve(newId()),
    seal: (subjectId, text) => Promise.resolve(seal(subjectId, text)),
    sealer: (subjectId) =>
      Promise.resolve({
        seal: (text) => seal(subjectId, text),
        holds: (value) => typeof value === 'string' && value.startsWith(`mz1:${subjectId}:`),
      }),
    open: (sealed) => Promise.resolve(open(sealed)),
    reveal: <T>(value: T) => Promise.resolve(revealed(value) as T),
    blindIndex: (purpose, value) => `${purpose}:${value.trim().toLowerCase()}`,
    encryptStream: () => Promise.resolve(new PassThrough()),
    decryptStream: () => Promise.resolve(new PassThrough()),
    erased: () => Promise.resolve(new Set()),
    forget: () => undefined,
    init: () => Promise.resolve(),
  };
}

/** Keeps nothing of what it is told. */
export function bareTrail({ database }: { database: { clock: Clock } }): Trail {
  const entryOf = (act: { caseId: string; type: string }): TrailEntry => ({
    ...{ _id: newId(), seq: 1, subject: null, data: {}, previousHash: '', hash: '' },
    ...{ at: database.clock.legalNow(), wallAt: database.clock.wallNow(), by: { kind: 'system', id: 'bench' } },
    ...act,
  });
  return {
    record: (_tx, act) => Promise.resolve(entryOf(act)),
    recordAll: (_tx, acts) => Promise.resolve(acts.map(entryOf)),
    list: () => Promise.resolve([]),
    verifyChain: () => Promise.resolve({ ok: true, entries: 0, lastHash: '' }),
    init: () => Promise.resolve(),
  };
}
