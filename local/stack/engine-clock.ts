/**
 * The controllable clock of the embedded broker (only with travel on). Its offset is lost when the broker restarts; the stack then
 * sets it again from MongoDB before anything else goes on.
 */

/** How far the engine's clock is ahead of the system's, milliseconds. Throws when the engine can't be asked. */
export async function readOffset(managementUrl: string): Promise<number> {
  const { instant, epochMilli } = (await call(managementUrl, 'GET', '')) as { instant: string; epochMilli: number };
  const moment = Number.isFinite(epochMilli) ? epochMilli : Date.parse(instant);
  return moment - (performance.timeOrigin + performance.now());
}

/** Moves the engine's clock forward by so many milliseconds (never back: timers that have fired stay fired). */
export async function addOffset(managementUrl: string, ms: number): Promise<void> {
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new Error(`addOffset: ${ms} ms; expected a whole number, not negative`);
  await call(managementUrl, 'POST', '/add', { offsetMilli: ms });
}

/** Puts the engine's clock so many milliseconds ahead of the system's. */
export async function setOffset(managementUrl: string, ms: number): Promise<void> {
  await call(managementUrl, 'DELETE', '');
  if (ms > 0) await addOffset(managementUrl, ms);
}

/** Stops the engine's clock at a moment, until `setOffset` lets it go on: for what must not happen one second before another moment. */
export async function pinClock(managementUrl: string, moment: Date): Promise<void> {
  await call(managementUrl, 'POST', '/pin', { epochMilli: moment.getTime() });
}

async function call(managementUrl: string, method: string, path: string, body?: object): Promise<unknown> {
  const url = `${managementUrl.replace(/\/$/, '')}/actuator/clock${path}`;
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(10_000),
    // The engine refuses a POST without a content type, whether it has a body or not.
    ...(method === 'POST' ? { body: JSON.stringify(body ?? {}), headers: { 'content-type': 'application/json' } } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text.slice(0, 200)}`);
  return text === '' ? null : JSON.parse(text);
}
