import type { Stack, StackOptions } from './stack.js';

/** What a program that stays up hands on to startStack. */
export type Running = Pick<StackOptions, 'signal' | 'onFailure' | 'onStopped'>;

/**
 * Starts a stack and keeps this process up until Ctrl-C or SIGTERM. These stop the stack in order, whatever `start` is just doing, and end
 * the process: with exit code 0 once `start` was through, else with 130. When the start fails or a component ends by itself it is 1.
 */
export async function stayUp(start: (running: Running) => Promise<Stack>): Promise<void> {
  const aborted = new AbortController();
  let started = false;
  const end = (): void => {
    if (aborted.signal.aborted) return;
    console.log('\nstopping');
    aborted.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    await start({
      signal: aborted.signal,
      onStopped: () => {
        if (aborted.signal.aborted) process.exit(started ? 0 : 130);
      },
      onFailure: (failure) => {
        console.error(`\n${failure.message}`);
        process.exit(1);
      },
    });
    started = true;
  } catch (error) {
    // What the start was doing fails when the stack is being stopped under it: the exit comes with onStopped.
    if (aborted.signal.aborted) return;
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
