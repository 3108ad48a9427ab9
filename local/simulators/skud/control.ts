import { Problem } from '../http.js';
import { faultNames, operations, type Fault, type Operation } from './faults.js';

/** What POST /control may ask for. */
export interface Control {
  fault: Fault | null;
  /** The moment that the server's clock is to show. */
  now: string | undefined;
  /** Accounts to be there at once, as if they had been made and used at the given moments. */
  accounts: { userName: string; externalId: string; createdAt: string; lastSignInAt?: string }[];
  /** Sign-ins of users who are not blocked, without an event. */
  signIns: { userName: string; at: string }[];
}

/** Reads the body of POST /control; throws a Problem that names the field. */
export function readControl(body: Record<string, unknown>): Control {
  return {
    fault: body.fault === undefined ? null : readFault(body),
    now: body.now === undefined ? undefined : moment(body.now, 'now'),
    accounts: rows(body.accounts, 'accounts').map(({ userName, externalId, createdAt, lastSignInAt }) => ({
      userName: String(userName),
      externalId: String(externalId),
      createdAt: moment(createdAt, 'accounts.createdAt'),
      ...(lastSignInAt === undefined ? {} : { lastSignInAt: moment(lastSignInAt, 'accounts.lastSignInAt') }),
    })),
    signIns: rows(body.signIns, 'signIns').map(({ userName, at }) => ({
      userName: String(userName),
      at: moment(at, 'signIns.at'),
    })),
  };
}

function readFault(body: Record<string, unknown>): Fault {
  const name = String(body.fault);
  if (!(faultNames as readonly string[]).includes(name)) throw wrong('fault', `one of ${faultNames.join(', ')}`);
  const fault: Fault = { fault: name, times: count(body, 'times') ?? 1 };
  if (body.on !== undefined) {
    if (!operations.includes(body.on as Operation)) throw wrong('on', `one of ${operations.join(', ')}`);
    fault.on = body.on as Operation;
  }
  const delayMs = count(body, 'delayMs');
  return delayMs === undefined ? fault : { ...fault, delayMs };
}

function rows(value: unknown, field: string): Record<string, unknown>[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(field, 'a list');
  return value as Record<string, unknown>[];
}

function moment(value: unknown, field: string): string {
  const at = new Date(String(value));
  if (Number.isNaN(at.getTime())) throw wrong(field, 'a moment, for example 2026-01-05T04:00:00Z');
  return at.toISOString();
}

function count(body: Record<string, unknown>, field: string): number | undefined {
  const value = body[field];
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong(field, 'a whole number >= 0');
  return value as number;
}

function wrong(field: string, expected: string): Problem {
  return new Problem(400, 'invalid', `${field}: expected ${expected}`);
}
