import { randomUUID } from 'node:crypto';
import type { Leases } from '../core/leases.js';
import { errorFields, type Logger } from '../core/log.js';

/**
 * A process's place among its kind: `relay-1`, `relay-2`, ... The place of one that was killed is free some seconds later; who takes it
 * knows that what was taken under its name is nobody's.
 */
export interface Slot {
  /** Name of the place that it has now. */
  owner(): string;
  giveBack(): Promise<void>;
}

const holdMs = 9_000;
const renewMs = 3_000;
const places = 64;

/** Takes the first free place and keeps it. Throws when none of 64 is free. */
export async function takeSlot({ leases, name, log }: { leases: Leases; name: string; log: Logger }): Promise<Slot> {
  const id = randomUUID();
  const take = async (): Promise<string> => {
    for (let place = 1; place <= places; place += 1)
      if (await leases.hold(`${name}-${place}`, id, holdMs)) return `${name}-${place}`;
    throw new Error(`all ${places} places of ${name} are taken`);
  };
  let owner = await take();
  const renew = async (): Promise<void> => {
    // Another process has it now, because this one stood still for too long: go on under another name.
    if (!(await leases.hold(owner, id, holdMs))) owner = await take();
  };
  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.warn(errorFields(error), 'the place could not be kept; trying again'));
  }, renewMs);
  return {
    owner: () => owner,
    giveBack: async () => {
      clearInterval(timer);
      await leases.release(owner, id);
    },
  };
}
