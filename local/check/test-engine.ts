import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Camunda8 } from '@camunda8/sdk';
import { need, readTools } from '../stack/tools.js';
import { glob } from './files.js';

const startMs = 60_000;

/**
 * Deploys all diagrams, decision tables and forms at once to Camunda's in-memory test engine of release 8.8, which reads them more
 * strictly than the embedded 8.6: what it refuses would fail on a newer cluster. Returns how many definitions it took.
 * @throws Error with the engine's own words, which name file and element.
 */
export async function deployOnTestEngine(root: string): Promise<number> {
  const tools = readTools();
  const port = await freePort();
  const java = path.join(need(tools, 'javaHome'), 'bin', 'java');
  const classes = path.join(need(tools, 'engineDir'), 'test-engine', '*');
  const engine = spawn(java, ['-Xmx512m', '-XX:+UseSerialGC', '-cp', classes, 'merzim.TestEngine', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(engine, 'exit');
  const said: string[] = [];
  engine.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  try {
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: engine.stdout }).on('line', (line) => {
        if (line.startsWith('ready on port')) resolve();
      });
    });
    const late = AbortSignal.timeout(startMs);
    const failed = Promise.race([ended, once(late, 'abort')]).then(() => {
      throw new Error(`the test engine did not start:\n${said.join('').slice(-2_000)}`);
    });
    await Promise.race([ready, failed]);
    failed.catch(() => undefined);
    return await deploy(root, port);
  } finally {
    engine.kill('SIGKILL');
    await ended;
  }
}

async function deploy(root: string, port: number): Promise<number> {
  const files = await glob(root, 'bpmn', '.bpmn', '.dmn', '.form');
  const client = new Camunda8({
    ZEEBE_GRPC_ADDRESS: `grpc://127.0.0.1:${port}`,
    CAMUNDA_AUTH_STRATEGY: 'NONE',
    zeebeGrpcSettings: { ZEEBE_CLIENT_LOG_LEVEL: 'NONE' },
  }).getZeebeGrpcApiClient();
  try {
    const resources = await Promise.all(
      files.map(async (file) => {
        const content = await readFile(path.join(root, file));
        const name = path.basename(file);
        if (file.endsWith('.bpmn')) return { name, process: content };
        return file.endsWith('.dmn') ? { name, decision: content } : { name, form: content };
      }),
    );
    const { deployments } = await client.deployResources(resources);
    return deployments.length;
  } finally {
    await client.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
