import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { drawnIn, neverPassed, passedOnEngine } from '../helpers/diagram-coverage.js';
import { testStack } from '../helpers/stack.js';

/**
 * Every element and every flow of every diagram was passed on the engine by some test of this run. The last file of all (test/sequencer.mjs): it
 * reads what the others leave in the engine's records, and waits for those that still run. Only with MERZIM_TEST_PATHS=all,
 * for it tells something only when all process tests are run.
 */
const whole = process.env.MERZIM_TEST_PATHS === 'all';
const patienceMs = 15 * 60_000;

(whole ? test : test.skip)(
  'every node and flow of every diagram is passed by some test',
  async () => {
    const drawn = await drawnIn();
    const start = performance.now();
    let missing: string[];
    do {
      missing = neverPassed(drawn, await passedOnEngine(testStack().env['OPENSEARCH_URL']!));
      if (missing.length > 0) await sleep(5_000);
    } while (missing.length > 0 && performance.now() - start < patienceMs);
    expect(missing).toEqual([]);
  },
  patienceMs + 60_000,
);
