import type { z } from 'zod';
import type { newUpkeepRecord } from '../../api/technical-request/upkeep.js';
import type { Services } from '../../core/services.js';

export type UpkeepBody = z.input<typeof newUpkeepRecord>;

/** A backup of one night. */
export function backup(changes: Partial<UpkeepBody> = {}): UpkeepBody {
  return { kind: 'backup', system: 'sir', performedAt: '2026-01-31T02:10:00+05:00', result: 'done', ...changes };
}

/** The moment some days before now, and a second before, as the API takes it. */
export function ago({ clock }: Pick<Services, 'clock'>, days: number): string {
  return new Date(clock.legalNow().getTime() - days * 24 * 3_600_000 - 1000).toISOString();
}
