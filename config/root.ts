import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project (where package.json lies), whether the code runs from the sources or from dist/. */
export const projectRoot: string = (() => {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('package.json of the project is in no folder above config/');
    folder = parent;
  }
  return folder;
})();

/** A path inside the project, from its root. */
export function inProject(...parts: string[]): string {
  return path.join(projectRoot, ...parts);
}
