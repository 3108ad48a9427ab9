/**
 * What has to be stopped when a run of the tests is interrupted: by Ctrl-C, by a signal to jest alone, or because who started it was ended. One
 * module for each real process: jest's own and each of its workers. What is inside a test file reaches it through test/helpers/on-interrupt.ts.
 */

/** Processes that end within this time are waited for, in milliseconds. */
const graceMs = 180_000;

const stops = new Set();
let watching = false;
let ending = false;

/** Calls `stop` when the run is interrupted; the last added first. Returns what takes that back. */
export function onInterrupt(stop) {
  stops.add(stop);
  return () => stops.delete(stop);
}

/** Watches from now on, once for a process. */
export function watchForInterrupts() {
  if (watching) return;
  watching = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void end());
  // A worker of jest whose parent was killed (a listener for `disconnect` would keep it from ending by itself), and `npm test` that was ended without its children:
  // the shell between npm and jest is gone.
  if (process.connected || process.env.npm_lifecycle_event === 'test') {
    const parent = process.ppid;
    setInterval(() => void (process.ppid !== parent && (stops.size > 0 || !process.send) && end()), 500).unref();
  }
}

async function end() {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(130), graceMs);
  for (const stop of [...stops].reverse()) {
    try {
      await stop();
    } catch (error) {
      console.error(error);
    }
  }
  process.exit(130);
}
