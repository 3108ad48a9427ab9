import { setTimeout as delay } from 'node:timers/promises';
import { RetryableError } from '../core/errors.js';

export interface RetryOptions {
  /** How often a request is made at most. */
  attempts: number;
  /** Milliseconds before the second attempt; doubled before each one after. */
  baseMs: number;
  /** The longest wait in here, in milliseconds. Who is asked to wait longer hands the wait to its caller instead (`afterMs`). */
  maxWaitMs: number;
}

/**
 * Repeats what throws RetryableError, waiting at least as long as the other side asked, and longer from time to time. Any other error, and
 * the last RetryableError, passes through.
 */
export async function retrying<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt >= options.attempts || signal?.aborted) throw error;
      const asked = error.afterMs ?? 0;
      if (asked > options.maxWaitMs) throw error;
      const backOff = Math.min(options.baseMs * 2 ** (attempt - 1), options.maxWaitMs);
      await pause(Math.max(asked, backOff) + Math.random() * options.baseMs, signal);
    }
  }
}

/** Waits; throws {@link stopped} when told to stop. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  // Rounded up: a timer takes whole milliseconds, and what was asked for is the least.
  await delay(Math.ceil(ms), undefined, { signal }).catch((cause: unknown) => {
    throw stopped(cause);
  });
}

/** The caller told us to stop, because its process drains: the work goes on at the next delivery. */
export function stopped(cause: unknown): RetryableError {
  return new RetryableError('the work was stopped before it ended', { cause });
}
