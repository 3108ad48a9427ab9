import { Temporal } from 'temporal-polyfill';
import { Schema } from 'mongoose';
import type { Database, Tx } from '../database.js';
import type { Documents } from '../documents.js';
import { PermanentError } from '../errors.js';
import type { Files, StoredFile } from '../files.js';
import { newId } from '../ids.js';
import type { Trail } from '../trail.js';

/** The two systems of which item R6 names extracts: Integrated Information System of Public Service Centres, "electronic government" portal. */
export const nitSystems = ['iisPsc', 'egovPortal'] as const;
export type NitSystem = (typeof nitSystems)[number];

/** The kind that the parts of an extract have among the materials of the case (F-INS-2). */
export const extractKinds: Record<NitSystem, string> = {
  iisPsc: 'nitExtractIisPsc',
  egovPortal: 'nitExtractEgovPortal',
};

/** A part of an extract: verified, and stored as an encrypted file of the case. */
export interface ExtractPart {
  number: number;
  rows: number;
  bytes: number;
  sha256: string;
  fileId: string;
}

/** One request of an extract from one system; asking again makes another one. */
export interface Extract {
  _id: string;
  caseId: string;
  system: NitSystem;
  /** 1 for the first request of a system in a case. */
  attempt: number;
  /**
   * `requested`: asked for, or about to be; `downloading`: parts are coming in; `stored`: whole, and among the materials of the case;
   * `failed`: refused or not fit to be kept, nothing of it is kept; `waived`: failed, and the inspection goes on without it.
   */
  state: 'requested' | 'downloading' | 'stored' | 'failed' | 'waived';
  /** Element instance of the step that asked: a repeat of that step is the same request. */
  requestedBy: string;
  /** INS-20: what was asked for, frozen with the request. Facts are sealed. */
  scope: { facts: string[]; employeeIds: string[]; from: Date; to: Date };
  createdAt: Date;
  /** Legal time when NIT had accepted the request (or refused it at once): the start of DL-INS-4. */
  requestedAt: Date | null;
  /** NIT's id; null until it is known. Our own id is the idempotency key. */
  exportId: string | null;
  parts: ExtractPart[];
  rows: number | null;
  manifestSha256: string | null;
  obtainedAt: Date | null;
  /** Code of what went wrong: one of the BPMN errors or a reason code of NIT's. */
  failure: { code: string; at: Date } | null;
  /** Sealed: why the inspection goes on without it (AMB-INS-10). */
  waived: { reason: string; by: string; at: Date } | null;
}

/** The extracts of the inspections. All that happens to one is in the trail. */
export interface Extracts {
  /**
   * The intent, before NIT is asked: the request of a step (found again when the step is repeated), else the one of this case and
   * system that has not failed, else a new one.
   */
  open(
    tx: Tx,
    request: { caseId: string; system: NitSystem; requestedBy: string; scope: Extract['scope'] },
  ): Promise<Extract>;
  /** NIT has accepted the request. Returns the moment of the first time. */
  requested(tx: Tx, extractId: string, exportId: string): Promise<Date>;
  /** NIT has refused it at once: there is no export. Returns the moment of the first time. */
  refused(tx: Tx, extractId: string, code: string): Promise<Date>;
  /** A verified part was stored as a file. False when the part was there already: the new file is left to the sweep. */
  addPart(tx: Tx, extractId: string, part: ExtractPart): Promise<boolean>;
  /** The extract is whole: its parts become materials of the case (INS-18, INS-19, INS-22). Returns the moment of the first time. */
  stored(
    tx: Tx,
    extractId: string,
    manifest: { rows: number; sha256: string },
    material: { subjectId: string; languages: string[] },
  ): Promise<Date>;
  /** It is not to be had; its parts are forgotten and their files left to the sweep. Changes nothing once it is stored. */
  failed(tx: Tx, extractId: string, code: string): Promise<void>;
  /** The inspection goes on without it, for the (sealed) reason. */
  waived(tx: Tx, extractId: string, reason: string): Promise<void>;
  /** Throws PermanentError where the id is no extract. */
  get(extractId: string, tx?: Tx): Promise<Extract>;
  /** Oldest first. */
  ofCase(caseId: string, tx?: Tx): Promise<Extract[]>;
  init(): Promise<void>;
}

/** The instants of a period given in legal days, first and last included: half-open, in the jurisdiction's zone. */
export function periodOf(days: { periodFrom: string; periodTo: string }, zone: string): { from: Date; to: Date } {
  const start = (day: Temporal.PlainDate): Date => new Date(day.toZonedDateTime(zone).epochMilliseconds);
  return {
    from: start(Temporal.PlainDate.from(days.periodFrom)),
    to: start(Temporal.PlainDate.from(days.periodTo).add({ days: 1 })),
  };
}

/** Ids under which NIT ties each row to a fact of the appeal: the place in the frozen list. */
export function factIds(scope: Extract['scope']): string[] {
  return scope.facts.map((_, at) => `F${at + 1}`);
}
