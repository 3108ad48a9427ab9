import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { emptyRoot, Frontier, leafHash, proveLeaves, rootFromProof, rootOf } from '../../../core/evidence/merkle.js';

const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
/** RFC 9162, 2.1.1, as it is written there. */
function reference(contents: readonly Buffer[]): Buffer {
  if (contents.length === 0) return sha();
  if (contents.length === 1) return sha(Buffer.from([0]), contents[0]!);
  let split = 1;
  while (split * 2 < contents.length) split *= 2;
  return sha(Buffer.from([1]), reference(contents.slice(0, split)), reference(contents.slice(split)));
}
const contentsOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => sha(Buffer.from(`entry ${at}`)));
const treeOf = (contents: readonly Buffer[]) => (from: number, to: number) =>
  Promise.resolve(rootOf(contents.slice(from, to).map(leafHash)));

describe('the tree', () => {
  test('of each size up to 70 has the root that RFC 9162 defines', () => {
    const contents = contentsOf(70);
    const frontier = new Frontier();
    for (let size = 0; size <= 70; size += 1) {
      expect(frontier.root()).toEqual(reference(contents.slice(0, size)));
      if (size < 70) frontier.append(leafHash(contents[size]!));
    }
  });

  test('grows by perfect subtrees to the same root, and takes none where it would not fit', () => {
    const leaves = contentsOf(20).map(leafHash);
    const frontier = new Frontier();
    frontier.appendSubtree(16, rootOf(leaves.slice(0, 16)));
    frontier.appendSubtree(4, rootOf(leaves.slice(16)));
    expect(frontier.root()).toEqual(rootOf(leaves));
    frontier.append(leaves[0]!);
    expect(() => frontier.appendSubtree(4, leaves[0]!)).toThrow("a subtree of 4 leaves can't begin at 21");
  });
});

describe('a proof', () => {
  const some = fc
    .integer({ min: 1, max: 90 })
    .chain((size) => fc.tuple(fc.constant(size), fc.subarray([...Array(size).keys()], { minLength: 1 })));

  test('of any leaves leads to the root, and none leads there for another leaf, place or size', async () => {
    await fc.assert(
      fc.asyncProperty(some, async ([size, indexes]) => {
        const contents = contentsOf(size);
        const leaves = indexes.map((index) => leafHash(contents[index]!));
        const root = reference(contents);
        const siblings = await proveLeaves(indexes, size, treeOf(contents));
        expect(rootFromProof(indexes, leaves, size, siblings)).toEqual(root);
        const other = [leafHash(Buffer.from('forged')), ...leaves.slice(1)];
        expect(rootFromProof(indexes, other, size, siblings)).not.toEqual(root);
        expect(rootFromProof(indexes, leaves.slice(1), size, siblings)).toBeNull();
        if (siblings.length > 0) expect(rootFromProof(indexes, leaves, size, siblings.slice(1))).not.toEqual(root);
        expect(rootFromProof(indexes, leaves, size, [...siblings, emptyRoot])).toBeNull();
        const moved = indexes.map((index) => index + 1);
        if (moved.at(-1)! < size) expect(rootFromProof(moved, leaves, size, siblings)).not.toEqual(root);
      }),
      { numRuns: 200 },
    );
  });

  test('of all leaves needs no other hash', async () => {
    const contents = contentsOf(33);
    expect(await proveLeaves([...contents.keys()], 33, treeOf(contents))).toEqual([]);
  });

  test('is refused for indexes that do not ascend', async () => {
    await expect(proveLeaves([2, 1], 5, treeOf(contentsOf(5)))).rejects.toThrow('indexes have to ascend');
    expect(rootFromProof([0, 0], [emptyRoot, emptyRoot], 5, [])).toBeNull();
  });
});
