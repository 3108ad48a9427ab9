import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AnyDecision, DecisionContext } from '../../core/decisions.js';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { may } from '../../core/rights.js';
import { defineWorker, type ReachContext } from '../define-worker.js';
import type { UserTask } from '../engine-rest.js';
import { id } from '../shapes.js';

/** The engine tells of a completed task some seconds later, when it was exported; after this time the job is tried again. */
const patienceMs = 30_000;

const inputShape = z.object({
  caseId: id,
  /** Name of the decision, a constant of the diagram. */
  decision: id,
  /** Element id of the user task whose completion is to be recorded. */
  taskElementId: id,
  decisionSubject: z.string().default(''),
  /** Values of the task's form: choices, flags, dates. Checked by the decision's own schema. */
  answers: z.record(z.string(), z.unknown()),
});

type Input = z.output<typeof inputShape>;

/**
 * Idea 6: reads from the engine who completed the task, checks the table of rights and what the case file has to hold, and records
 * the decision; or its refusal, with which the diagram opens the task again. Who a diagram's candidate groups named does not matter here.
 * What counts is when the person completed the task (idea 2): this step runs seconds later, or hours where nothing ran.
 */
export function recordDecision(decisions: readonly AnyDecision[]) {
  const byName = new Map(decisions.map((decision) => [decision.name, decision]));
  return defineWorker({
    type: 'decision.record',
    title: 'Record decision',
    titleRu: 'Зафиксировать решение',
    input: inputShape,
    output: z.object({ decisionAccepted: z.boolean(), refusalReason: z.string().nullable() }),
    maxJobs: 32,
    reach: findCompletedTask,
    run: async ({ input, job, tx, services, reached: task }) => {
      const { caseId, decisionSubject: subject } = input;
      const decision = byName.get(input.decision);
      if (!decision) throw new PermanentError(`decision ${input.decision} is not declared`, { field: 'decision' });
      const person = task.assignee === null ? null : await services.people.byLogin(task.assignee);
      const verdict =
        person && may(person, `decision:${decision.name}`, await decision.context(services, caseId, subject));
      const { onBehalfOf } = verdict ?? {};
      const decidedAt = completionOf(task, tx.at);
      const byPerson =
        task.assignee === null ? tx : { ...tx, by: { kind: 'person' as const, id: task.assignee, onBehalfOf } };
      const answers = decision.answers.safeParse(input.answers);

      const refusal = await (async (): Promise<string | null> => {
        if (!person || !verdict) return 'person-unknown';
        if (!verdict.allowed) return verdict.reason ?? 'no-role';
        if (!answers.success) return 'answers-wrong';
        const context: DecisionContext<unknown> = {
          caseId,
          answers: answers.data,
          subject,
          decidedAt,
          person,
          tx: byPerson,
          services,
        };
        const missing = await decision.requires(context);
        if (missing === null) await decision.apply?.(context);
        return missing;
      })();

      const facts = { decision: decision.name, userTaskKey: task.key };
      await services.decisions.record(tx, {
        ...facts,
        caseId,
        subject,
        elementId: input.taskElementId,
        processInstanceKey: job.processInstanceKey,
        epoch: job.epoch,
        by: task.assignee,
        ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
        accepted: refusal === null,
        refusal,
        answers: answers.success ? (answers.data as Record<string, unknown>) : {},
        decidedAt,
      });
      await services.userTasks.closed(tx, job.epoch, task.elementInstanceKey);
      await services.trail.record(byPerson, {
        caseId,
        type: refusal === null ? 'decision.recorded' : 'decision.refused',
        subject: subject === '' ? null : subject,
        data: { ...facts, decidedAt: decidedAt.toISOString(), ...(refusal === null ? {} : { reason: refusal }) },
      });
      return { decisionAccepted: refusal === null, refusalReason: refusal };
    },
  });
}

/** The newest completed task of this element in this instance that no decision was recorded for. */
async function findCompletedTask({
  input,
  job,
  engine,
  services,
  heartbeat,
  signal,
}: ReachContext<Input>): Promise<UserTask> {
  const { clock, decisions } = services;
  for (const startedMs = clock.monotonicMs(); clock.monotonicMs() - startedMs < patienceMs;) {
    const completed = await engine.userTasks({
      processInstanceKey: job.processInstanceKey,
      elementId: input.taskElementId,
      state: 'COMPLETED',
    });
    const recorded = await decisions.recorded(
      job.epoch,
      completed.map(({ key }) => key),
    );
    const left = completed.filter(({ key }) => !recorded.has(key));
    const own: UserTask[] = [];
    for (const task of left) {
      // Several tasks of one element may be open in an instance, each about something else.
      const announced = await services.userTasks.find(`${job.epoch}/${task.elementInstanceKey}`);
      if (!announced || announced.subject === input.decisionSubject) own.push(task);
    }
    const newest = own.sort(byKey).at(-1);
    if (newest) return newest;
    await heartbeat();
    await sleep(500, undefined, { signal });
  }
  throw new RetryableError(`task ${input.taskElementId} is not yet told as completed`);
}

/** When the task was completed by the engine's clock: not before it was there, and never later than this step. */
export function completionOf({ createdAt, completedAt }: Pick<UserTask, 'createdAt' | 'completedAt'>, now: Date): Date {
  const msOf = (moment: string | null): number => Date.parse(moment ?? '');
  const completed = msOf(completedAt);
  if (Number.isNaN(completed)) return now;
  return new Date(Math.min(Math.max(completed, msOf(createdAt) || completed), now.getTime()));
}

/** Keys of one instance grow with time: they come from one partition. */
function byKey(a: UserTask, b: UserTask): number {
  return BigInt(a.key) < BigInt(b.key) ? -1 : 1;
}
