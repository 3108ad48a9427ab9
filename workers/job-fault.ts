import { BusinessError, PermanentError, RetryableError } from '../core/errors.js';
import type { z } from 'zod';

/** What a failed attempt means for its job. */
export interface JobFault {
  /** Attempts that are left; 0 raises an incident. */
  retries: number;
  backOffMs: number;
  /** For the incident and the log: names what failed, without a value of a person. */
  message: string;
}

export interface BackOff {
  firstMs: number;
  factor: number;
  mostMs: number;
  /** Attempts that a task has in our diagrams (`retries` of its task definition): the back-off counts from there. */
  attempts: number;
}

/** 2 s, 10 s, 50 s, 250 s before the second to the fifth attempt. */
export const defaultBackOff: BackOff = { firstMs: 2_000, factor: 5, mostMs: 600_000, attempts: 5 };

/** The process has to end while a job is worked on: the job goes back to the engine at no cost. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The engine no longer has the job (answered by another worker, cancelled with its instance): nothing is done or said for it. */
export class JobGone extends Error {
  override readonly name = 'JobGone';
}

/** Says what a failed attempt means. Faults of our own store and interruptions cost no attempt: nothing of the job is wrong. */
export function faultOf(error: unknown, retries: number, backOff: BackOff = defaultBackOff): JobFault {
  if (error instanceof Interrupted) return { retries, backOffMs: 0, message: 'the worker was stopped' };
  if (error instanceof PermanentError) return { retries: 0, backOffMs: 0, message: withoutValues(error.message) };
  if (error instanceof BusinessError)
    return {
      retries: 0,
      backOffMs: 0,
      message: `threw ${withoutValues(error.code)}, which the worker does not declare`,
    };
  const wait = backOffBefore(retries, backOff);
  if (isStoreFault(error))
    return { retries, backOffMs: wait, message: `the database did not answer (${(error as Error).name})` };
  const left = Math.max(0, retries - 1);
  if (error instanceof RetryableError)
    return { retries: left, backOffMs: Math.max(wait, error.afterMs ?? 0), message: withoutValues(error.message) };
  return { retries: left, backOffMs: wait, message: `unexpected ${nameOf(error)}` };
}

/** Exponential from the attempts that are left, with half of it drawn by lot, so that what failed together does not come again together. */
function backOffBefore(retries: number, { firstMs, factor, mostMs, attempts }: BackOff): number {
  const failedBefore = Math.max(0, attempts - retries);
  const full = Math.min(mostMs, firstMs * factor ** failedBefore);
  return Math.round(full * (0.5 + Math.random() / 2));
}

/** The fields that a schema refused, and why, without their values: for the message of an incident. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => {
      const field = issue.path.map(String).join('.') || '(all)';
      const keys = 'keys' in issue && Array.isArray(issue.keys) ? ` ${issue.keys.join(', ')}` : '';
      const expected = 'expected' in issue && typeof issue.expected === 'string' ? `, expected ${issue.expected}` : '';
      return `${field}: ${issue.code}${keys}${expected}`;
    })
    .join('; ');
}

/**
 * A second fence behind the rule that messages carry no values of a person: takes out what looks like one (quoted text, addresses,
 * long rows of digits, anything that isn't ASCII).
 */
export function withoutValues(message: string): string {
  return message
    .replace(/"[^"]*"|«[^»]*»|“[^”]*”/g, '…')
    .replace(/\S+@\S+/g, '…')
    .replace(/[^\x20-\x7e…]+(?:\s+[^\x20-\x7e…]+)*/g, '…')
    .replace(/\b\d{12}\b/g, '…')
    .slice(0, 500);
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}

const storeFaults = new Set([
  'ConflictError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongooseServerSelectionError',
]);

/** The database can't be reached, or a transaction kept meeting another one's writes, perhaps those of a worker that was killed. */
function isStoreFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { hasErrorLabel, code } = error as { hasErrorLabel?: (label: string) => boolean; code?: unknown };
  const writeConflict = 112;
  return (
    storeFaults.has(error.name) ||
    code === writeConflict ||
    (typeof hasErrorLabel === 'function' && hasErrorLabel.call(error, 'TransientTransactionError'))
  );
}
