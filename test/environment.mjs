/**
 * The environment of every test file. Files run in two processes at a time, but those that use the stack, its engine's clock or its browser sessions
 * take turns: travelling in time is for everybody. The turn is a socket in Linux's abstract name space, which falls free when its holder dies.
 */
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';
import { onInterrupt, watchForInterrupts } from './interruptions.mjs';

/** Files that take turns. */
export const takesTurns = /\.(process|engine|browser|fault)\.test\.ts$/;

export default class TurnTakingEnvironment extends TestEnvironment {
  #file;
  #root;
  #turn = null;
  /** What the file started and did not stop, e.g. because its start took longer than the test had time for. */
  #left = new Map();

  constructor(config, context) {
    super(config, context);
    this.#file = context.testPath;
    this.#root = config.globalConfig.rootDir;
  }

  async setup() {
    await super.setup();
    watchForInterrupts();
    this.global.merzimOnInterrupt = (stop) => {
      const letGo = onInterrupt(stop);
      this.#left.set(letGo, stop);
      return () => {
        this.#left.delete(letGo);
        letGo();
      };
    };
    if (takesTurns.test(this.#file)) this.#turn = await takeTurn(`\0merzim-tests:${this.#root}`);
  }

  async teardown() {
    for (const [letGo, stop] of [...this.#left].reverse()) {
      await stop();
      letGo();
    }
    await super.teardown();
    await new Promise((resolve) => (this.#turn ? this.#turn.close(resolve) : resolve()));
  }
}

/** Waits, without a limit, until nobody else listens under the name. */
async function takeTurn(name) {
  for (;;) {
    const server = createServer();
    const taken = await new Promise((resolve, reject) => {
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
      server.listen(name, () => resolve(true));
    });
    if (taken) return server;
    await sleep(200);
  }
}
