import { WaitingFaults } from '../waiting-faults.js';
import type { ContentFault } from './rows.js';

export type Operation = 'token' | 'create' | 'find' | 'status' | 'part';

/** How the simulator can be told to misbehave. README.md says what each does. */
export type FaultName =
  | 'slow'
  | '429'
  | '500'
  | 'break-half-way'
  | 'lost-answer'
  | 'token-expires'
  | 'wrong-type'
  | 'missing-part'
  | 'lie-rows'
  | 'lie-hash'
  | 'lie-parts'
  | 'short-part'
  | 'refuse'
  | 'fail'
  | 'never-ready'
  | 'take-back'
  | ContentFault;

export interface Fault {
  fault: FaultName;
  times: number;
  on?: Operation;
  delayMs?: number;
  afterBytes?: number;
  part?: number;
}

const contentFaults: readonly string[] = [
  'out-of-period',
  'wrong-system',
  'wrong-subject',
  'wrong-fact',
  'extra-field',
  'bad-row',
  'long-row',
] satisfies ContentFault[];

/** Where a fault strikes unless `on` says otherwise; 'export': it is fixed to an export when that is created. */
const strikes: Record<Exclude<FaultName, ContentFault>, Operation | 'any' | 'export'> = {
  slow: 'any',
  '429': 'any',
  '500': 'any',
  'wrong-type': 'any',
  'token-expires': 'any',
  'break-half-way': 'part',
  'missing-part': 'part',
  'short-part': 'part',
  'lost-answer': 'create',
  'lie-rows': 'export',
  'lie-hash': 'export',
  'lie-parts': 'export',
  refuse: 'export',
  fail: 'export',
  'never-ready': 'export',
  'take-back': 'export',
};

const operations: readonly string[] = ['token', 'create', 'find', 'status', 'part'] satisfies Operation[];

export function isContentFault(name: string): name is ContentFault {
  return contentFaults.includes(name);
}

/** Reads a fault from the control endpoint's body; throws an Error that names the field. */
export function readFault(body: Record<string, unknown>): Fault {
  const name = String(body.fault);
  if (!(name in strikes) && !isContentFault(name)) {
    throw new Error(`fault: expected one of ${[...Object.keys(strikes), ...contentFaults].join(', ')}`);
  }
  const fault: Fault = { fault: name as FaultName, times: count(body, 'times') ?? 1 };
  if (body.on !== undefined) {
    if (!operations.includes(body.on as string)) throw new Error(`on: expected one of ${operations.join(', ')}`);
    fault.on = body.on as Operation;
  }
  fault.delayMs = count(body, 'delayMs');
  fault.afterBytes = count(body, 'afterBytes');
  fault.part = count(body, 'part');
  return fault;
}

export function count(body: Record<string, unknown>, field: string): number | undefined {
  const value = body[field];
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${field}: expected a whole number >= 0`);
  return value as number;
}

/** The faults that wait for their turn. */
export class Faults extends WaitingFaults<Fault> {
  /** Uses up one turn of the named fault if it strikes this operation. */
  take(name: FaultName, operation: Operation): Fault | null {
    return this.useFirst((fault) => fault.fault === name && where(fault, operation) && fault.times > 0);
  }

  /** Uses up one turn of every fault that gets fixed to a new export. */
  takeForExport(): Fault[] {
    return this.useAll(({ fault }) => isContentFault(fault) || strikes[fault] === 'export');
  }
}

function where(fault: Fault, operation: Operation): boolean {
  if (fault.on !== undefined) return fault.on === operation;
  const place = isContentFault(fault.fault) ? 'export' : strikes[fault.fault];
  return place === 'any' || place === operation;
}
