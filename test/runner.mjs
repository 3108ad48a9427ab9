import TestRunner from 'jest-runner';
import { takesTurns } from './environment.mjs';
import { looksBack } from './sequencer.mjs';

/**
 * Runs the test files in two lanes, each a process of its own. One goes through the files that use the stack, one after the other, because these take turns
 * (environment.mjs); the other through those that need none. Whichever lane is through takes from the rest of the others, so that nobody waits for a turn while
 * there is something to do. What looks at the records of all others comes last.
 */
export default class LaneRunner {
  supportsEventEmitters = true;
  isSerial = false;
  #lanes;

  constructor(globalConfig, context) {
    const each = { ...globalConfig, maxWorkers: 1 };
    this.#lanes = Array.from({ length: Math.min(2, globalConfig.maxWorkers) }, () => new TestRunner(each, context));
  }

  on(name, listener) {
    const stops = this.#lanes.map((lane) => lane.on(name, listener));
    return () => stops.forEach((stop) => stop());
  }

  async runTests(tests, watcher, options) {
    const [first, second] = this.#lanes;
    if (options.serial || !second) {
      await first.runTests(tests, watcher, options);
      return;
    }
    const last = tests.filter(({ path }) => looksBack.test(path));
    const onStack = tests.filter(({ path }) => !looksBack.test(path) && takesTurns.test(path));
    const others = tests.filter(({ path }) => !looksBack.test(path) && !takesTurns.test(path));
    const run = async (lane, some) => {
      if (some.length > 0 && !watcher.isInterrupted()) await lane.runTests(some, watcher, options);
    };
    /** Ever fewer files at a time, because each time is a new process, and both lanes are to end together. */
    const takeOthers = async (lane) => {
      while (others.length > 0 && !watcher.isInterrupted())
        await run(lane, others.splice(0, Math.ceil(others.length / 6)));
    };
    await Promise.all([run(first, onStack).then(() => takeOthers(first)), takeOthers(second)]);
    await run(first, last);
  }
}
