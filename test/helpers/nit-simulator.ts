import { startSimulator } from './simulator.js';

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
  const settings = { PREPARE_MS: '0', NIT_CLIENT_ID: 'it', NIT_CLIENT_SECRET: 's:%' };
  const { url, control, stop } = await startSimulator('nit', { ...settings, ...env });
  return {
    url,
    settings: { url, clientId: 'it', clientSecret: 's:%' },
    control: async (body) => void (await control('POST', body)),
    reset: async () => void (await control('DELETE')),
    seen: () => control('GET') as ReturnType<NitSimulator['seen']>,
    stop,
  };
}
