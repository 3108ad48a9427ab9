import { askingOnce } from './asked-once.js';
import type { StoredClock } from './clock-truth.js';
import type { AnyDecision } from './decisions.js';
import type { Person } from './people.js';
import { readsCases, unitsRead } from './reading.js';
import { may } from './rights.js';
import type { RunningCursor } from './running-clocks.js';
import type { Services } from './services.js';
import { clockOfTask, inCase, mayComplete } from './task-notices.js';
import type { OpenTask } from './user-tasks.js';

/** A task that somebody may complete, with the clock that it is done under; null where none runs with a term. */
export interface MyTask {
  task: OpenTask;
  clock: StoredClock | null;
}

/** Where a list goes on: behind a clock of the walk, then behind a task that no clock runs for. */
export type WorkCursor = RunningCursor | { task: string };

/** A page; `next` says that more follow, and depends on nothing but what the reader may see. */
export interface WorkPage<Row> {
  rows: Row[];
  next: WorkCursor | null;
}

/** Clocks, or tasks without one, that are looked at together. */
const batch = 100;

/**
 * The open tasks that somebody may complete, as the check after their completion would find, in the order of the clocks that they are done
 * under, those without one at the end. Told by MongoDB alone: one that a colleague has taken in Tasklist is listed too.
 */
export async function myTasks(
  given: Services,
  decisions: readonly AnyDecision[],
  person: Person,
  { after = null, limit }: { after?: WorkCursor | null; limit: number },
): Promise<WorkPage<MyTask>> {
  const services = askingOnce(given);
  const isMine = async (task: OpenTask): Promise<boolean> => {
    const known = await inCase(services, decisions, task);
    return known !== null && mayComplete(person, known);
  };
  const underClocks = async (clocks: StoredClock[]): Promise<MyTask[][]> => {
    const rows = new Map<string, MyTask[]>(clocks.map(({ _id }) => [_id, []]));
    for (const task of await services.userTasks.openOfCases([...new Set(clocks.map(({ caseId }) => caseId))])) {
      const own = await clockOfTask(services, task);
      const clock = clocks.find(({ _id }) => _id === own?.id);
      if (clock && (await isMine(task))) rows.get(clock._id)!.push({ task, clock });
    }
    return [...rows.values()];
  };
  const first: WorkPage<MyTask> =
    after && 'task' in after
      ? { rows: [], next: null }
      : await walk(services, person, { after, limit, rowsOf: underClocks });
  if (first.next || !readsCases(person)) return first;
  const { rows } = first;
  let last = after && 'task' in after ? after.task : '';
  for (let exhausted = false; !exhausted;) {
    const page = await services.userTasks.openAfter(last, batch);
    exhausted = page.length < batch;
    for (const task of page) {
      if (!(await clockOfTask(services, task)) && (await isMine(task))) {
        if (rows.length >= limit) return { rows, next: { task: last } };
        rows.push({ task, clock: null });
      }
      last = task._id;
    }
  }
  return { rows, next: null };
}

/**
 * Cases with running clocks in which somebody has something to decide, each once: at the soonest of its clocks. Who only reads has none.
 */
export async function myCases(
  given: Services,
  decisions: readonly AnyDecision[],
  person: Person,
  { after = null, limit }: { after?: RunningCursor | null; limit: number },
): Promise<WorkPage<StoredClock>> {
  const services = askingOnce(given);
  const soonestOf = async (clocks: StoredClock[]): Promise<StoredClock[][]> => {
    const soonest = new Map<string, string>();
    for (const { caseId, process } of clocks)
      if (!soonest.has(caseId)) soonest.set(caseId, (await decides(caseId, process)) ? await firstClock(caseId) : '');
    return clocks.map((clock) => (soonest.get(clock.caseId) === clock._id ? [clock] : []));
  };
  const firstClock = async (caseId: string): Promise<string> => {
    const running = (await services.clocks.ofCase(caseId)).filter(({ state }) => state === 'running');
    return running.sort(inOrder)[0]?._id ?? '';
  };
  const decides = async (caseId: string, process: string): Promise<boolean> => {
    const ofProcess = decisions.filter(({ name }) => name.startsWith(`${process}.`));
    // Most decisions of a process ask for the same context.
    for (const contextOf of new Set(ofProcess.map(({ context }) => context))) {
      const context = await contextOf(services, caseId, '');
      if (!may(person, 'case.read', context).allowed) continue;
      const its = ofProcess.filter(({ context: asked }) => asked === contextOf);
      if (its.some(({ name }) => may(person, `decision:${name}`, context).allowed)) return true;
    }
    return false;
  };
  return walk(services, person, { after, limit, rowsOf: soonestOf });
}

/** Goes along the running clocks of the units that somebody reads; a page ends between two clocks. */
async function walk<Row>(
  services: Services,
  person: Person,
  {
    after,
    limit,
    rowsOf,
  }: { after: RunningCursor | null; limit: number; rowsOf: (clocks: StoredClock[]) => Promise<Row[][]> },
): Promise<WorkPage<Row>> {
  const units = unitsRead(person);
  if (!readsCases(person) || units?.length === 0) return { rows: [], next: null };
  const rows: Row[] = [];
  let from = after;
  for (;;) {
    const clocks = await services.runningClocks.list({ units }, from, batch);
    const found = await rowsOf(clocks);
    for (const [index, { dueAt, _id }] of clocks.entries()) {
      const here = found[index] ?? [];
      if (here.length > 0 && rows.length >= limit) return { rows, next: from };
      rows.push(...here);
      from = { dueAt, id: _id };
    }
    if (clocks.length < batch) return { rows, next: null };
  }
}

/** As the walk goes: by due moment, those without one at the end. */
function inOrder(a: StoredClock, b: StoredClock): number {
  const moment = ({ dueAt }: StoredClock): number => dueAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return moment(a) - moment(b) || (a._id < b._id ? -1 : 1);
}
