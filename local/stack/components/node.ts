import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../../config/root.js';
import type { ComponentSpec } from '../supervisor.js';
import { answers, plainEnvironment, type Site } from '../site.js';

const host = '127.0.0.1';

/** Node takes what it gets: a smaller nursery and fewer malloc arenas save 30 MB a process, which are many here. */
const lean = ['--max-semi-space-size=4', '--enable-source-maps'];
const leanEnvironment = { MALLOC_ARENA_MAX: '2' };

/** The application's processes by name, with the file each is. */
const entries = {
  api: 'api/server.js',
  worker: 'workers/main.js',
  relay: 'workers/relay-main.js',
  sealer: 'workers/sealer-main.js',
  watchdog: 'workers/watchdog-main.js',
};

export type AppName = keyof typeof entries;
export const appNames = Object.keys(entries) as AppName[];

/** Whether a compiled program is there; `file` is a path below dist/. */
export function isBuilt(file: string): boolean {
  return existsSync(inProject('dist', file));
}

export function isAppBuilt(name: AppName): boolean {
  return isBuilt(entries[name]);
}

/** A process of the application, with all its settings in its environment. */
export function app({ ports }: Site, name: AppName, env: Record<string, string>, dependsOn: string[]): ComponentSpec {
  const port = ports[name];
  return {
    name,
    command: {
      command: process.execPath,
      args: [...lean, inProject('dist', entries[name])],
      env: {
        ...plainEnvironment(),
        ...leanEnvironment,
        ...env,
        ...(name === 'api' ? {} : { HEALTH_PORT: String(port) }),
      },
      cwd: inProject(),
    },
    ports: [port],
    dependsOn,
    ready: () => answers(`http://${host}:${port}/health/ready`),
    graceMs: 20_000,
  };
}

/** Accepts mails by SMTP and shows them on a page. It keeps them in files and writes nothing of them to its log. */
export function mail({ ports, folders }: Site): ComponentSpec {
  const folder = path.join(folders.data, 'mail');
  mkdirSync(folder, { recursive: true });
  return {
    name: 'mail',
    command: {
      command: process.execPath,
      args: [
        ...lean,
        inProject('node_modules', 'maildev', 'dist', 'bin', 'maildev.js'),
        ...['--smtp', String(ports.smtp), '--ip', host, '--web', String(ports.mailWeb), '--web-ip', host],
        ...['--mail-directory', folder, '--silent'],
      ],
      env: { ...plainEnvironment(), ...leanEnvironment },
      cwd: folder,
    },
    ports: [ports.smtp, ports.mailWeb],
    ready: () => answers(`http://${host}:${ports.mailWeb}/api/healthz`),
  };
}

/** A server of local/ (identity provider, simulators) that reads its settings from the environment. */
export function localServer(
  name: 'identity' | 'nit' | 'skud',
  file: string,
  port: number,
  probe: string,
  env: Record<string, string>,
): ComponentSpec {
  return {
    name,
    command: {
      command: process.execPath,
      args: [...lean, inProject('dist', file)],
      env: { ...plainEnvironment(), HOST: host, PORT: String(port), NODE_ENV: env.NODE_ENV ?? 'development', ...env },
      cwd: inProject(),
    },
    ports: [port],
    ready: () => answers(`http://${host}:${port}${probe}`),
  };
}
