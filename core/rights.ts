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
  'access-request.decide-on-system',
  'access-request.resolve-account',
  'access-request.decide-on-expired-password',
  'technical-request.classify-request',
  'technical-request.fulfil-request',
  'technical-request.answer-request',
  'technical-request.remove-defect',
  'document.decide-on-missing',
  'letter.correct-address',
] as const;

/** What can be done with a case or for it. */
export const actions = [
  'access-review.write',
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
  'technical-request.write',
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
  'ib-admin',
  'is-admin',
  'unit-head',
  'employee',
  'auditor',
  'process-owner',
  'registrar',
  'registrar-machine',
  'administrator',
  'dpo',
] as const;

export type Role = (typeof roles)[number];
/** Those that a sign-in can tell of. */
export const rolesOfPeople = roles.filter((role) => role !== 'registrar-machine');
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
  /** Login of who filed an access request: he does not approve it. */
  filer?: string | null;
  /** For whom access is asked, where the directory has them. */
  accessUsers?: readonly string[];
  /** R5(5): a user reports damage to data or an incident of security by it. */
  incident?: boolean;
  /** Of the one document request in question: who is asked. Left out where no request is. */
  addressee?: string | null;
}

/** How a person is related to a case. */
export type Relation =
  | 'inspected'
  | 'unit-head-concerned'
  | 'addressee'
  | 'inspecting-unit'
  | 'central-office'
  | 'stand-in'
  | 'filer'
  | 'access-user'
  | 'told-of-incident';

/**
 * One line of the table: who with `role` (any when left out) and with `relation` (any when left out) may do `actions` in `states` of a case of
 * `process`.
 */
export interface Right {
  process: string;
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
const managing = (relation: Relation, also = ''): Line[] => [
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
  ...inProcess('inspection', inspectionLines()),
  ...inProcess('access-request', [
    {
      role: 'ib-admin',
      states: ['open'],
      actions: [
        'access-review.write',
        'case.void',
        'document.upload',
        'decision:access-request.decide-on-system',
        'decision:access-request.resolve-account',
        'decision:access-request.decide-on-expired-password',
        'decision:letter.correct-address',
      ],
      source: 'R3(9), R21, R22: the information-security administrator grants access, on an application alone',
    },
    { role: 'ib-admin', states: always, actions: reading, source: 'R21, R22' },
    { role: 'auditor', states: always, actions: reading, source: 'design: auditors read and never write' },
    ...(['ib-admin', 'hr', 'registrar', 'registrar-machine'] as const).map((role): Line => ({
      role,
      states: ['open'],
      actions: ['case.register'],
      source: 'R19: applications come in through SKUD, or on paper; who files does not approve',
    })),
  ]),
  ...inProcess('technical-request', [
    {
      role: 'is-admin',
      states: ['open'],
      actions: [
        'technical-request.write',
        'case.void',
        'document.upload',
        'decision:technical-request.classify-request',
        'decision:technical-request.fulfil-request',
        'decision:technical-request.answer-request',
        'decision:technical-request.remove-defect',
        'decision:letter.correct-address',
      ],
      source:
        'R3(1), R8, R10, R15, R17(3): the administrators of the information systems maintain them, and nobody else',
    },
    { role: 'is-admin', states: always, actions: reading, source: 'R10, R15' },
    {
      role: 'ib-admin',
      relation: 'told-of-incident',
      states: always,
      actions: reading,
      source: 'R5(5), R3(9): incidents of security and damage to data are reported to both kinds of administrators',
    },
    { role: 'auditor', states: always, actions: reading, source: 'design: auditors read and never write' },
    ...(['is-admin', 'registrar', 'registrar-machine'] as const).map((role): Line => ({
      role,
      states: ['open'],
      actions: ['case.register'],
      source: 'R12, R13: by mail or phone through an operator; monitoring, tooling and journals',
    })),
  ]),
];

type Line = Omit<Right, 'process'>;

function inProcess(process: string, lines: readonly Line[]): Right[] {
  return lines.map((line) => ({ process, ...line }));
}

function inspectionLines(): Line[] {
  return [
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
    {
      role: 'iss',
      relation: 'central-office',
      states: always,
      actions: reading,
      source: 'the central office sees all',
    },
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
}

/** What is done with no case in particular, and which roles may. */
export const rightsOfRole = {
  'access-log.read': ['auditor'],
  // R3(1), R3(7): who is named for which role is for those who answer for it, and who checks.
  'role-holder.read': ['auditor', 'administrator', 'dpo'],
  // Rules on access, R25: the administrator of information security keeps the journal.
  'access-journal.read': ['ib-admin', 'auditor', 'dpo'],
  'access-violation.read': ['ib-admin', 'auditor', 'dpo'],
  // AMB-ACC-15: the administrator decides, or a rule that watches the logs.
  'access-violation.report': ['ib-admin', 'registrar-machine'],
  'access-violation.review': ['ib-admin'],
  'upkeep-record.read': ['is-admin', 'auditor'],
  // R8: the administrators of the information systems alone; a machine of theirs tells of what it does by itself (api/technical-request/upkeep.ts).
  'upkeep-record.add': ['is-admin', 'registrar-machine'],
} as const satisfies Record<string, readonly Role[]>;

export interface Verdict {
  allowed: boolean;
  /**
   * Why not: `inspected`, `unit-head-concerned` (AMB-INS-08), `auditor-reads-only`, `case-closed`, `case-voided`, `other-unit`,
   * `not-addressee`, `no-role`, `filer`, `access-user`, `unknown-action`; also the catalogue's key. Left out when allowed.
   */
  reason?: string;
  /** Login of the one whose right it is, where the person may by standing in for him. */
  onBehalfOf?: string;
}

/** Every relation of a person to a case. Machines and people whom the directory doesn't have are related to none. */
export function relationsOf(person: Person, context: RightsContext): ReadonlySet<Relation> {
  const relations = new Set<Relation>();
  const { employeeId, unitId, branchCode } = person;
  if (context.filer === person.login) relations.add('filer');
  // Whoever the role is held by: a report of an incident goes to all of them.
  if (context.incident) relations.add('told-of-incident');
  if (employeeId === null) return relations;
  if (context.inspectedEmployees.includes(employeeId)) relations.add('inspected');
  if (context.concernedHeads.includes(employeeId)) relations.add('unit-head-concerned');
  if (context.accessUsers?.includes(employeeId)) relations.add('access-user');
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

/** What nobody does for another: an answer is asked of a person, and who registers is not who decides. */
const ownOnly: readonly Action[] = ['request.answer', 'case.register'];

/**
 * Whether a person may do something with a case. First what excludes, whatever the roles: who is inspected and the head of the unit concerned get the
 * request addressed to them and nothing else (AMB-INS-08); an auditor writes nothing. Then the table; then what those may for whom he stands in, unless
 * either of the two is excluded.
 */
export function may(person: Person, action: string, context: RightsContext): Verdict {
  if (!(actions as readonly string[]).includes(action)) return refuse('unknown-action');
  const asked = action as Action;
  const own = mayThemselves(person, asked, context);
  const { actsFor = [] } = person;
  if (own.allowed || actsFor.length === 0 || ownOnly.includes(asked) || excluded(person, asked, context)) return own;
  const verdicts = actsFor.map((principal) => [principal, mayThemselves(principal, asked, context)] as const);
  const granted = verdicts.find(([, { allowed }]) => allowed);
  if (granted) return { allowed: true, onBehalfOf: granted[0].login };
  const ended = verdicts.find(([, { reason }]) => reason === 'case-closed' || reason === 'case-voided');
  return ended?.[1] ?? own;
}

/** Why somebody is kept from something whatever the table grants, him or those for whom he stands in; null where nothing keeps him. */
function excluded(person: Person, asked: Action, context: RightsContext): Verdict | null {
  if (asked === 'request.answer') return null;
  const relations = relationsOf(person, context);
  if (relations.has('inspected')) return refuse('inspected');
  if (relations.has('unit-head-concerned')) return refuse('unit-head-concerned');
  // Who files an access request does not approve it, and nobody approves his own access.
  if (!reading.includes(asked) && asked !== 'case.register') {
    if (relations.has('filer')) return refuse('filer');
    if (relations.has('access-user')) return refuse('access-user');
  }
  return person.roles.includes('auditor') && !reading.includes(asked) ? refuse('auditor-reads-only') : null;
}

function mayThemselves(person: Person, asked: Action, context: RightsContext): Verdict {
  const out = excluded(person, asked, context);
  if (out) return out;
  const relations = relationsOf(person, context);
  // Only a branch has a central office to tell (INS-30).
  if (asked === 'decision:inspection.notify-central-office' && context.inspectingUnit !== 'branch')
    return refuse('other-unit');

  const lines = rights.filter(
    ({ process, actions: granted }) => process === context.process && granted.includes(asked),
  );
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
