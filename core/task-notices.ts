import type { AnyDecision } from './decisions.js';
import type { Actor, Tx } from './database.js';
import type { Person } from './people.js';
import { may, rights, type RightsContext } from './rights.js';
import type { Services } from './services.js';
import type { OpenTask } from './user-tasks.js';

/** A task of a decision, by name, and how its case stands. */
export interface TaskInCase {
  task: OpenTask;
  context: RightsContext;
}

/** Whether somebody may complete a task: whom the check after its completion would accept, and who may know of the case. */
export function mayComplete(person: Person, { task, context }: TaskInCase): boolean {
  return may(person, `decision:${task.decision}`, context).allowed && may(person, 'case.read', context).allowed;
}

/** Roles that may take a decision in any case; nobody else has to be looked at. */
export function rolesThatDecide(decision: string): string[] {
  const lines = rights.filter(({ actions }) => (actions as readonly string[]).includes(`decision:${decision}`));
  return [...new Set(lines.flatMap(({ role }) => role ?? []))];
}

/** A task with how its case stands; null when no such decision is known any more, or the case is gone. */
export async function inCase(
  services: Services,
  decisions: readonly AnyDecision[],
  task: OpenTask,
): Promise<TaskInCase | null> {
  const decision = decisions.find(({ name }) => name === task.decision);
  if (!decision || !(await services.cases.find(task.caseId))) return null;
  return { task, context: await decision.context(services, task.caseId, task.subject) };
}

/**
 * The clock that a task is done under: that of its own subject, else the soonest one of the case. Null when none runs with a term.
 */
export async function clockOfTask(
  { clocks }: Pick<Services, 'clocks'>,
  { caseId, subject }: Pick<OpenTask, 'caseId' | 'subject'>,
): Promise<{ id: string; rule: string; dueAt: Date } | null> {
  const running = (await clocks.ofCase(caseId)).flatMap(({ _id: id, state, rule, dueAt, subject: about }) =>
    state === 'running' && dueAt ? [{ id, rule, dueAt, own: subject !== '' && about === subject, about }] : [],
  );
  const own = running.filter(({ own: its }) => its);
  const candidates = own.length > 0 ? own : running.filter(({ about }) => about === '');
  const [first] = candidates.sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  return first ? { id: first.id, rule: first.rule, dueAt: first.dueAt } : null;
}

const dayMs = 24 * 60 * 60 * 1000;
export const noticesActor: Actor = { kind: 'system', id: 'notices' };

/**
 * Writes to everybody who may complete a task, once: the mails and the mark that it is announced are one transaction. Who is excluded, who may
 * not read the case and who wants no such mail gets none. Returns how many were written to.
 */
export async function announceTask(
  services: Services,
  decisions: readonly AnyDecision[],
  task: OpenTask,
): Promise<number> {
  const { database, people, noticeChoices, userTasks, outbox, settings } = services;
  const known = await inCase(services, decisions, task);
  const persons = known ? await people.withRoles(rolesThatDecide(task.decision)) : [];
  const able = known ? persons.filter((person) => mayComplete(person, known)) : [];
  const employeeIds = [...new Set(able.flatMap(({ employeeId }) => employeeId ?? []))];
  const wanting = await noticeChoices.wanting('task', employeeIds);
  const clock = await clockOfTask(services, task);
  const { publicUrl, tasklistUrl } = settings.web;
  const data = {
    task: task.decision,
    caseNumber: task.caseNumber,
    openedAt: task.openedAt,
    ...(clock ? { rule: clock.rule, dueAt: clock.dueAt } : {}),
    caseLink: `${publicUrl}/cases/${task.caseNumber}`,
    tasklistLink: tasklistUrl,
    choicesLink: `${publicUrl}/notices`,
  };
  return database.transaction(noticesActor, async (tx: Tx) => {
    if (!(await userTasks.announce(tx, task._id))) return 0;
    for (const employeeId of wanting)
      await outbox.notice(tx, {
        caseId: task.caseId,
        key: `task/${task._id}/${employeeId}`,
        employeeId,
        template: 'shared/task-opened',
        data,
        taskId: task._id,
        staleAt: new Date(tx.at.getTime() + 7 * dayMs),
      });
    return wanting.length;
  });
}
