import type { ClientSession } from 'mongoose';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';

/** What makes two deliveries the same job: the same pass through the same task of the same case, under the keys of the same engine. */
export interface JobIdentity {
  epoch: string;
  jobType: string;
  elementInstanceKey: string;
  /** '' where a job belongs to no case. */
  caseId: string;
}

/** Where in which diagram a job was done: an element's id in the BPMN file. */
export interface JobPlace {
  processId: string;
  elementId: string;
}

export type Fact = string | number | boolean | null | string[];

/** How a job ended: with facts, or with a BPMN error that its diagram handles. */
export type JobOutcome = { kind: 'completed'; facts: Record<string, Fact> } | { kind: 'error'; code: string };

export interface HandledJob extends JobIdentity {
  _id: string;
  /** Null for a listener, and in what was remembered before places were. */
  place?: JobPlace | null;
  outcome: JobOutcome;
  /** Legal time in which it was handled. */
  handledAt: Date;
}

/**
 * Results of the jobs that were carried out (collection `handled-jobs`). Each is written in the transaction of its job's effects, so that
 * both are there or neither, and a second delivery answers with the first one's result.
 */
export interface HandledJobs {
  find(identity: JobIdentity, tx?: Tx): Promise<JobOutcome | null>;
  /** Of two transactions that remember the same job at once, one fails with a write conflict and finds the other's result when it runs again. */
  remember(tx: Tx, identity: JobIdentity, outcome: JobOutcome, place?: JobPlace): Promise<void>;
  /** What was done in a case, in order: the way that it took through its diagrams. */
  ofCase(caseId: string): Promise<HandledJob[]>;
  init(): Promise<void>;
}

export function createHandledJobs({ database }: { database: Database }): HandledJobs {
  const collection = database.connection.collection<HandledJob>('handled-jobs');
  return {
    find: async (identity, tx) => {
      const found = await collection.findOne({ _id: idOf(identity) }, inSession(tx?.session));
      return found?.outcome ?? null;
    },
    remember: async (tx, identity, outcome, place) => {
      await collection.insertOne(
        { _id: idOf(identity), ...identity, outcome, handledAt: tx.at, place: place ?? null },
        inSession(tx.session),
      );
    },
    ofCase: (caseId) => collection.find({ caseId }, { sort: { handledAt: 1, _id: 1 } }).toArray(),
    init: () =>
      ensureCollection(database.connection, 'handled-jobs', [
        { key: { caseId: 1, handledAt: 1 }, name: 'caseId_handledAt' },
      ]),
  };
}

/** The unique index is that of `_id`: one job, one document. */
function idOf({ epoch, jobType, elementInstanceKey, caseId }: JobIdentity): string {
  return `${epoch}/${jobType}/${elementInstanceKey}/${caseId}`;
}

function inSession(session: ClientSession | undefined): { session?: ClientSession } {
  return session ? { session } : {};
}
