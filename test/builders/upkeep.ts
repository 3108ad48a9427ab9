import type { z } from 'zod';
import type { newUpkeepRecord } from '../../api/technical-request/upkeep.js';

export type UpkeepBody = z.input<typeof newUpkeepRecord>;

/** A backup that was done some days ago. */
export function backup({ daysAgo = 0, ...changes }: Partial<UpkeepBody> & { daysAgo?: number } = {}): UpkeepBody {
  const performedAt = new Date(Date.now() - daysAgo * 24 * 3_600_000 - 1000).toISOString();
  return { kind: 'backup', system: 'sir', performedAt, result: 'done', ...changes };
}
