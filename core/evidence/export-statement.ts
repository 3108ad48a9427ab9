import type { KeyObject } from 'node:crypto';
import { openNote, signNote } from './signed-note.js';

/**
 * What the sealer signs under an export: that the case had exactly these entries in the tree of this size, and which manifest goes with
 * them. Without it somebody could hand over a case with its last entries cut off.
 */
export interface ExportStatement {
  caseId: string;
  number: string;
  /** Entries of the case. */
  entries: number;
  /** Hash of the last one, hex. */
  lastHash: string;
  /** Size of the checkpoint to which the proof leads. */
  size: number;
  /** SHA-256 of `manifest.json`, hex. */
  manifestSha256: string;
  /** Wall time of the signature, UTC. */
  at: Date;
}

const nameOf = (origin: string): string => `${origin}/export`;
const form =
  /^(\S+)\n([A-Za-z0-9.:-]{1,80}) ([A-Z]+-\d{4}-\d{6,})\n([1-9]\d{0,14}) ([0-9a-f]{64})\n([1-9]\d{0,14})\n([0-9a-f]{64})\nat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/;

/** Signs an export of the log named `origin`, as a signed note of the name `<origin>/export`. */
export function signExport(origin: string, statement: ExportStatement, privateKey: KeyObject): string {
  const { caseId, number, entries, lastHash, size, manifestSha256, at } = statement;
  const text = `${nameOf(origin)}\n${caseId} ${number}\n${entries} ${lastHash}\n${size}\n${manifestSha256}\nat ${at.toISOString()}\n`;
  if (!form.test(text)) throw new RangeError('the statement of an export has another form');
  return signNote(nameOf(origin), text, privateKey);
}

/** Reads the statement under an export; null when it is not of this log and key, or altered. */
export function openExport(origin: string, note: string, publicKey: KeyObject): ExportStatement | null {
  const text = openNote(nameOf(origin), note, publicKey);
  const parts = text === null ? null : form.exec(text);
  if (!parts || parts[1] !== nameOf(origin)) return null;
  return {
    caseId: parts[2]!,
    number: parts[3]!,
    entries: Number(parts[4]),
    lastHash: parts[5]!,
    size: Number(parts[6]),
    manifestSha256: parts[7]!,
    at: new Date(parts[8]!),
  };
}
