import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** R3(1), R3(7), TECH-38: who holds which role, as the sign-ins told, and who may read it. */

interface Holder {
  login: string;
  employeeId: string | null;
  name: string | null;
  unit: string | null;
  left: boolean;
  roles: string[];
  toldAt: string;
  actsFor: { employeeId: string; name: string | null; until: string }[];
  substitutedBy: { employeeId: string; name: string | null; until: string }[];
}

let site: ApiSite;
const url = '/api/role-holders';
const signIns: [login: string, employeeId: string | null, roles: string[]][] = [
  ['hr.ala', 'SC-1015', ['hr', 'employee']],
  ['ib.admin', 'SC-1074', ['ib-admin', 'employee']],
  ['is.admin', 'SC-1077', ['is-admin', 'employee']],
  ['iss.ala', 'SC-1013', ['iss', 'employee']],
  ['no.role', 'SC-1014', []],
  ['stranger', null, ['process-owner']],
];
beforeAll(async () => {
  site = await ApiSite.start();
  const { people } = site.services;
  await site.services.database.connection.collection('people').deleteMany({});
  for (const [login, employeeId, roles] of signIns) await people.seen({ login, employeeId, roles });
}, 60_000);
afterAll(() => site.stop());
beforeEach(() => site.services.database.connection.collection('substitutions').deleteMany({}));

const listed = async (query = '', as = 'auditor'): Promise<{ holders: Holder[]; next: string | null }> =>
  (await (await site.as(as)).get(`${url}?${query}`)).json();
const loginsOf = ({ holders }: { holders: Holder[] }): string[] => holders.map(({ login }) => login);
const term = { from: new Date('2020-01-01T00:00:00Z'), until: new Date('2099-01-01T00:00:00Z') };
const substitutes = (principalId: string, substituteId: string, changes: Partial<typeof term> = {}) =>
  site.services.database.transaction(somebody, (tx) =>
    site.services.substitutions.make(tx, { principalId, substituteId, ...term, ...changes }),
  );

test('lists whoever a sign-in told a role of, by login, with employee and unit of the directory, page by page', async () => {
  const { holders } = await listed();
  expect(loginsOf({ holders })).toEqual(['hr.ala', 'ib.admin', 'is.admin', 'iss.ala', 'stranger']);
  const { fullName, unitNameRu } = (await site.services.directory.employee('SC-1074'))!;
  const [, admin] = holders;
  expect(admin).toMatchObject({ employeeId: 'SC-1074', name: fullName, unit: unitNameRu, left: false });
  expect(admin).toMatchObject({ roles: ['ib-admin', 'employee'], actsFor: [], substitutedBy: [] });
  expect(site.services.clock.wallNow().getTime() - Date.parse(admin!.toldAt)).toBeLessThan(600_000);
  expect(holders.at(-1)).toMatchObject({ login: 'stranger', employeeId: null, name: null });
  const seen: string[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = await listed(`limit=2&after=${after}`);
    seen.push(...loginsOf(page));
    after = page.next;
  }
  expect(seen).toEqual(loginsOf({ holders }));
  expect(loginsOf(await listed('role=is-admin'))).toEqual(['is.admin']);
});

test('names roles in the reader’s language, says at the top how fresh they are, and marks who left', async () => {
  await site.services.database.connection
    .collection<{ _id: string }>('employees')
    .updateOne({ _id: 'SC-1077' }, { $set: { active: false } });
  const auditor = await site.as('auditor');
  const { body } = await auditor.page('/role-holders?lang=en');
  for (const words of ['as fresh as each person', 'Information-security administrator; Employee', 'SC-1077, left'])
    expect(body).toContain(words);
  const kazakh = (await site.services.directory.employee('SC-1074'))!;
  const csv = await auditor.get('/api/role-holders.csv?role=ib-admin&lang=kk');
  expect(csv.headers['content-type']).toContain('text/csv');
  const [heads, row, ...more] = csv.body.trimEnd().split('\r\n');
  expect([heads, more]).toEqual([
    '\uFEFFЛогин,Жұмыскер,Бөлімше,Рөлдері,Кірген уақыты бойынша,Қолданыстағы орынбасулар',
    [],
  ]);
  for (const words of [kazakh.fullNameKk ?? kazakh.fullName, 'Ақпараттық қауіпсіздік әкімшісі; Жұмыскер'])
    expect(row).toContain(words);
  const none = await auditor.page('/role-holders?role=dpo&lang=en');
  expect(none.body).toContain('Nobody of whom a sign-in told has this role.');
});

test('shows the substitutions that hold now with both, and none that is over or to come', async () => {
  await substitutes('SC-1074', 'SC-1015');
  await substitutes('SC-1013', 'SC-1015', { until: new Date('2021-01-01T00:00:00Z') });
  await substitutes('SC-1013', 'SC-1077', { from: new Date('2098-01-01T00:00:00Z') });
  const { holders } = await listed();
  const of = (login: string): Holder => holders.find((each) => each.login === login)!;
  const until = term.until.toISOString();
  expect(of('ib.admin').substitutedBy).toMatchObject([{ employeeId: 'SC-1015', until }]);
  expect(of('hr.ala').actsFor).toMatchObject([{ employeeId: 'SC-1074', name: of('ib.admin').name, until }]);
  expect([of('iss.ala').substitutedBy, of('is.admin').actsFor]).toEqual([[], []]);
  // The last day, not the moment after it.
  const { body } = await (await site.as('dpo')).page('/role-holders?lang=en');
  expect(body).toContain(`acts for ${of('ib.admin').name} until`);
});

test('is for auditors, administrators and the data-protection officer; each read and refusal is in the access log', async () => {
  for (const login of [
    'auditor',
    'administrator',
    'dpo',
    'ib.admin',
    'is.admin',
    'iss.ala',
    'hr.ala',
    'process.owner',
  ]) {
    const caller = await site.as(login);
    const reads = ['auditor', 'administrator', 'dpo'].includes(login);
    for (const path of ['/role-holders', url, '/api/role-holders.csv'])
      expect([login, path, (await caller.page(path)).statusCode]).toEqual([login, path, reads ? 200 : 403]);
    expect([login, (await caller.page('/')).body.includes('href="/role-holders"')]).toEqual([login, reads]);
  }
  expect((await site.anybody.get(url)).statusCode).toBe(401);
  const { entries } = (await (await site.as('auditor')).get('/api/access-log?login=dpo')).json<{
    entries: { action: string; route: string; type: string }[];
  }>();
  const routes = entries.filter(({ action }) => action === 'role-holder.read').map(({ route }) => route);
  expect(routes).toEqual(expect.arrayContaining(['role-holders', 'api/role-holders', 'api/role-holders.csv']));
});

test('refuses a role that is none', async () => {
  for (const role of ['king', 'registrar-machine'])
    expect((await (await site.as('auditor')).get(`${url}?role=${role}`)).statusCode).toBe(422);
});
