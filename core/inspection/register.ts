import type { CaseRecord } from '../cases.js';
import type { StoredClock } from '../clocks.js';
import type { Database } from '../database.js';
import type { Inspection } from './model.js';
import { unitCode } from './units.js';

/** What cases are looked for by; what is left out narrows nothing. */
export interface RegisterFilter {
  number?: string | undefined;
  process?: string | undefined;
  state?: CaseRecord['state'] | undefined;
  outcome?: string | undefined;
  /** Code of a branch, or `centralOffice`. */
  unit?: string | undefined;
  /** Received from this moment on, UTC. */
  receivedFrom?: Date | undefined;
  /** Received before this moment, UTC. */
  receivedBefore?: Date | undefined;
  /** Whether a clock of the case was broken, or runs past its due moment. */
  broken?: boolean | undefined;
  /** A personal value of sender or employee, as `searchIndex` made it. */
  person?: string | undefined;
}

export interface RegisterRow {
  record: CaseRecord;
  inspection: Inspection;
  clocks: StoredClock[];
}

/** Cases are read so many at a time. */
const batch = 100;

/**
 * The cases that fit, newest first, from the one before an id (exclusive) on. Reads no further than is taken from it, each collection once
 * for a hundred cases, and by an index. Who may read which is for the caller to ask.
 */
export async function* registerRows(
  { connection, clock }: Pick<Database, 'connection' | 'clock'>,
  filter: RegisterFilter,
  before?: string,
): AsyncGenerator<RegisterRow> {
  const cases = connection.collection<CaseRecord>('cases');
  const inspections = connection.collection<Inspection>('inspections');
  const clocks = connection.collection<StoredClock>('clocks');
  const { number, process, state, outcome, receivedFrom, receivedBefore, person } = filter;
  const ids = person === undefined ? null : await casesOfPerson({ connection }, person);
  const received = {
    ...(receivedFrom ? { $gte: receivedFrom } : {}),
    ...(receivedBefore ? { $lt: receivedBefore } : {}),
  };
  for (let last = before; ;) {
    const page = await cases
      .find(
        {
          ...(number === undefined ? {} : { number }),
          ...(process === undefined ? {} : { process }),
          ...(state === undefined ? {} : { state }),
          ...(outcome === undefined ? {} : { outcome }),
          ...(Object.keys(received).length > 0 ? { receivedAt: received } : {}),
          $and: [ids ? { _id: { $in: ids } } : {}, last === undefined ? {} : { _id: { $lt: last } }],
        },
        { sort: { _id: -1 }, limit: batch },
      )
      .toArray();
    const caseIds = page.map(({ _id }) => _id);
    const [files, running] = await Promise.all([
      inspections.find({ _id: { $in: caseIds } }).toArray(),
      clocks.find({ caseId: { $in: caseIds } }, { sort: { startedAt: 1, _id: 1 } }).toArray(),
    ]);
    const fileOf = new Map(files.map((file) => [file._id, file]));
    for (const record of page) {
      const inspection = fileOf.get(record._id);
      const row = inspection && { record, inspection, clocks: running.filter(({ caseId }) => caseId === record._id) };
      if (row && fits(row, filter, clock.legalNow())) yield row;
    }
    if (page.length < batch) return;
    last = page.at(-1)?._id;
  }
}

function fits({ inspection, clocks }: RegisterRow, { unit, broken }: RegisterFilter, at: Date): boolean {
  if (unit !== undefined && unitCode(inspection) !== unit) return false;
  return broken === undefined || broken === clocks.some((clock) => isBroken(clock, at));
}

/** Whether a clock's term ran out: stopped too late, or running past its due moment. */
export function isBroken({ state, kept, dueAt }: StoredClock, at: Date): boolean {
  return kept === false || (state === 'running' && dueAt !== null && dueAt < at);
}

/** Cases that a person filed, and in which he is inspected. */
async function casesOfPerson({ connection }: Pick<Database, 'connection'>, index: string): Promise<string[]> {
  const inspections = connection.collection<Inspection>('inspections');
  const employees = connection.collection<{ _id: string }>('employees');
  const found = await employees.find({ searchIndex: index }, { projection: { _id: 1 } }).toArray();
  const only = { projection: { _id: 1 } } as const;
  const [filed, inspected] = await Promise.all([
    inspections.find({ 'trigger.senderIndex': index }, only).toArray(),
    inspections.find({ 'lines.employeeId': { $in: found.map(({ _id }) => _id) } }, only).toArray(),
  ]);
  return [...new Set([...filed, ...inspected].map(({ _id }) => _id))];
}
