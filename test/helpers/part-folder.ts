import { mkdtemp, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PartStore, StoredPart } from '../../connectors/nit/download.js';

/** A store of parts in a folder: what is written under a temporary name gets its own only when it is whole. */
export interface PartFolder extends PartStore {
  /** Names of all files, unfinished ones too. */
  files(): Promise<string[]>;
  /** The text of all stored parts, in order. */
  text(): Promise<string>;
  remove(): Promise<void>;
}

export async function createPartFolder(): Promise<PartFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'merzim-parts-'));
  const stored: StoredPart[] = [];
  return {
    partsStored: () => Promise.resolve([...stored]),
    async storePart({ number, rows, sha256, content }) {
      const unfinished = join(folder, `${number}.unfinished`);
      const file = await open(unfinished, 'w');
      try {
        for await (const chunk of content) await file.write(chunk);
        await file.close();
        await rename(unfinished, join(folder, String(number)));
      } catch (error) {
        await file.close();
        await rm(unfinished);
        throw new Error('the store wraps what went wrong', { cause: error });
      }
      stored.push({ number, rows, sha256 });
    },
    files: async () => (await readdir(folder)).sort(),
    async text() {
      const numbers = stored.map((part) => part.number).sort((a, b) => a - b);
      return (await Promise.all(numbers.map((number) => readFile(join(folder, String(number)), 'utf8')))).join('');
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
