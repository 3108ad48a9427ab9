import type { StoredClock } from '../clocks.js';
import type { DecisionRecord } from '../decisions.js';
import type { Diagram } from '../diagrams.js';
import type { DocumentRequest } from '../documents.js';
import type { HandledJob } from '../handled-jobs.js';
import type { LetterRecord } from '../letters.js';
import type { Extract } from './extracts.js';
import { conclusionInForce } from './inspections.js';
import type { Inspection } from './model.js';

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
  inspection: Inspection;
  requests: readonly DocumentRequest[];
  extracts: readonly Extract[];
  letters: readonly LetterRecord[];
  clocks: readonly StoredClock[];
  decisions: readonly DecisionRecord[];
  jobs: readonly HandledJob[];
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
  const late = lateNames(known);
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
    for (const { id, name } of diagram.elements.values()) if (late.has(name)) mark(id, 'late');
    return steps.size > 0 ? [{ diagram, steps: [...steps.values()] }] : [];
  });
}

function ownerOf(diagrams: ReadonlyMap<string, Diagram>, elementId: string): string {
  return [...diagrams.values()].find(({ elements }) => elements.has(elementId))?.processId ?? '';
}

/** Names of the timers whose moments a clock missed, e.g. `DL-INS-1 due`. */
function lateNames({ clocks, at }: KnownOfCase): Set<string> {
  const missed = (clock: StoredClock, moment: Date | null): boolean =>
    clock.state !== 'cancelled' && moment !== null && (clock.stoppedAt ?? at) > moment;
  return new Set(
    clocks.flatMap((clock) => [
      ...(missed(clock, clock.targetAt) ? [`${clock.rule} target`] : []),
      ...(missed(clock, clock.dueAt) ? [`${clock.rule} due`] : []),
    ]),
  );
}

const askedBy: Record<string, string> = {
  employeeExplanatoryNote: 'CallActivity_RequestEmployeeNote',
  unitHeadExplanatoryNote: 'CallActivity_RequestUnitHeadNote',
  personalCharacteristic: 'CallActivity_RequestCharacteristic',
  hrSanctionsCertificate: 'CallActivity_RequestSanctionsCertificate',
};

/** Where the case waits, as `<process>/<element>`: for a person, a document, the mail or NIT. */
function waitingIn(known: KnownOfCase): string[] {
  const { state, inspection } = known;
  if (state === 'voided') return [];
  const letters = [
    ...(known.letters.some((letter) => letter.state === 'composed') ? ['send-letter/ReceiveTask_LetterDelivered'] : []),
    ...(known.letters.some((letter) => letter.state === 'failed') ? ['send-letter/UserTask_CorrectAddress'] : []),
  ];
  const reports = inspection.signs.flatMap((sign) => [
    ...(sign.dispatchLetterId === null ? ['inspection-offence-report/UserTask_SendMaterials'] : []),
    ...(sign.noticeLetterId === null && sign.unit === 'branch'
      ? ['inspection-offence-report/UserTask_NotifyCentralOffice']
      : []),
  ]);
  return [...letters, ...reports, ...(state === 'open' ? inspectionWaits(known) : [])];
}

function inspectionWaits({ inspection, requests, extracts, decisions }: KnownOfCase): string[] {
  if (!inspection.screening) return ['inspection/UserTask_ScreenTrigger'];
  if (inspection.screening.result === 'outOfScope') return [];
  const asked = requests.filter((request) => request.state === 'requested');
  const lines = asked.flatMap(({ kind }) => askedBy[kind] ?? []);
  const extracting = extracts.some((extract) => ['requested', 'downloading'].includes(extract.state));
  const materials = [
    ...(lines.length > 0 ? ['inspection/CallActivity_InspectEmployees'] : []),
    ...lines.map((element) => `inspection-employee/${element}`),
    ...(asked.length > lines.length ? ['inspection/CallActivity_RequestAdditionalInformation'] : []),
    ...(asked.length > 0 ? ['document-request/ReceiveTask_DocumentReceived'] : []),
    ...(extracting
      ? ['inspection/CallActivity_ObtainExtracts', 'inspection-nit-extract/IntermediateCatchEvent_PollIntervalPassed']
      : []),
  ];
  if (materials.length > 0) return materials;
  const newest = (decision: string) =>
    decisions.findLast((each) => each.decision === decision && each.accepted) ?? null;
  if (!conclusionInForce(inspection)) {
    const studied = newest('inspection.study-materials')?.answers['studyResult'] === 'conclude';
    return [studied ? 'inspection/UserTask_DrawUpConclusion' : 'inspection/UserTask_StudyMaterials'];
  }
  const confirmed = inspection.lines.some(({ finding }) => finding?.transferConfirmed);
  return confirmed && !newest('inspection.take-measures') ? ['inspection/UserTask_TakeMeasures'] : [];
}
