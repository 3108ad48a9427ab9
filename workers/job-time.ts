import type { Clock } from '../core/clock.js';
import { RetryableError } from '../core/errors.js';
import type { Engine } from './engine.js';
import { Interrupted, JobGone } from './job-fault.js';

/** The time that the engine leaves a worker for one job. */
export interface JobTime {
  /** Aborted with the reason as an error: time is up (retryable), {@link JobGone}, {@link Interrupted}. */
  signal: AbortSignal;
  /** Rejects with the signal's reason when it is aborted; never resolves. */
  aborted: Promise<never>;
  heartbeat: () => Promise<void>;
  /** To be called when the job was answered. */
  end(): void;
}

export function createJobTime(deps: {
  engine: Pick<Engine, 'extendJob'>;
  clock: Clock;
  key: string;
  timeoutMs: number;
  interrupt: AbortSignal;
}): JobTime {
  const { engine, clock, key, timeoutMs, interrupt } = deps;
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);

  const onInterrupt = (): void => controller.abort(new Interrupted());
  if (interrupt.aborted) onInterrupt();
  else interrupt.addEventListener('abort', onInterrupt, { once: true });

  // A little before the engine gives the job to somebody else.
  const startTimer = (): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new RetryableError(`took longer than ${timeoutMs} ms`)), timeoutMs * 0.9);
  let timer = startTimer();
  let extendedMs = clock.monotonicMs();

  return {
    signal,
    aborted,
    heartbeat: async () => {
      signal.throwIfAborted();
      if (clock.monotonicMs() - extendedMs < timeoutMs / 3) return;
      extendedMs = clock.monotonicMs();
      if ((await engine.extendJob(key, timeoutMs)) === 'late') controller.abort(new JobGone());
      signal.throwIfAborted();
      clearTimeout(timer);
      timer = startTimer();
    },
    end: () => {
      clearTimeout(timer);
      interrupt.removeEventListener('abort', onInterrupt);
    },
  };
}
