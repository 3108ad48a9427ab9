import type { KeyObject } from 'node:crypto';
import { openCheckpoint } from './checkpoint.js';
import { emptyRoot } from './merkle.js';
import type { SealLog } from './seal-log.js';

/**
 * Holds the log against the checkpoints that were kept out of the database's reach: none is over more entries than the database has, each that
 * the database has as well is the same, and the newest one's root follows from the entries that are there now.
 * @param notes Every checkpoint in the second place, in any order; none at all says nothing.
 * @returns What differs, or null. Notes by a former key are compared as text alone.
 */
export async function compareKept(
  log: Pick<SealLog, 'checkpointOver' | 'lastCheckpoint' | 'size' | 'subtree'>,
  notes: readonly string[],
  { origin, publicKey }: { origin: string; publicKey: KeyObject },
): Promise<string | null> {
  if (notes.length === 0) return null;
  const kept = new Map<number, string[]>();
  for (const note of notes) {
    const size = /^\S+\n(\d{1,15})\n/.exec(note)?.[1];
    if (size === undefined) return 'a checkpoint in the second place can not be read';
    kept.set(Number(size), [...(kept.get(Number(size)) ?? []), note]);
  }
  const newest = Math.max(...kept.keys());
  const size = await log.size();
  if (newest > size) return `a checkpoint over ${newest} entries was kept, the database has ${size}`;
  const last = await log.lastCheckpoint();
  if (last && last._id > newest) return `the checkpoint over ${last._id} entries is in the database alone`;
  for (const [of, same] of kept) {
    const stored = await log.checkpointOver(of);
    const isThere = stored?._id === of;
    if (isThere && !same.includes(stored.note))
      return `the checkpoint over ${of} entries in the database is not the one that was kept`;
    // A crash between the two places leaves one that the database doesn't have: its entries tell whether it is true.
    if (isThere && of !== newest) continue;
    const root = of === 0 ? emptyRoot : await log.subtree(0, of);
    for (const note of same) {
      const checkpoint = openCheckpoint(origin, note, publicKey);
      if (checkpoint && !checkpoint.root.equals(root))
        return `the entries in the database are not those over which the checkpoint over ${of} was signed`;
    }
  }
  return null;
}
