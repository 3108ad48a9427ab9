import { afterEach, expect, test } from '@jest/globals';
import { serveHealth, type Check, type HealthServer } from '../../workers/health.js';
import { createMetrics } from '../../workers/metrics.js';

const servers: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(checks: Record<string, Check>, port = 0): Promise<string> {
  const server = await serveHealth({ port, registry: createMetrics('test').registry, checks });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

test('is ready when every check is well', async () => {
  const response = await fetch(`${await serve({ database: () => null })}/health/ready`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ready' }]);
});

test('is not ready while one check is not, and names it; it lives all the same', async () => {
  const address = await serve({
    database: () => null,
    engine: () => 'hands out no jobs',
    mail: () => Promise.reject(new TypeError('secret')),
  });
  const response = await fetch(`${address}/health/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: 'not-ready',
    faults: { engine: 'hands out no jobs', mail: 'TypeError' },
  });
  expect((await fetch(`${address}/health/live`)).status).toBe(200);
});

test('a check that never answers makes it not ready', async () => {
  const response = await fetch(`${await serve({ engine: () => new Promise(() => undefined) })}/health/ready`);
  expect(await response.json()).toMatchObject({ faults: { engine: 'did not answer within 2000 ms' } });
});

test('serves the figures of the process', async () => {
  const response = await fetch(`${await serve({})}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(await response.text()).toContain('merzim_outbox_oldest_seconds');
});

test('anything else is not found', async () => {
  expect((await fetch(`${await serve({})}/admin`)).status).toBe(404);
});

test('a port that is taken is named with its setting', async () => {
  const address = await serve({});
  await expect(serve({}, Number(new URL(address).port))).rejects.toThrow('HEALTH_PORT');
});
