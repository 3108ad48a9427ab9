import type { Connection } from 'mongoose';

/**
 * The only place that asks what time it is. Two clocks: `legalNow` is the time that deadlines run in, which in a demo or a test is the
 * engine's travelled time; `wallNow` is for sessions, tokens, leases and rate limits. In production both are the system's.
 */
export interface Clock {
  /** The moment in which deadlines run, UTC. */
  legalNow(): Date;
  /** The system's moment, UTC. */
  wallNow(): Date;
  /** Reads the travelled offset again; called before each job and each request. Does nothing where travel is off. */
  refresh(): Promise<void>;
  /** Milliseconds since an arbitrary start, never going back: for measuring how long something took. */
  monotonicMs(): number;
}

interface OffsetDocument {
  _id: string;
  offsetMs: number;
}

const offsetId = 'legal-clock';

/** The system's clock, for production: legal time is real time. */
export function systemClock(): Clock {
  return {
    legalNow: () => new Date(),
    wallNow: () => new Date(),
    refresh: () => Promise.resolve(),
    monotonicMs: () => performance.now(),
  };
}

/** A clock whose legal time is the system's plus an offset that all processes read from MongoDB (collection `clock-offset`). */
export function travellingClock(connection: Connection): Clock {
  let offsetMs = 0;
  return {
    legalNow: () => new Date(Date.now() + offsetMs),
    wallNow: () => new Date(),
    refresh: async () => {
      offsetMs = await readClockOffset(connection);
    },
    monotonicMs: () => performance.now(),
  };
}

/** The offset of legal time in milliseconds; 0 when nobody travelled. */
export async function readClockOffset(connection: Connection): Promise<number> {
  const found = await connection.collection<OffsetDocument>('clock-offset').findOne({ _id: offsetId });
  return found?.offsetMs ?? 0;
}

/** Stores the offset of legal time in milliseconds. Travelling stores it first and moves the engine's clock after. */
export async function writeClockOffset(connection: Connection, offsetMs: number): Promise<void> {
  await connection
    .collection<OffsetDocument>('clock-offset')
    .updateOne({ _id: offsetId }, { $set: { offsetMs } }, { upsert: true, writeConcern: { w: 'majority', j: true } });
}
