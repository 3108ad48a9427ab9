import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { ApiSite } from './api-site.js';
import { startSkudSimulator, type SkudSimulator } from './skud-simulator.js';
import { WorkerSite } from './worker-site.js';

/** The whole API, its workers without an engine, and the SKUD that both use. */
export interface OnSkud {
  skud: SkudSimulator;
  site: ApiSite;
  workers: WorkerSite;
}

/** Has them for the tests of a file, SKUD as new for each: `onSkud((given) => ({ skud, site, workers } = given))`. `env` adds to the settings. */
export function onSkud(take: (given: OnSkud) => unknown, env: Record<string, string> = {}): void {
  let skud: SkudSimulator | undefined;
  let site: ApiSite | undefined;
  beforeAll(async () => {
    skud = await startSkudSimulator();
    site = await ApiSite.start({ ...skud.env, ...env });
    await take({ skud, site, workers: WorkerSite.of(site.services) });
  }, 120_000);
  afterAll(async () => {
    await site?.stop();
    await skud?.stop();
  });
  beforeEach(() => skud?.reset());
}
