import TestRunner from 'jest-runner';
import { takesTurns } from './environment.mjs';
import { looksBack } from './sequencer.mjs';

/** Files that start a stack of their own beside that of the run. */
const startsStack = /\.fault\.test\.ts$/;

/**
 * Runs the test files in lanes, each a process of its own. The first goes through the files that use the stack, one after the other, because these take turns
 * (environment.mjs): first those that start one of their own. The second goes through the files that need none. A third helps it once no second stack runs any
 * more: with two stacks two lanes are as much as two cores bear. Whichever lane is through takes from the rest, so that nobody waits for a turn while there is
 * something to do. What looks at the records of all others comes last.
 */
export default class LaneRunner {
  supportsEventEmitters = true;
  #lanes;

  constructor(globalConfig, context) {
    const each = { ...globalConfig, maxWorkers: 1 };
    this.#lanes = Array.from({ length: Math.min(3, globalConfig.maxWorkers) }, () => new TestRunner(each, context));
  }

  on(name, listener) {
    const stops = this.#lanes.map((lane) => lane.on(name, listener));
    return () => stops.forEach((stop) => stop());
  }

  async runTests(tests, watcher, options) {
    const [first, second, third] = this.#lanes;
    if (options.serial || !second) {
      await first.runTests(tests, watcher, options);
      return;
    }
    const last = tests.filter(({ path }) => looksBack.test(path));
    const rest = tests.filter(({ path }) => !looksBack.test(path));
    const onOwnStack = rest.filter(({ path }) => startsStack.test(path));
    const onStack = rest.filter(({ path }) => takesTurns.test(path) && !startsStack.test(path));
    const others = rest.filter(({ path }) => !takesTurns.test(path));

    const run = async (lane, some) => {
      if (some.length > 0 && !watcher.isInterrupted()) await lane.runTests(some, watcher, options);
    };
    /** Ever fewer files at a time: each time is a new process, and the lanes are to end together. */
    const takeOthers = async (lane) => {
      while (others.length > 0 && !watcher.isInterrupted())
        await run(lane, others.splice(0, Math.ceil(others.length / 6)));
    };

    const oneStackLeft = run(first, onOwnStack);
    await Promise.all([
      oneStackLeft.then(() => run(first, onStack)).then(() => takeOthers(first)),
      takeOthers(second),
      third && oneStackLeft.then(() => takeOthers(third)),
    ]);
    await run(first, last);
  }
}
