import type { KeyObject } from 'node:crypto';
import { openNote, signNote } from './signed-note.js';

/**
 * A checkpoint: how many entries the trail had at a moment, and the Merkle root over them, signed (C2SP tlog-checkpoint with the moment as
 * its extension line). Who keeps one can later tell that nothing before it was changed, left out or put in.
 */
export interface Checkpoint {
  /** Entries under the root. */
  size: number;
  /** Merkle root, 32 bytes. */
  root: Buffer;
  /** Wall time when it was signed, UTC. */
  at: Date;
}

const form = /^(\S+)\n(0|[1-9]\d{0,14})\n([A-Za-z0-9+/]{43}=)\nat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/;

/** Signs a checkpoint of the log named `origin`, e.g. `merzim.example.kz/trail`. */
export function signCheckpoint(origin: string, checkpoint: Checkpoint, privateKey: KeyObject): string {
  const { size, root, at } = checkpoint;
  return signNote(origin, `${origin}\n${size}\n${root.toString('base64')}\nat ${at.toISOString()}\n`, privateKey);
}

/** Reads a checkpoint of this log and key; null when it is not one, or of another log, or altered. */
export function openCheckpoint(origin: string, note: string, publicKey: KeyObject): Checkpoint | null {
  const text = openNote(origin, note, publicKey);
  const parts = text === null ? null : form.exec(text);
  if (!parts || parts[1] !== origin) return null;
  return { size: Number(parts[2]), root: Buffer.from(parts[3]!, 'base64'), at: new Date(parts[4]!) };
}
