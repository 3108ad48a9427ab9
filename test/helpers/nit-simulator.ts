import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../..', import.meta.url));

export interface SeenRequest {
  atMs: number;
  operation: 'token' | 'create' | 'find' | 'status' | 'part';
  status: number;
  exportId?: string;
  part?: number;
}

export interface NitSimulator {
  url: string;
  settings: { url: string; clientId: string; clientSecret: string };
  /** Tells it how to behave; see local/simulators/nit/README.md. */
  control(body: Record<string, unknown>): Promise<void>;
  /** Forgets the waiting faults and the requests seen so far; exports stay. */
  reset(): Promise<void>;
  /** What it has seen since the last reset. */
  seen(): Promise<{ exports: { exportId: string; idempotencyKey: string }[]; requests: SeenRequest[] }>;
  stop(): Promise<void>;
}

/** Starts the NIT simulator as the process of its own that it is in the demo. */
export async function startNitSimulator(env: Record<string, string> = {}): Promise<NitSimulator> {
  const child = spawn(
    process.execPath,
    ['--import', './test/helpers/typescript-loader.mjs', 'local/simulators/nit/main.ts'],
    {
      cwd: project,
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        PREPARE_MS: '0',
        NIT_CLIENT_ID: 'it',
        NIT_CLIENT_SECRET: 's:%',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the NIT simulator ended with ${code} before it listened`)));
    child.stdout.once('data', (line: Buffer) => resolve((JSON.parse(line.toString()) as { url: string }).url));
  });
  const call = async (method: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/control`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`control: ${await answer.text()}`);
    return answer.json();
  };
  return {
    url,
    settings: { url, clientId: 'it', clientSecret: 's:%' },
    control: async (body) => void (await call('POST', body)),
    reset: async () => void (await call('DELETE')),
    seen: () => call('GET') as ReturnType<NitSimulator['seen']>,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
