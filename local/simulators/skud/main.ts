import type { AddressInfo } from 'node:net';
import { createSkudSimulator } from './server.js';

const env = process.env;
const host = env.HOST ?? '127.0.0.1';
const port = Number(env.PORT ?? 0);

const server = createSkudSimulator({
  token: env.TOKEN ?? 'skud-token',
  events: {
    url: env.EVENTS_URL || undefined,
    secret: env.EVENTS_SECRET ?? 'skud-events-secret-of-32-characters',
    issuer: env.EVENTS_ISSUER ?? 'skud',
    audience: env.EVENTS_AUDIENCE ?? 'merzim',
  },
});

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(JSON.stringify({ level: 'error', component: 'skud-simulator', code: error.code, host, port }));
  process.exit(1);
});
server.listen(port, host, () => {
  const { port: chosen } = server.address() as AddressInfo;
  console.log(JSON.stringify({ level: 'info', component: 'skud-simulator', url: `http://${host}:${chosen}` }));
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
