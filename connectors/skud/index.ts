import type { Settings } from '../../config/index.js';
import { PermanentError } from '../../core/errors.js';
import { createSkudClient, type SkudClient } from './client.js';

export { skudErrors } from './contract.js';
export type { SkudClient } from './client.js';

const clients = new WeakMap<object, SkudClient>();

/** The client of a process. @throws PermanentError where no SKUD is configured. */
export function skudClient(settings: Settings['skud']): SkudClient {
  if (!settings) throw new PermanentError('SKUD_URL: is not set, so there are no accounts', { field: 'SKUD_URL' });
  let client = clients.get(settings);
  if (!client) clients.set(settings, (client = createSkudClient(settings)));
  return client;
}
