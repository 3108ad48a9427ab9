import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));

export interface Simulator {
  url: string;
  /** Calls its control endpoint; throws what it answers when that is no success. */
  control(method: 'GET' | 'POST' | 'DELETE', body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a simulator of local/simulators as the process of its own that it is in the demo. */
export async function startSimulator(name: 'nit' | 'skud', env: Record<string, string>): Promise<Simulator> {
  const child = spawn(
    process.execPath,
    ['--import', './test/helpers/typescript-loader.mjs', `local/simulators/${name}/main.ts`],
    { cwd: project, env: { PATH: process.env.PATH, PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the ${name} simulator ended with ${code} before it listened`)));
    child.stdout.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { url: string }).url));
  });
  return {
    url,
    control: async (method, body) => {
      const answer = await fetch(`${url}/control`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
      if (!answer.ok) throw new Error(`control: ${await answer.text()}`);
      return (await answer.json()) as unknown;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
