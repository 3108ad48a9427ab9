/**
 * `npm run due`: counts a term (local/due.ts). Compiles first where dist/ is missing or older than the sources, so that it never
 * answers with yesterday's rules; says on stderr that it does. Needs nothing of the stack.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/steps.mjs';

const dist = join(root, 'dist');
const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (entry.name.endsWith('.ts')) newest = Math.max(newest, changedAt(path));
  }
  return newest;
}

const sources = ['config', 'core'].map((folder) => newestSource(join(root, folder)));
const needed = Math.max(...sources, changedAt(join(root, 'local', 'due.ts')));
const built = Math.max(changedAt(join(dist, 'local', 'due.js')), changedAt(join(dist, '.tsbuildinfo')));
// An installation without development packages brings its dist/ along.
const compiles = existsSync(join(root, 'node_modules', 'typescript'));

if (!existsSync(join(root, 'node_modules', 'temporal-polyfill'))) {
  console.error("npm's packages are missing: run npm ci, then this again");
  process.exit(1);
}
if (!existsSync(join(dist, 'local', 'due.js')) || (compiles && built < needed)) {
  console.error('compiling the program first; this takes a while, once');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // Standard output belongs to the answer.
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error('the program can not be compiled: see above, or run npm run check -- types');
    process.exit(1);
  }
}
await import('../dist/local/due.js');
