import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDirectory, type Directory } from '../../core/directory.js';
import { createPeople, type People } from '../../core/people.js';
import { createVault } from '../../core/vault.js';
import { seedOrganisation } from '../../local/identity/seed.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let directory: Directory;
let people: People;

beforeAll(async () => {
  database = await openTestDatabase();
  const vault = createVault({ database, masterKey: randomBytes(32) });
  directory = createDirectory({ database, vault });
  people = createPeople({ database });
  await Promise.all([vault.init(), directory.init(), people.init()]);
});
afterAll(() => database.drop());

test('the fictional organisation is known before anybody has signed in, and a repeat changes nothing', async () => {
  await seedOrganisation({ directory, people });
  expect(await seedOrganisation({ directory, people })).toMatchObject({ added: 0, changed: 0, left: 0 });
  const logins = async (role: string, branch: string | null) =>
    (await directory.members(role, branch)).map(({ login }) => login);
  expect(await logins('iss', 'ALA')).toEqual(['iss.ala', 'iss.ala2']);
  expect(await logins('iss', 'SHY')).toEqual(['iss.shy']);
  expect(await logins('iss', null)).toEqual(['iss.central', 'iss.central2']);
  expect(await logins('hr', 'ALA')).toEqual(['hr.ala']);
  expect(await logins('management', null)).toEqual(['management.central']);
  expect(await people.byLogin('employee.ala1')).toMatchObject({ unitId: 'ALA-FO1', branchCode: 'ALA' });
});
