import type { Stack, StackOptions } from './stack.js';

/**
 * Starts a stack and keeps this process up until Ctrl-C or SIGTERM, which stop the stack in order, also while it starts. Ends with
 * exit code 1 when the start fails or a component ends by itself. `start` hands `running` on to startStack.
 */
export async function stayUp(
  start: (running: Pick<StackOptions, 'signal' | 'onFailure'>) => Promise<Stack>,
): Promise<void> {
  const aborted = new AbortController();
  let stack: Stack | null = null;
  const end = (): void => {
    if (aborted.signal.aborted) return;
    console.log('\nstopping');
    aborted.abort();
    if (stack) void stack.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    stack = await start({
      signal: aborted.signal,
      onFailure: (failure) => {
        console.error(`\n${failure.message}`);
        process.exit(1);
      },
    });
    if (aborted.signal.aborted) await stack.stop().then(() => process.exit(0));
  } catch (error) {
    if (aborted.signal.aborted) process.exit(130);
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
