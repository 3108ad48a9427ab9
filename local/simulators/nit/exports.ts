import { createHash } from 'node:crypto';
import { isContentFault, type Fault } from './faults.js';
import { hashOfParts, measurePart, partCount, type Part, type RowPlan } from './rows.js';

/** What POST /v1/exports was asked for, already checked. */
export interface Ask {
  idempotencyKey: string;
  system: string;
  facts: { factId: string; text: string }[];
  subjects: string[];
  periodFrom: string;
  periodTo: string;
}

export interface Manifest {
  rows: number;
  parts: Part[];
  sha256: string;
}

export interface Export {
  exportId: string;
  idempotencyKey: string;
  askHash: string;
  state: 'pending' | 'ready' | 'failed' | 'refused';
  reasonCode?: string;
  plan: RowPlan;
  manifest: Manifest | null;
  faults: Fault[];
}

export interface ExportOptions {
  seed: string;
  rows: number;
  rowsPerPart: number;
  prepareMs: number;
}

/** All exports since the start. An idempotency key has one export for the simulator's lifetime. */
export class Exports {
  private readonly byId = new Map<string, Export>();
  private readonly byKey = new Map<string, Export>();
  private readonly timers = new Set<NodeJS.Timeout>();

  list(): Export[] {
    return [...this.byId.values()];
  }

  get(exportId: string): Export | undefined {
    return this.byId.get(exportId);
  }

  findByKey(idempotencyKey: string): Export | undefined {
    return this.byKey.get(idempotencyKey);
  }

  static hashOf(ask: Ask): string {
    const { system, facts, subjects, periodFrom, periodTo } = ask;
    return createHash('sha256')
      .update(JSON.stringify([system, facts, subjects, periodFrom, periodTo]))
      .digest('hex');
  }

  create(ask: Ask, options: ExportOptions, faults: Fault[]): Export {
    const content = faults.find((fault) => isContentFault(fault.fault));
    const made: Export = {
      exportId: `nit-${String(this.byId.size + 1).padStart(6, '0')}`,
      idempotencyKey: ask.idempotencyKey,
      askHash: Exports.hashOf(ask),
      state: 'pending',
      plan: {
        seed: `${options.seed}|${ask.system}|${ask.periodFrom}|${ask.periodTo}|${ask.subjects.join()}`,
        system: ask.system,
        facts: ask.facts.map((fact) => fact.factId),
        subjects: ask.subjects,
        fromMs: Date.parse(ask.periodFrom),
        toMs: Date.parse(ask.periodTo),
        rows: options.rows,
        rowsPerPart: options.rowsPerPart,
      },
      manifest: null,
      faults,
    };
    if (content && isContentFault(content.fault)) {
      made.plan.contentFault = { kind: content.fault, part: content.part ?? partCount(made.plan) };
    }
    this.byId.set(made.exportId, made);
    this.byKey.set(made.idempotencyKey, made);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.prepare(made).catch((error: unknown) => {
        made.state = 'failed';
        made.reasonCode = 'internal';
        console.error(error);
      });
    }, options.prepareMs);
    this.timers.add(timer);
    return made;
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private async prepare(made: Export): Promise<void> {
    const has = (name: string) => made.faults.find((fault) => fault.fault === name);
    if (has('never-ready')) return;
    if (has('refuse') || has('fail')) {
      made.state = has('refuse') ? 'refused' : 'failed';
      made.reasonCode = has('refuse') ? 'facts-not-sufficient' : 'source-unavailable';
      return;
    }
    const parts: Part[] = [];
    for (let number = 1; number <= partCount(made.plan); number++) parts.push(await measurePart(made.plan, number));
    made.manifest = lied({ rows: made.plan.rows, parts, sha256: hashOfParts(parts) }, has);
    made.state = 'ready';
  }
}

/** The manifest as the faults bend it; the bytes behind it stay as they are. */
function lied(manifest: Manifest, has: (name: string) => Fault | undefined): Manifest {
  const parts = manifest.parts.map((part) => ({ ...part }));
  const rowsLie = has('lie-rows');
  if (rowsLie) {
    const part = parts[(rowsLie.part ?? 1) - 1];
    if (part) part.rows += 1;
    return { ...manifest, rows: manifest.rows + 1, parts };
  }
  const hashLie = has('lie-hash');
  if (hashLie) {
    const wrong = createHash('sha256').update('another content').digest('hex');
    if (hashLie.part === 0) return { ...manifest, sha256: wrong };
    const part = parts[(hashLie.part ?? 1) - 1];
    if (part) part.sha256 = wrong;
    return { ...manifest, parts, sha256: hashOfParts(parts) };
  }
  if (has('lie-parts')) return { ...manifest, parts: parts.slice(0, -1) };
  return manifest;
}
