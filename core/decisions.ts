import type { z } from 'zod';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import type { Person } from './people.js';
import type { RightsContext } from './rights.js';
import type { Services } from './services.js';

export type { RightsContext } from './rights.js';

/** What a decision is checked and applied with. */
export interface DecisionContext<A> {
  caseId: string;
  /** Id of what the decision is about within the case (a request, signs, a letter), as the diagram says (`decisionSubject`); '' for the case. */
  subject: string;
  answers: A;
  /** When the task was completed: the moment of the act, whenever it is recorded. What it stops or starts counts from here. */
  decidedAt: Date;
  /** Who completed the task. */
  person: Person;
  /** By the person who decided. */
  tx: Tx;
  services: Services;
}

/** A human step that counts only once it is checked: who may take it, and what the case file has to hold. */
export interface Decision<S extends z.ZodType = z.ZodType> {
  /** `<process>.<verb-object>`; the action `decision:<name>` in the table of rights. */
  name: string;
  /** What the task's form answers: choices, flags, dates. */
  answers: S;
  /** How the case stands, for the table of rights. */
  context(services: Services, caseId: string, subject: string): Promise<RightsContext>;
  /** The code of what is missing, or null. Shown in words when the task opens again. */
  requires(context: DecisionContext<z.output<S>>): Promise<string | null>;
  /** What an accepted decision writes, in the transaction that records it. */
  apply?(context: DecisionContext<z.output<S>>): Promise<void>;
}

/** A decision of any answers, as registries hold it. */
export type AnyDecision = Decision;

export function defineDecision<S extends z.ZodType>(decision: Decision<S>): Decision<S> {
  return decision;
}

/** A decision as it was taken, accepted or refused. Holds codes and keys only. */
export interface DecisionRecord {
  /** `<epoch>/<userTaskKey>`: a task is decided once. */
  _id: string;
  caseId: string;
  decision: string;
  subject: string;
  elementId: string;
  processInstanceKey: string;
  epoch: string;
  userTaskKey: string;
  /** Login of who completed the task; null when the engine knows nobody. */
  by: string | null;
  /** Login of the one in whose place it was taken; left out where it was the decider's own right. */
  onBehalfOf?: string | undefined;
  accepted: boolean;
  /** Code of what was missing; null when accepted. */
  refusal: string | null;
  answers: Record<string, unknown>;
  /** When the person completed the task, as the engine knows it. Left out in records of before; see {@link momentOf}. */
  decidedAt?: Date;
  /** When it was recorded. */
  at: Date;
}

/** When a decision was taken: a record of before knows only when it was recorded. */
export function momentOf({ decidedAt, at }: Pick<DecisionRecord, 'decidedAt' | 'at'>): Date {
  return decidedAt ?? at;
}

export interface Decisions {
  record(tx: Tx, record: Omit<DecisionRecord, '_id' | 'at'>): Promise<void>;
  /** Of these tasks, those that are recorded already. */
  recorded(epoch: string, userTaskKeys: string[], tx?: Tx): Promise<Set<string>>;
  /** The newest accepted decision of a name in a case; about one subject, where it is given. */
  newest(caseId: string, decision: string, tx?: Tx, subject?: string): Promise<DecisionRecord | null>;
  /** All decisions of a case, oldest first. */
  ofCase(caseId: string, tx?: Tx): Promise<DecisionRecord[]>;
  init(): Promise<void>;
}

export function createDecisions({ database }: { database: Database }): Decisions {
  const collection = database.connection.collection<DecisionRecord>('decisions');
  const options = (tx?: Tx) => (tx ? { session: tx.session } : {});
  const idOf = (epoch: string, userTaskKey: string): string => `${epoch}/${userTaskKey}`;
  return {
    record: async (tx, record) => {
      await collection.insertOne({ _id: idOf(record.epoch, record.userTaskKey), ...record, at: tx.at }, options(tx));
    },
    recorded: async (epoch, userTaskKeys, tx) => {
      const found = await collection
        .find(
          { _id: { $in: userTaskKeys.map((key) => idOf(epoch, key)) } },
          { ...options(tx), projection: { userTaskKey: 1 } },
        )
        .toArray();
      return new Set(found.map(({ userTaskKey }) => userTaskKey));
    },
    newest: (caseId, decision, tx, subject) =>
      collection.findOne(
        { caseId, decision, accepted: true, ...(subject === undefined ? {} : { subject }) },
        { ...options(tx), sort: { at: -1, _id: -1 } },
      ),
    ofCase: (caseId, tx) => collection.find({ caseId }, options(tx)).sort({ at: 1, _id: 1 }).toArray(),
    init: () =>
      ensureCollection(database.connection, 'decisions', [
        { key: { caseId: 1, decision: 1, at: -1 }, name: 'caseId_decision_at' },
      ]),
  };
}
