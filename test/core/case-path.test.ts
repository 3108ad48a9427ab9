import { beforeAll, describe, expect, test } from '@jest/globals';
import type { StoredClock } from '../../core/clocks.js';
import { readDiagrams, type Diagram } from '../../core/diagrams.js';
import type { DocumentRequest } from '../../core/documents.js';
import type { HandledJob } from '../../core/handled-jobs.js';
import { casePath, type KnownOfCase } from '../../core/case-path.js';
import { inspectionWaits, type KnownOfInspection } from '../../core/inspection/waits.js';
import { blankInspection, type Inspection } from '../../core/inspection/model.js';

const at = new Date('2026-06-10T09:00:00Z');
const earlier = new Date('2026-06-01T09:00:00Z');

let diagrams: ReadonlyMap<string, Diagram>;
beforeAll(async () => {
  diagrams = await readDiagrams('inspection');
});

type Changed = Partial<Omit<KnownOfCase & KnownOfInspection, 'inspection' | 'waits'>> & {
  inspection?: Partial<Inspection>;
};

function known(changed: Changed): KnownOfCase {
  const inspection = blankInspection({
    _id: 'C',
    number: 'INS-2026-000001',
    subjectId: 'S',
    trigger: {} as Inspection['trigger'],
    inspectingUnit: 'branch',
    branchCode: 'ALA',
    lines: [],
    ...changed.inspection,
  });
  const nothing = { requests: [], extracts: [], letters: [], clocks: [], decisions: [], jobs: [] };
  const given = { state: 'open' as const, at, ...nothing, ...changed, inspection };
  return { ...given, waits: inspectionWaits(given) };
}

const stepsOf = (given: KnownOfCase): string[] =>
  casePath(diagrams, given).flatMap(({ diagram, steps }) =>
    steps.map(({ elementId, state, times }) => `${diagram.processId} ${elementId} ${state} ${times}`),
  );
const job = (processId: string, elementId: string): HandledJob =>
  ({ place: { processId, elementId }, handledAt: earlier }) as HandledJob;
const screening = { result: 'inScope' as const, by: 'iss.ala', at: earlier };

test('reads every diagram of a process and the shared ones, with what each step says in Russian', () => {
  expect([...diagrams.keys()]).toContain('inspection-offence-report');
  expect([...diagrams.keys()]).toContain('document-request');
  const step = diagrams.get('inspection-employee')!.elements.get('CallActivity_RequestEmployeeNote')!;
  expect(step).toMatchObject({
    name: "Request employee's note",
    documentation: 'Запросить объяснительную записку работника',
  });
});

describe('the way of a case', () => {
  test('counts a job that was done twice once, with how often', () => {
    const jobs = [job('start-clock', 'ServiceTask_StartClock'), job('start-clock', 'ServiceTask_StartClock')];
    expect(stepsOf(known({ jobs, inspection: { screening: { ...screening, result: 'outOfScope' } } }))).toEqual([
      'start-clock ServiceTask_StartClock done 2',
    ]);
  });

  test('a new case waits to be screened', () => {
    expect(stepsOf(known({}))).toEqual(['inspection UserTask_ScreenTrigger current 0']);
  });

  test('a case that was asked a document for waits in each diagram that leads there', () => {
    const requests = [{ kind: 'personalCharacteristic', state: 'requested' } as DocumentRequest];
    expect(stepsOf(known({ requests, inspection: { screening } }))).toEqual([
      'inspection CallActivity_InspectEmployees current 0',
      'inspection-employee CallActivity_RequestCharacteristic current 0',
      'document-request ReceiveTask_DocumentReceived current 0',
    ]);
  });

  test('a term that was missed marks the timers of its moments, a cancelled one none', () => {
    const clock = { rule: 'DL-INS-1', state: 'running', targetAt: earlier, dueAt: earlier, stoppedAt: null };
    const late = (state: string): string[] =>
      stepsOf(known({ state: 'closed', clocks: [{ ...clock, state } as StoredClock] }));
    expect(late('running')).toEqual([
      expect.stringMatching(/^inspection-offence-report BoundaryEvent_\w+ late 0$/),
      expect.stringMatching(/^inspection-offence-report BoundaryEvent_\w+ late 0$/),
    ]);
    expect(late('cancelled')).toEqual([]);
  });

  test('a voided case waits nowhere', () => {
    expect(stepsOf(known({ state: 'voided' }))).toEqual([]);
  });
});

test('every element that the code waits at is drawn', () => {
  const sign = { dispatchLetterId: null, noticeLetterId: null, unit: 'branch' };
  const open = known({
    inspection: { screening, signs: [sign as Inspection['signs'][number]] },
    requests: [
      'employeeExplanatoryNote',
      'unitHeadExplanatoryNote',
      'personalCharacteristic',
      'hrSanctionsCertificate',
      'additionalInformation',
    ].map((kind) => ({ kind, state: 'requested' }) as DocumentRequest),
    extracts: [{ state: 'requested' } as KnownOfInspection['extracts'][number]],
    letters: ['composed', 'failed'].map((state) => ({ state }) as KnownOfCase['letters'][number]),
  });
  expect(stepsOf(open)).toHaveLength(13);
  expect(stepsOf(known({ inspection: { screening } }))).toEqual(['inspection UserTask_StudyMaterials current 0']);
});
