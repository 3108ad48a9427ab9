import type { AddressInfo } from 'node:net';
import { createNitSimulator } from './server.js';

const env = process.env;
const host = env.HOST ?? '127.0.0.1';

const server = createNitSimulator({
  clientId: env.CLIENT_ID ?? env.NIT_CLIENT_ID ?? 'merzim',
  clientSecret: env.CLIENT_SECRET ?? env.NIT_CLIENT_SECRET ?? 'nit-secret',
  rows: whole('ROWS', 250),
  rowsPerPart: whole('ROWS_PER_PART', 50_000),
  prepareMs: whole('PREPARE_MS', 800),
  tokenSeconds: whole('TOKEN_SECONDS', 60),
  gzip: env.GZIP === 'true',
  seed: env.SEED ?? 'nit',
});

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(JSON.stringify({ level: 'error', component: 'nit-simulator', code: error.code, host, port: env.PORT }));
  process.exit(1);
});
server.listen(whole('PORT', 0), host, () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ level: 'info', component: 'nit-simulator', url: `http://${host}:${port}` }));
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

function whole(name: string, otherwise: number): number {
  const value = env[name] === undefined || env[name] === '' ? otherwise : Number(env[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`${name}: expected a whole number >= 0, for example ${otherwise}`);
  process.exit(1);
}
