import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadSettings, type Settings } from '../../config/index.js';
import { composeServices } from '../../core/compose.js';
import type { Services } from '../../core/services.js';
import { Actor } from '../../local/play/actor.js';
import { awaitForms } from '../../local/play/deployed.js';
import { seed } from '../../local/play/seed.js';
import type { AppName } from '../../local/stack/components/node.js';
import { startStack, type Stack } from '../../local/stack/stack.js';
import { readLocalUsers } from '../../local/stack/web-users.js';
import { deployAll, readResources } from '../../workers/deployment.js';
import { createEngine, type Engine } from '../../workers/engine.js';
import { onInterrupt } from './on-interrupt.js';

/** A stack of a test file's own, with every process of the application as a real process: to be killed, and to be searched to its last file. */
export interface OwnStack {
  stack: Stack;
  settings: Settings;
  services: Services;
  engine: Engine;
  /** Folder of data, logs and running processes. */
  home: string;
  signIn(login: string): Promise<Actor>;
  /** Removes the folder, unless it was given. */
  stop(): Promise<void>;
}

/** `home`: a folder that is kept; the data of a former start in it go on being used. `operate`: see startStack. */
export async function startOwnStack(
  portOffset: number,
  {
    home: kept,
    apps = ['api', 'worker', 'relay', 'watchdog'],
    operate = true,
  }: { home?: string; apps?: AppName[]; operate?: boolean } = {},
): Promise<OwnStack> {
  const home = kept ?? mkdtempSync(path.join(tmpdir(), 'merzim-test-'));
  const again = existsSync(path.join(home, 'data', 'test', 'mongod'));
  const removeHome = (): void => rmSync(home, { recursive: true, force: true });
  const interrupted = new AbortController();
  let toldStopped = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (toldStopped = resolve));
  const letGo = onInterrupt(async () => {
    interrupted.abort();
    await stopped;
    removeHome();
  });
  const stack = await startStack({
    profile: 'test',
    home,
    portOffset,
    travel: true,
    operate,
    fresh: !again,
    apps,
    signal: interrupted.signal,
    onStopped: toldStopped,
  }).catch((error: unknown) => {
    letGo();
    throw error;
  });
  const settings = loadSettings(stack.env);
  const services = await composeServices({ ...settings, log: { level: 'silent' } }, 'test');
  const engine = createEngine(settings);
  if (!again) await seed(services.database, settings.vault.masterKey);
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
      letGo();
      if (kept === undefined) removeHome();
    },
  };
}
