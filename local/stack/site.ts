import path from 'node:path';
import { inProject } from '../../config/root.js';
import type { Ports } from './ports.js';
import type { StackSecrets } from './secrets.js';
import type { Tools } from './tools.js';

/** What a component's description is made from. */
export interface Site {
  folders: StackFolders;
  ports: Ports;
  secrets: StackSecrets;
  tools: Tools;
  /** Whether the engine's clock can be moved. */
  travel: boolean;
  /** Whether Operate takes in what the engine exports. */
  operate: boolean;
}

/** Data, logs and running processes of one profile; built things are shared by all. */
export interface StackFolders {
  data: string;
  log: string;
  run: string;
  cache: string;
}

export type Profile = 'demo' | 'start' | 'test';

/** The folders of a profile below `home` (default: .merzim in the project). */
export function stackFolders(profile: Profile, home = inProject('.merzim')): StackFolders {
  return {
    data: path.join(home, 'data', profile),
    log: path.join(home, 'log', profile),
    run: path.join(home, 'run', profile),
    cache: inProject('.merzim', 'cache'),
  };
}

/** What every process gets of the environment: where programs and certificates are, nothing that configures by accident. */
export function plainEnvironment(): Record<string, string> {
  const kept = [
    'PATH',
    'HOME',
    'USER',
    'LANG',
    'LC_ALL',
    'TMPDIR',
    'SSL_CERT_FILE',
    'SSL_CERT_DIR',
    'NODE_EXTRA_CA_CERTS',
  ];
  return {
    ...Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    TZ: 'UTC',
  };
}

/** Whether a GET is answered with a status below 400 within two seconds. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: 'manual' });
  await response.arrayBuffer();
  return response.status < 400;
}
