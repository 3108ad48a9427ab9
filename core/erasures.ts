import { ensureCollection } from './collections.js';
import type { Actor, Database, Tx } from './database.js';
import type { ErasureList } from './erasure-list.js';
import { PermanentError } from './errors.js';
import type { Trail } from './trail.js';
import type { SubjectKind, SubjectKeyRecord, Vault } from './vault.js';

/** An erasure, as it is remembered for ever. It names nobody. */
export interface Erasure {
  /** The subject whose key was erased. */
  _id: string;
  kind: SubjectKind;
  /** Reference of the decision or the request, e.g. `DPO-2026-17`; never a text. */
  ground: string;
  /** Login of who erased. */
  by: string;
  /** Wall time, UTC. */
  at: Date;
}

/** Whom to erase. */
export type ErasedPerson =
  { subjectId: string } | { caseNumber: string; who: 'applicant' | 'materials' } | { employeeId: string };

/**
 * Erasure of a person: the wrapped key goes, and with it everything that was sealed by it, wherever copies lie. Erasures are listed in the trail's
 * database, where the list can only grow, and are done again on keys that a restore has brought back.
 */
export interface Erasures {
  /** Ids of the subjects that are meant. @throws PermanentError where there is none. */
  find(person: ErasedPerson): Promise<string[]>;
  /**
   * Erases a subject's key with the blind indexes of the person, and records `subject.erased` in each case concerned, in one transaction. Other
   * processes forget the key within 60 s. Then it joins the list that is kept outside. False when it was erased before.
   * @throws PermanentError for an unknown subject, and while a case of it is open unless `openToo` is set: its letters could not be sent.
   */
  erase(by: Actor, subjectId: string, why: { ground: string; openToo?: boolean }): Promise<boolean>;
  /** Erases again what is on the list (and on `more`, which joins it) and has a key: a backup brought it back. Returns how many. */
  replay(more?: Iterable<Erasure>): Promise<number>;
  /** All erasures, oldest first. */
  list(): AsyncIterable<Erasure>;
  /** Makes the collection, replays it and the list that is kept outside, and brings that up to date: nobody reads anything before. */
  init(): Promise<void>;
}

interface KnownCase {
  _id: string;
  number: string;
  state: string;
  subjectId: string;
}

interface KnownRequest {
  _id: string;
  applicant: { subjectId: string };
  users: { subjectId: string }[];
}

interface KnownReport {
  _id: string;
  reporter: { subjectId: string } | null;
}

interface KnownInspection {
  _id: string;
  trigger: { senderSubjectId: string | null };
  lines: { employeeId: string }[];
}

export function createErasures(deps: {
  database: Database;
  vault: Vault;
  trail: Trail;
  /** Kept where a restore does not reach. */
  outside?: ErasureList | undefined;
}): Erasures {
  const { database, vault, trail, outside } = deps;
  const { connection, clock } = database;
  const erasures = database.trail.collection<Erasure>('erasures');
  const keys = connection.collection<SubjectKeyRecord>('subject-keys');
  const cases = connection.collection<KnownCase>('cases');
  const inspections = connection.collection<KnownInspection>('inspections');
  const requests = connection.collection<KnownRequest>('access-requests');
  const reports = connection.collection<KnownReport>('technical-requests');
  const employees = connection.collection<{ _id: string; subjectId: string; login: string | null }>('employees');
  const accounts = connection.collection('accounts');
  const violations = connection.collection('access-violations');
  const upkeepRecords = connection.collection('upkeep-records');
  const sessions = connection.collection('sessions');
  const people = connection.collection('people');
  const choices = connection.collection<{ _id: string }>('notice-choices');
  const feeds = connection.collection<{ _id: string }>('calendar-feeds');

  /** Cases in which a subject is the sender, an inspected employee, who asks for access or is to have it, who reported, or the case itself. */
  const casesOf = async (subjectId: string, employeeIds: string[], { session }: Tx): Promise<KnownCase[]> => {
    const concerned = await inspections
      .find(
        { $or: [{ 'trigger.senderSubjectId': subjectId }, { 'lines.employeeId': { $in: employeeIds } }] },
        { session, projection: { _id: 1 } },
      )
      .toArray();
    const asking = await requests
      .find(
        {
          $or: [
            { 'applicant.subjectId': subjectId },
            { 'users.subjectId': subjectId },
            { 'users.employeeId': { $in: employeeIds } },
          ],
        },
        { session, projection: { _id: 1 } },
      )
      .toArray();
    const reported = await reports
      .find({ 'reporter.subjectId': subjectId }, { session, projection: { _id: 1 } })
      .toArray();
    const ids = [...concerned, ...asking, ...reported].map(({ _id }) => _id);
    return cases.find({ $or: [{ _id: { $in: ids } }, { subjectId }] }, { session, sort: { _id: 1 } }).toArray();
  };

  /** What is keyed by a personal value, and what would make the next import of the directory overlook that the person is gone. */
  const removeIndexes = async (subjectId: string, concerned: readonly KnownCase[], { session }: Tx): Promise<void> => {
    const sent = await inspections
      .find({ _id: { $in: concerned.map(({ _id }) => _id) }, 'trigger.senderSubjectId': subjectId }, { session })
      .toArray();
    const ids = concerned.map(({ _id }) => _id);
    const asked = await requests
      .find({ _id: { $in: ids }, 'applicant.subjectId': subjectId }, { session, projection: { _id: 1 } })
      .toArray();
    await requests.updateMany(
      { _id: { $in: ids }, 'applicant.subjectId': subjectId },
      { $unset: { 'applicant.index': '' } },
      { session },
    );
    // One index holds the users of a request together: the others stay findable by their case's number.
    await requests.updateMany(
      { _id: { $in: ids }, 'users.subjectId': subjectId },
      { $unset: { userIndex: '' } },
      { session },
    );
    const ofReporter = { _id: { $in: ids }, 'reporter.subjectId': subjectId };
    const reported = await reports.find(ofReporter, { session, projection: { _id: 1 } }).toArray();
    await reports.updateMany(ofReporter, { $unset: { 'reporter.index': '' } }, { session });
    const ofSender = { _id: { $in: [...sent, ...asked, ...reported].map(({ _id }) => _id) } };
    await inspections.updateMany(ofSender, { $unset: { 'trigger.senderIndex': '' } }, { session });
    await cases.updateMany(ofSender, { $set: { sourceRef: null, sourceHash: null } }, { session });
    // Not the whole: the key stays used, so that a late repeat is refused and makes no second case.
    const repeatable = { ...ofSender, idempotency: { $ne: null } };
    await cases.updateMany(repeatable, { $set: { 'idempotency.contentHash': '' } }, { session });
    for (const { _id: employeeId, login } of await employees.find({ subjectId }, { session }).toArray()) {
      const logins = (await people.find({ employeeId }, { session }).toArray()).map(({ _id }) => String(_id));
      await sessions.deleteMany({ employeeId }, { session });
      await feeds.deleteMany({ _id: { $in: login === null ? logins : [...logins, login] } }, { session });
      await people.deleteMany({ employeeId }, { session });
      await choices.deleteOne({ _id: employeeId }, { session });
    }
    const gone = { active: false, login: null, headOfUnit: false, rowIndex: '', searchIndex: [] };
    await employees.updateMany({ subjectId }, { $set: gone }, { session });
    await accounts.updateMany({ subjectId }, { $set: { loginIndex: '' } }, { session });
    const repeated = { subjectId, idempotency: { $ne: null } };
    for (const reports of [violations, upkeepRecords])
      await reports.updateMany(repeated, { $set: { 'idempotency.contentHash': '' } }, { session });
  };

  const eraseAs = async (
    by: Actor,
    subjectId: string,
    why: { ground: string; openToo?: boolean | undefined; replayed: boolean },
  ): Promise<boolean> => {
    const erased = await database.transaction(by, async (tx) => {
      const { session } = tx;
      const record = await keys.findOne({ _id: subjectId }, { session });
      if (!record) throw new PermanentError(`subject ${subjectId}: has no key here`, { field: 'subjectId' });
      if (record.wrapped === null && record.erasedAt !== null) return false;
      const own = await employees.find({ subjectId }, { session, projection: { _id: 1 } }).toArray();
      const concerned = await casesOf(
        subjectId,
        own.map(({ _id }) => _id),
        tx,
      );
      const open = concerned.filter(({ state }) => state === 'open').map(({ number }) => number);
      if (open.length > 0 && !why.openToo && !why.replayed)
        throw new PermanentError(`subject ${subjectId}: is needed by cases that are open: ${open.join(', ')}`);
      const erasedAt = clock.wallNow();
      await keys.updateOne({ _id: subjectId }, { $set: { wrapped: null, erasedAt } }, { session });
      await removeIndexes(subjectId, concerned, tx);
      if (!why.replayed)
        await erasures.insertOne(
          { _id: subjectId, kind: record.kind, ground: why.ground, by: by.id, at: erasedAt },
          { session },
        );
      const data = { kind: record.kind, ground: why.ground, replayed: why.replayed };
      const chains = concerned.length > 0 ? concerned.map(({ _id }) => _id) : [`erasure.${subjectId}`];
      for (const caseId of chains) await trail.record(tx, { caseId, type: 'subject.erased', subject: subjectId, data });
      return true;
    });
    vault.forget(subjectId);
    return erased;
  };

  const replay: Erasures['replay'] = async (more = []) => {
    for (const erasure of more)
      await erasures.insertOne(erasure, { writeConcern: { w: 'majority', j: true } }).catch(unlessThere);
    let count = 0;
    for await (const { _id, ground } of erasures.find({}, { sort: { _id: 1 } })) {
      // Also one whose key is gone already: keys of a restore may be newer than its data.
      const back = await keys.findOne(
        { _id, $or: [{ wrapped: { $ne: null } }, { erasedAt: null }] },
        { projection: { _id: 1 } },
      );
      if (back && (await eraseAs({ kind: 'system', id: 'erasure.replay' }, _id, { ground, replayed: true })))
        count += 1;
    }
    return count;
  };

  /** Adds to the list outside what it lacks of the given. A crash after the commit leaves that to the next start. */
  const keepOutside = (known: readonly Erasure[]): void => {
    if (!outside) return;
    const there = new Set(outside.read().map(({ _id }) => _id));
    outside.add(known.filter(({ _id }) => !there.has(_id)));
  };

  return {
    find: async (person) => {
      if ('subjectId' in person) return [person.subjectId];
      if ('employeeId' in person) {
        const found = await employees.findOne({ _id: person.employeeId });
        if (!found) throw new PermanentError(`employee ${person.employeeId}: is not in the directory`);
        return [found.subjectId];
      }
      const record = await cases.findOne({ number: person.caseNumber });
      const inspection = record && (await inspections.findOne({ _id: record._id }));
      const request = record && (await requests.findOne({ _id: record._id }));
      const report = record && (await reports.findOne({ _id: record._id }));
      if (!record || (!inspection && !request && !report))
        throw new PermanentError(`case ${person.caseNumber}: is not there`);
      if (person.who === 'materials') return [record.subjectId];
      if (request) return [request.applicant.subjectId];
      const senderSubjectId = report ? report.reporter?.subjectId : inspection?.trigger.senderSubjectId;
      if (!senderSubjectId) throw new PermanentError(`case ${person.caseNumber}: has no applicant`);
      return [senderSubjectId];
    },
    erase: async (by, subjectId, why) => {
      const erased = await eraseAs(by, subjectId, { ...why, replayed: false });
      keepOutside(await erasures.find({ _id: subjectId }).toArray());
      return erased;
    },
    replay,
    list: () => erasures.find({}, { sort: { at: 1, _id: 1 } }),
    init: async () => {
      await ensureCollection(database.trail, 'erasures');
      await replay(outside?.read());
      keepOutside(await erasures.find().toArray());
    },
  };
}

function unlessThere(error: unknown): void {
  if ((error as { code?: unknown }).code !== 11_000) throw error;
}
