import { createHash } from 'node:crypto';
import type { Registered } from '../../core/intake.js';
import type { Services } from '../../core/services.js';
import type { processes } from './shapes.js';
import { clockViewOf } from './views.js';

/** What an intake answers, of whatever process. */
export async function registeredAnswer(services: Services, { case: record, accessCode }: Registered) {
  const { publicUrl } = services.settings.web;
  return {
    number: record.number,
    process: record.process as (typeof processes)[number],
    state: record.state,
    receivedAt: record.receivedAt.toISOString(),
    registeredAt: record.registeredAt.toISOString(),
    accessCode,
    clocks: (await services.clocks.ofCase(record._id)).map(clockViewOf),
    links: { case: `${publicUrl}/api/cases/${record.number}`, follow: `${publicUrl}/follow` },
  };
}

/** The Idempotency-Key as it is kept. */
export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
