import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contextOf, inspectionContext } from '../../../core/inspection/context.js';
import { inspectionDecisions } from '../../../core/inspection/decisions.js';
import { newId } from '../../../core/ids.js';
import { may } from '../../../core/rights.js';
import type { Services } from '../../../core/services.js';
import { seed } from '../../../local/play/seed.js';
import { applyUnitChange } from '../../../workers/inspection/apply-unit-change.js';
import { openInspection } from '../../../workers/inspection/open-inspection.js';
import { openOffenceReport } from '../../../workers/inspection/open-offence-report.js';
import { signConclusion } from '../../../workers/inspection/sign-conclusion.js';
import { anInspectedLine, anInspectionFile, staff } from '../../builders/inspection.js';
import { WorkerSite } from '../../helpers/worker-site.js';

let site: WorkerSite;
let services: Services;
let numbers = 0;

beforeAll(async () => {
  site = await WorkerSite.start();
  services = site.services;
  await seed(services.database, services.settings.vault.masterKey);
});
afterAll(() => site.stop());

const ofAlmaty = { inspectingUnit: 'branch', branchCode: 'ALA' } as const;
const ofCentral = { inspectingUnit: 'centralOffice', branchCode: null } as const;
const group = { branch: 'ins-mgmt-branch-ALA', central: 'ins-mgmt-central' };

/** A studied inspection about these employees, run by a unit. */
async function anInspection(employeeIds: readonly string[], unit: typeof ofAlmaty | typeof ofCentral = ofAlmaty) {
  const caseId = newId();
  numbers += 1;
  const caseNumber = `INS-2026-${String(numbers).padStart(6, '0')}`;
  await services.database.transaction({ kind: 'person', id: 'iss.ala' }, async (tx) => {
    const subjectId = await services.vault.createSubject(tx, 'case');
    const lines = employeeIds.map((employeeId) => anInspectedLine({ employeeId, addedAt: tx.at }));
    await services.inspections.create(
      tx,
      anInspectionFile({ _id: caseId, number: caseNumber, subjectId, lines, ...unit }, tx.at),
    );
    for (const { lineId } of lines)
      await services.inspections.setFinding(tx, caseId, lineId, { transferConfirmed: true, reasoning: 'Основание' });
  });
  return { caseId, caseNumber };
}

/** Who with the role of management may record measures now. */
async function whoManages(caseId: string): Promise<string[]> {
  const context = await inspectionContext(services, caseId);
  const people = await Promise.all(
    ['management.ala', 'management.shy', 'management.central'].map((login) => services.people.byLogin(login)),
  );
  return people.flatMap((person) => (person && may(person, 'measures.write', context).allowed ? [person.login] : []));
}

test.each<[string, readonly string[], string, string[]]>([
  ['under another head', [staff.ofAlmaty], group.branch, ['management.ala']],
  ['under the director', [staff.notInspectable], group.central, ['management.central']],
  ['as the director himself', [staff.directorOfAlmaty], group.central, ['management.central']],
  ['under the director, another not', [staff.ofAlmaty, staff.notInspectable], group.central, ['management.central']],
])(
  'a suspect of a branch who works %s: the task and the right go to the same',
  async (_name, ids, expected, logins) => {
    const { caseId } = await anInspection(ids);
    expect(await site.deliver(openInspection, { caseId })).toMatchObject({
      managementGroup: expected,
      issGroup: 'ins-iss-branch-ALA',
      isBranch: true,
    });
    expect(await whoManages(caseId)).toEqual(logins);
  },
);

test('in the central office its own management acts, but for whom the inspection is about', async () => {
  const other = await anInspection([staff.ofCentralOffice], ofCentral);
  expect(await site.deliver(applyUnitChange, { caseId: other.caseId })).toMatchObject({
    managementGroup: group.central,
  });
  expect(await whoManages(other.caseId)).toEqual(['management.central']);
  const own = await anInspection(['SC-1001'], ofCentral);
  expect(await whoManages(own.caseId)).toEqual([]);
});

test('a manager of the branch who is not excluded acts, and nobody stands in', async () => {
  const { caseId } = await anInspection([staff.notInspectable]);
  await services.people.seen({ login: 'deputy.ala', employeeId: staff.ofAlmaty, roles: ['management', 'employee'] });
  try {
    expect(await site.deliver(openInspection, { caseId })).toMatchObject({ managementGroup: group.branch });
    expect(await whoManages(caseId)).toEqual([]);
    const deputy = (await services.people.byLogin('deputy.ala'))!;
    const context = await inspectionContext(services, caseId);
    expect(may(deputy, 'measures.write', context)).toEqual({ allowed: true });
  } finally {
    await services.people.seen({ login: 'deputy.ala', employeeId: staff.ofAlmaty, roles: ['employee'] });
  }
});

test('a management of which nobody is known is not replaced', async () => {
  const { inspections } = services;
  const { caseId } = await anInspection([staff.notInspectable]);
  const unit = { inspectingUnit: 'branch', branchCode: 'AKT' } as const;
  expect(await contextOf(services, 'open', await inspections.get(caseId), unit)).toMatchObject({ standIn: false });
});

test('an employee of the director found during the study moves the measures to the central office', async () => {
  const { caseId } = await anInspection([staff.ofAlmaty]);
  expect(await site.deliver(openInspection, { caseId })).toMatchObject({ managementGroup: group.branch });
  await services.database.transaction({ kind: 'person', id: 'iss.ala' }, async (tx) => {
    const line = {
      employeeId: staff.notInspectable,
      hasPersonalDataAccess: true,
      participatesInPublicServices: false,
    };
    const lineId = await services.inspections.addLine(tx, caseId, line, false);
    await services.inspections.setFinding(tx, caseId, lineId, { transferConfirmed: false, reasoning: 'Основание' });
  });
  expect(await site.deliver(signConclusion, { caseId })).toMatchObject({ managementGroup: group.central });
  expect(await whoManages(caseId)).toEqual(['management.central']);
});

test('materials under item 9 go by the unit that revealed the signs, also after the case moved on', async () => {
  const { caseId, caseNumber } = await anInspection([staff.notInspectable]);
  const { database, inspections } = services;
  const signId = await database.transaction({ kind: 'person', id: 'iss.ala' }, (tx) =>
    inspections.recordSigns(tx, caseId, { kinds: ['criminal'], revealedAt: tx.at }, 'no'),
  );
  expect(await site.deliver(openOffenceReport, { caseId, caseNumber, signId })).toMatchObject({
    managementGroup: group.central,
    issGroup: 'ins-iss-branch-ALA',
    isBranch: true,
  });
  const sending = inspectionDecisions.find(({ name }) => name === 'inspection.send-materials')!;
  const context = await sending.context(services, caseId, signId);
  expect(context).toMatchObject({ inspectingUnit: 'branch', branchCode: 'ALA', standIn: true });
});
