import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadSettings, type Settings } from '../../config/index.js';
import { mongod } from '../stack/components/mongod.js';
import { choosePorts } from '../stack/ports.js';
import { stackSecrets } from '../stack/secrets.js';
import { applicationSettings, brought } from '../stack/settings.js';
import { stackFolders, type Profile, type Site } from '../stack/site.js';
import { Supervisor } from '../stack/supervisor.js';
import { readTools } from '../stack/tools.js';

/** What is backed up or restored: the embedded stack of a profile, standing still but for its mongod, or a MongoDB that is somebody's own. */
export interface Place {
  settings: Settings;
  /** Data of the embedded stack, where the engine's are; null where MongoDB is the user's own. */
  dataFolder: string | null;
  /** Starts the embedded mongod; nothing else of the stack runs meanwhile. */
  startDatabase(): Promise<void>;
  /** Ends what was started, and lets the stack be started again. */
  leave(): Promise<void>;
}

export interface PlaceOptions {
  profile: Profile;
  home?: string | undefined;
  portOffset?: number | undefined;
}

/** @throws AlreadyRunningError while the stack of the profile runs: what it writes meanwhile would be of another moment. */
export async function openPlace({ profile, home, portOffset }: PlaceOptions): Promise<Place> {
  const given = process.env;
  if (brought(given).has('database')) {
    const nothing = (): Promise<void> => Promise.resolve();
    return { settings: loadSettings(given), dataFolder: null, startDatabase: nothing, leave: nothing };
  }
  const folders = stackFolders(profile, home);
  const supervisor = new Supervisor({ runFolder: folders.run, logFolder: folders.log });
  await supervisor.take();
  try {
    mkdirSync(folders.data, { recursive: true, mode: 0o700 });
    const site: Site = {
      folders,
      ports: choosePorts(portOffset ?? Number(given.MERZIM_PORT_OFFSET ?? 0), given),
      secrets: stackSecrets(folders.data),
      tools: readTools(),
      travel: false,
      operate: true,
    };
    return {
      settings: loadSettings(applicationSettings(site, given)),
      dataFolder: folders.data,
      startDatabase: () => supervisor.start([mongod(site)]),
      leave: () => supervisor.stop(),
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

const markFile = 'restore-unfinished.json';

/** Marks the data of an embedded stack as half restored: nothing starts on them. */
export function markUnfinished(dataFolder: string, backup: string): void {
  writeFileSync(path.join(dataFolder, markFile), `${JSON.stringify({ backup })}\n`, { mode: 0o600 });
}

export function unmarkUnfinished(dataFolder: string): void {
  rmSync(path.join(dataFolder, markFile), { force: true });
}

/** @throws Error when a restore into this folder was not brought to its end. */
export function refuseUnfinished(dataFolder: string): void {
  const file = path.join(dataFolder, markFile);
  if (!existsSync(file)) return;
  const { backup } = JSON.parse(readFileSync(file, 'utf8')) as { backup: string };
  throw new Error(
    `${dataFolder}: the restore of backup ${backup} was not brought to its end; call npm run restore again, with --replace`,
  );
}
