import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHandledJobs } from '../../core/handled-jobs.js';
import { tellCases, tellTechnical, tellUpkeep, type ToldCases } from '../builders/told-cases.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';
import { Profiler } from '../helpers/profiler.js';

/** No query of a page reads a collection from end to end: MongoDB's own profiler says how it answered each. */

let site: ApiSite;
let told: ToldCases;
let profiler: Profiler;

beforeAll(async () => {
  site = await ApiSite.start({ BACKUP_EVERY: 'P1D', STATE_AUDIT_EVERY: 'P12M' });
  told = await tellCases(site);
  await tellUpkeep(site, await tellTechnical(site));
  // As each worker does when it starts.
  await createHandledJobs(site.services).init();
  const { record } = await site.caseOf(told.inStudy);
  const { database, substitutions, userTasks } = site.services;
  await database.transaction(somebody, async (tx) => {
    await userTasks.opened(tx, {
      ...{ caseId: record._id, caseNumber: record.number, decision: 'inspection.study-materials', subject: '' },
      ...{ epoch: 'E1', elementInstanceKey: '1', processInstanceKey: '2', elementId: 'UserTask_StudyMaterials' },
    });
    const term = { from: new Date('2020-01-01T00:00:00Z'), until: new Date('2099-01-01T00:00:00Z') };
    await substitutions.make(tx, { principalId: 'SC-1013', substituteId: 'SC-1015', ...term });
  });
  profiler = await Profiler.start(database);
}, 240_000);
afterAll(async () => {
  await profiler?.stop();
  await site?.stop();
});

test.each<[login: string, path: () => string]>([
  ['iss.ala', () => '/tasks'],
  ['hr.ala', () => '/tasks'],
  ['iss.central', () => '/tasks'],
  ['iss.ala', () => '/cases'],
  ['auditor', () => '/cases?state=open&broken=true&unit=ALA'],
  ['auditor', () => '/cases?outcome=confirmed'],
  ['auditor', () => '/cases?from=2020-01-01&to=2099-01-01'],
  ['auditor', () => `/cases?person=${'0'.repeat(64)}`],
  ['auditor', () => `/cases?number=${told.inStudy}`],
  ['auditor', () => '/api/cases.csv'],
  ['is.admin', () => '/upkeep-records'],
  ['auditor', () => '/upkeep-records?kind=backup&system=sir'],
  ['auditor', () => '/upkeep-records?system=sir'],
  ['iss.ala', () => `/cases/${told.inStudy}`],
  ['hr.ala', () => `/cases/${told.concluded}`],
  ['iss.ala', () => `/cases/${told.concluded}/print`],
  ['iss.shy', () => `/cases/${told.inStudy}`],
  ['iss.ala', () => '/deadlines'],
  ['auditor', () => '/deadlines?rule=DL-INS-5&process=inspection'],
  ['iss.ala', () => '/deadlines?person=me'],
  ['iss.central', () => '/deadlines?unit=ALA&person=SC-1018'],
  ['auditor', () => `/audit?seed=7&chain=${told.concluded}`],
  ['auditor', () => '/audit/access-log'],
  ['auditor', () => '/audit/access-log?login=iss.ala'],
  ['auditor', () => `/audit/access-log?case=${told.inStudy}&from=2020-01-01`],
  ['dpo', () => '/role-holders'],
  ['auditor', () => '/role-holders?role=ib-admin'],
  ['administrator', () => '/api/role-holders.csv'],
  ['employee.ala1', () => '/requests'],
  ['iss.ala', () => '/substitutions'],
  ['administrator', () => '/substitutions'],
  ['employee.ala1', () => '/substitutions'],
  ['management.ala', () => '/notices'],
  ['management.ala', () => '/calendar'],
])('%s: %#', async (login, path) => {
  const caller = await site.as(login);
  let status = 0;
  const asked = await profiler.during(async () => (status = (await caller.page(path())).statusCode));
  expect([200, 404]).toContain(status);
  expect(asked.filter(({ plan }) => plan !== '').length).toBeGreaterThan(0);
  expect(asked.filter(({ plan }) => /COLLSCAN/.test(plan)).map(({ what, command }) => [path(), what, command])).toEqual(
    [],
  );
});
