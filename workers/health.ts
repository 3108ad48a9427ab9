import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

/** Answers null when all is well, otherwise what is wrong in a few words without values. */
export type Check = () => Promise<string | null> | string | null;

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

const checkMs = 2_000;

/**
 * Serves, on the loopback unless told otherwise: GET /health/live (200 while the process answers), /health/ready (200, or 503 with the
 * faults by check) and /metrics (Prometheus).
 */
export async function serveHealth(options: {
  host?: string;
  /** 0 takes any free port. */
  port: number;
  registry: Registry;
  checks: Record<string, Check>;
}): Promise<HealthServer> {
  const { host = '127.0.0.1', port, registry, checks } = options;
  const answer = async (path: string): Promise<{ status: number; type: string; body: string }> => {
    const json = 'application/json; charset=utf-8';
    switch (path) {
      case '/health/live':
        return { status: 200, type: json, body: JSON.stringify({ status: 'live' }) };
      case '/health/ready': {
        const faults = await findFaults(checks);
        const ready = Object.keys(faults).length === 0;
        return {
          status: ready ? 200 : 503,
          type: json,
          body: JSON.stringify(ready ? { status: 'ready' } : { status: 'not-ready', faults }),
        };
      }
      case '/metrics':
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      default:
        return { status: 404, type: json, body: JSON.stringify({ status: 'not-found' }) };
    }
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    void answer(path)
      .catch(() => ({ status: 500, type: 'application/json', body: '{"status":"failed"}' }))
      .then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : body);
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`HEALTH_PORT: port ${port} of ${host} is taken; give each process its own`)
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function findFaults(checks: Record<string, Check>): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      let timer: NodeJS.Timeout | undefined;
      try {
        const late = new Promise<string>((resolve) => {
          timer = setTimeout(() => resolve(`did not answer within ${checkMs} ms`), checkMs);
        });
        return [name, await Promise.race([check(), late])] as const;
      } catch (error) {
        return [name, error instanceof Error ? error.name : 'failed'] as const;
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  return Object.fromEntries(results.filter((result): result is readonly [string, string] => result[1] !== null));
}
