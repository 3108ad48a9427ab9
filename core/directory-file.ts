import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { iinFault } from './iin.js';
import { isTrailReference } from './trail-facts.js';

/** One employee as the organisation's directory file has it. */
export interface DirectoryRow {
  employeeId: string;
  /** Name under which the employee signs in; null for who doesn't. */
  login: string | null;
  fullName: string;
  /** Name in Kazakh; null where the file has none. */
  fullNameKk: string | null;
  iin: string;
  position: string;
  /** Position in Kazakh; null where the file has none. */
  positionKk: string | null;
  unitId: string;
  unitNameKk: string;
  unitNameRu: string;
  headOfUnit: boolean;
  superiorId: string | null;
  /** Code of the branch; null for the central office. */
  branchCode: string | null;
  email: string;
  language: 'kk' | 'ru';
  hasPersonalDataAccess: boolean;
  participatesInPublicServices: boolean;
}

/** The file can't be imported; nothing of it was. Each fault names line and column and what would be right, and holds no value of a person. */
export class DirectoryFileError extends Error {
  override readonly name = 'DirectoryFileError';
  constructor(readonly faults: readonly string[]) {
    super(`the directory file has ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults.join('\n')}`);
  }
}

const maxBytes = 64 * 1024 * 1024;
const maxFaults = 100;

const emptyIsNull = (value: string): string | null => (value === '' ? null : value);
const text = (max: number) => z.string().min(1).max(max).describe(`1 to ${max} characters`);
const flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .describe('true or false');
// Ids and codes stand in the trail, which refuses what could be personal: said here, before a step of a case fails by it.
const id = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9._-]{0,31}$/i)
  .refine(isTrailReference)
  .describe(
    '1 to 32 letters (A-Z), digits, dots and hyphens, and no name and no identification, phone or account number',
  );

/** The columns in the file's own names: what each has to hold, in words in its description. */
const columns = z.object({
  employee_id: id,
  login: z
    .string()
    .regex(/^([a-z0-9][a-z0-9._@-]{0,63})?$/)
    .transform(emptyIsNull)
    .describe('empty, or 1 to 64 small letters (a-z), digits, dots, hyphens and @'),
  full_name: text(200),
  full_name_kk: z.string().max(200).transform(emptyIsNull).describe('empty, or up to 200 characters'),
  iin: z
    .string()
    .refine((iin) => iinFault(iin) === null)
    .describe('an individual identification number'),
  position: text(200),
  position_kk: z.string().max(200).transform(emptyIsNull).describe('empty, or up to 200 characters'),
  unit_id: id,
  unit_name_kk: text(300),
  unit_name_ru: text(300),
  head_of_unit: flag,
  superior_id: z.string().transform(emptyIsNull).describe('empty, or the employee_id of another row'),
  branch_code: z
    .string()
    .regex(/^([A-Z0-9]{2,8})?$/)
    .refine(isTrailReference)
    .transform(emptyIsNull)
    .describe('empty for the central office, or 2 to 8 capital letters and digits'),
  email: z.email().max(254).describe('an e-mail address'),
  language: z.enum(['kk', 'ru']).describe('kk or ru'),
  has_personal_data_access: flag,
  participates_in_public_services: flag,
});

type Column = keyof typeof columns.shape;
const columnNames = Object.keys(columns.shape) as Column[];
const optionalColumns: readonly Column[] = ['full_name_kk', 'position_kk'];

/** A row with the line on which it starts. */
interface Placed {
  line: number;
  row: DirectoryRow;
}

/**
 * Reads a directory file: UTF-8 (with or without a byte order mark), comma or semicolon, first line with the column names in any order.
 * The whole file is checked, the rows against each other too, before anything is returned.
 * @param knownBranches codes that `branch_code` may have; any when left out.
 * @throws DirectoryFileError with every fault (the first 100).
 */
export async function readDirectoryFile(
  content: AsyncIterable<Uint8Array | string>,
  knownBranches?: readonly string[],
): Promise<DirectoryRow[]> {
  const faults: string[] = [];
  const placed = toRows(parseCsv(await collect(content)), faults);
  if (faults.length === 0) faults.push(...compareRows(placed, knownBranches));
  if (faults.length > maxFaults) faults.splice(maxFaults, faults.length, `and ${faults.length - maxFaults} more`);
  if (faults.length > 0) throw new DirectoryFileError(faults);
  return placed.map(({ row }) => row);
}

async function collect(content: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    bytes += part.length;
    if (bytes > maxBytes) throw new DirectoryFileError([`file: is larger than ${maxBytes / 1024 / 1024} MiB`]);
    chunks.push(part);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new DirectoryFileError(['file: is not UTF-8; save it as "CSV UTF-8"']);
  }
}

interface Parsed {
  record: Record<string, string>;
  info: { lines: number };
}

function parseCsv(content: string): Parsed[] {
  const [header = ''] = content.split(/\r?\n/, 1);
  const delimiter = header.includes(';') ? ';' : ',';
  const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const faults = [
    ...columnNames
      .filter((name) => !names.includes(name) && !optionalColumns.includes(name))
      .map((name) => `line 1: column ${name} is missing`),
    ...names.flatMap((name, index) =>
      columnNames.includes(name as Column)
        ? []
        : [`line 1: column ${index + 1} is not known; known are ${columnNames.join(', ')}`],
    ),
    ...columnNames
      .filter((name) => names.filter((other) => other === name).length > 1)
      .map((name) => `line 1: column ${name} is there twice`),
  ];
  if (faults.length > 0) throw new DirectoryFileError(faults);
  try {
    return parse(content, {
      columns: names,
      delimiter,
      info: true,
      trim: true,
      from_line: 2,
      skip_empty_lines: true,
    }) as unknown as Parsed[];
  } catch (error) {
    const { lines, code } = error as { lines?: number; code?: string };
    throw new DirectoryFileError([`line ${lines ?? '?'}: is no row of CSV (${code ?? 'unreadable'})`]);
  }
}

function toRows(records: Parsed[], faults: string[]): Placed[] {
  if (records.length === 0) faults.push('file: has no row');
  const placed: Placed[] = [];
  for (const { record, info } of records) {
    const parsed = columns.safeParse({ full_name_kk: '', position_kk: '', ...record });
    if (parsed.success) placed.push({ line: info.lines, row: toRow(parsed.data) });
    else
      for (const column of new Set(parsed.error.issues.map((issue) => issue.path[0] as Column))) {
        const why = column === 'iin' ? ` (${iinFault(record.iin ?? '')})` : '';
        faults.push(`line ${info.lines}: ${column}: has to be ${columns.shape[column].description}${why}`);
      }
  }
  return placed;
}

function toRow(row: z.infer<typeof columns>): DirectoryRow {
  return {
    employeeId: row.employee_id,
    login: row.login,
    fullName: row.full_name,
    fullNameKk: row.full_name_kk,
    iin: row.iin,
    position: row.position,
    positionKk: row.position_kk,
    unitId: row.unit_id,
    unitNameKk: row.unit_name_kk,
    unitNameRu: row.unit_name_ru,
    headOfUnit: row.head_of_unit,
    superiorId: row.superior_id,
    branchCode: row.branch_code,
    email: row.email,
    language: row.language,
    hasPersonalDataAccess: row.has_personal_data_access,
    participatesInPublicServices: row.participates_in_public_services,
  };
}

/** What only shows when rows are read together: doubles, two heads of a unit, a unit in two branches, superiors that aren't there. */
function compareRows(placed: readonly Placed[], knownBranches?: readonly string[]): string[] {
  const faults: string[] = [];
  const first = {
    employeeId: new Map<string, number>(),
    login: new Map<string, number>(),
    iin: new Map<string, number>(),
  };
  const names = { employeeId: 'employee_id', login: 'login', iin: 'iin' } as const;
  const units = new Map<string, Placed>();
  const heads = new Map<string, number>();
  const superiors = new Map(placed.map(({ row }) => [row.employeeId, row.superiorId]));
  for (const { line, row } of placed) {
    for (const field of ['employeeId', 'login', 'iin'] as const) {
      const value = row[field];
      if (value === null) continue;
      const before = first[field].get(value);
      if (before === undefined) first[field].set(value, line);
      else faults.push(`line ${line}: ${names[field]}: is the same as on line ${before}`);
    }
    const unit = units.get(row.unitId);
    if (!unit) units.set(row.unitId, { line, row });
    else
      for (const [field, name] of [
        ['branchCode', 'branch_code'],
        ['unitNameKk', 'unit_name_kk'],
        ['unitNameRu', 'unit_name_ru'],
      ] as const)
        if (unit.row[field] !== row[field])
          faults.push(`line ${line}: ${name}: differs from line ${unit.line} of the same unit ${row.unitId}`);
    if (row.headOfUnit) {
      const head = heads.get(row.unitId);
      if (head === undefined) heads.set(row.unitId, line);
      else faults.push(`line ${line}: head_of_unit: unit ${row.unitId} has its head on line ${head} already`);
    }
    if (row.superiorId !== null && !superiors.has(row.superiorId))
      faults.push(`line ${line}: superior_id: is no employee_id of this file`);
    else if (leadsBack(row.employeeId, superiors))
      faults.push(`line ${line}: superior_id: the superiors of ${row.employeeId} lead back to this employee`);
    if (row.branchCode !== null && knownBranches && !knownBranches.includes(row.branchCode))
      faults.push(`line ${line}: branch_code: has to be empty or one of ${knownBranches.join(', ')}`);
  }
  return faults;
}

function leadsBack(employeeId: string, superiors: ReadonlyMap<string, string | null>): boolean {
  const seen = new Set<string>();
  for (let at = superiors.get(employeeId) ?? null; at !== null && !seen.has(at); at = superiors.get(at) ?? null) {
    if (at === employeeId) return true;
    seen.add(at);
  }
  return false;
}
