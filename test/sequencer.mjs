import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';
import { takesTurns } from './environment.mjs';

/**
 * The order of the test files: those that take turns and the others by turns, so that one process has the stack while the other goes through what needs
 * none. Within each kind the largest files first.
 */
export default class TurnTakingSequencer extends Sequencer {
  sort(tests) {
    const bySize = [...tests].sort(
      (a, b) => statSync(b.path).size - statSync(a.path).size || a.path.localeCompare(b.path),
    );
    const onStack = bySize.filter(({ path: file }) => takesTurns.test(file));
    const others = bySize.filter(({ path: file }) => !takesTurns.test(file));
    const every = Math.max(1, Math.floor(others.length / Math.max(1, onStack.length)));
    const ordered = [];
    for (const test of onStack) ordered.push(test, ...others.splice(0, every));
    return [...ordered, ...others];
  }
}
