import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { createHeartbeats } from '../../core/heartbeats.js';
import { createSealLog, type StoredCheckpoint } from '../../core/evidence/seal-log.js';
import { isBroken, unitOfCase } from '../../core/register.js';
import { localDay } from '../../core/legal-day.js';
import type { Services } from '../../core/services.js';
import { z } from 'zod';
import { caseNumber } from './shapes.js';
import { readableRows } from './register.js';

/** Clocks whose outcome is known, by one key of a dimension. */
export interface ClockCount {
  key: string;
  kept: number;
  broken: number;
}

export const dimensions = ['rule', 'process', 'unit', 'month'] as const;
export type Dimension = (typeof dimensions)[number];

export interface AuditView {
  figures: Record<Dimension, ClockCount[]>;
  /** Numbers of the cases that were drawn, in the order of the draw. */
  sample: string[];
  /** Cases that were drawn from. */
  cases: number;
  trail: {
    entries: number;
    sealed: number;
    checkpoint: StoredCheckpoint | null;
    root: string | null;
    /** The sealer's newest sign of life, wall time; null where it never ran. */
    sealerAt: Date | null;
    sealerSilent: boolean;
  };
}

/** What the view is asked: a seed to draw by, and a case whose chain is to be computed again. */
export const auditQuery = z.strictObject({
  seed: z.string().max(64).optional(),
  chain: caseNumber.optional(),
  lang: z.string().optional(),
});

/** Longer than this without a sign of life, in milliseconds, the sealer counts as silent. */
const silentMs = 2 * 60_000;

/** So many cases are drawn. */
const sampleSize = 10;

/** What the auditor's view shows: of the cases that the reader may read, and of the trail as a whole. */
export async function readAudit(services: Services, request: FastifyRequest, seed: string): Promise<AuditView> {
  const { database, organisation, clock } = services;
  const at = clock.legalNow();
  const counts = new Map(dimensions.map((name) => [name, new Map<string, ClockCount>()]));
  const numbers: string[] = [];
  for await (const row of readableRows(services, request, {})) {
    const { record, clocks } = row;
    numbers.push(record.number);
    for (const each of clocks) {
      const broken = isBroken(each, at);
      if (!broken && each.kept !== true) continue;
      const month = localDay(each.startedAt, organisation.timeZone).slice(0, 7);
      const keys = { rule: each.rule, process: each.process, unit: unitOfCase(row), month };
      for (const name of dimensions) {
        const key = keys[name];
        const count = counts.get(name)!.get(key) ?? { key, kept: 0, broken: 0 };
        count[broken ? 'broken' : 'kept'] += 1;
        counts.get(name)!.set(key, count);
      }
    }
  }
  const log = createSealLog({ database });
  const [entries, sealed, checkpoint, beats] = await Promise.all([
    database.trail.collection('trail').estimatedDocumentCount(),
    log.size(),
    log.lastCheckpoint(),
    createHeartbeats({ database }).newest(),
  ]);
  const sealerAt = beats.find(({ component }) => component === 'sealer')?.at ?? null;
  const sorted = (name: Dimension): ClockCount[] =>
    [...counts.get(name)!.values()].sort((a, b) => a.key.localeCompare(b.key, 'en'));
  return {
    figures: { rule: sorted('rule'), process: sorted('process'), unit: sorted('unit'), month: sorted('month') },
    sample: draw(numbers, seed).slice(0, sampleSize),
    cases: numbers.length,
    // A checkpoint (C2SP) says in its third line the root of its tree.
    trail: {
      ...{ entries, sealed, checkpoint, root: checkpoint?.note.split('\n')[2] ?? null },
      sealerAt,
      sealerSilent: sealerAt !== null && clock.wallNow().getTime() - sealerAt.getTime() > silentMs,
    },
  };
}

/** The numbers in an order that seed and numbers alone decide: by SHA-256 of `<seed> <number>`. Anybody can repeat the draw. */
export function draw(numbers: readonly string[], seed: string): string[] {
  const keyed = numbers.map(
    (number) => [createHash('sha256').update(`${seed} ${number}`).digest('hex'), number] as const,
  );
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, number]) => number);
}
