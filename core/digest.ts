import { CalendarMissingError } from './calendar.js';
import type { StoredClock } from './clock-truth.js';
import { ensureCollection } from './collections.js';
import type { AnyDecision } from './decisions.js';
import { PermanentError } from './errors.js';
import { atLocalTime, dayNumber, endOfDay, localDay } from './legal-day.js';
import { errorFields } from './log.js';
import type { Person } from './people.js';
import { readableClocks, readsCases } from './reading.js';
import { roles } from './rights.js';
import type { RunningCursor } from './running-clocks.js';
import type { Services } from './services.js';
import { clockOfTask, inCase, mayComplete, noticesActor, type TaskInCase } from './task-notices.js';
import type { OpenTask } from './user-tasks.js';

/** How far the digest of a legal day has come (collection `digest-runs`): whoever goes on begins behind `after`. */
interface DigestRun {
  /** The legal day. */
  _id: string;
  /** The last employee who was written to: everybody up to him has been dealt with. '' at the beginning. */
  after: string;
  done: boolean;
}

/** Who has a task that is open, asked of the engine: `null` when nobody has taken it, `over` when it is no longer there. */
export type TaskHolder = (task: OpenTask) => Promise<{ login: string | null } | 'over'>;

/** Once each working morning everybody is told of what waits for him. */
export interface Digests {
  /** Goes on with the digest of the day, if it is time for one and it is not done; the number of mails that it wrote. */
  sweep(): Promise<number>;
  init(): Promise<void>;
}

/** Rows of each list in a mail at most; the page of deadlines has the rest. */
const mostRows = 50;
/** The engine's search tells of a new task some seconds later: younger ones are not asked for. */
const settledMs = 60 * 1000;

/**
 * One mail a working day to each person with something open: tasks that he may complete, terms that have run out or end soon of cases that he may read.
 * The day's first sweep after the organisation's `digest.at` begins it, so a morning that was missed is made up for on the same day; a later day
 * does not. Each person's mail and the mark behind him are one transaction: whatever is killed, and however many sweep, he gets one.
 */
export function createDigests(deps: {
  services: Services;
  decisions: readonly AnyDecision[];
  holderOf: TaskHolder;
}): Digests {
  const { services, decisions, holderOf } = deps;
  const { database, organisation, calendars, people, noticeChoices, outbox, settings, log } = services;
  const { clock } = database;
  const { timeZone: zone, jurisdiction, digest } = organisation;
  const runs = database.connection.collection<DigestRun>('digest-runs');
  const { publicUrl, tasklistUrl } = settings.web;
  const linkOf = (caseNumber: string): string => `${publicUrl}/cases/${caseNumber}`;

  /** A year without a table stops no reminder: then each day counts as a working one. */
  const isWorkingDay = async (day: string): Promise<boolean> => {
    try {
      return (await calendars.current()).isWorkingDay(jurisdiction, day);
    } catch (error) {
      if (error instanceof CalendarMissingError) return true;
      throw error;
    }
  };

  /** A case that can't be read must not cost everybody the digest: it is logged and left out. What may pass is thrown on. */
  const unlessFaulty = async <T>(about: { caseNumber?: string }, read: () => Promise<T | null>): Promise<T | null> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.error({ ...errorFields(error), ...about }, 'a part of the digest could not be read and was left out');
      return null;
    }
  };

  /** Open tasks, without those that the engine no longer has; those are closed here. While it does not answer, all count as open. */
  const openTasks = async (): Promise<(TaskInCase & { holder: string | null; dueAt: Date | null })[]> => {
    const found: (TaskInCase & { holder: string | null; dueAt: Date | null })[] = [];
    let engineAnswers = true;
    for (const task of await services.userTasks.open()) {
      const settled = clock.wallNow().getTime() - task.openedWallAt.getTime() > settledMs;
      const asked =
        settled && engineAnswers
          ? await holderOf(task).catch((error: unknown) => {
              log.warn(
                errorFields(error),
                'the engine could not be asked for tasks: those that are known count as open',
              );
              engineAnswers = false;
              return null;
            })
          : null;
      if (asked === 'over') {
        const epoch = task._id.slice(0, task._id.lastIndexOf('/'));
        await database.transaction(noticesActor, (tx) => services.userTasks.closed(tx, epoch, task.elementInstanceKey));
        continue;
      }
      const known = await unlessFaulty({ caseNumber: task.caseNumber }, async () => {
        const inIt = await inCase(services, decisions, task);
        return inIt && { ...inIt, dueAt: (await clockOfTask(services, task))?.dueAt ?? null };
      });
      if (known) found.push({ ...known, holder: asked?.login ?? null });
    }
    const soonest = ({ dueAt }: { dueAt: Date | null }): number => dueAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
    return found.sort((a, b) => soonest(a) - soonest(b) || a.task.openedAt.getTime() - b.task.openedAt.getTime());
  };

  /** Clocks that somebody may see and that end before `until`, the soonest first; one more than a mail shows, where there are more. */
  const clocksUntil = async (person: Person, until: Date): Promise<StoredClock[]> => {
    const found: StoredClock[] = [];
    let after: RunningCursor | null = null;
    do {
      const page = await readableClocks(services, person, {}, { after, limit: mostRows });
      for (const { clock: each } of page.clocks) {
        if (!each.dueAt || each.dueAt > until) return found;
        found.push(each);
      }
      after = page.next;
    } while (after && found.length <= 2 * mostRows);
    return found;
  };

  /** What the mail to somebody (by all his sign-ins) says, or null when nothing is open. */
  const contentFor = async (
    persons: readonly Person[],
    tasks: Awaited<ReturnType<typeof openTasks>>,
    { now, until }: { now: Date; until: Date },
  ): Promise<Record<string, unknown> | null> => {
    const logins = persons.map(({ login }) => login);
    const own = tasks.filter(
      (each) =>
        (each.holder === null || logins.includes(each.holder)) && persons.some((person) => mayComplete(person, each)),
    );
    const clocks = new Map<string, StoredClock>();
    for (const person of persons) for (const each of await clocksUntil(person, until)) clocks.set(each._id, each);
    const inOrder = [...clocks.values()].sort((a, b) => (a.dueAt as Date).getTime() - (b.dueAt as Date).getTime());
    if (own.length === 0 && inOrder.length === 0) return null;
    const rows = (of: StoredClock[]) =>
      of
        .slice(0, mostRows)
        .map(({ rule, caseNumber, dueAt }) => ({ rule, caseNumber, dueAt, caseLink: linkOf(caseNumber) }));
    const overdue = inOrder.filter(({ dueAt }) => (dueAt as Date) < now);
    const soon = inOrder.filter(({ dueAt }) => (dueAt as Date) >= now);
    const more = [own, overdue, soon].some((list) => list.length > mostRows);
    return {
      tasks: own.slice(0, mostRows).map(({ task, dueAt }) => ({
        task: task.decision,
        caseNumber: task.caseNumber,
        ...(dueAt ? { dueAt } : {}),
        caseLink: linkOf(task.caseNumber),
      })),
      overdue: rows(overdue),
      soon: rows(soon),
      ...(more ? { moreLink: `${publicUrl}/deadlines` } : {}),
      tasklistLink: tasklistUrl,
      choicesLink: `${publicUrl}/notices`,
    };
  };

  /** Writes to one employee; false when another sweep has done so. */
  const write = (run: DigestRun, employeeId: string, data: Record<string, unknown>): Promise<boolean> =>
    database.transaction(noticesActor, async (tx) => {
      const passed = await runs.updateOne(
        { _id: run._id, after: run.after, done: false },
        { $set: { after: employeeId } },
        { session: tx.session },
      );
      if (passed.modifiedCount === 0) return false;
      await outbox.notice(tx, {
        caseId: '',
        key: `digest/${run._id}/${employeeId}`,
        employeeId,
        template: 'shared/daily-digest',
        data,
        taskId: null,
        staleAt: new Date(endOfDay(dayNumber(run._id), zone)),
      });
      return true;
    });

  return {
    sweep: async () => {
      await clock.refresh();
      const now = clock.legalNow();
      const day = localDay(now, zone);
      if (now.getTime() < atLocalTime(dayNumber(day), digest.at, zone)) return 0;
      const before = await runs.findOne({ _id: day });
      if (before?.done || !(await isWorkingDay(day))) return 0;
      if (!before) await runs.updateOne({ _id: day }, { $setOnInsert: { after: '', done: false } }, { upsert: true });
      const run: DigestRun = before ?? { _id: day, after: '', done: false };

      const byEmployee = new Map<string, Person[]>();
      for (const person of await people.withRoles(roles))
        if (person.employeeId !== null && person.employeeId > run.after && readsCases(person))
          byEmployee.set(person.employeeId, [...(byEmployee.get(person.employeeId) ?? []), person]);
      const wanting = await noticeChoices.wanting('digest', [...byEmployee.keys()]);
      const tasks = wanting.length > 0 ? await openTasks() : [];
      const until = new Date(endOfDay(dayNumber(day) + digest.daysAhead, zone));
      let written = 0;
      let { after } = run;
      for (const employeeId of wanting.sort()) {
        const data = await unlessFaulty({}, () => contentFor(byEmployee.get(employeeId) ?? [], tasks, { now, until }));
        if (!data) continue;
        if (!(await write({ ...run, after }, employeeId, data))) return written;
        after = employeeId;
        written += 1;
      }
      await runs.updateOne({ _id: day, after }, { $set: { done: true } });
      return written;
    },
    init: () => ensureCollection(database.connection, 'digest-runs'),
  };
}
