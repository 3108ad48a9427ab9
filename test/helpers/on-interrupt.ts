type OnInterrupt = (stop: () => Promise<unknown>) => () => void;

/** Calls `stop` when the run of the tests is interrupted (test/interruptions.mjs). Returns what takes that back. */
export function onInterrupt(stop: () => Promise<unknown>): () => void {
  return (globalThis as unknown as { merzimOnInterrupt: OnInterrupt }).merzimOnInterrupt(stop);
}
