import { Schema, type ClientSession } from 'mongoose';
import type { Clock } from './clock.js';
import { ensureCollection } from './collections.js';
import type { Database, Tx } from './database.js';
import { readDirectoryFile, type DirectoryRow } from './directory-file.js';
import { personalFields } from './personal-fields.js';
import { searchIndex, searchIndexes } from './search-index.js';
import type { Vault } from './vault.js';

export { DirectoryFileError, type DirectoryRow } from './directory-file.js';

/** An employee of the organisation, readable. */
export interface Employee extends DirectoryRow {
  /** Subject in the vault whose key seals name, IIN, position and address. */
  subjectId: string;
  /** False once the newest file no longer has the employee. */
  active: boolean;
}

/** As stored: name, IIN, position and address sealed with the employee's own key. */
interface StoredEmployee extends Omit<DirectoryRow, 'employeeId'> {
  _id: string;
  subjectId: string;
  active: boolean;
  /** Keyed hash of the row, to find out cheaply whether a new file changes it. */
  rowIndex: string;
  importedAt: Date;
  /** When an import first had another unit or position for who stayed (R27); null while there is none, or when what follows from it is set going. */
  transferredAt: Date | null;
  /** Keyed hashes by which name, IIN and address are found. */
  searchIndex: string[];
}

export interface ImportResult {
  added: number;
  changed: number;
  unchanged: number;
  /** Of the changed: who has another unit or position now (R27). */
  transferred: number;
  /** Employees whom the file no longer has: kept for the cases that name them, but in no unit any more. */
  left: number;
}

/** Employees, units, heads and superiors as the organisation's own directory has them; read-only here but for the import. */
export interface Directory {
  /**
   * Takes over a directory file (CSV); the newest file is the whole truth. May be repeated, also after it broke off half way.
   * `renamed`: units and positions have other ids or names in this file, and nobody was transferred.
   * @throws DirectoryFileError naming every fault; nothing is written then.
   */
  importCsv(
    content: AsyncIterable<Uint8Array | string>,
    options?: { knownBranches?: readonly string[]; renamed?: boolean },
  ): Promise<ImportResult>;
  /** The employee with an id, former ones included; null when there is none, or when the person was erased. */
  employee(employeeId: string, tx?: Tx): Promise<Employee | null>;
  byLogin(login: string): Promise<Employee | null>;
  /** Who is active and has this IIN, name or address; null where nobody has, or several. */
  byPersonalValue(value: string): Promise<Employee | null>;
  /** The head of a unit, or null while it has none. */
  headOf(unitId: string): Promise<Employee | null>;
  /** Ids of the heads of the units that these employees are in, each once; at one go, and without opening what is sealed. */
  headsOfUnitsOf(employeeIds: readonly string[]): Promise<string[]>;
  /** The next superior: who is named as such, else the head of the own unit; null at the top. */
  superiorOf(employeeId: string): Promise<Employee | null>;
  /**
   * Who has a role (known from the sign-in) in a branch, or in the central office (null): heads of units first, then by id.
   */
  members(role: string, branchCode: string | null): Promise<Employee[]>;
  /** Their ids alone, without opening what is sealed. */
  idsOfMembers(role: string, branchCode: string | null): Promise<string[]>;
  /** Ids of those who work in a unit now, without opening what is sealed. */
  idsOfUnit(unitId: string): Promise<string[]>;
  /** Ids of those who left. */
  idsOfFormer(): Promise<string[]>;
  /** Ids of those who were transferred, and whose transfer is not settled. */
  idsOfTransferred(): Promise<string[]>;
  /** What follows from these transfers is set going. One that an import found since a moment (wall time) stays. */
  settleTransfers(employeeIds: readonly string[], until: Date): Promise<void>;
  /** Everybody who is active, by name. */
  all(): Promise<Employee[]>;
  init(): Promise<void>;
}

const batchSize = 200;

export function createDirectory(deps: { database: Database; vault: Vault; clock?: Clock }): Directory {
  const { database, vault } = deps;
  const clock = deps.clock ?? database.clock;
  const employees = database.connection.model<StoredEmployee>('Employee', employeeSchema(vault), 'employees');
  const people = database.connection.collection<{ employeeId: string | null; roles: string[] }>('people');

  const read = async (filter: Record<string, unknown>, session?: ClientSession): Promise<Employee[]> => {
    const found = await employees
      .find(filter)
      .session(session ?? null)
      .sort({ headOfUnit: -1, _id: 1 })
      .lean<StoredEmployee[]>()
      .exec();
    const readable = await vault.reveal(found, session ? { session } : undefined);
    // What an erased key sealed reads as null: the person is gone, whatever else the record still says.
    return readable.filter((employee) => (employee.fullName as string | null) !== null).map(toEmployee);
  };
  const one = async (filter: Record<string, unknown>, session?: ClientSession): Promise<Employee | null> =>
    (await read(filter, session))[0] ?? null;
  const employee: Directory['employee'] = (employeeId, tx) => one({ _id: employeeId }, tx?.session);
  const headOf: Directory['headOf'] = (unitId) => one({ unitId, headOfUnit: true, active: true });

  /** Writes some rows in one transaction; each employee keeps the subject that it had. */
  const write = (rows: readonly DirectoryRow[], renamed: boolean): Promise<Omit<ImportResult, 'left'>> =>
    database.transaction({ kind: 'system', id: 'directory-import' }, async (tx) => {
      const known = await employees
        .find(
          { _id: { $in: rows.map((row) => row.employeeId) } },
          { subjectId: 1, rowIndex: 1, active: 1, unitId: 1, position: 1, transferredAt: 1 },
        )
        .session(tx.session)
        .lean<StoredEmployee[]>()
        .exec();
      const erased = await vault.erased(
        known.map(({ subjectId }) => subjectId),
        tx,
      );
      const before = new Map(known.map((stored) => [stored._id, stored]));
      const result = { added: 0, changed: 0, unchanged: 0, transferred: 0 };
      const changes: { replaceOne: { filter: { _id: string }; replacement: StoredEmployee; upsert: true } }[] = [];
      for (const { employeeId: _id, ...row } of rows) {
        const rowIndex = vault.blindIndex('directory.row.2', JSON.stringify(row));
        const former = before.get(_id);
        if (former?.active && former.rowIndex === rowIndex) {
          result.unchanged += 1;
          continue;
        }
        result[former ? 'changed' : 'added'] += 1;
        // Who was erased and is in the file again is a new subject: the old one stays unreadable.
        const kept = former && !erased.has(former.subjectId) ? former.subjectId : null;
        const subjectId = kept ?? (await vault.createSubject(tx, 'employee'));
        const moved = !renamed && former?.active === true && (await isTransferred(former, row, tx));
        if (moved) result.transferred += 1;
        const replacement = {
          _id,
          subjectId,
          ...row,
          active: true,
          rowIndex,
          importedAt: clock.wallNow(),
          transferredAt: moved ? clock.wallNow() : (former?.active && former.transferredAt) || null,
          searchIndex: searchIndexes(vault, [row.fullName, row.fullNameKk, row.iin, row.email]),
        };
        changes.push({ replaceOne: { filter: { _id }, replacement, upsert: true } });
      }
      if (changes.length > 0) await employees.bulkWrite(changes, { session: tx.session });
      return result;
    });

  return {
    importCsv: async (content, { knownBranches, renamed = false } = {}) => {
      const rows = await readDirectoryFile(content, knownBranches);
      const ids = rows.map((row) => row.employeeId);
      const total: ImportResult = { added: 0, changed: 0, unchanged: 0, transferred: 0, left: 0 };
      // First those who left: a login or the head of a unit may have passed from one of them to another.
      total.left = (await employees.updateMany({ _id: { $nin: ids }, active: true }, leave)).modifiedCount;
      await freeLogins(rows);
      for (let start = 0; start < rows.length; start += batchSize) {
        const part = await write(rows.slice(start, start + batchSize), renamed);
        total.added += part.added;
        total.changed += part.changed;
        total.unchanged += part.unchanged;
        total.transferred += part.transferred;
      }
      return total;
    },
    employee,
    byLogin: (login) => one({ login, active: true }),
    byPersonalValue: async (value) => {
      const [found, another] = await read({ searchIndex: searchIndex(vault, value), active: true });
      return found && !another ? found : null;
    },
    headOf,
    headsOfUnitsOf: async (employeeIds) => {
      const heads = await employees.aggregate<{ _id: string }>([
        { $match: { _id: { $in: [...employeeIds] } } },
        { $group: { _id: '$unitId' } },
        {
          $lookup: {
            ...{ from: 'employees', localField: '_id', foreignField: 'unitId', as: 'head' },
            pipeline: [{ $match: { headOfUnit: true, active: true } }, { $project: { _id: 1 } }],
          },
        },
        { $unwind: '$head' },
        { $replaceRoot: { newRoot: '$head' } },
      ]);
      return heads.map(({ _id }) => _id);
    },
    superiorOf: async (employeeId) => {
      const found = await employee(employeeId);
      if (!found) return null;
      if (found.superiorId !== null) return one({ _id: found.superiorId, active: true });
      return found.headOfUnit ? null : headOf(found.unitId);
    },
    members: async (role, branchCode) => read(await membersOf(role, branchCode)),
    idsOfMembers: async (role, branchCode) => employees.distinct('_id', await membersOf(role, branchCode)).exec(),
    idsOfUnit: (unitId) => employees.distinct('_id', { unitId, active: true }).exec(),
    idsOfFormer: () => employees.distinct('_id', { active: false }).exec(),
    idsOfTransferred: () => employees.distinct('_id', { active: true, transferredAt: { $type: 'date' } }).exec(),
    settleTransfers: async (employeeIds, until) => {
      await employees.updateMany(
        { _id: { $in: employeeIds }, transferredAt: { $lte: until } },
        { $set: { transferredAt: null } },
      );
    },
    all: async () => (await read({ active: true })).sort((a, b) => a.fullName.localeCompare(b.fullName, 'ru')),
    init: () =>
      ensureCollection(database.connection, 'employees', [
        { key: { login: 1 }, unique: true, partialFilterExpression: { login: { $type: 'string' } } },
        { key: { unitId: 1, headOfUnit: 1 } },
        { key: { active: 1, headOfUnit: -1, _id: 1 } },
        { key: { searchIndex: 1 } },
        { key: { transferredAt: 1 }, partialFilterExpression: { transferredAt: { $type: 'date' } } },
      ]),
  };

  async function membersOf(role: string, branchCode: string | null) {
    const known = await people.find({ roles: role, employeeId: { $ne: null } }).toArray();
    const ids = known.flatMap(({ employeeId }) => employeeId ?? []);
    return { _id: { $in: ids }, branchCode, active: true };
  }

  /** R27: another unit or another position; case and spaces make none. What an erased key sealed can't be compared. */
  async function isTransferred(
    { unitId, position }: StoredEmployee,
    row: Omit<DirectoryRow, 'employeeId'>,
    tx: Tx,
  ): Promise<boolean> {
    const before = await vault.reveal({ position }, tx);
    const known = before.position as string | null;
    return known !== null && (unitId !== row.unitId || plain(known) !== plain(row.position));
  }

  /** Takes a login away from who had it in the former file and has another (or none) in this one, so that it is free for its new owner. */
  async function freeLogins(rows: readonly DirectoryRow[]): Promise<void> {
    const owners = new Map(
      rows.flatMap(({ login, employeeId }) => (login === null ? [] : [[login, employeeId] as const])),
    );
    const known = await employees
      .find({ login: { $in: [...owners.keys()] } }, { login: 1 })
      .lean<StoredEmployee[]>()
      .exec();
    const moved = known.filter(({ _id, login }) => owners.get(login ?? '') !== _id).map(({ _id }) => _id);
    if (moved.length > 0) await employees.updateMany({ _id: { $in: moved } }, { $set: { login: null, rowIndex: '' } });
  }
}

const plain = (words: string): string => words.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();

const leave = { $set: { active: false, login: null, headOfUnit: false, rowIndex: '' } };

function toEmployee({
  _id,
  rowIndex: _rowIndex,
  importedAt: _importedAt,
  searchIndex: _searchIndex,
  transferredAt: _transferredAt,
  ...row
}: StoredEmployee): Employee {
  return { employeeId: _id, ...row };
}

function employeeSchema(vault: Vault): Schema<StoredEmployee> {
  const schema = new Schema<StoredEmployee>(
    {
      _id: { type: String, required: true },
      subjectId: { type: String, required: true },
      login: { type: String, default: null },
      fullName: { type: String, required: true },
      fullNameKk: { type: String, default: null },
      iin: { type: String, required: true },
      position: { type: String, required: true },
      positionKk: { type: String, default: null },
      unitId: { type: String, required: true },
      unitNameKk: { type: String, required: true },
      unitNameRu: { type: String, required: true },
      headOfUnit: { type: Boolean, required: true },
      superiorId: { type: String, default: null },
      branchCode: { type: String, default: null },
      email: { type: String, required: true },
      language: { type: String, enum: ['kk', 'ru'], required: true },
      hasPersonalDataAccess: { type: Boolean, required: true },
      participatesInPublicServices: { type: Boolean, required: true },
      active: { type: Boolean, required: true },
      rowIndex: { type: String, default: '' },
      importedAt: { type: Date, required: true },
      transferredAt: { type: Date, default: null },
      searchIndex: { type: [String], default: [] },
    },
    { versionKey: false, minimize: false },
  );
  personalFields(schema, {
    vault,
    paths: ['fullName', 'fullNameKk', 'iin', 'position', 'positionKk', 'email'],
    subjectOf: (employee: StoredEmployee) => employee.subjectId,
  });
  return schema;
}
