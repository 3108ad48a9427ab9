import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

/** Files that take minutes, whatever their size: begun late they would run on alone. */
const takesLong = /\/(api\/rights-table|browser\/pages)\.test\.ts$/;

/** Files that read what all others left. */
export const looksBack = /\/test\/diagrams\//;

/** The order of the test files within each lane (runner.mjs): those that take long, then the largest first; what looks at the records of all others comes last. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    return [...tests].sort(
      (a, b) =>
        Number(looksBack.test(a.path)) - Number(looksBack.test(b.path)) ||
        Number(takesLong.test(b.path)) - Number(takesLong.test(a.path)) ||
        statSync(b.path).size - statSync(a.path).size ||
        a.path.localeCompare(b.path),
    );
  }
}
