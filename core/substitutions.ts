import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import { newId } from './ids.js';
import type { Trail } from './trail.js';

/** Somebody acts for somebody else for a time, during leave for instance. Ids of employees of the directory, never names. */
export interface Substitution {
  _id: string;
  /** For whom. */
  principalId: string;
  /** Who acts. */
  substituteId: string;
  /** From this moment of legal time on, UTC. */
  from: Date;
  /** Until before this moment of legal time, UTC. */
  until: Date;
  /** Login of who arranged it. */
  madeBy: string;
  madeAt: Date;
  /** Legal time in which it was ended early; null while it was not. */
  endedAt: Date | null;
}

/** Whose substitutions: those for some principals, and those in which somebody acts; all where it is left out. */
export interface SubstitutionFilter {
  principalIds: readonly string[];
  substituteId: string;
}

/** Who acts for whom, and when (collection `substitutions`). Each is an entry of the trail, in a chain for each principal. */
export interface Substitutions {
  make(
    tx: Tx,
    substitution: Pick<Substitution, 'principalId' | 'substituteId' | 'from' | 'until'>,
  ): Promise<Substitution>;
  /** Ends one early; nothing happens when it has ended. */
  end(tx: Tx, id: string): Promise<void>;
  find(id: string, tx?: Tx): Promise<Substitution | null>;
  /** Those that are not over, the soonest to end first, from after one that ends at a moment. */
  list(
    filter: SubstitutionFilter | null,
    after: { until: Date; id: string } | null,
    limit: number,
  ): Promise<Substitution[]>;
  /** Those that hold at this moment, for or by any of these employees. */
  inForce(employeeIds: readonly string[]): Promise<Substitution[]>;
  init(): Promise<void>;
}

/** Those that hold at a moment. */
export function heldAt(at: Date) {
  return { endedAt: null, from: { $lte: at }, until: { $gt: at } };
}

/** Id of the chain in which the substitutions of a principal are recorded. */
export function substitutionChain(principalId: string): string {
  return `substitution.${principalId}`;
}

export function createSubstitutions({ database, trail }: { database: Database; trail: Trail }): Substitutions {
  const substitutions = database.connection.collection<Substitution>('substitutions');
  const record = (tx: Tx, type: string, { _id, principalId, substituteId, from, until }: Substitution) =>
    trail.record(tx, {
      caseId: substitutionChain(principalId),
      type,
      subject: _id,
      data: { principalId, substituteId, from: from.toISOString(), until: until.toISOString() },
    });
  return {
    make: async (tx, given) => {
      const made: Substitution = { _id: newId(), ...given, madeBy: tx.by.id, madeAt: tx.at, endedAt: null };
      await substitutions.insertOne(made, { session: tx.session });
      await record(tx, 'substitution.made', made);
      return made;
    },
    end: async (tx, id) => {
      const ended = await substitutions.findOneAndUpdate(
        { _id: id, endedAt: null },
        { $set: { endedAt: tx.at } },
        { session: tx.session },
      );
      if (ended) await record(tx, 'substitution.ended', ended);
    },
    find: (id, tx) => substitutions.findOne({ _id: id }, tx ? { session: tx.session } : {}),
    list: (filter, after, limit) =>
      substitutions
        .find({
          endedAt: null,
          until: { $gt: database.clock.legalNow() },
          $and: [
            filter
              ? { $or: [{ principalId: { $in: [...filter.principalIds] } }, { substituteId: filter.substituteId }] }
              : {},
            after ? { $or: [{ until: { $gt: after.until } }, { until: after.until, _id: { $gt: after.id } }] } : {},
          ],
        })
        .sort({ until: 1, _id: 1 })
        .limit(limit)
        .toArray(),
    inForce: (employeeIds) => {
      const any = { $in: [...employeeIds] };
      const query = { ...heldAt(database.clock.legalNow()), $or: [{ principalId: any }, { substituteId: any }] };
      return substitutions.find(query, { sort: { until: 1, _id: 1 } }).toArray();
    },
    init: () =>
      ensureCollection(database.connection, 'substitutions', [
        { key: { endedAt: 1, until: 1, _id: 1 }, name: 'ending' },
        { key: { principalId: 1, endedAt: 1, until: 1 }, name: 'principal' },
        { key: { substituteId: 1, endedAt: 1, until: 1 }, name: 'substitute' },
      ]),
  };
}
