import type { StoredClock } from '../../core/clock-truth.js';
import { isUncounted } from '../../core/clock-truth.js';
import type { Person } from '../../core/people.js';
import { mayRead, readableClocks, unitOf, type ClockInCase } from '../../core/reading.js';
import type { RunningCursor } from '../../core/running-clocks.js';
import type { Services } from '../../core/services.js';
import type { Language } from '../../core/text.js';
import { employeeWords } from '../../core/employee-words.js';

/** How a running clock stands. `silent`: nobody set a term; `uncounted`: its calendar is missing. */
export const clockStates = ['overdue', 'target-passed', 'running', 'silent', 'uncounted'] as const;
export type ClockState = (typeof clockStates)[number];

/** A cursor as callers have it: the due moment in milliseconds (or x for none) and the clock's id. */
export const cursorForm = /^(\d{1,15}|x)-[0-9A-Z]{26}$/;

export interface DeadlineQuery {
  process?: string | undefined;
  unit?: string | undefined;
  /** An id of the directory, or `me`. */
  person?: string | undefined;
  rule?: string | undefined;
  after?: string | undefined;
  limit: number;
}

/** Running clocks that a person may see, a page at a time, as `GET /api/deadlines` answers them. */
export async function listDeadlines(services: Services, person: Person, query: DeadlineQuery, language: Language) {
  const { process, rule, unit, limit } = query;
  const asked = query.person === undefined ? undefined : await responsibleBy(services, person, query.person);
  const filter = { process, rule, ...(unit ? { units: [unit] } : {}), ...(asked ? { responsible: asked.codes } : {}) };
  const { clocks, next } = await readableClocks(services, person, filter, {
    after: query.after ? cursorOf(query.after) : null,
    limit,
    ...(asked ? { only: (found: ClockInCase) => actsOn(services, asked.persons, found) } : {}),
  });
  const names = await namesOf(services, clocks, language);
  const now = services.clock.legalNow();
  return {
    deadlines: clocks.map(({ clock }) => ({
      caseNumber: clock.caseNumber,
      process: clock.process,
      rule: clock.rule,
      state: stateOf(clock, now),
      startedAt: clock.startedAt.toISOString(),
      targetAt: clock.targetAt?.toISOString() ?? null,
      dueAt: clock.dueAt?.toISOString() ?? null,
      unit: clock.unit ?? null,
      responsible: responsibleOf(clock, names),
    })),
    next: next && wordOf(next),
  };
}

export type Deadline = Awaited<ReturnType<typeof listDeadlines>>['deadlines'][number];

export function stateOf(clock: StoredClock, now: Date): ClockState {
  if (isUncounted(clock)) return 'uncounted';
  if (!clock.dueAt) return 'silent';
  if (clock.dueAt < now) return 'overdue';
  return clock.targetAt && clock.targetAt <= now ? 'target-passed' : 'running';
}

/** What a person is responsible by: asked himself, or in a role of his unit. */
async function responsibleBy(services: Services, reader: Person, asked: string) {
  const persons = asked === 'me' ? [reader] : await services.people.byEmployee(asked);
  const employeeId = asked === 'me' ? reader.employeeId : asked;
  const codes = persons.flatMap((person) => person.roles.map((role) => `${role}:${unitOf(person) ?? ''}`));
  return { persons, codes: [...new Set([...codes, ...(employeeId === null ? [] : [`employee:${employeeId}`])])] };
}

/** Nobody acts in a case that he is kept from (AMB-INS-08), whatever his role: only what he was asked himself is his. */
async function actsOn(services: Services, persons: Person[], found: ClockInCase): Promise<boolean> {
  if (found.clock.responsible?.startsWith('employee:')) return true;
  for (const person of persons) if (await mayRead(services, person, found)) return true;
  return false;
}

/** A cursor of {@link cursorForm}, read. */
export function cursorOf(given: string): RunningCursor {
  const [moment = '', id = ''] = given.split('-');
  return { dueAt: moment === 'x' ? null : new Date(Number(moment)), id };
}

/** A cursor as callers have it. */
export function wordOf({ dueAt, id }: RunningCursor): string {
  return `${dueAt ? dueAt.getTime() : 'x'}-${id}`;
}

/** Names of those who were asked, by id: the reader may read each of these cases, and so who was asked in it. */
async function namesOf(services: Services, clocks: ClockInCase[], language: Language): Promise<Map<string, string>> {
  const ids = new Set(clocks.flatMap(({ clock }) => employeeOf(clock) ?? []));
  const found = await Promise.all([...ids].map((id) => services.directory.employee(id)));
  return new Map(
    found.flatMap((employee) =>
      employee ? [[employee.employeeId, employeeWords(employee, language).name] as const] : [],
    ),
  );
}

function employeeOf({ responsible }: StoredClock): string | null {
  return responsible?.startsWith('employee:') ? responsible.slice('employee:'.length) : null;
}

function responsibleOf(clock: StoredClock, names: Map<string, string>) {
  if (!clock.responsible) return null;
  const employeeId = employeeOf(clock);
  if (employeeId !== null) return { role: null, unit: null, employeeId, name: names.get(employeeId) ?? null };
  const [role = '', unit = ''] = clock.responsible.split(':');
  return { role, unit, employeeId: null, name: null };
}
