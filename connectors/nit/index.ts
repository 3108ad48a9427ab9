import type { Settings } from '../../config/index.js';
import { createNitClient, type NitClient } from './client.js';

export { downloadExtract, type DownloadProgress, type PartStore } from './download.js';
export { nitErrors } from './contract.js';
export { nitMetrics, registerNitMetrics } from './metrics.js';
export type { NitClient } from './client.js';

const clients = new WeakMap<object, NitClient>();

/** The client of a process: one for its settings, so that all of its steps share an access token. */
export function nitClient(settings: Settings['nit']): NitClient {
  let client = clients.get(settings);
  if (!client) clients.set(settings, (client = createNitClient(settings)));
  return client;
}
