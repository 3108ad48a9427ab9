import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inProject } from '../../config/root.js';
import { freePort } from './ports.js';

/** Where the set-up put PyPI's scim2-server with what it needs (local/setup/scim.mjs). */
const folder = inProject('.merzim', 'cache', 'scim2-server');

/** Why it can't be run here, or null. */
export function scim2ServerMissing(): string | null {
  return existsSync(path.join(folder, 'scim2_server'))
    ? null
    : 'scim2-server is not there: the set-up found no Python 3.11 with pip, or pip could not fetch it';
}

export interface Scim2Server {
  settings: { url: string; token: string };
  stop(): Promise<void>;
}

/** Starts an implementation of SCIM 2.0 that has nothing to do with ours, with the extension that connectors/skud/schema.json publishes. */
export async function startScim2Server(): Promise<Scim2Server> {
  const work = await mkdtemp(path.join(tmpdir(), 'merzim-scim-'));
  const resources = path.join(folder, 'scim2_server', 'resources');
  const schemas = JSON.parse(readFileSync(path.join(resources, 'default-schemas.json'), 'utf8')) as unknown[];
  const own = JSON.parse(readFileSync(inProject('connectors', 'skud', 'schema.json'), 'utf8')) as { id: string };
  const types = JSON.parse(readFileSync(path.join(resources, 'default-resource-types.json'), 'utf8')) as {
    id: string;
    schemaExtensions?: { schema: string; required: boolean }[];
  }[];
  for (const type of types)
    if (type.id === 'User')
      type.schemaExtensions = [...(type.schemaExtensions ?? []), { schema: own.id, required: false }];
  writeFileSync(path.join(work, 'schemas.json'), JSON.stringify([...schemas, own]));
  writeFileSync(path.join(work, 'types.json'), JSON.stringify(types));
  const port = await freePort();
  const child = spawn(
    'python3',
    [
      ...['-m', 'scim2_server.testserver.cli', '--port', String(port), '--bearer-token', 'token'],
      ...['--schema', path.join(work, 'schemas.json'), '--resource-type', path.join(work, 'types.json')],
    ],
    { env: { PATH: process.env.PATH, PYTHONPATH: folder, PYTHONUNBUFFERED: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`scim2-server ended with ${code}: ${log.slice(-500)}`)));
    child.stdout.once('data', () => resolve());
  });
  return {
    settings: { url: `http://127.0.0.1:${port}/v2`, token: 'token' },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await rm(work, { recursive: true });
    },
  };
}
