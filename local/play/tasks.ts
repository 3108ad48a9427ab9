import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineRest, UserTask } from '../../workers/engine-rest.js';
import type { Variables } from '../../workers/engine.js';

export interface TaskToComplete {
  caseNumber: string;
  elementId: string;
  login: string;
  variables: Variables;
  /** Another variable that tells one task of a case from others of the same element, e.g. a request's id. */
  subject?: { name: string; value: string };
  timeoutMs?: number;
}

/** Waits until an open user task of a case is there (the search is some seconds behind the broker). */
export async function awaitTask(
  engine: EngineRest,
  task: Pick<TaskToComplete, 'caseNumber' | 'elementId' | 'subject' | 'timeoutMs'>,
  known: ReadonlySet<string> = new Set(),
): Promise<UserTask> {
  const variable = task.subject ?? { name: 'caseNumber', value: task.caseNumber };
  return waitFor(
    async () =>
      (await engine.userTasks({ elementId: task.elementId, state: 'CREATED', variable })).find(
        ({ key }) => !known.has(key),
      ) ?? null,
    `${task.elementId} of ${task.caseNumber}`,
    task.timeoutMs,
  );
}

const done = new Set<string>();

/** Completes a user task as a person: takes it and answers its form, as Tasklist does. Returns the task's key. */
export async function completeTask(engine: EngineRest, task: TaskToComplete): Promise<string> {
  const open = await awaitTask(engine, task, done);
  done.add(open.key);
  // A broker that is busy refuses for a moment.
  await waitFor(
    async () => {
      await engine.assignUserTask(open.key, task.login);
      return true;
    },
    `${task.login} to take ${task.elementId} of ${task.caseNumber}`,
    60_000,
  );
  // While the engine still carries out the assignment it refuses the completion.
  await waitFor(
    () => engine.completeUserTask(open.key, task.variables),
    `${task.login} to complete ${task.elementId} of ${task.caseNumber}`,
    60_000,
  );
  return open.key;
}

/**
 * Asks again and again until something is there, the less often the longer it takes (each second at last): the engine and its search have to answer.
 * Throws after `timeoutMs` (four minutes).
 */
export async function waitFor<T>(
  ask: () => Promise<T | null | undefined | false>,
  what: string,
  timeoutMs = 240_000,
): Promise<T> {
  const start = performance.now();
  let fault: unknown;
  for (;;) {
    try {
      const found = await ask();
      if (found) return found;
      fault = undefined;
    } catch (error) {
      fault = error;
    }
    const waitedMs = performance.now() - start;
    if (waitedMs > timeoutMs)
      throw new Error(`waited ${Math.round(timeoutMs / 1000)} s in vain for ${what}`, { cause: fault });
    await sleep(Math.min(1_000, Math.max(200, waitedMs / 5)));
  }
}
