import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { startTicks } from '../../local/stack/processes.js';
import { Supervisor, type ComponentSpec, type SupervisorOptions } from '../../local/stack/supervisor.js';
import { freePort } from '../helpers/ports.js';

const fixtures = inProject('test', 'fixtures', 'stack');
let folder: string;
let supervisors: Supervisor[];
let servers: Server[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'merzim-supervisor-'));
  supervisors = [];
  servers = [];
});

afterEach(async () => {
  for (const supervisor of supervisors) await supervisor.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function supervise(options: Partial<SupervisorOptions> = {}): Promise<Supervisor> {
  const supervisor = new Supervisor({
    runFolder: path.join(folder, 'run'),
    logFolder: path.join(folder, 'log'),
    pollMs: 20,
    ...options,
  });
  await supervisor.take();
  supervisors.push(supervisor);
  return supervisor;
}

async function component(
  name: string,
  changes: Partial<ComponentSpec> & { manner?: string } = {},
): Promise<ComponentSpec> {
  const port = changes.ports?.[0] ?? (await freePort());
  const { manner, ...rest } = changes;
  return {
    name,
    command: {
      command: process.execPath,
      args: [path.join(fixtures, 'server.mjs'), String(port), ...(manner ? [manner] : [])],
      env: { PATH: process.env.PATH ?? '', NAME: name, ORDER_FILE: path.join(folder, 'order') },
      cwd: folder,
    },
    ports: [port],
    ready: async () => (await fetch(`http://127.0.0.1:${port}/`)).ok,
    graceMs: 5_000,
    ...rest,
  };
}

const order = (): string[] => readFileSync(path.join(folder, 'order'), 'utf8').trim().split('\n');

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 5_000; waited += 50) {
    if (startTicks(pid) === null) return true;
    await sleep(50);
  }
  return false;
}

describe('a supervisor', () => {
  test('starts each component after what it depends on, and stops in reverse', async () => {
    const supervisor = await supervise();
    await supervisor.start([
      await component('web', { dependsOn: ['broker'] }),
      await component('broker', { dependsOn: ['search'] }),
      await component('search'),
    ]);
    const pids = Object.values(supervisor.pids());
    await supervisor.stop();
    expect(order()).toEqual(['start search', 'start broker', 'start web', 'stop web', 'stop broker', 'stop search']);
    expect(pids).toHaveLength(3);
    expect(pids.map(startTicks)).toEqual([null, null, null]);
  });

  test('writes the output of each component to a file of its own', async () => {
    const supervisor = await supervise();
    await supervisor.start([await component('one'), await component('two')]);
    expect(readFileSync(path.join(folder, 'log', 'one.log'), 'utf8')).toBe('one listens\n');
    expect(readFileSync(path.join(folder, 'log', 'two.log'), 'utf8')).toBe('two listens\n');
  });

  test('stops all and tells the end of the log when a component ends by itself', async () => {
    let report!: (failure: Error) => void;
    const failed = new Promise<Error>((resolve) => (report = resolve));
    const supervisor = await supervise({ onFailure: (failure) => report(failure) });
    await supervisor.start([await component('one'), await component('two', { manner: 'mortal' })]);
    const pid = supervisor.pids().one as number;
    const { message } = await failed;
    expect(message).toContain('two ended by itself (exit code 3)');
    expect(message).toContain('out of luck');
    expect(startTicks(pid)).toBeNull();
    expect(order()).toContain('stop one');
  });

  test('stops all when a component does not get ready in time', async () => {
    const supervisor = await supervise();
    const specs = [
      await component('one'),
      await component('two', { ready: () => Promise.resolve(false), readyWithinMs: 600 }),
    ];
    await expect(supervisor.start(specs)).rejects.toThrow('two did not get ready within 1 s');
    expect(supervisor.pids()).toEqual({});
    expect(order()).toContain('stop one');
  });

  test('names a taken port and who holds it, and starts nothing', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    servers.push(holder);
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const supervisor = await supervise();
    const specs = [await component('one'), await component('two', { ports: [port] })];
    await expect(supervisor.start(specs)).rejects.toThrow(
      new RegExp(`port ${port} \\(two\\) is taken by process ${process.pid} \\(.*node`),
    );
    expect(() => order()).toThrow('ENOENT');
  });

  test('refuses a second supervisor of the same folder and says who holds it', async () => {
    await supervise();
    await expect(supervise()).rejects.toThrow(
      `a stack is running already from ${path.join(folder, 'run')}: process ${process.pid}`,
    );
  });

  test('gives the folder free when it has stopped', async () => {
    await (await supervise()).stop();
    await expect(supervise()).resolves.toBeInstanceOf(Supervisor);
  });

  test('kills a component that does not stop within its grace time', async () => {
    const supervisor = await supervise();
    await supervisor.start([await component('one', { manner: 'stubborn', graceMs: 300 })]);
    const pid = supervisor.pids().one as number;
    await supervisor.stop();
    expect(startTicks(pid)).toBeNull();
  });

  test('lets a component be killed and started again on purpose while the others go on', async () => {
    const supervisor = await supervise();
    await supervisor.start([await component('one'), await component('two', { dependsOn: ['one'] })]);
    const before = supervisor.pids();
    await supervisor.killOne('one', 'SIGKILL');
    expect(supervisor.pids()).toEqual({ two: before.two });
    await supervisor.startOne('one');
    expect(supervisor.pids().two).toBe(before.two);
    expect(supervisor.pids().one).not.toBe(before.one);
  });

  test('ends the start when it is stopped meanwhile', async () => {
    const supervisor = await supervise();
    const starting = supervisor.start([
      await component('one'),
      await component('two', { dependsOn: ['one'], ready: () => Promise.resolve(false) }),
    ]);
    const outcome = starting.catch((error: unknown) => (error as Error).message);
    while (!supervisor.pids().two) await sleep(20);
    const pids = Object.values(supervisor.pids());
    await supervisor.stop();
    expect(await outcome).toBe('the stack was stopped while it was starting');
    expect(pids.map(startTicks)).toEqual([null, null]);
  });
});

describe('a supervisor killed with -9', () => {
  test('leaves no component running', async () => {
    const port = await freePort();
    const program = spawn(process.execPath, [path.join(fixtures, 'supervise.mjs'), folder, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(program.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(startTicks(pid)).not.toBeNull();
    program.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
  });

  test('does not stand in the way of the next, which ends what was left running', async () => {
    const port = await freePort();
    const left = spawn(process.execPath, [path.join(fixtures, 'server.mjs'), String(port)], {
      detached: true,
      stdio: 'ignore',
    });
    await once(left, 'spawn');
    const pid = left.pid as number;
    const run = path.join(folder, 'run');
    mkdirSync(run);
    writeFileSync(path.join(run, 'supervisor.pid'), JSON.stringify({ pid: 999_999_999, startTicks: '1' }));
    writeFileSync(path.join(run, 'one.pid'), JSON.stringify({ pid, startTicks: startTicks(pid) }));
    await supervise();
    expect(await gone(pid)).toBe(true);
  });

  test('never ends a process that only has the number of one that was left', async () => {
    const run = path.join(folder, 'run');
    mkdirSync(run);
    writeFileSync(path.join(run, 'one.pid'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
    await expect(supervise()).resolves.toBeInstanceOf(Supervisor);
  });
});
