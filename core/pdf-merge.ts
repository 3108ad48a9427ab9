import { Worker } from 'node:worker_threads';
import { Semaphore } from 'async-mutex';
import { inProject } from '../config/root.js';
import type { Front, FromWorker, MergedPart, Unprintable } from './pdf-merge-worker.js';

export type { Front, MergedPart, Unprintable } from './pdf-merge-worker.js';

/** What one merge may take. */
export interface MergeLimits {
  /** Milliseconds for one part. */
  stepMs: number;
  /** Bytes of the thread's heap, and by which the process may grow beside it: a small file can unpack to many gigabytes. */
  memoryBytes: number;
}

const usual: MergeLimits = { stepMs: 60_000, memoryBytes: 1024 ** 3 };

/** One at a time: each holds all its parts in memory. */
const turns = new Semaphore(1);

/** How often it is looked how much memory a merge takes, in milliseconds. */
const lookMs = 20;

/**
 * One PDF of a front and of PDFs and images behind it. `frontOf` is told the pages of each part, or why it has none, and makes the front: a
 * PDF of ours. Parts come from outside and are parsed in a thread of their own: one that is broken or encrypted, takes too long or too
 * much memory has no page, and the others are merged all the same.
 */
export function mergePdf(
  parts: readonly MergedPart[],
  frontOf: (pages: readonly (number | Unprintable)[]) => Promise<Front>,
  limits: MergeLimits = usual,
): Promise<Buffer> {
  return turns.runExclusive(async () => {
    const endedBy: number[] = [];
    for (;;) {
      const merged = await attempt(parts, endedBy, frontOf, limits);
      if (Buffer.isBuffer(merged)) return merged;
      endedBy.push(merged.endedBy);
    }
  });
}

/** One run of the thread: the whole, or the part that it had to be ended for. */
function attempt(
  parts: readonly MergedPart[],
  skipped: readonly number[],
  frontOf: (pages: readonly (number | Unprintable)[]) => Promise<Front>,
  { stepMs, memoryBytes }: MergeLimits,
): Promise<Buffer | { endedBy: number }> {
  return new Promise((resolve, reject) => {
    let part: number | null = null;
    const before = process.memoryUsage.rss();
    const worker = new Worker(inProject('dist', 'core', 'pdf-merge-worker.js'), {
      workerData: { parts, skipped },
      resourceLimits: { maxOldGenerationSizeMb: memoryBytes / 1024 ** 2 },
      // The parser warns of what it mends; and no path of a start reaches a thread.
      ...{ stdout: true, stderr: true, execArgv: [], env: {} },
    });
    const settle = (end: () => void): void => {
      clearTimeout(patience);
      clearInterval(look);
      worker.removeAllListeners();
      // Nobody waits for it any more: what it says at its end is of no interest, and must not end the process.
      worker.on('error', () => undefined);
      void worker.terminate().finally(end);
    };
    const giveUp = (why: string): void =>
      settle(() => (part === null ? reject(new Error(`the print: ${why}`)) : resolve({ endedBy: part })));
    const wait = (ms: number): NodeJS.Timeout => setTimeout(() => giveUp(`took longer than ${ms} ms`), ms);
    let patience = wait(usual.stepMs);
    const look = setInterval(() => {
      if (process.memoryUsage.rss() - before > memoryBytes) giveUp(`took more than ${memoryBytes} bytes`);
    }, lookMs);
    worker.on('error', (error) => giveUp(error.message));
    worker.on('exit', () => giveUp('its thread ended'));
    worker.on('message', (message: FromWorker) => {
      clearTimeout(patience);
      if (message.kind === 'began') {
        part = message.part;
        patience = wait(stepMs);
      } else if (message.kind === 'merged') settle(() => resolve(Buffer.from(message.pdf)));
      else {
        part = null;
        const pages = message.pages.map((each, index) => (skipped.includes(index) ? 'too-much' : each));
        frontOf(pages).then(
          (front) => {
            patience = wait(usual.stepMs);
            worker.postMessage(front);
          },
          (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      }
    });
  });
}
