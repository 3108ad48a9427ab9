import { WaitingFaults } from '../waiting-faults.js';

export const operations = ['describe', 'create', 'search', 'read', 'change', 'remove'] as const;
export type Operation = (typeof operations)[number];

/** How the server can be told to misbehave. README.md says what each does. */
export const faultNames = [
  ...['slow', '429', '500', 'wrong-type', 'break-off', 'refuse'],
  ...['conflict', 'lost-answer', 'other-writer'],
] as const;

export interface Fault {
  fault: string;
  times: number;
  on?: Operation;
  delayMs?: number;
}

/** The faults that wait for their turn. */
export class Faults extends WaitingFaults<Fault> {
  /** Uses up one turn of the named fault, on the operation that it names or on any. */
  take(name: string, operation: Operation): Fault | null {
    return this.useFirst(({ fault, on }) => fault === name && (on === undefined || on === operation));
  }
}
