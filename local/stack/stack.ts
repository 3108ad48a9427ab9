import { mkdirSync, rmSync } from 'node:fs';
import mongoose from 'mongoose';
import { readClockOffset } from '../../core/clock.js';
import { refuseUnfinished } from '../backup/place.js';
import { broker, opensearch, opensearchUrl, web } from './components/camunda.js';
import { mongod, mongodAdminUri } from './components/mongod.js';
import { app, isAppBuilt, isBuilt, localServer, mail, type AppName } from './components/node.js';
import { setOffset } from './engine-clock.js';
import { choosePorts, type Ports } from './ports.js';
import { stackSecrets } from './secrets.js';
import { applicationSettings, bringable, brought, identitySettings, skudSettings, type Bringable } from './settings.js';
import { stackFolders, type Profile, type Site, type StackFolders } from './site.js';
import { Supervisor, type ComponentFailure, type ComponentSpec, type StackEvent } from './supervisor.js';
import { readTools } from './tools.js';
import { readLocalUsers, writeWebUsers } from './web-users.js';

export interface StackOptions {
  profile: Profile;
  /** Folder of data, logs and running processes; default .merzim of the project. */
  home?: string;
  /** Added to every port; default MERZIM_PORT_OFFSET, or 1000 for tests and 0 else. */
  portOffset?: number;
  /** Whether the engine's clock can be moved. Its offset is kept in MongoDB and set again at each start. */
  travel?: boolean;
  /** Whether Operate takes in what the engine exports; default true. It costs OpenSearch more than everything else together. */
  operate?: boolean;
  /** Removes this profile's data first. */
  fresh?: boolean;
  /** Processes of the application to start; default none. */
  apps?: AppName[];
  /** Further settings of the application's processes. */
  extraEnv?: Record<string, string>;
  onProgress?: (event: StackEvent) => void;
  /** Stops the stack, also while it starts: startStack then throws. */
  signal?: AbortSignal;
  /** Called when everything has been stopped, for whatever reason. */
  onStopped?: () => void;
  /** Called when a component ended by itself, after everything has been stopped. */
  onFailure?: (failure: ComponentFailure) => void;
}

/** One process of a running stack, for those who test faults. */
export interface ComponentHandle {
  readonly name: string;
  readonly pid: number | null;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

export interface Stack {
  /** All settings of an application process. */
  env: Record<string, string>;
  ports: Ports;
  folders: StackFolders;
  /** Administrator's address of the embedded mongod; null when the database is the user's. */
  adminMongodbUri: string | null;
  /** Milliseconds that each component took to get ready, and `total`. */
  timings: Record<string, number>;
  pids(): Record<string, number>;
  component(name: string): ComponentHandle;
  /** Resident bytes of all processes of the stack. */
  rssBytes(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts what the environment doesn't bring (see `bringable`), waits until all of it is ready, and hands back its settings. Throws
 * AlreadyRunningError, PortsTakenError or ComponentFailure, with nothing left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const begun = performance.now();
  const given = process.env;
  const folders = stackFolders(options.profile, options.home);
  const offset = options.portOffset ?? Number(given.MERZIM_PORT_OFFSET ?? (options.profile === 'test' ? 1000 : 0));
  const ports = choosePorts(offset, given);
  const timings: Record<string, number> = {};
  const supervisor = new Supervisor({
    runFolder: folders.run,
    logFolder: folders.log,
    onProgress: (event) => {
      if (event.kind === 'ready') timings[event.component] = Math.round(event.tookMs);
      options.onProgress?.(event);
    },
    onFailure: options.onFailure,
    onStopped: options.onStopped,
  });
  await supervisor.take();
  const abort = (): void => void supervisor.stop();
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  try {
    if (options.fresh) rmSync(folders.data, { recursive: true, force: true });
    mkdirSync(folders.data, { recursive: true, mode: 0o700 });
    refuseUnfinished(folders.data);
    const site: Site = {
      folders,
      ports,
      secrets: stackSecrets(folders.data),
      tools: readTools(),
      travel: options.travel ?? false,
      operate: options.operate ?? true,
    };
    const env = { ...applicationSettings(site, given), ...options.extraEnv };
    const specs = describeStack(site, env, options, (component, reason) =>
      options.onProgress?.({ kind: 'skipped', component, reason, elapsedMs: performance.now() - begun }),
    );
    await supervisor.start(specs);
    timings.total = Math.round(performance.now() - begun);
    return {
      env,
      ports,
      folders,
      timings,
      adminMongodbUri: brought(given).has('database') ? null : mongodAdminUri(site),
      pids: () => supervisor.pids(),
      component: (name) => ({
        name,
        get pid() {
          return supervisor.pids()[name] ?? null;
        },
        stop: () => supervisor.stopOne(name),
        kill: (signal) => supervisor.killOne(name, signal),
        start: () => supervisor.startOne(name),
      }),
      rssBytes: () => Promise.resolve(supervisor.residentBytes()),
      stop: () => supervisor.stop(),
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** Everything to start, in no order: each says what it depends on. */
function describeStack(
  site: Site,
  env: Record<string, string>,
  options: StackOptions,
  skipped: (component: string, reason: string) => void,
): ComponentSpec[] {
  const given = brought(process.env);
  const specs: ComponentSpec[] = [];
  const embed = (kind: Bringable, make: () => ComponentSpec[]): void => {
    if (given.has(kind)) skipped(kind, `${bringable[kind]} is set: using that`);
    else specs.push(...make());
  };
  embed('database', () => [mongod(site)]);
  embed('engine', () => [
    opensearch(site),
    {
      ...broker(site),
      ...(site.travel ? travelling(site, env) : {}),
      dependsOn: given.has('database') ? ['opensearch'] : ['opensearch', 'mongod'],
    },
    web(site, () => writeWebUsers(opensearchUrl(site), readLocalUsers())),
  ]);
  embed('mail', () => [mail(site)]);
  const server = (name: 'identity' | 'nit' | 'skud', file: string, make: () => ComponentSpec): void =>
    embed(name, () => {
      if (isBuilt(file)) return [make()];
      skipped(name, `dist/${file} is not built`);
      return [];
    });
  server('identity', 'local/identity/main.js', () =>
    localServer(
      'identity',
      'local/identity/main.js',
      site.ports.identity,
      '/.well-known/openid-configuration',
      identitySettings(env),
    ),
  );
  server('nit', 'local/simulators/nit/main.js', () =>
    localServer('nit', 'local/simulators/nit/main.js', site.ports.nit, '/health', {
      CLIENT_ID: env.NIT_CLIENT_ID ?? '',
      CLIENT_SECRET: env.NIT_CLIENT_SECRET ?? '',
    }),
  );
  server('skud', 'local/simulators/skud/main.js', () =>
    localServer('skud', 'local/simulators/skud/main.js', site.ports.skud, '/health', skudSettings(env)),
  );
  const infrastructure = specs.map(({ name }) => name);
  // Who signs is alone in having the key.
  const { SEALER_KEY: _key, ...unsigned } = env;
  for (const name of options.apps ?? []) {
    if (isAppBuilt(name)) specs.push(app(site, name, name === 'sealer' ? env : unsigned, infrastructure));
    else skipped(name, 'its program is not built');
  }
  return specs;
}

/** The broker forgets its offset at each start: it is set again from MongoDB before any worker goes on. */
function travelling(site: Site, env: Record<string, string>): Pick<ComponentSpec, 'afterReady'> {
  return {
    afterReady: async () => {
      const connection = await mongoose
        .createConnection(env.MONGODB_URI ?? '', { dbName: env.MONGODB_DATABASE })
        .asPromise();
      try {
        await setOffset(`http://127.0.0.1:${site.ports.management}`, await readClockOffset(connection));
      } finally {
        await connection.close();
      }
    },
  };
}
