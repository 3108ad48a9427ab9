import type { CaseRecord } from './cases.js';
import type { StoredClock } from './clocks.js';
import type { Database } from './database.js';
import type { AccessRequest } from './access-request/model.js';
import type { Inspection } from './inspection/model.js';
import { unitCode } from './inspection/units.js';
import type { OpenCase } from './reading.js';
import type { TechnicalRequest } from './technical-request/model.js';

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

export type RegisterRow = OpenCase & { clocks: StoredClock[] };

/** The unit whose case it is: the code of a branch, or `centralOffice`, where all other requests are decided. */
export function unitOfCase(opened: OpenCase): string {
  return 'inspection' in opened ? unitCode(opened.inspection) : 'centralOffice';
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
  const requests = connection.collection<AccessRequest>('access-requests');
  const technical = connection.collection<TechnicalRequest>('technical-requests');
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
    const [files, asked, reported, running] = await Promise.all([
      inspections.find({ _id: { $in: caseIds } }).toArray(),
      requests.find({ _id: { $in: caseIds } }).toArray(),
      technical.find({ _id: { $in: caseIds } }).toArray(),
      clocks.find({ caseId: { $in: caseIds } }, { sort: { startedAt: 1, _id: 1 } }).toArray(),
    ]);
    const fileOf = new Map<
      string,
      { inspection: Inspection } | { accessRequest: AccessRequest } | { technicalRequest: TechnicalRequest }
    >([
      ...files.map((inspection) => [inspection._id, { inspection }] as const),
      ...asked.map((accessRequest) => [accessRequest._id, { accessRequest }] as const),
      ...reported.map((technicalRequest) => [technicalRequest._id, { technicalRequest }] as const),
    ]);
    for (const record of page) {
      const file = fileOf.get(record._id);
      const row = file && { record, ...file, clocks: running.filter(({ caseId }) => caseId === record._id) };
      if (row && fits(row, filter, clock.legalNow())) yield row;
    }
    if (page.length < batch) return;
    last = page.at(-1)?._id;
  }
}

function fits(row: RegisterRow, { unit, broken }: RegisterFilter, at: Date): boolean {
  if (unit !== undefined && unitOfCase(row) !== unit) return false;
  return broken === undefined || broken === row.clocks.some((clock) => isBroken(clock, at));
}

/** Whether a clock's term ran out: stopped too late, or running past its due moment. */
export function isBroken({ state, kept, dueAt }: StoredClock, at: Date): boolean {
  return kept === false || (state === 'running' && dueAt !== null && dueAt < at);
}

/** Cases that a person filed, in which he is inspected, in which access is asked for him, and that he reported. */
export async function casesOfPerson({ connection }: Pick<Database, 'connection'>, index: string): Promise<string[]> {
  const inspections = connection.collection<Inspection>('inspections');
  const employees = connection.collection<{ _id: string }>('employees');
  const found = await employees.find({ searchIndex: index }, { projection: { _id: 1 } }).toArray();
  const only = { projection: { _id: 1 } } as const;
  const requests = connection.collection<AccessRequest>('access-requests');
  const technical = connection.collection<TechnicalRequest>('technical-requests');
  const [filed, inspected, asked, reported] = await Promise.all([
    inspections.find({ 'trigger.senderIndex': index }, only).toArray(),
    inspections.find({ 'lines.employeeId': { $in: found.map(({ _id }) => _id) } }, only).toArray(),
    requests.find({ $or: [{ 'applicant.index': index }, { userIndex: index }] }, only).toArray(),
    technical.find({ 'reporter.index': index }, only).toArray(),
  ]);
  return [...new Set([...filed, ...inspected, ...asked, ...reported].map(({ _id }) => _id))];
}
