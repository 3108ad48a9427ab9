import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../core/errors.js';

/**
 * Asks again, every `pauseMs` milliseconds, while the answer is a fault that may pass: an engine that has just come back, or has too much to do, is no
 * reason for a process not to start. Throws any other fault, and the signal's reason once it is aborted.
 */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  { signal, pauseMs = 1_000 }: { signal: AbortSignal; pauseMs?: number },
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
