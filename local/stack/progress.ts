import type { StackEvent } from './supervisor.js';

/** A line for each event of a stack, for a terminal or a log. */
export function printProgress(event: StackEvent): void {
  const at = `${(event.elapsedMs / 1000).toFixed(1)} s`.padStart(8);
  const name = event.component.padEnd(11);
  if (event.kind === 'ready') console.log(`${at}  ${name} ready after ${(event.tookMs / 1000).toFixed(1)} s`);
  else if (event.kind === 'skipped') console.log(`${at}  ${name} not started: ${event.reason}`);
  else if (event.kind === 'failed') console.error(`${at}  ${name} ${event.reason}`);
  else console.log(`${at}  ${name} ${event.kind}`);
}
