import { Schema } from 'mongoose';
import type { Database, Tx } from '../database.js';
import { personalFields } from '../personal-fields.js';
import type { Trail } from '../trail.js';
import type { Vault } from '../vault.js';

/** What the administrators record of the upkeep of a system (R8, R17): a change, a backup, a recovery, a control, an audit, who is on duty, the centre. */
export const upkeepKinds = [
  'change',
  'backup',
  'recovery',
  'timeliness-control',
  'audit',
  'duty-roster',
  'security-centre-connection',
] as const;
export type UpkeepKind = (typeof upkeepKinds)[number];

/** R17(2), R17(6): what is done again and again; how often is the organisation's (DL-TECH-4, AMB-TECH-06). */
export const periodicKinds = ['backup', 'timeliness-control', 'audit'] as const;
export type PeriodicKind = (typeof periodicKinds)[number];

export const upkeepResults = ['done', 'failed'] as const;
/** R17(3), TECH-33: what needs more than maintenance is flagged. */
export const upkeepScopes = ['maintenance', 'beyond-maintenance'] as const;
/** R17(3), TECH-32: what a change is made for: the technical request itself, or the defect that is linked to it. */
export const upkeepCauses = ['request', 'defect'] as const;

/** What is asked about some kinds alone. */
export const fieldsOfKinds = [
  ...(['result', 'technicalRequest', 'resolves', 'scope'] as const),
  ...(['from', 'to', 'employeeIds', 'since', 'centre'] as const),
] as const;
export type FieldOfKind = (typeof fieldsOfKinds)[number];

/** Of each kind, which of them it needs, and which it may have beside those. */
export const kindFields: Readonly<Record<UpkeepKind, { needs: readonly FieldOfKind[]; may: readonly FieldOfKind[] }>> =
  {
    change: { needs: ['result', 'technicalRequest', 'resolves', 'scope'], may: [] },
    backup: { needs: ['result'], may: [] },
    recovery: { needs: ['result'], may: ['technicalRequest'] },
    'timeliness-control': { needs: ['result'], may: [] },
    audit: { needs: ['result'], may: [] },
    'duty-roster': { needs: ['from', 'to', 'employeeIds'], may: [] },
    'security-centre-connection': { needs: ['since', 'centre'], may: [] },
  };

/** One record, never changed. Strings marked sealed are ciphertext of the vault; what its kind does not have is null. */
export interface UpkeepRecord {
  _id: string;
  /** For people, e.g. `UPK-2026-000003`. */
  number: string;
  /** Whose key seals its texts: its own. */
  subjectId: string;
  kind: UpkeepKind;
  /** Code in the registry of systems. */
  system: string;
  performedAt: Date;
  result: (typeof upkeepResults)[number] | null;
  /** Number of a technical request. */
  technicalRequest: string | null;
  resolves: (typeof upkeepCauses)[number] | null;
  scope: (typeof upkeepScopes)[number] | null;
  /** First and last legal day of a duty roster, and who is on duty. */
  from: string | null;
  to: string | null;
  employeeIds: string[] | null;
  /** Legal day since which the system is connected to the operational information-security centre (R17(7)). */
  since: string | null;
  /** Sealed: name of the centre. */
  centre: string | null;
  /** Hex, of what came of it: a backup, a report. */
  sha256: string | null;
  /** Sealed. */
  remark: string | null;
  /** Number of the record that this one corrects: that one counts no more. */
  corrects: string | null;
  /** Login, or client:<id> of a machine. */
  recordedBy: string;
  recordedAt: Date;
  idempotency: { client: string; key: string; contentHash: string } | null;
}

/** The chain of the records in the trail: they belong to no case. */
export const upkeepChain = 'upkeep-records';

export interface UpkeepFilter {
  kind?: UpkeepKind | undefined;
  system?: string | undefined;
}

/** Records of upkeep (collection `upkeep-records`): only ever added, each with an entry of the trail. */
export interface UpkeepRecords {
  add(tx: Tx, record: UpkeepRecord): Promise<void>;
  byIdempotencyKey(client: string, key: string): Promise<UpkeepRecord | null>;
  byNumber(number: string): Promise<UpkeepRecord | null>;
  /** Number of the record that corrects each of these, of those that are corrected. */
  corrections(numbers: readonly string[]): Promise<Map<string, string>>;
  /** Newest first, from the one before an id on; sealed as stored. */
  list(filter: UpkeepFilter, before: string | null, limit: number): Promise<UpkeepRecord[]>;
  /** When it was last done; what failed, and what was corrected, does not count. */
  lastDone(kind: PeriodicKind, system: string, tx?: Tx): Promise<Date | null>;
  /** First and last days of a system's rosters that reach into a legal day or a later one; null where it has none at all. */
  rosters(system: string, day: string): Promise<{ from: string; to: string }[] | null>;
  init(): Promise<void>;
}

export function createUpkeepRecords({
  database,
  vault,
  trail,
}: {
  database: Database;
  vault: Vault;
  trail: Trail;
}): UpkeepRecords {
  const model = database.connection.model<UpkeepRecord>('UpkeepRecord', upkeepSchema(vault), 'upkeep-records');
  const corrected = async (tx?: Tx): Promise<string[]> => {
    const found = await model
      .distinct('corrects', { corrects: { $type: 'string' } })
      .session(tx?.session ?? null)
      .exec();
    return found.flatMap((number) => number ?? []);
  };
  return {
    add: async (tx, record) => {
      await model.insertMany([record], { session: tx.session });
      const { _id, number, kind, system, performedAt, result, technicalRequest, resolves, scope } = record;
      const { from, to, employeeIds, since, sha256, corrects } = record;
      const told = { result, technicalRequest, resolves, scope, from, to, employeeIds, since, sha256, corrects };
      await trail.record(tx, {
        ...{ caseId: upkeepChain, type: 'upkeep.recorded', subject: _id },
        data: {
          ...{ number, kind, system, performedAt: performedAt.toISOString() },
          ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)),
        },
      });
    },
    byIdempotencyKey: (client, key) =>
      model.findOne({ 'idempotency.client': client, 'idempotency.key': key }).lean<UpkeepRecord>().exec(),
    byNumber: (number) => model.findOne({ number }).lean<UpkeepRecord>().exec(),
    corrections: async (numbers) => {
      const found = await model
        // The type too: without it the index, which has records that correct one alone, is not used.
        .find({ corrects: { $in: [...numbers], $type: 'string' } }, { number: 1, corrects: 1 })
        .lean<Pick<UpkeepRecord, 'number' | 'corrects'>[]>()
        .exec();
      return new Map(found.map(({ number, corrects }) => [corrects!, number]));
    },
    list: ({ kind, system }, before, limit) =>
      model
        .find({
          ...(kind === undefined ? {} : { kind }),
          ...(system === undefined ? {} : { system }),
          ...(before === null ? {} : { _id: { $lt: before } }),
        })
        .sort({ _id: -1 })
        .limit(limit)
        .lean<UpkeepRecord[]>()
        .exec(),
    lastDone: async (kind, system, tx) => {
      const found = await model
        .findOne(
          { kind, system, result: 'done', number: { $nin: await corrected(tx) } },
          { performedAt: 1 },
          { sort: { performedAt: -1 }, session: tx?.session ?? null },
        )
        .lean<Pick<UpkeepRecord, 'performedAt'>>()
        .exec();
      return found?.performedAt ?? null;
    },
    rosters: async (system, day) => {
      const all = { kind: 'duty-roster', system, number: { $nin: await corrected() } } as const;
      if (!(await model.exists(all))) return null;
      return model
        .find({ ...all, to: { $gte: day } }, { from: 1, to: 1 })
        .sort({ from: 1 })
        .lean<{ from: string; to: string }[]>()
        .exec();
    },
    init: async () => {
      await model.createCollection();
      await model.createIndexes();
    },
  };
}

function upkeepSchema(vault: Vault): Schema<UpkeepRecord> {
  const text = { type: String, default: null };
  const schema = new Schema<UpkeepRecord>(
    {
      _id: { type: String, required: true },
      number: { type: String, required: true },
      subjectId: { type: String, required: true },
      kind: { type: String, enum: upkeepKinds, required: true },
      system: { type: String, required: true },
      performedAt: { type: Date, required: true },
      ...{ result: text, technicalRequest: text, resolves: text, scope: text, from: text, to: text },
      employeeIds: { type: [String], default: null },
      ...{ since: text, centre: text, sha256: text, remark: text, corrects: text },
      recordedBy: { type: String, required: true },
      recordedAt: { type: Date, required: true },
      idempotency: {
        type: new Schema({ client: String, key: String, contentHash: String }, { _id: false }),
        default: null,
      },
    },
    { versionKey: false, minimize: false },
  );
  schema.index({ number: 1 }, { unique: true });
  const ifText = (name: string) => ({ unique: true, partialFilterExpression: { [name]: { $type: 'string' } } });
  // Two corrections of one record would leave open which of them counts.
  schema.index({ corrects: 1 }, ifText('corrects'));
  schema.index({ 'idempotency.client': 1, 'idempotency.key': 1 }, ifText('idempotency.key'));
  schema.index({ subjectId: 1 });
  schema.index({ system: 1, _id: -1 });
  schema.index({ kind: 1, _id: -1 });
  schema.index({ kind: 1, system: 1, performedAt: -1 });
  personalFields(schema, {
    vault,
    paths: ['centre', 'remark'],
    subjectOf: ({ subjectId }: UpkeepRecord) => subjectId,
  });
  return schema;
}
