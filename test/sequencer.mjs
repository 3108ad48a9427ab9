import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';
import { takesTurns } from './environment.mjs';

/** Files that take minutes, whatever their size: begun late they would run on alone. */
const takesLong = /\/(api\/rights-table|inspection\/many-employees\.process)\.test\.ts$/;

/** Files that read what all others left. */
const looksBack = /\/test\/diagrams\//;

/**
 * The order of the test files: those that take turns and the others by turns, so that one process has the stack while the other goes through what needs
 * none. Within each kind those that take long and then the largest first; what looks at the records of all others comes last.
 */
export default class TurnTakingSequencer extends Sequencer {
  sort(tests) {
    const bySize = [...tests].sort(
      (a, b) =>
        Number(takesLong.test(b.path)) - Number(takesLong.test(a.path)) ||
        statSync(b.path).size - statSync(a.path).size ||
        a.path.localeCompare(b.path),
    );
    const last = bySize.filter(({ path: file }) => looksBack.test(file));
    const rest = bySize.filter(({ path: file }) => !looksBack.test(file));
    const onStack = rest.filter(({ path: file }) => takesTurns.test(file));
    const others = rest.filter(({ path: file }) => !takesTurns.test(file));
    const every = Math.ceil(others.length / Math.max(1, onStack.length));
    const ordered = onStack.flatMap((test, index) => [test, ...others.slice(index * every, (index + 1) * every)]);
    return [...(onStack.length > 0 ? ordered : others), ...last];
  }
}
