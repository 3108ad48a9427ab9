import { mongo } from 'mongoose';
import { ensureCollection } from '../collections.js';
import type { Database } from '../database.js';
import { Frontier, leafHash, nodeHash, rootOf, splitOf } from './merkle.js';

/** An entry's place in the order of all entries. */
export interface Leaf {
  /** 0, 1, 2, ... over the whole trail, without a gap. */
  _id: number;
  entryId: string;
  caseId: string;
  seq: number;
  /** Hash of the entry, hex. */
  hash: string;
  /** Where to read on in the change stream after this leaf, for the last one of a batch. */
  resumeToken?: unknown;
}

/** A signed checkpoint as it is stored. */
export interface StoredCheckpoint {
  /** Entries under its root. */
  _id: number;
  note: string;
  /** Wall time, UTC. */
  at: Date;
}

/**
 * The order of all entries and its Merkle tree, in the trail's database: leaves, hashes of perfect subtrees by 256 (tiles), checkpoints. It is
 * only ever added to. One process writes, the one that holds the sealer's lease; whoever else tried would meet a number that is taken.
 */
export interface SealLog {
  /** Leaves that are stored. */
  size(): Promise<number>;
  /** The tree of all leaves that are stored, ready to be added to. */
  frontier(): Promise<Frontier>;
  /** Adds leaves behind the last one. Throws (E11000) when another one wrote meanwhile. */
  append(leaves: readonly Leaf[]): Promise<void>;
  /** Which of these entries have a leaf. */
  sealed(entryIds: readonly string[]): Promise<Set<string>>;
  /** The newest leaf that says where to read on. */
  lastToken(): Promise<unknown>;
  /** Leaves of a case below `size`, in order of `seq`. */
  leavesOf(caseId: string, size: number): Promise<Leaf[]>;
  /** The leaf of one entry of a case, if it has one. */
  leaf(caseId: string, seq: number): Promise<Leaf | null>;
  /** Root of the subtree of leaves `from` to before `to`. */
  subtree(from: number, to: number): Promise<Buffer>;
  addCheckpoint(checkpoint: StoredCheckpoint): Promise<void>;
  /** The smallest checkpoint of at least `size` entries, or null. */
  checkpointOver(size: number): Promise<StoredCheckpoint | null>;
  lastCheckpoint(): Promise<StoredCheckpoint | null>;
  /** Entries of the trail without a leaf, oldest first: for the first start, and when the change stream has forgotten. */
  unsealed(): AsyncIterable<UnsealedEntry>;
  init(): Promise<void>;
}

export interface UnsealedEntry {
  _id: string;
  caseId: string;
  seq: number;
  hash: string;
}

/** Hashes in a tile: it stands for 256 subtrees of 256^level leaves each. */
const width = 256;
const hashBytes = 32;

interface Tile {
  /** `<level>.<index>` */
  _id: string;
  hashes: mongo.Binary;
}

export function createSealLog({ database }: { database: Pick<Database, 'trail'> }): SealLog {
  const leaves = database.trail.collection<Leaf>('leaves');
  const tiles = database.trail.collection<Tile>('tiles');
  const checkpoints = database.trail.collection<StoredCheckpoint>('checkpoints');
  const durable = { writeConcern: { w: 'majority', j: true } } as const;

  const size = async (): Promise<number> => {
    const last = await leaves.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } });
    return last ? last._id + 1 : 0;
  };
  const tile = async (level: number, index: number): Promise<Buffer[] | null> => {
    const found = await tiles.findOne({ _id: `${level}.${index}` });
    if (!found) return null;
    const bytes = Buffer.from(found.hashes.buffer);
    return Array.from({ length: width }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes));
  };
  const leafHashes = async (from: number, to: number): Promise<Buffer[]> => {
    const found = await leaves
      .find({ _id: { $gte: from, $lt: to } }, { sort: { _id: 1 }, projection: { hash: 1 } })
      .toArray();
    if (found.length !== to - from) throw new Error(`leaves ${from} to ${to} of the trail are not whole`);
    return found.map(({ hash }) => leafHash(Buffer.from(hash, 'hex')));
  };
  const subtree = async (from: number, to: number): Promise<Buffer> => {
    const count = to - from;
    const perfect = Number.isInteger(Math.log2(count)) && from % count === 0;
    if (perfect) {
      const level = Math.floor(Math.log2(count) / 8);
      const unit = width ** level;
      const first = from / unit;
      const stored = await tile(level, Math.floor(first / width));
      if (stored) return rootOf(stored.slice(first % width, (first % width) + count / unit));
      if (level === 0) return rootOf(await leafHashes(from, to));
    }
    const middle = from + splitOf(count);
    return nodeHash(await subtree(from, middle), await subtree(middle, to));
  };
  /** Writes the tiles that leaves up to before `to` have made whole since `from`. */
  const addTiles = async (from: number, to: number): Promise<void> => {
    for (let level = 0, span = width; span <= to; level += 1, span *= width) {
      for (let index = Math.floor(from / span); (index + 1) * span <= to; index += 1) {
        const unit = span / width;
        const hashes =
          level === 0
            ? await leafHashes(index * span, (index + 1) * span)
            : await Promise.all(
                Array.from({ length: width }, (_, at) =>
                  subtree(index * span + at * unit, index * span + (at + 1) * unit),
                ),
              );
        await tiles
          .insertOne({ _id: `${level}.${index}`, hashes: new mongo.Binary(Buffer.concat(hashes)) }, durable)
          .catch(unlessThere);
      }
    }
  };

  return {
    size,
    frontier: async () => {
      const whole = await size();
      // What a crash between leaves and tiles left undone.
      await addTiles(Math.max(0, whole - width * width), whole);
      const frontier = new Frontier();
      for (const span of [width * width, width])
        while (frontier.size + span <= whole)
          frontier.appendSubtree(span, await subtree(frontier.size, frontier.size + span));
      for (const leaf of await leafHashes(frontier.size, whole)) frontier.append(leaf);
      return frontier;
    },
    append: async (added) => {
      const first = added[0];
      if (!first) return;
      await leaves.insertMany([...added], { ordered: true, ...durable });
      await addTiles(first._id, first._id + added.length);
    },
    sealed: async (entryIds) => {
      const found = await leaves.find({ entryId: { $in: [...entryIds] } }, { projection: { entryId: 1 } }).toArray();
      return new Set(found.map(({ entryId }) => entryId));
    },
    lastToken: async () =>
      (await leaves.findOne({ resumeToken: { $exists: true } }, { sort: { _id: -1 } }))?.resumeToken ?? null,
    leavesOf: (caseId, below) => leaves.find({ caseId, _id: { $lt: below } }, { sort: { seq: 1 } }).toArray(),
    leaf: (caseId, seq) => leaves.findOne({ caseId, seq }),
    subtree,
    addCheckpoint: async (checkpoint) => {
      await checkpoints.insertOne(checkpoint, durable).catch(unlessThere);
    },
    checkpointOver: (least) => checkpoints.findOne({ _id: { $gte: least } }, { sort: { _id: 1 } }),
    lastCheckpoint: () => checkpoints.findOne({}, { sort: { _id: -1 } }),
    unsealed: () =>
      database.trail
        .collection('trail')
        .aggregate<UnsealedEntry>([
          { $sort: { _id: 1 } },
          { $project: { caseId: 1, seq: 1, hash: 1 } },
          { $lookup: { from: 'leaves', localField: '_id', foreignField: 'entryId', as: 'leaf' } },
          { $match: { leaf: { $size: 0 } } },
          { $project: { leaf: 0 } },
        ]),
    init: async () => {
      await ensureCollection(database.trail, 'leaves', [
        { key: { entryId: 1 }, name: 'entry', unique: true },
        { key: { caseId: 1, seq: 1 }, name: 'case-seq', unique: true },
      ]);
      await ensureCollection(database.trail, 'tiles');
      await ensureCollection(database.trail, 'checkpoints');
    },
  };
}

/** The same was written before: after a crash, or of the same size. */
function unlessThere(error: unknown): void {
  if ((error as { code?: unknown }).code !== 11_000) throw error;
}
