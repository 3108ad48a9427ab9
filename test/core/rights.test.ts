import { describe, expect, test } from '@jest/globals';
import type { Person } from '../../core/people.js';
import {
  actions,
  actionsOf,
  decisionNames,
  may,
  relationsOf,
  rights,
  roles,
  type Action,
  type CaseState,
  type RightsContext,
} from '../../core/rights.js';

const person = (role: string, branchCode: string | null, values: Partial<Person> = {}): Person => ({
  login: `${role}.${branchCode ?? 'central'}`,
  employeeId: `E-${role}-${branchCode ?? 'central'}`,
  roles: [role, 'employee'],
  unitId: `${branchCode ?? 'CO'}-${role}`,
  branchCode,
  ...values,
});

const ofBranch = (values: Partial<RightsContext> = {}): RightsContext => ({
  process: 'inspection',
  caseState: 'open',
  inspectingUnit: 'branch',
  branchCode: 'ALA',
  inspectedEmployees: ['E-suspect'],
  concernedHeads: ['E-head'],
  ...values,
});
const ofCentral = (values: Partial<RightsContext> = {}): RightsContext =>
  ofBranch({ inspectingUnit: 'centralOffice', branchCode: null, ...values });

const reading: Action[] = [
  'case.export',
  'case.list',
  'case.read',
  'clock.read',
  'document.read',
  'letters.read',
  'trail.read',
];
const issDecisions: Action[] = [
  'decision:inspection.screen-trigger',
  'decision:inspection.study-materials',
  'decision:inspection.draw-up-conclusion',
  'decision:inspection.decide-on-extract',
  'decision:document.decide-on-missing',
  'decision:letter.correct-address',
];
const issWriting: Action[] = [
  'document.upload',
  'employee.add',
  'findings.write',
  'additional-request.write',
  'non-receipt.record',
  'screening.write',
  'signs.record',
  'unit.change',
  'withdrawal.note',
];
const managing: Action[] = [
  'measures.write',
  'case.void',
  'decision:inspection.take-measures',
  'decision:inspection.send-materials',
];
const notice: Action = 'decision:inspection.notify-central-office';
const states: CaseState[] = ['open', 'closed', 'voided'];

describe('everything that each may do, and nothing else', () => {
  test.each<[string, Person, RightsContext, Action[]]>([
    [
      'branch ISS, own case',
      person('iss', 'ALA'),
      ofBranch(),
      [...reading, ...issWriting, ...issDecisions, notice, 'case.register'],
    ],
    [
      'branch ISS, own case, closed',
      person('iss', 'ALA'),
      ofBranch({ caseState: 'closed' }),
      [...reading, 'signs.record', notice, 'decision:letter.correct-address'],
    ],
    ['branch ISS, own case, voided', person('iss', 'ALA'), ofBranch({ caseState: 'voided' }), reading],
    ['branch ISS, case of another branch', person('iss', 'SHY'), ofBranch(), ['case.register']],
    ['branch ISS, case of the central office', person('iss', 'ALA'), ofCentral(), ['case.register']],
    [
      'central ISS, own case',
      person('iss', null),
      ofCentral(),
      [...reading, ...issWriting, ...issDecisions, 'case.register'],
    ],
    ['central ISS, case of a branch', person('iss', null), ofBranch(), [...reading, 'unit.change', 'case.register']],
    ['central ISS, closed case of a branch', person('iss', null), ofBranch({ caseState: 'closed' }), reading],
    ['branch management, own case', person('management', 'ALA'), ofBranch(), [...reading, ...managing]],
    [
      'branch management, own case, closed',
      person('management', 'ALA'),
      ofBranch({ caseState: 'closed' }),
      [...reading, 'decision:inspection.send-materials'],
    ],
    ['branch management, case of another branch', person('management', 'SHY'), ofBranch(), []],
    ['central management, case of a branch', person('management', null), ofBranch(), []],
    ['central management, own case', person('management', null), ofCentral(), [...reading, ...managing]],
    [
      'central management, standing in for a branch',
      person('management', null),
      ofBranch({ standIn: true }),
      [...reading, ...managing],
    ],
    [
      'central management, standing in for a branch, closed',
      person('management', null),
      ofBranch({ standIn: true, caseState: 'closed' }),
      [...reading, 'decision:inspection.send-materials'],
    ],
    [
      'central management, standing in for a branch, voided',
      person('management', null),
      ofBranch({ standIn: true, caseState: 'voided' }),
      reading,
    ],
    [
      'management of another branch, central management standing in',
      person('management', 'SHY'),
      ofBranch({ standIn: true }),
      [],
    ],
    [
      'management of a branch, case of the central office',
      person('management', 'ALA'),
      ofCentral({ standIn: true }),
      [],
    ],
    [
      'central ISS, management standing in for a branch',
      person('iss', null),
      ofBranch({ standIn: true }),
      [...reading, 'unit.change', 'case.register'],
    ],
    ['auditor', person('auditor', null), ofBranch(), reading],
    ['auditor, voided case', person('auditor', null), ofBranch({ caseState: 'voided' }), reading],
    ['IB administrator, technical request', person('ib-admin', null), ofCentral({ process: 'technical-request' }), []],
    [
      'IB administrator, technical request that reports an incident',
      person('ib-admin', null),
      ofCentral({ process: 'technical-request', incident: true }),
      reading,
    ],
    [
      'administrator, technical request that reports an incident',
      person('administrator', null),
      ofCentral({ process: 'technical-request', incident: true }),
      [],
    ],
    ['registrar', person('registrar', null), ofBranch(), ['case.register']],
    [
      'registering machine',
      { ...person('registrar-machine', null), login: 'client:registry', employeeId: null, unitId: null },
      ofBranch(),
      ['case.register'],
    ],
    ['personnel officer', person('hr', 'ALA'), ofBranch(), []],
    ['head of another unit', person('unit-head', 'ALA'), ofBranch(), []],
    ['ordinary employee', person('employee', 'ALA'), ofBranch(), []],
    ['process owner', person('process-owner', null), ofBranch(), []],
    ['administrator', person('administrator', null), ofBranch(), []],
  ])('%s', (_name, who, context, expected) => {
    expect([...actionsOf(who, context)].sort()).toEqual([...expected].sort());
  });
});

describe('who is asked for a document', () => {
  test.each<[string, Person]>([
    ['the inspected employee', person('employee', 'ALA', { employeeId: 'E-suspect' })],
    ['the head of the unit concerned', person('unit-head', 'ALA', { employeeId: 'E-head' })],
    ['a personnel officer', person('hr', 'ALA')],
    ['an auditor', person('auditor', null)],
  ])('%s answers the own request and no other', (_name, who) => {
    expect(may(who, 'request.answer', ofBranch({ addressee: who.employeeId }))).toEqual({ allowed: true });
    expect(may(who, 'request.answer', ofBranch({ addressee: 'E-other' }))).toEqual({
      allowed: false,
      reason: 'not-addressee',
    });
    expect(may(who, 'request.answer', ofBranch())).toEqual({ allowed: false, reason: 'not-addressee' });
  });

  test('answers no longer once the case is closed', () => {
    const who = person('hr', 'ALA');
    const context = ofBranch({ addressee: who.employeeId, caseState: 'closed' });
    expect(may(who, 'request.answer', context)).toEqual({ allowed: false, reason: 'case-closed' });
  });
});

describe('AMB-INS-08: whatever the roles,', () => {
  const all = [...roles];
  test.each<[string, string, string]>([
    ['who is inspected', 'E-suspect', 'inspected'],
    ['the head of the unit concerned', 'E-head', 'unit-head-concerned'],
  ])('%s sees only the request addressed to him', (_name, employeeId, reason) => {
    for (const caseState of states)
      for (const context of [
        ofBranch({ caseState, addressee: employeeId }),
        ofBranch({ caseState, addressee: employeeId, standIn: true }),
        ofCentral({ caseState, addressee: employeeId }),
      ])
        for (const branchCode of ['ALA', null]) {
          const who = person('iss', branchCode, { employeeId, roles: all });
          const left = [...actionsOf(who, context)];
          expect(left).toEqual(caseState === 'open' ? ['request.answer'] : []);
          expect(may(who, 'case.read', context)).toEqual({ allowed: false, reason });
        }
  });

  test('another officer of the same service goes on', () => {
    const colleague = person('iss', 'ALA', { employeeId: 'E-colleague' });
    expect(may(colleague, 'findings.write', ofBranch()).allowed).toBe(true);
  });
});

test('an auditor writes nothing, though another role would let him', () => {
  const who = person('iss', 'ALA', { roles: ['iss', 'management', 'auditor', 'registrar'] });
  expect([...actionsOf(who, ofBranch())].sort()).toEqual([...reading].sort());
  expect(may(who, 'findings.write', ofBranch())).toEqual({ allowed: false, reason: 'auditor-reads-only' });
});

test('INS-23: only the unit that inspects draws up the conclusion', () => {
  const action = 'decision:inspection.draw-up-conclusion';
  expect(may(person('iss', 'ALA'), action, ofBranch()).allowed).toBe(true);
  expect(may(person('iss', 'SHY'), action, ofBranch())).toEqual({ allowed: false, reason: 'other-unit' });
  expect(may(person('iss', null), action, ofBranch())).toEqual({ allowed: false, reason: 'other-unit' });
  expect(may(person('management', 'ALA'), action, ofBranch())).toEqual({ allowed: false, reason: 'no-role' });
});

test('INS-30: the central office gives itself no notice', () => {
  expect(may(person('iss', null), notice, ofCentral())).toEqual({ allowed: false, reason: 'other-unit' });
});

test('who the directory does not have belongs to no unit, the central office least of all', () => {
  const stranger = person('iss', null, { unitId: null });
  expect([...relationsOf(stranger, ofCentral())]).toEqual([]);
  expect([...actionsOf(stranger, ofCentral())]).toEqual(['case.register']);
});

test('a branch case whose branch is not known belongs to nobody', () => {
  const context = ofBranch({ branchCode: null });
  for (const branchCode of ['ALA', null])
    expect(relationsOf(person('iss', branchCode), context).has('inspecting-unit')).toBe(false);
});

test('an action that is in no table is refused', () => {
  expect(may(person('iss', 'ALA'), 'decision:inspection.forget', ofBranch())).toEqual({
    allowed: false,
    reason: 'unknown-action',
  });
});

describe('the table', () => {
  test('grants every action to somebody', () => {
    const granted = new Set(rights.flatMap((line) => line.actions));
    expect([...actions].filter((action) => !granted.has(action))).toEqual([]);
  });

  test('has an action for each decision', () => {
    for (const name of decisionNames) expect(actions).toContain(`decision:${name}`);
  });

  test('lets nothing be written in a voided case', () => {
    const writing = rights.filter((line) => line.states.includes('voided')).flatMap((line) => line.actions);
    expect(writing.filter((action) => !reading.includes(action))).toEqual([]);
  });
});
