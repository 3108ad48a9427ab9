import { z } from 'zod';
import { defineWorker } from '../define-worker.js';
import { caseIds, id } from '../shapes.js';

/**
 * The start listener of every user task: remembers that it opened, in the transaction that remembers the job, so each task counts once.
 * Nothing else: a task must not wait for who is written to, or for a mail server. The relay writes to those who may complete it.
 */
export const announceTask = defineWorker({
  type: 'task.announce',
  title: 'Announce task',
  titleRu: 'Известить о задаче',
  description: 'Start listener of a user task, not a step of its own.',
  listener: true,
  input: z.object({
    ...caseIds,
    /** Decision that the task leads to, a constant of the diagram. */
    decision: id,
    decisionSubject: z.string(),
  }),
  output: z.object({}),
  maxJobs: 32,
  run: async ({ input, job, tx, services }) => {
    const { caseId, caseNumber, decision, decisionSubject: subject } = input;
    const { epoch, processInstanceKey, elementId, elementInstanceKey } = job;
    await services.userTasks.opened(tx, {
      ...{ caseId, caseNumber, decision, subject, epoch },
      ...{ processInstanceKey, elementId, elementInstanceKey },
    });
    return {};
  },
});
