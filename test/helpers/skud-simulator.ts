import { startSimulator } from './simulator.js';

export interface SeenRequest {
  atMs: number;
  operation: 'describe' | 'create' | 'search' | 'read' | 'change' | 'remove';
  /** Null while it is worked on; 0 when the line was gone. */
  status: number | null;
  id?: string;
}

/** An account as the simulator keeps it; moments are ISO 8601. */
export interface KeptAccount {
  id: string;
  externalId?: string;
  userName: string;
  active: boolean;
  entitlements: { value: string; type?: string }[];
  mustChangePassword: boolean;
  passwordChangedAt?: string;
  lastSignInAt?: string;
}

export interface SkudSimulator {
  /** Settings of an application that uses it. */
  env: { SKUD_URL: string; SKUD_TOKEN: string; SKUD_EVENTS_SECRET: string };
  settings: { url: string; token: string };
  /** Tells it how to behave; see local/simulators/skud/README.md. */
  control(body: Record<string, unknown>): Promise<void>;
  /** Forgets faults, requests and accounts. */
  reset(): Promise<void>;
  seen(): Promise<{ accounts: KeptAccount[]; requests: SeenRequest[]; events: { kind: string; status: number }[] }>;
  /** What a user does; answers the HTTP status and the code of a refusal. */
  signIn(login: string, password: string, newPassword?: string): Promise<{ status: number; code?: string }>;
  stop(): Promise<void>;
}

export async function startSkudSimulator(env: Record<string, string> = {}): Promise<SkudSimulator> {
  const secret = 'events-secret-of-thirty-two-characters';
  const { url, control, stop } = await startSimulator('skud', { TOKEN: 'token', EVENTS_SECRET: secret, ...env });
  const scim = `${url}/scim/v2`;
  return {
    env: { SKUD_URL: scim, SKUD_TOKEN: 'token', SKUD_EVENTS_SECRET: secret },
    settings: { url: scim, token: 'token' },
    control: async (body) => void (await control('POST', body)),
    reset: async () => void (await control('DELETE')),
    seen: () => control('GET') as ReturnType<SkudSimulator['seen']>,
    signIn: async (login, password, newPassword) => {
      const body = JSON.stringify({ login, password, newPassword });
      const answer = await fetch(`${url}/sign-in`, { method: 'POST', body });
      const { code } = (await answer.json()) as { code?: string };
      return { status: answer.status, ...(code === undefined ? {} : { code }) };
    },
    stop,
  };
}
