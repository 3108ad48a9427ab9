import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { inProject, loadOrganisation } from '../../config/index.js';
import { createDirectory, DirectoryFileError, type Directory } from '../../core/directory.js';
import { employeeWords, inEachLanguage } from '../../core/employee-words.js';
import { identificationCheckDigit } from '../../core/iin.js';
import { createPeople, type People } from '../../core/people.js';
import { createVault, type Vault } from '../../core/vault.js';
import { openTestDatabase, type TestDatabase } from '../helpers/database.js';

const header =
  'employee_id,login,full_name,full_name_kk,iin,position,unit_id,unit_name_kk,unit_name_ru,head_of_unit,superior_id,' +
  'branch_code,email,language,has_personal_data_access,participates_in_public_services';

/** A valid number for the n-th fictional employee. */
function iin(n: number): string {
  for (let serial = n * 10; ; serial += 1) {
    const digits = `8504123${String(serial).padStart(4, '0')}`;
    const check = identificationCheckDigit(digits);
    if (check !== null) return `${digits}${check}`;
  }
}

/** A row of the file with a default for everything. */
function row(n: number, values: Record<string, string> = {}): string {
  const row: Record<string, string> = {
    employee_id: `T-${n}`,
    login: `t${n}`,
    full_name: `Тестов Номер ${n}`,
    full_name_kk: '',
    iin: iin(n),
    position: 'Специалист',
    unit_id: 'U1',
    unit_name_kk: 'Бөлім',
    unit_name_ru: 'Отдел',
    head_of_unit: 'false',
    superior_id: '',
    branch_code: 'ALA',
    email: `t${n}@sc.example`,
    language: 'kk',
    has_personal_data_access: 'true',
    participates_in_public_services: 'false',
    ...values,
  };
  return header
    .split(',')
    .map((name) => row[name])
    .join(',');
}

async function* file(...rows: string[]): AsyncGenerator<Uint8Array> {
  yield* [Buffer.from([header, ...rows].join('\n'))];
}

let database: TestDatabase;
let vault: Vault;
let directory: Directory;
let people: People;
const minutesAway = (minutes: number): Date => new Date(database.clock.wallNow().getTime() + minutes * 60_000);

beforeAll(async () => {
  database = await openTestDatabase();
  vault = createVault({ database, masterKey: randomBytes(32) });
  directory = createDirectory({ database, vault });
  people = createPeople({ database });
  await vault.init();
  await directory.init();
  await people.init();
});
beforeEach(async () => {
  await database.connection.collection('employees').deleteMany({});
  await database.connection.collection('people').deleteMany({});
});
afterAll(() => database.drop());

const faultsOf = async (content: AsyncIterable<Uint8Array | string>): Promise<readonly string[]> => {
  const error: unknown = await directory.importCsv(content, { knownBranches: ['ALA', 'SHY'] }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(DirectoryFileError);
  return (error as DirectoryFileError).faults;
};

describe('the demo organisation', () => {
  const load = () =>
    directory.importCsv(createReadStream(inProject('local', 'demo', 'directory.csv')), {
      knownBranches: loadOrganisation('demo').branches.map(({ code }) => code),
    });

  test('is imported, and every user of the development identity provider is in it', async () => {
    expect(await load()).toEqual({ added: 77, changed: 0, unchanged: 0, transferred: 0, left: 0 });
    const { users } = JSON.parse(readFileSync(inProject('local', 'identity', 'users.json'), 'utf8')) as {
      users: { login: string; name: string; employeeId: string; roles: string[]; groups: string[] }[];
    };
    for (const user of users) {
      const employee = await directory.byLogin(user.login);
      expect(employee).toMatchObject({ employeeId: user.employeeId, fullName: user.name, active: true });
      const suffix = employee?.branchCode ? `branch-${employee.branchCode}` : 'central';
      const groups = user.roles.flatMap((role) =>
        role === 'iss'
          ? [`ins-iss-${suffix}`]
          : role === 'management'
            ? [`ins-mgmt-${suffix}`]
            : role === 'ib-admin'
              ? ['acc-ib-admin']
              : role === 'is-admin'
                ? ['tech-is-admin']
                : [],
      );
      expect(user.groups).toEqual(groups);
    }
    expect(new Set(users.flatMap(({ roles }) => roles))).toEqual(
      new Set([
        ...['iss', 'management', 'hr', 'ib-admin', 'is-admin', 'unit-head', 'employee'],
        ...['auditor', 'process-owner', 'registrar', 'administrator', 'dpo'],
      ]),
    );
  });

  test('has more than fifty employees whom R3 lets be inspected, and one whom it does not', async () => {
    await load();
    const records = await database.connection.collection('employees').find().toArray();
    const inspectable = records.filter((one) => one.hasPersonalDataAccess || one.participatesInPublicServices);
    expect(inspectable.length).toBeGreaterThan(50);
    expect(inspectable.length).toBeLessThan(records.length);
  });

  test('imported again changes nothing', async () => {
    await load();
    expect(await load()).toEqual({ added: 0, changed: 0, unchanged: 77, transferred: 0, left: 0 });
  });

  test('tells heads and superiors up to the top', async () => {
    await load();
    const employee = await directory.byLogin('employee.ala1');
    const head = await directory.headOf(employee!.unitId);
    expect(head?.login).toBe('head.ala1');
    expect((await directory.superiorOf(employee!.employeeId))?.login).toBe('head.ala1');
    const director = await directory.superiorOf(head!.employeeId);
    expect(director?.login).toBe('management.ala');
    const chair = await directory.superiorOf(director!.employeeId);
    expect(chair?.login).toBe('management.central');
    expect(await directory.superiorOf(chair!.employeeId)).toBeNull();
  });

  test("tells the heads of several employees' units at one go, each once", async () => {
    await load();
    const ids = await Promise.all(
      ['employee.ala1', 'head.ala1', 'iss.shy', 'management.central'].map(
        async (login) => (await directory.byLogin(login))!,
      ),
    );
    const heads = await Promise.all(ids.map(({ unitId }) => directory.headOf(unitId)));
    const expected = new Set(heads.flatMap((head) => (head ? [head.employeeId] : [])));
    expect(expected.size).toBeGreaterThan(1);
    const found = await directory.headsOfUnitsOf(ids.map(({ employeeId }) => employeeId));
    expect(found.sort()).toEqual([...expected].sort());
    expect(await directory.headsOfUnitsOf([])).toEqual([]);
    expect(await directory.headsOfUnitsOf(['SC-9999'])).toEqual([]);
  });
});

test('words in Kazakh may be left out, by column or by row', async () => {
  await directory.importCsv(file(row(1)));
  expect(await directory.employee('T-1')).toMatchObject({ fullNameKk: null, positionKk: null });
  const withKazakh = [`${header},position_kk`, `${row(1)},Маман`, `${row(2)},`].join('\n');
  await directory.importCsv(
    (async function* () {
      yield* [Buffer.from(withKazakh)];
    })(),
  );
  const [one, two] = [(await directory.employee('T-1'))!, (await directory.employee('T-2'))!];
  expect([one.positionKk, two.positionKk]).toEqual(['Маман', null]);
  expect(employeeWords(one, 'kk')).toEqual({ name: 'Тестов Номер 1', position: 'Маман', unit: 'Бөлім' });
  expect(employeeWords(one, 'ru')).toEqual({ name: 'Тестов Номер 1', position: 'Специалист', unit: 'Отдел' });
  expect(employeeWords(two, 'kk').position).toBe('Специалист');
  expect(inEachLanguage(one, 'position')).toMatchObject({ kk: 'Маман', ru: 'Специалист', ky: 'Специалист' });
});

test('name, IIN, position and address are sealed with a key of the employee alone', async () => {
  await directory.importCsv(file(row(1, { full_name: 'Канарейкин Личный' }), row(2)));
  const stored = await database.connection.collection('employees').find().toArray();
  const raw = JSON.stringify(stored);
  for (const plain of ['Канарейкин', iin(1), 'Специалист', 't1@sc.example']) expect(raw).not.toContain(plain);
  expect(raw).toContain('"unitNameRu":"Отдел"');
  expect(new Set(stored.map(({ subjectId }) => subjectId as string)).size).toBe(2);
  expect(await directory.employee('T-1')).toMatchObject({
    fullName: 'Канарейкин Личный',
    fullNameKk: null,
    iin: iin(1),
    position: 'Специалист',
    email: 't1@sc.example',
  });
});

test('an employee whose key was erased is nobody any more', async () => {
  await directory.importCsv(file(row(1), row(2)));
  const erased = await database.connection.collection('employees').findOne({ _id: 'T-1' as never });
  await database.connection
    .collection('subject-keys')
    .updateOne({ _id: erased!.subjectId as never }, { $set: { wrapped: null } });
  expect(await directory.employee('T-1')).toBeNull();
  expect(await directory.byLogin('t1')).toBeNull();
  expect(await directory.employee('T-2')).not.toBeNull();
});

describe('a newer file', () => {
  test('changes rows in place, keeps the key, and lets go who is no longer there', async () => {
    await directory.importCsv(file(row(1, { head_of_unit: 'true' }), row(2), row(3)));
    const before = await directory.employee('T-2');
    const result = await directory.importCsv(file(row(2, { position: 'Начальник', head_of_unit: 'true' }), row(3)));
    expect(result).toEqual({ added: 0, changed: 1, unchanged: 1, transferred: 1, left: 1 });
    expect(await directory.employee('T-2')).toMatchObject({ position: 'Начальник', subjectId: before?.subjectId });
    expect((await directory.headOf('U1'))?.employeeId).toBe('T-2');
    expect(await directory.headsOfUnitsOf(['T-3'])).toEqual(['T-2']);
    expect(await directory.employee('T-1')).toMatchObject({ fullName: 'Тестов Номер 1', active: false });
    expect(await directory.byLogin('t1')).toBeNull();
  });

  test('marks who has another unit or position, until that is settled; case and spaces make none', async () => {
    await directory.importCsv(file(row(1), row(2), row(3)));
    const moved = { unit_id: 'U2', unit_name_ru: 'Сектор', unit_name_kk: 'Сектор' };
    const written = { position: ' специАЛИСТ ', email: 'other@sc.example' };
    const result = await directory.importCsv(file(row(1, moved), row(2, { position: 'Начальник' }), row(3, written)));
    expect(result).toMatchObject({ changed: 3, transferred: 2 });
    expect(await directory.idsOfTransferred()).toEqual(['T-1', 'T-2']);
    // Another change of the row takes the mark from nobody; a transfer found since the look stays.
    await directory.importCsv(file(row(1, { ...moved, email: 'x@sc.example' }), row(2, { position: 'Начальник' })));
    expect(await directory.idsOfTransferred()).toEqual(['T-1', 'T-2']);
    await directory.settleTransfers(['T-1', 'T-2'], minutesAway(-1));
    expect(await directory.idsOfTransferred()).toEqual(['T-1', 'T-2']);
    await directory.settleTransfers(['T-1'], minutesAway(1));
    expect(await directory.idsOfTransferred()).toEqual(['T-2']);
    await directory.importCsv(file(row(1, moved)));
    expect(await directory.idsOfTransferred()).toEqual([]);
  });

  test('that only gives units and positions other names marks nobody, and neither does a return', async () => {
    await directory.importCsv(file(row(1), row(2)));
    const renamed = [row(1, { unit_id: 'U7' }), row(2, { position: 'Ведущий специалист', unit_id: 'U7' })];
    expect(await directory.importCsv(file(...renamed), { renamed: true })).toMatchObject({
      transferred: 0,
      changed: 2,
    });
    await directory.importCsv(file(renamed[0]!));
    expect(await directory.importCsv(file(renamed[0]!, row(2)))).toMatchObject({ transferred: 0, changed: 1 });
    expect(await directory.idsOfTransferred()).toEqual([]);
  });

  test('takes somebody back with the key that he had', async () => {
    await directory.importCsv(file(row(1), row(2)));
    const before = await directory.employee('T-1');
    await directory.importCsv(file(row(2)));
    expect(await directory.importCsv(file(row(1), row(2)))).toMatchObject({ changed: 1, unchanged: 1 });
    expect(await directory.employee('T-1')).toEqual(before);
  });

  test('may pass a login from one to another', async () => {
    await directory.importCsv(file(row(1, { login: 'one' }), row(2, { login: 'two' })));
    await directory.importCsv(file(row(1, { login: 'two' }), row(2, { login: 'one' })));
    expect((await directory.byLogin('one'))?.employeeId).toBe('T-2');
    expect((await directory.byLogin('two'))?.employeeId).toBe('T-1');
  });

  test('with a fault in one row changes nothing', async () => {
    await directory.importCsv(file(row(1), row(2)));
    await faultsOf(file(row(1, { position: 'Другая' }), row(2, { email: 'no address' })));
    expect(await directory.employee('T-1')).toMatchObject({ position: 'Специалист' });
  });
});

const anId =
  '1 to 32 letters (A-Z), digits, dots and hyphens, and no name and no identification, phone or account number';

describe('a file is refused with line and column', () => {
  test.each([
    [
      'a check digit',
      [row(1, { iin: iin(1).replace(/.$/, (d) => String((+d + 1) % 10)) })],
      ['line 2: iin: has to be an individual identification number (check-digit)'],
    ],
    ['a flag', [row(1, { head_of_unit: 'yes' })], ['line 2: head_of_unit: has to be true or false']],
    ['an address', [row(1, { email: 'Канарейкин' })], ['line 2: email: has to be an e-mail address']],
    ['a missing name', [row(1, { full_name: ' ' })], ['line 2: full_name: has to be 1 to 200 characters']],
    ['a branch', [row(1, { branch_code: 'AST' })], ['line 2: branch_code: has to be empty or one of ALA, SHY']],
    ['an id twice', [row(1), row(2, { employee_id: 'T-1' })], ['line 3: employee_id: is the same as on line 2']],
    ['an IIN twice', [row(1), row(2, { iin: iin(1) })], ['line 3: iin: is the same as on line 2']],
    [
      'two heads',
      [row(1, { head_of_unit: 'true' }), row(2, { head_of_unit: 'true' })],
      ['line 3: head_of_unit: unit U1 has its head on line 2 already'],
    ],
    [
      'a unit in two branches',
      [row(1), row(2, { branch_code: '' })],
      ['line 3: branch_code: differs from line 2 of the same unit U1'],
    ],
    [
      'a superior of nowhere',
      [row(1, { superior_id: 'T-9' })],
      ['line 2: superior_id: is no employee_id of this file'],
    ],
    [
      'his own superior',
      [row(1, { superior_id: 'T-1' })],
      ['line 2: superior_id: the superiors of T-1 lead back to this employee'],
    ],
    [
      'superiors in a circle',
      [row(1, { superior_id: 'T-2' }), row(2, { superior_id: 'T-1' })],
      [
        'line 2: superior_id: the superiors of T-1 lead back to this employee',
        'line 3: superior_id: the superiors of T-2 lead back to this employee',
      ],
    ],
    [
      'two rows at once',
      [row(1, { language: 'en' }), row(2, { email: '' })],
      ['line 2: language: has to be kk or ru', 'line 3: email: has to be an e-mail address'],
    ],
    [
      'ids that the trail would not take',
      [
        row(1, { employee_id: 'Akhmetov', unit_id: '77012345678' }),
        row(2, { employee_id: '850412400121' }),
        row(3, { employee_id: 'T-3-', unit_id: 'KZ75125KZT1001300335' }),
      ],
      [
        `line 2: employee_id: has to be ${anId}`,
        `line 2: unit_id: has to be ${anId}`,
        `line 3: employee_id: has to be ${anId}`,
        `line 4: employee_id: has to be ${anId}`,
        `line 4: unit_id: has to be ${anId}`,
      ],
    ],
    ['no row', [], ['file: has no row']],
  ])('%s', async (_name, rows, faults) => {
    expect(await faultsOf(file(...rows))).toEqual(faults);
    expect(await database.connection.collection('employees').countDocuments()).toBe(0);
  });

  test('a row with too few values', async () => {
    expect(await faultsOf(file('T-1,t1'))).toEqual([expect.stringMatching(/^line \d: is no row of CSV/)]);
  });

  test('columns missing, unknown and doubled, none of them repeated as a value', async () => {
    const faults = await faultsOf(
      (async function* () {
        yield `${header.replace('iin,', '')},Канарейкин,login\nx`;
      })(),
    );
    expect(faults).toContain('line 1: column iin is missing');
    expect(faults).toContain('line 1: column login is there twice');
    expect(faults.join()).toMatch(/line 1: column 16 is not known/);
    expect(faults.join()).not.toContain('Канарейкин');
  });

  test('text that is not UTF-8', async () => {
    const faults = await faultsOf(
      (async function* () {
        yield Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
      })(),
    );
    expect(faults).toEqual(['file: is not UTF-8; save it as "CSV UTF-8"']);
  });
});

test('semicolons, quotes, a byte order mark and Windows line ends are read', async () => {
  const quoted = row(1, { unit_name_ru: '"Отдел, первый"' })
    .replace('"Отдел, первый"', '§')
    .replaceAll(',', ';')
    .replace('§', '"Отдел; первый"');
  const content = `\uFEFF${header.replaceAll(',', ';')}\r\n${quoted}\r\n`;
  expect(
    await directory.importCsv(
      (async function* () {
        yield content;
      })(),
    ),
  ).toMatchObject({ added: 1 });
  expect(await directory.employee('T-1')).toMatchObject({ unitNameRu: 'Отдел; первый' });
});

describe('members of a role', () => {
  beforeEach(async () => {
    await directory.importCsv(
      file(
        row(1),
        row(2, { head_of_unit: 'true' }),
        row(3, { unit_id: 'U2', branch_code: 'SHY' }),
        row(4, { unit_id: 'U3', branch_code: '' }),
        row(5),
      ),
    );
    for (const n of [1, 2, 3, 4])
      await people.seen({ login: `t${n}`, employeeId: `T-${n}`, roles: ['iss', 'employee'] });
    await people.seen({ login: 't5', employeeId: 'T-5', roles: ['hr'] });
  });

  test('are those of the branch, its head first', async () => {
    expect((await directory.members('iss', 'ALA')).map(({ employeeId }) => employeeId)).toEqual(['T-2', 'T-1']);
  });

  test('of the central office are not those of the branches', async () => {
    expect((await directory.members('iss', null)).map(({ employeeId }) => employeeId)).toEqual(['T-4']);
  });

  test('do not count who has left', async () => {
    await directory.importCsv(file(row(1), row(5)));
    expect((await directory.members('iss', 'ALA')).map(({ employeeId }) => employeeId)).toEqual(['T-1']);
    expect(await directory.members('iss', 'SHY')).toEqual([]);
  });
});
