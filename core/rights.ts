import type { Person } from './people.js';

/** Decisions that a user task leads to (idea 6); each is the action `decision:<name>`. */
export const decisionNames = [
  'inspection.screen-trigger',
  'inspection.study-materials',
  'inspection.draw-up-conclusion',
  'inspection.take-measures',
  'inspection.send-materials',
  'inspection.notify-central-office',
  'inspection.decide-on-extract',
  'document.decide-on-missing',
  'letter.correct-address',
] as const;

/** What can be done with a case or for it. */
export const actions = [
  'case.export',
  'case.list',
  'case.read',
  'case.register',
  'case.void',
  'clock.read',
  'document.read',
  'document.upload',
  'employee.add',
  'findings.write',
  'additional-request.write',
  'letters.read',
  'measures.write',
  'non-receipt.record',
  'request.answer',
  'screening.write',
  'signs.record',
  'trail.read',
  'unit.change',
  'withdrawal.note',
  ...decisionNames.map((name) => `decision:${name}` as const),
] as const;

export type Action = (typeof actions)[number];

/** Roles that the identity provider tells; `registrar-machine` is a machine client whose token has the scope `intake`. */
export const roles = [
  'iss',
  'management',
  'hr',
  'unit-head',
  'employee',
  'auditor',
  'process-owner',
  'registrar',
  'registrar-machine',
  'administrator',
] as const;

export type Role = (typeof roles)[number];
export type CaseState = 'open' | 'closed' | 'voided';

/** How a case stands, as far as rights depend on it. Employees are ids of the directory. */
export interface RightsContext {
  process: string;
  caseState: CaseState;
  inspectingUnit: 'centralOffice' | 'branch';
  /** Code of the inspecting branch; null for the central office. */
  branchCode: string | null;
  inspectedEmployees: readonly string[];
  /** Heads of the units in which the inspected employees work. */
  concernedHeads: readonly string[];
  /** Whether the management of the central office acts for the branch's, all of whom are excluded (AMB-INS-08). */
  standIn?: boolean;
  /** Of the one document request in question: who is asked. Left out where no request is. */
  addressee?: string | null;
}

/** How a person is related to a case. */
export type Relation =
  'inspected' | 'unit-head-concerned' | 'addressee' | 'inspecting-unit' | 'central-office' | 'stand-in';

/** One line of the table: who with `role` (any when left out) and with `relation` (any when left out) may do `actions` in `states`. */
export interface Right {
  role?: Role;
  relation?: Relation;
  states: readonly CaseState[];
  actions: readonly Action[];
  /** Where it comes from. */
  source: string;
}

const always: readonly CaseState[] = ['open', 'closed', 'voided'];
const reading: readonly Action[] = [
  'case.export',
  'case.list',
  'case.read',
  'clock.read',
  'document.read',
  'letters.read',
  'trail.read',
];

/** What the management does, by the state of the case: that of the inspecting unit, or who stands in for it. */
const managing = (relation: Relation, also = ''): Right[] => [
  { role: 'management', relation, states: always, actions: reading, source: `R8, R9${also}` },
  {
    role: 'management',
    relation,
    states: ['open'],
    actions: ['measures.write', 'case.void', 'decision:inspection.take-measures', 'decision:inspection.send-materials'],
    source: `R8, R9, INS-24, INS-27${also}; an inspection is not given up by those who carry it out (INS-09)`,
  },
  {
    role: 'management',
    relation,
    states: ['closed'],
    actions: ['decision:inspection.send-materials'],
    source: `R9 runs on after the end of the inspection (INS-31, AMB-INS-12)${also}`,
  },
];

/**
 * Who may do what, in one table; what no line grants is refused. An administrator and a process owner have no line: they work on the installation and
 * on the diagrams, not on cases (R2: access to the materials is for the case's roles).
 */
export const rights: readonly Right[] = [
  {
    role: 'iss',
    relation: 'inspecting-unit',
    states: ['open'],
    actions: [
      'document.upload',
      'employee.add',
      'findings.write',
      'additional-request.write',
      'non-receipt.record',
      'screening.write',
      'signs.record',
      'unit.change',
      'withdrawal.note',
      'decision:inspection.screen-trigger',
      'decision:inspection.study-materials',
      'decision:inspection.draw-up-conclusion',
      'decision:inspection.notify-central-office',
      'decision:inspection.decide-on-extract',
      'decision:document.decide-on-missing',
      'decision:letter.correct-address',
    ],
    source: 'R4 to R7; the unit that inspects draws up the conclusion (INS-23)',
  },
  {
    role: 'iss',
    relation: 'inspecting-unit',
    states: ['closed'],
    actions: ['signs.record', 'decision:inspection.notify-central-office', 'decision:letter.correct-address'],
    source: 'R9 runs on after the end of the inspection (INS-31, AMB-INS-12)',
  },
  { role: 'iss', relation: 'inspecting-unit', states: always, actions: reading, source: 'INS-02' },
  { role: 'iss', relation: 'central-office', states: always, actions: reading, source: 'the central office sees all' },
  {
    role: 'iss',
    relation: 'central-office',
    states: ['open'],
    actions: ['unit.change'],
    source: 'AMB-INS-08: takes over where the security service of a branch may not inspect',
  },
  { role: 'iss', states: ['open'], actions: ['case.register'], source: 'INS-07, INS-08' },
  ...managing('inspecting-unit'),
  ...managing('stand-in', ', AMB-INS-08'),
  { relation: 'addressee', states: ['open'], actions: ['request.answer'], source: 'R5' },
  { role: 'auditor', states: always, actions: reading, source: 'design: auditors read and never write' },
  { role: 'registrar', states: ['open'], actions: ['case.register'], source: 'INS-04 to INS-07' },
  { role: 'registrar-machine', states: ['open'], actions: ['case.register'], source: 'INS-04 to INS-07' },
];

/** What is done with no case in particular, and which roles may. */
export const rightsOfRole: Readonly<Record<'access-log.read', readonly Role[]>> = { 'access-log.read': ['auditor'] };

export interface Verdict {
  allowed: boolean;
  /**
   * Why not: `inspected`, `unit-head-concerned` (AMB-INS-08), `auditor-reads-only`, `case-closed`, `case-voided`, `other-unit`,
   * `not-addressee`, `no-role`, `unknown-action`; also the catalogue's key. Left out when allowed.
   */
  reason?: string;
}

/** Every relation of a person to a case. Machines and people whom the directory doesn't have are related to none. */
export function relationsOf(person: Person, context: RightsContext): ReadonlySet<Relation> {
  const relations = new Set<Relation>();
  const { employeeId, unitId, branchCode } = person;
  if (employeeId === null) return relations;
  if (context.inspectedEmployees.includes(employeeId)) relations.add('inspected');
  if (context.concernedHeads.includes(employeeId)) relations.add('unit-head-concerned');
  if (context.addressee === employeeId) relations.add('addressee');
  // Without a unit a missing branch doesn't mean the central office: the directory doesn't have the person.
  if (unitId === null) return relations;
  if (branchCode === null) {
    relations.add('central-office');
    if (context.standIn && context.inspectingUnit === 'branch') relations.add('stand-in');
  }
  if (branchCode === (context.inspectingUnit === 'branch' ? context.branchCode : null)) {
    if (context.inspectingUnit === 'centralOffice' || context.branchCode !== null) relations.add('inspecting-unit');
  }
  return relations;
}

/**
 * Whether a person may do something with a case. First what excludes, whatever the roles: who is inspected and the head of the unit concerned get the
 * request addressed to them and nothing else (AMB-INS-08); an auditor writes nothing. Then the table.
 */
export function may(person: Person, action: string, context: RightsContext): Verdict {
  if (!(actions as readonly string[]).includes(action)) return refuse('unknown-action');
  const asked = action as Action;
  const relations = relationsOf(person, context);
  if (asked !== 'request.answer') {
    if (relations.has('inspected')) return refuse('inspected');
    if (relations.has('unit-head-concerned')) return refuse('unit-head-concerned');
    if (person.roles.includes('auditor') && !reading.includes(asked)) return refuse('auditor-reads-only');
  }
  // Only a branch has a central office to tell (INS-30).
  if (asked === 'decision:inspection.notify-central-office' && context.inspectingUnit !== 'branch')
    return refuse('other-unit');

  const lines = rights.filter((line) => line.actions.includes(asked));
  const ofRole = lines.filter((line) => line.role === undefined || person.roles.includes(line.role));
  const related = ofRole.filter((line) => line.relation === undefined || relations.has(line.relation));
  if (related.some((line) => line.states.includes(context.caseState))) return { allowed: true };
  if (related.length > 0) return refuse(context.caseState === 'voided' ? 'case-voided' : 'case-closed');
  if (ofRole.length > 0)
    return refuse(ofRole.some((line) => line.relation === 'addressee') ? 'not-addressee' : 'other-unit');
  return refuse('no-role');
}

/** Everything that a person may do with a case: pages show nothing else. */
export function actionsOf(person: Person, context: RightsContext): ReadonlySet<Action> {
  return new Set(actions.filter((action) => may(person, action, context).allowed));
}

function refuse(reason: string): Verdict {
  return { allowed: false, reason };
}
