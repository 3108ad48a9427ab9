/**
 * `node local/built.mjs letter ...`: runs a command of `dist/local/`, and says in one line what to run first where it has not been built.
 * Ends with 1 then. `npm run due` builds by itself (local/due.mjs).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/steps.mjs';

// The command reads its own arguments after its own name.
const [name = ''] = process.argv.splice(2, 1);
const program = join(root, 'dist', 'local', `${name}.js`);
if (existsSync(program)) await import(program);
else {
  const installed = existsSync(join(root, 'node_modules', 'typescript'));
  console.error(`npm run ${name} needs the compiled program: run ${installed ? '' : 'npm ci && '}npm run build`);
  process.exitCode = 1;
}
