import type { StoredClock } from './clocks.js';
import type { DecisionRecord } from './decisions.js';
import type { Diagram } from './diagrams.js';
import type { HandledJob } from './handled-jobs.js';
import type { LetterRecord } from './letters.js';

/** What is known of an element in one case. */
export type StepState = 'done' | 'current' | 'late';

/** A step that the case took, waits in, or is late with. */
export interface PathStep {
  elementId: string;
  state: StepState;
  /** How often it was done; 0 where it only waits or is late. */
  times: number;
  /** When it was done first, UTC; null where it was not. */
  at: Date | null;
}

/** The way of a case through one diagram. */
export interface DiagramPath {
  diagram: Diagram;
  /** In the order in which they were done; then what waits, then what is late. */
  steps: PathStep[];
}

/** What a case has to be known by, so that its way can be told without asking the engine. */
export interface KnownOfCase {
  state: 'open' | 'closed' | 'voided';
  letters: readonly LetterRecord[];
  clocks: readonly StoredClock[];
  decisions: readonly DecisionRecord[];
  jobs: readonly HandledJob[];
  /** Where it waits by what its own file says, as `<process>/<element>`: for a person, a document or another system. */
  waits: readonly string[];
  /** Legal time, UTC. */
  at: Date;
}

/**
 * The way that a case took through its diagrams: jobs that were carried out and decisions that were accepted; where it waits now, by what
 * its file says is open; and the moments that were missed: the timers of a clock are named for its rule and moment. A diagram that the
 * case never came to is left out.
 */
export function casePath(diagrams: ReadonlyMap<string, Diagram>, known: KnownOfCase): DiagramPath[] {
  const done = [
    ...known.jobs.flatMap(({ place, handledAt }) => (place ? [{ ...place, at: handledAt }] : [])),
    ...known.decisions.flatMap(({ elementId, at, accepted }) =>
      accepted ? [{ processId: ownerOf(diagrams, elementId), elementId, at }] : [],
    ),
  ].sort((a, b) => a.at.getTime() - b.at.getTime());
  const waiting = new Set(waitingIn(known));
  const missed = missedMoments(known);
  return [...diagrams.values()].flatMap((diagram): DiagramPath[] => {
    const steps = new Map<string, PathStep>();
    for (const { processId, elementId, at } of done) {
      if (processId !== diagram.processId || !diagram.elements.has(elementId)) continue;
      const step = steps.get(elementId);
      if (step) step.times += 1;
      else steps.set(elementId, { elementId, state: 'done', times: 1, at });
    }
    const mark = (elementId: string, state: StepState): void => {
      const step = steps.get(elementId) ?? { elementId, state, times: 0, at: null };
      steps.set(elementId, { ...step, state });
    };
    for (const { id } of diagram.elements.values()) if (waiting.has(`${diagram.processId}/${id}`)) mark(id, 'current');
    for (const { id, name } of diagram.elements.values())
      if (momentsOf(name).some((moment) => missed.has(moment))) mark(id, 'late');
    return steps.size > 0 ? [{ diagram, steps: [...steps.values()] }] : [];
  });
}

/** The moments that a timer is named for: of one rule, or of several that it serves alike (`DL-ACC-1, DL-ACC-2 due`). */
function momentsOf(name: string): string[] {
  const [, rules, moment] = /^(DL-[A-Z]+-\d+(?:, DL-[A-Z]+-\d+)*) (target|due)$/.exec(name) ?? [];
  return rules?.split(', ').map((rule) => `${rule} ${moment}`) ?? [];
}

function ownerOf(diagrams: ReadonlyMap<string, Diagram>, elementId: string): string {
  return [...diagrams.values()].find(({ elements }) => elements.has(elementId))?.processId ?? '';
}

/** Moments that a clock missed, e.g. `DL-INS-1 due`. */
function missedMoments({ clocks, at }: KnownOfCase): Set<string> {
  const missed = (clock: StoredClock, moment: Date | null): boolean =>
    clock.state !== 'cancelled' && moment !== null && (clock.stoppedAt ?? at) > moment;
  return new Set(
    clocks.flatMap((clock) => [
      ...(missed(clock, clock.targetAt) ? [`${clock.rule} target`] : []),
      ...(missed(clock, clock.dueAt) ? [`${clock.rule} due`] : []),
    ]),
  );
}

/** Where the case waits, as `<process>/<element>`: for the mail, and for what its own file says. */
function waitingIn({ state, letters, waits }: KnownOfCase): string[] {
  if (state === 'voided') return [];
  return [
    ...(letters.some((letter) => letter.state === 'composed') ? ['send-letter/ReceiveTask_LetterDelivered'] : []),
    ...(letters.some((letter) => letter.state === 'failed') ? ['send-letter/UserTask_CorrectAddress'] : []),
    ...waits,
  ];
}
