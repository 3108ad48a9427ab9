import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { createDirectory } from '../../core/directory.js';
import { createPeople, type People } from '../../core/people.js';
import { createVault } from '../../core/vault.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let people: People;

beforeAll(async () => {
  database = await openTestDatabase();
  const vault = createVault({ database, masterKey: randomBytes(32) });
  const directory = createDirectory({ database, vault });
  people = createPeople({ database });
  await Promise.all([vault.init(), directory.init(), people.init()]);
  await directory.importCsv(createReadStream(inProject('local', 'demo', 'directory.csv')));
});
afterAll(() => database.drop());

test('a sign-in is noted with unit and branch of the directory', async () => {
  const seen = await people.seen({ login: 'iss.ala', employeeId: 'SC-1013', roles: ['iss', 'employee'] });
  expect(seen).toEqual({
    login: 'iss.ala',
    employeeId: 'SC-1013',
    roles: ['iss', 'employee'],
    unitId: 'ALA-ISS',
    branchCode: 'ALA',
  });
  expect(await people.byLogin('iss.ala')).toEqual(seen);
});

test('somebody of the central office has a unit and no branch', async () => {
  await people.seen({ login: 'iss.central', employeeId: 'SC-1003', roles: ['iss'] });
  expect(await people.byLogin('iss.central')).toMatchObject({ unitId: 'CO-ISS', branchCode: null });
});

test('roles are those of the latest sign-in', async () => {
  await people.seen({ login: 'hr.ala', employeeId: 'SC-1015', roles: ['hr', 'iss'] });
  await people.seen({ login: 'hr.ala', employeeId: 'SC-1015', roles: ['hr'] });
  expect((await people.byLogin('hr.ala'))?.roles).toEqual(['hr']);
});

test('who is not in the directory has neither unit nor branch', async () => {
  await people.seen({ login: 'guest', employeeId: 'SC-9999', roles: ['iss'] });
  expect(await people.byLogin('guest')).toMatchObject({ employeeId: 'SC-9999', unitId: null, branchCode: null });
});

test('who never signed in is not known', async () => {
  expect(await people.byLogin('nobody')).toBeNull();
});

test('resolving a machine notes nothing', async () => {
  const machine = await people.resolve({ login: 'client:registry', employeeId: null, roles: ['registrar-machine'] });
  expect(machine).toMatchObject({ login: 'client:registry', unitId: null });
  expect(await people.byLogin('client:registry')).toBeNull();
});
