import type { Diagram } from '../../core/diagrams.js';
import { createHandledJobs } from '../../core/handled-jobs.js';
import { casePath, type DiagramPath } from '../../core/inspection/case-path.js';
import type { Services } from '../../core/services.js';
import type { CaseFile } from './views.js';

/** The way that a case took through its diagrams, from what its file holds; the engine isn't asked. */
export async function readPath(
  services: Services,
  diagrams: ReadonlyMap<string, Diagram>,
  file: CaseFile,
): Promise<DiagramPath[]> {
  const { record, inspection } = file.opened;
  const [jobs, decisions] = await Promise.all([
    createHandledJobs({ database: services.database }).ofCase(record._id),
    services.decisions.ofCase(record._id),
  ]);
  const { requests, extracts, letters, clocks } = file;
  const at = services.clock.legalNow();
  return casePath(diagrams, {
    state: record.state,
    inspection,
    requests,
    extracts,
    letters,
    clocks,
    decisions,
    jobs,
    at,
  });
}
