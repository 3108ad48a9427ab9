import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Files below a folder of the project whose name ends so, as paths from the root with `/`, sorted. A folder that isn't there has none. */
export async function glob(root: string, folder: string, ...endings: string[]): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}
