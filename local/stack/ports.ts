import { createServer } from 'node:net';
import { portHolder } from './processes.js';

/** Ports of the local stack before the offset; each can be set by MERZIM_PORT_<NAME>. */
const defaults = {
  mongod: 27017,
  opensearch: 9201,
  opensearchTransport: 9301,
  grpc: 26500,
  brokerCommand: 26501,
  brokerInternal: 26502,
  rest: 8088,
  management: 9600,
  web: 8080,
  webManagement: 9601,
  webInternal: 26503,
  smtp: 1025,
  mailWeb: 1080,
  identity: 8460,
  nit: 8470,
  skud: 8480,
  api: 3000,
  worker: 3011,
  relay: 3012,
  sealer: 3013,
  watchdog: 3014,
};

/** Ports that browsers and fetch refuse (the Fetch standard's "bad ports"), of those in reach. */
const refusedByBrowsers = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
]);

export type PortName = keyof typeof defaults;
export type Ports = Record<PortName, number>;

/** The ports of a stack: default plus offset, or what MERZIM_PORT_<NAME> says (MERZIM_PORT_MAIL_WEB for mailWeb). Throws on a wrong one. */
export function choosePorts(offset: number, env: Record<string, string | undefined>): Ports {
  const ports = { ...defaults };
  for (const name of Object.keys(defaults) as PortName[]) {
    const setting = `MERZIM_PORT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    const given = env[setting];
    const port = given === undefined || given === '' ? defaults[name] + offset : Number(given);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Error(
        `${given ? setting : `port of ${name}`}: ${given ?? port} is no port; expected a whole number from 1 to 65535`,
      );
    }
    if (refusedByBrowsers.has(port)) {
      throw new Error(`port of ${name}: browsers refuse ${port}; choose another offset, or set ${setting}`);
    }
    ports[name] = port;
  }
  return ports;
}

/** Ports that something else listens on already, each with who holds it. */
export class PortsTakenError extends Error {
  override readonly name = 'PortsTakenError';
  constructor(
    readonly taken: readonly { component: string; port: number; holder: { pid: number; command: string } | null }[],
  ) {
    super(
      taken
        .map(({ component, port, holder }) => {
          const who = holder ? `process ${holder.pid} (${holder.command})` : 'a process that this user may not look at';
          return `port ${port} (${component}) is taken by ${who}`;
        })
        .join('\n'),
    );
  }
}

/** Throws {@link PortsTakenError} naming every port of the list that can't be listened on. Starts nothing. */
export async function assertPortsFree(wanted: readonly { component: string; port: number }[]): Promise<void> {
  const taken = [];
  for (const { component, port } of wanted) {
    if (!(await isFree(port))) taken.push({ component, port, holder: portHolder(port) });
  }
  if (taken.length > 0) throw new PortsTakenError(taken);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
