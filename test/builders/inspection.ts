import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { newInspection } from '../../api/inspection/schemas.js';
import { newId } from '../../core/ids.js';
import { blankInspection, type Inspection, type InspectionLine } from '../../core/inspection/model.js';

/** What `POST /api/inspections` takes. */
export type TriggerBody = z.input<typeof newInspection>;

/** Employees of the fictional directory (local/demo/directory.csv) by what a test needs them for. */
export const staff = {
  /** Front office of the Almaty branch, unit ALA-FO1, headed by `headOfAla1`. */
  ofAlmaty: 'SC-1018',
  alsoOfAlmaty: 'SC-1019',
  /** Unit ALA-FO2, headed by another. */
  ofAlmatyToo: 'SC-1020',
  headOfAla1: 'SC-1016',
  directorOfAlmaty: 'SC-1012',
  securityOfficerOfAlmaty: 'SC-1014',
  hrOfAlmaty: 'SC-1015',
  ofShymkent: 'SC-1025',
  /** Department of the central office headed by SC-1010. */
  ofCentralOffice: 'SC-1027',
  /** A driver: neither access to personal data nor part in public services (R3). */
  notInspectable: 'SC-1073',
} as const;

/** An employee under inspection, without a finding. */
export function anInspectedLine(
  given: Pick<InspectionLine, 'employeeId' | 'addedAt'> & Partial<InspectionLine>,
): InspectionLine {
  return {
    lineId: newId(),
    addedBy: 'intake',
    hasPersonalDataAccess: true,
    participatesInPublicServices: false,
    requestFacts: null,
    finding: null,
    ...given,
  };
}

/** The file of an inspection on official information, run by the central office, that nothing has been done for yet. */
export function anInspectionFile(
  given: Pick<Inspection, '_id' | 'number' | 'subjectId'> & Partial<Inspection>,
  receivedAt: Date,
): Inspection {
  return blankInspection({
    trigger: {
      kind: 'officialInformation',
      channel: 'office',
      receivedAt,
      senderSubjectId: null,
      senderName: null,
      senderIin: null,
      senderBin: null,
      senderEmail: null,
      senderPhone: null,
      language: 'ru',
      facts: [],
      thirdParties: [],
      namedEmployees: [],
    },
    inspectingUnit: 'centralOffice',
    branchCode: null,
    lines: [],
    ...given,
  });
}

/** A complaint about one employee of the Almaty branch, on paper; without an address nobody gets a receipt. */
export function trigger(overrides: Partial<TriggerBody> = {}): TriggerBody {
  return {
    triggerKind: 'individualApplication',
    channel: 'paper',
    sourceRefNo: `ВХ-${randomBytes(6).toString('hex')}`,
    sender: { name: 'Серікбаева Гүлнар Ерланқызы', iin: '850412400121' },
    language: 'kk',
    facts: ['Мекенжайым туралы мәліметтер бөгде адамға берілген.'],
    employees: [{ employeeId: staff.ofAlmaty }],
    ...overrides,
  };
}

/** Ids of the directory as a trigger names them. */
export function named(...employeeIds: string[]): TriggerBody['employees'] {
  return employeeIds.map((employeeId) => ({ employeeId }));
}

/** Employees of all units of the directory who may be inspected and lead, secure and staff nobody: for large cases. */
export function manyEmployees(count: number): string[] {
  const ids = ['SC-1011', 'SC-1018', 'SC-1019', 'SC-1020', 'SC-1025'];
  for (let number = 1027; number <= 1072; number += 1) ids.push(`SC-${number}`);
  if (count > ids.length) throw new Error(`the directory has ${ids.length} such employees, not ${count}`);
  return ids.slice(0, count);
}

/** Facts and days for NIT: two months that have passed. */
export function extractScope(today: Date, overrides: Partial<Record<string, unknown>> = {}) {
  const day = (daysAgo: number): string =>
    new Date(today.getTime() - daysAgo * 24 * 3_600_000).toISOString().slice(0, 10);
  return { facts: ['Мекенжай мен отбасы құрамын қарау'], periodFrom: day(62), periodTo: day(2), ...overrides };
}

/** What somebody hands in. */
export function document(overrides: Partial<{ name: string; type: string; content: string }> = {}) {
  return {
    name: 'түсініктеме.txt',
    type: 'text/plain',
    content: `Түсініктеме ${randomBytes(4).toString('hex')}\n`,
    ...overrides,
  };
}

export function finding(lineId: string, overrides: Partial<{ transferConfirmed: boolean; reasoning: string }> = {}) {
  return { lineId, transferConfirmed: false, reasoning: 'Деректер қаралмаған.', ...overrides };
}

export function measure(lineId: string, decidedOn: string, overrides: Partial<Record<string, string>> = {}) {
  return {
    lineId,
    kind: 'Тәртіптік іс жүргізу қозғалды',
    legalGround: 'ҚР Еңбек кодексінің 64-бабы',
    decidedOn,
    ...overrides,
  };
}
