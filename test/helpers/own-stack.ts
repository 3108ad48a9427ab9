import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadSettings, type Settings } from '../../config/index.js';
import { composeServices } from '../../core/compose.js';
import type { Services } from '../../core/services.js';
import { Actor } from '../../local/play/actor.js';
import { awaitForms } from '../../local/play/deployed.js';
import { seed } from '../../local/play/seed.js';
import { startStack, type Stack } from '../../local/stack/stack.js';
import { readLocalUsers } from '../../local/stack/web-users.js';
import { deployAll, readResources } from '../../workers/deployment.js';
import { createEngine, type Engine } from '../../workers/engine.js';

/** A stack of a test file's own, with every process of the application as a real process: to be killed, and to be searched to its last file. */
export interface OwnStack {
  stack: Stack;
  settings: Settings;
  services: Services;
  engine: Engine;
  /** Folder of data, logs and running processes. */
  home: string;
  signIn(login: string): Promise<Actor>;
  stop(): Promise<void>;
}

export async function startOwnStack(portOffset: number): Promise<OwnStack> {
  const home = mkdtempSync(path.join(tmpdir(), 'merzim-test-'));
  const stack = await startStack({
    profile: 'test',
    home,
    portOffset,
    travel: true,
    fresh: true,
    apps: ['api', 'worker', 'relay', 'watchdog'],
  });
  const settings = loadSettings(stack.env);
  const services = await composeServices({ ...settings, log: { level: 'silent' } }, 'test');
  const engine = createEngine(settings);
  await seed(services.database, settings.vault.masterKey);
  await deployAll(engine, readResources());
  await awaitForms(stack.env['OPENSEARCH_URL']!);
  return {
    stack,
    settings,
    services,
    engine,
    home,
    signIn: (login) => {
      const user = readLocalUsers().find((candidate) => candidate.login === login);
      if (!user) throw new Error(`local/identity/users.json has no ${login}`);
      return Actor.signIn(settings.web.publicUrl, login, user.password);
    },
    stop: async () => {
      await engine.close();
      await services.database.close();
      await stack.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
