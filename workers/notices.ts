import { setTimeout as sleep } from 'node:timers/promises';
import { createDigests } from '../core/digest.js';
import { PermanentError } from '../core/errors.js';
import type { Leases } from '../core/leases.js';
import { errorFields } from '../core/log.js';
import type { Services } from '../core/services.js';
import { announceTask, noticesActor } from '../core/task-notices.js';
import type { OpenTask } from '../core/user-tasks.js';
import type { Engine } from './engine.js';
import type { Metrics } from './metrics.js';
import { decisions } from './registry.js';

const everyMs = 2_000;
const announcedAtOnce = 100;

/** Writes the notices of new tasks and the daily digest into the outbox. One does so, the others stand by. */
export interface Notices {
  start(): void;
  /** One round: announces what is new and goes on with the digest; how many mails it wrote. A task that can't be announced holds up no other. */
  sweep(): Promise<number>;
  /** Ends the round that it has begun. */
  stop(): Promise<void>;
}

export function createNotices({
  services,
  engine,
  leases,
  metrics,
  owner,
}: {
  services: Services;
  engine: Pick<Engine, 'userTasks'>;
  leases: Pick<Leases, 'hold' | 'release'>;
  metrics: Pick<Metrics, 'notices'>;
  /** New at each start. */
  owner: string;
}): Notices {
  const log = services.log.child({ component: 'notices' });
  const digests = createDigests({ services, decisions, holderOf: (task) => holderOf(engine, task) });
  const stopping = new AbortController();
  let looping: Promise<void> | undefined;

  const sweep = async (): Promise<number> => {
    let written = 0;
    for (const task of await services.userTasks.unannounced(announcedAtOnce))
      try {
        written += await announceTask(services, decisions, task);
      } catch (error) {
        const forGood = error instanceof PermanentError;
        metrics.notices.inc({ outcome: 'failed' });
        log.error(
          { ...errorFields(error), caseNumber: task.caseNumber },
          forGood ? 'nobody can be told of a task: given up' : 'a task could not be announced; trying again',
        );
        // What will never do must not take the place of what would.
        if (forGood)
          await services.database.transaction(noticesActor, (tx) => services.userTasks.announce(tx, task._id));
      }
    written += await digests.sweep();
    metrics.notices.inc({ outcome: 'written' }, written);
    return written;
  };

  const loop = async (): Promise<void> => {
    let ready = false;
    while (!stopping.signal.aborted) {
      try {
        if (!ready) await digests.init();
        ready = true;
        if (await leases.hold('notices', owner, 15 * everyMs)) await sweep();
      } catch (error) {
        metrics.notices.inc({ outcome: 'failed' });
        log.warn(errorFields(error), 'notices could not be written; the next round follows');
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  return {
    start: () => {
      looping = loop();
    },
    sweep,
    stop: async () => {
      stopping.abort();
      await looping;
      await leases.release('notices', owner).catch(() => undefined);
    },
  };
}

/** Asks the engine for one task. Throws when it does not answer. */
async function holderOf(engine: Pick<Engine, 'userTasks'>, task: OpenTask): Promise<{ login: string | null } | 'over'> {
  const { processInstanceKey, elementId, elementInstanceKey } = task;
  const found = await engine.userTasks({ processInstanceKey, elementId, state: 'CREATED' });
  const same = found.find((each) => each.elementInstanceKey === elementInstanceKey);
  return same ? { login: same.assignee } : 'over';
}
