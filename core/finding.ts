import type { ReportKind } from './clock-truth.js';
import type { BeatingComponent } from './heartbeats.js';

export const findingKinds = [
  'clock-unreported',
  'case-without-instance',
  'case-without-clock',
  'calendar-missing',
  'clock-uncounted',
  'standing-still',
] as const;

/** Something that should have been seen elsewhere and was not (collection `findings`); each is recorded once. */
export interface Finding {
  _id: string;
  /** What makes it this finding and no other: kind, case or clock, and the moment or engine that it is about. */
  key: string;
  kind: (typeof findingKinds)[number];
  caseId: string | null;
  caseNumber: string | null;
  process: string | null;
  clockId: string | null;
  rule: string | null;
  /** What the clock was reported for. */
  reportKind: ReportKind | null;
  /** The moment of the clock that passed, UTC. */
  momentAt: Date | null;
  /** Year of the missing calendar, for a site or for a clock that waits for it. */
  year: number | null;
  /** Of which no process works any more, and its last sign of life in wall time, UTC. */
  component: BeatingComponent | null;
  lastBeatAt: Date | null;
  /** Legal time, UTC. */
  foundAt: Date;
  /** Wall time, UTC. */
  foundWallAt: Date;
  /** False when those concerned could not be written to: the letter failed for good, the record stands. */
  notified: boolean;
}
