import { hash as digest } from 'node:crypto';

/**
 * The Merkle tree over all entries of the trail, hashed as RFC 9162 section 2.1 says (the tree of Certificate Transparency): a leaf is
 * SHA-256(0x00 | content), a node SHA-256(0x01 | left | right), and a tree of n leaves splits at the largest power of two below n.
 * Needs nothing but hashes, so that who checks an export runs the same code.
 */

const leafPrefix = Buffer.from([0]);
const nodePrefix = Buffer.from([1]);

/** SHA-256, 32 bytes. */
export const sha256 = (content: Uint8Array): Buffer => digest('sha256', content, 'buffer');

/** Hash of a leaf whose content is the 32 bytes of an entry's hash. */
export const leafHash = (content: Uint8Array): Buffer => sha256(Buffer.concat([leafPrefix, content]));

/** Leaf hashes in order: an array of them, or {@link LeafList}. */
export interface Leaves {
  readonly length: number;
  at(index: number): Buffer | undefined;
}

/** Leaf hashes packed into one buffer: 32 bytes each, where an array of a million would take five times that. */
export class LeafList implements Leaves {
  #hashes = Buffer.alloc(32 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(hash: Uint8Array): void {
    const end = 32 * (this.#length + 1);
    if (end > this.#hashes.length) this.#hashes = Buffer.concat([this.#hashes, Buffer.alloc(this.#hashes.length)]);
    this.#hashes.set(hash, end - 32);
    this.#length += 1;
  }

  at(index: number): Buffer | undefined {
    return index < this.#length ? this.#hashes.subarray(32 * index, 32 * (index + 1)) : undefined;
  }
}

/** Hash of a node above two others. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  sha256(Buffer.concat([nodePrefix, left, right]));

/** Root of the tree without leaves. */
export const emptyRoot = sha256(Buffer.alloc(0));

/** Largest power of two below `leaves`, which has to be 2 or more. */
export function splitOf(leaves: number): number {
  let power = 1;
  while (power * 2 < leaves) power *= 2;
  return power;
}

/**
 * The right edge of a growing tree: one hash for each perfect subtree, the largest first. Adding a leaf takes constant memory, the root is
 * there at any time.
 */
export class Frontier {
  readonly #peaks: { leaves: number; hash: Buffer }[] = [];
  #size = 0;

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf by its hash ({@link leafHash}). */
  append(leaf: Buffer): void {
    this.appendSubtree(1, leaf);
  }

  /** Adds a perfect subtree of `leaves` leaves by its root; `size` has to be a multiple of `leaves`. */
  appendSubtree(leaves: number, hash: Buffer): void {
    if (this.#size % leaves !== 0) throw new RangeError(`a subtree of ${leaves} leaves can't begin at ${this.#size}`);
    let peak = { leaves, hash };
    for (let last = this.#peaks.at(-1); last?.leaves === peak.leaves; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { leaves: last.leaves * 2, hash: nodeHash(last.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.#size += leaves;
  }

  /** Root of the tree of all leaves so far. */
  root(): Buffer {
    const peaks = this.#peaks.map(({ hash }) => hash);
    let root = peaks.pop();
    for (let left = peaks.pop(); root && left; left = peaks.pop()) root = nodeHash(left, root);
    return root ?? emptyRoot;
  }
}

/** Root over leaf hashes, in order. */
export function rootOf(leaves: Iterable<Buffer>): Buffer {
  const frontier = new Frontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}

/**
 * What proves that several leaves are in one tree: the roots of the largest subtrees that hold none of them, from left to right. For one leaf
 * these are the hashes of RFC 9162's inclusion proof in another order; for all leaves of a tree there are none.
 * @param indexes Of the leaves, ascending, from 0.
 * @param size Leaves of the tree.
 * @param subtree Answers the root of the subtree of leaves `from` to before `to`.
 */
export async function proveLeaves(
  indexes: readonly number[],
  size: number,
  subtree: (from: number, to: number) => Promise<Buffer>,
): Promise<Buffer[]> {
  checkIndexes(indexes, size);
  const siblings: Buffer[] = [];
  const walk = async (from: number, to: number, first: number, end: number): Promise<void> => {
    if (first === end) {
      siblings.push(await subtree(from, to));
      return;
    }
    if (to - from === end - first) return;
    const middle = from + splitOf(to - from);
    const cut = lowerBound(indexes, middle, first, end);
    await walk(from, middle, first, cut);
    await walk(middle, to, cut, end);
  };
  if (size > 0) await walk(0, size, 0, indexes.length);
  return siblings;
}

/**
 * Root of the tree that leaves at `indexes` and a proof by {@link proveLeaves} stand for: the checkpoint's root if all is as it was.
 * Null when the proof has another shape than this tree asks for.
 */
export function rootFromProof(
  indexes: readonly number[],
  leaves: Leaves,
  size: number,
  siblings: readonly Buffer[],
): Buffer | null {
  if (indexes.length !== leaves.length || !areIndexes(indexes, size)) return null;
  if (size === 0) return siblings.length === 0 ? emptyRoot : null;
  let used = 0;
  const walk = (from: number, to: number, first: number, end: number): Buffer | null => {
    if (first === end) return siblings[used++] ?? null;
    if (to - from === 1) return leaves.at(first) ?? null;
    const middle = from + splitOf(to - from);
    const cut = lowerBound(indexes, middle, first, end);
    const left = walk(from, middle, first, cut);
    const right = left && walk(middle, to, cut, end);
    return right && nodeHash(left, right);
  };
  const root = walk(0, size, 0, indexes.length);
  return used === siblings.length ? root : null;
}

/** First place in `indexes`, from `first` to before `end`, whose value is not below `value`. */
function lowerBound(indexes: readonly number[], value: number, first: number, end: number): number {
  let [low, high] = [first, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (indexes[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function areIndexes(indexes: readonly number[], size: number): boolean {
  if (!Number.isSafeInteger(size) || size < 0) return false;
  return indexes.every(
    (index, at) => Number.isSafeInteger(index) && index >= 0 && index < size && (at === 0 || index > indexes[at - 1]!),
  );
}

function checkIndexes(indexes: readonly number[], size: number): void {
  if (!areIndexes(indexes, size)) throw new RangeError(`indexes have to ascend within a tree of ${size} leaves`);
}
