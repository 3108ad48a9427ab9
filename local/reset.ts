import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { inProject } from '../config/index.js';
import { commandLine } from './stack/processes.js';
import { RunFolder } from './stack/run-folder.js';

/** `npm run reset [-- --yes]`: removes the data and logs of every profile of this folder; refuses while a stack runs. */
const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false } } });
const home = inProject('.merzim');
const run = path.join(home, 'run');

for (const profile of existsSync(run) ? readdirSync(run) : []) {
  const pid = new RunFolder(path.join(run, profile)).holder();
  if (pid !== null) {
    console.error(`a stack is running (${profile}: process ${pid}, ${commandLine(pid)}); stop it first`);
    process.exit(1);
  }
}
const doomed = ['data', 'log'].map((name) => path.join(home, name)).filter((folder) => existsSync(folder));
if (doomed.length === 0) {
  console.log('there is nothing to remove');
  process.exit(0);
}
if (!values.yes) {
  if (!process.stdin.isTTY) {
    console.error('nobody is there to be asked: npm run reset -- --yes');
    process.exit(1);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Remove ${doomed.join(' and ')} with all cases in them? [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) process.exit(1);
}
for (const folder of doomed) rmSync(folder, { recursive: true, force: true });
console.log(`removed ${doomed.join(' and ')}`);
