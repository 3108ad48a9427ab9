import type { Diagram } from '../../core/diagrams.js';
import { createHandledJobs } from '../../core/handled-jobs.js';
import { casePath, type DiagramPath } from '../../core/case-path.js';
import { accessWaits } from '../../core/access-request/waits.js';
import type { DecisionRecord } from '../../core/decisions.js';
import { inspectionWaits } from '../../core/inspection/waits.js';
import type { Services } from '../../core/services.js';
import { technicalWaits } from '../../core/technical-request/waits.js';
import type { CaseFile } from './views.js';

/** The way that a case took through its diagrams, from what its file holds; the engine isn't asked. */
export async function readPath(
  services: Services,
  /** By process, and there by the process id of each diagram. */
  diagrams: ReadonlyMap<string, ReadonlyMap<string, Diagram>>,
  file: CaseFile,
): Promise<DiagramPath[]> {
  const { record } = file.opened;
  const [jobs, decisions] = await Promise.all([
    createHandledJobs({ database: services.database }).ofCase(record._id),
    services.decisions.ofCase(record._id),
  ]);
  const { letters, clocks } = file;
  const at = services.clock.legalNow();
  const { state } = record;
  const waits = waitsOf(file, decisions);
  return casePath(diagrams.get(record.process) ?? new Map(), { state, letters, clocks, decisions, jobs, waits, at });
}

function waitsOf(file: CaseFile, decisions: readonly DecisionRecord[]): string[] {
  const { opened } = file;
  const { state } = opened.record;
  if ('inspection' in opened) return inspectionWaits({ ...file, inspection: opened.inspection, state, decisions });
  return 'accessRequest' in opened
    ? accessWaits({ ...opened, state, decisions })
    : technicalWaits({ ...opened, state });
}
