import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../core/ids.js';
import { upkeepChain, type UpkeepKind } from '../../core/technical-request/upkeep-records.js';
import { recordUpkeep } from '../../core/technical-request/upkeep-report.js';
import { technicalRequest } from '../builders/technical-request.js';
import { ago, backup, type UpkeepBody } from '../builders/upkeep.js';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';

/** Records of upkeep: who adds which, what each kind needs, how one is corrected, and what the page tells of it. */

let site: ApiSite;
let admin: Caller;
beforeAll(async () => {
  site = await ApiSite.start({ BACKUP_EVERY: 'P7D', STATE_AUDIT_EVERY: 'P12M' });
  admin = await site.as('is.admin');
}, 120_000);
afterAll(() => site.stop());

const url = '/api/upkeep-records';
const sha256 = 'ab'.repeat(32);
const remark = 'Көшірмені Серікбаева тексерді: канарейка-QzXv9.';
const performedAt = '2026-01-31T02:10:00+05:00';
const stored = () => site.services.database.connection.collection('upkeep-records');

async function recorded(body: UpkeepBody, by = admin): Promise<string> {
  const answer = await by.post(url, body);
  expect([answer.statusCode, answer.body]).toEqual([201, expect.stringMatching(/UPK-\d{4}-\d{6}/)]);
  return answer.json<{ number: string }>().number;
}
async function faultsOf(body: object): Promise<string[]> {
  const answer = await admin.post(url, body);
  expect(answer.statusCode).toBe(422);
  return answer.json<SeenProblem>().errors!.map(({ field, code }) => `${field} ${code}`);
}
interface Listed {
  records: { number: string; correctedBy: string | null; remark: string | null; kind: string; system: string }[];
  next: string | null;
}
const listed = async (query = '', by = admin): Promise<Listed> => (await by.get(`${url}?${query}`)).json();
/** What the page says of a work on a system. */
async function termOnPage(system: string, kind: string): Promise<string> {
  const { body } = await admin.page('/upkeep-records?lang=en');
  const table = /<table[^>]*aria-label="What has to be done when"[\s\S]*?<\/table>/.exec(body)![0];
  const rows = table.split('<tr').map((row) => row.replaceAll(/<[^>]*>|^[^>]*>/g, ' '));
  return rows
    .find((row) => row.includes(system) && row.includes(kind))!
    .replaceAll(/\s+/g, ' ')
    .trim();
}
const requestOf = async (): Promise<string> =>
  (await admin.post('/api/technical-requests', technicalRequest())).json<{ number: string }>().number;

describe('each kind', () => {
  const bodies = async (): Promise<Record<UpkeepKind, UpkeepBody>> => {
    const technicalRequest = await requestOf();
    const done = { system: 'sir', performedAt, result: 'done' } as const;
    return {
      change: { ...done, kind: 'change', technicalRequest, resolves: 'request', scope: 'beyond-maintenance' },
      backup: { ...done, kind: 'backup', sha256: sha256.toUpperCase() },
      recovery: { ...done, kind: 'recovery', technicalRequest },
      'timeliness-control': { ...done, kind: 'timeliness-control', result: 'failed' },
      audit: { ...done, kind: 'audit' },
      'duty-roster': {
        ...{ kind: 'duty-roster', system: 'sir', performedAt },
        ...{ from: '2026-02-01', to: '2026-02-07', employeeIds: ['SC-1077', 'SC-1076'] },
      },
      'security-centre-connection': {
        ...{ kind: 'security-centre-connection', system: 'sir', performedAt },
        ...{ since: '2026-01-01', centre: 'Жедел орталық' },
      },
    };
  };

  test('is recorded, with an entry of the trail in the same transaction that has codes and no text', async () => {
    for (const [kind, body] of Object.entries(await bodies())) {
      const number = await recorded({ ...body, remark });
      const { records } = await listed(`kind=${kind}&limit=1`);
      const { sha256: digest, ...sent } = body;
      expect(records).toEqual([
        expect.objectContaining({
          ...{ ...sent, number, remark, recordedBy: 'is.admin', correctedBy: null },
          ...{ performedAt: new Date(performedAt).toISOString(), sha256: digest?.toLowerCase() ?? null },
        }),
      ]);
      const entries = await site.services.trail.list(upkeepChain);
      const { centre, performedAt: _at, sha256: _digest, ...facts } = body;
      expect(entries.at(-1)).toMatchObject({ type: 'upkeep.recorded', data: { number, ...facts } });
      for (const text of [remark, centre].filter(Boolean)) expect(JSON.stringify(entries)).not.toContain(text);
    }
    const all = JSON.stringify(await stored().find().toArray());
    for (const text of ['канарейка', 'Жедел орталық']) expect(all).not.toContain(text);
  });

  test('needs what it is about, and takes nothing else', async () => {
    const nothing = { system: 'sir', performedAt };
    const needed = async (kind: string) => (await faultsOf({ ...nothing, kind })).sort();
    expect(await needed('change')).toEqual([
      ...['resolves missing', 'result missing', 'scope missing', 'technicalRequest missing'],
    ]);
    for (const kind of ['backup', 'recovery', 'timeliness-control', 'audit'])
      expect([kind, await needed(kind)]).toEqual([kind, ['result missing']]);
    expect(await needed('duty-roster')).toEqual(['employeeIds missing', 'from missing', 'to missing']);
    expect(await needed('security-centre-connection')).toEqual(['centre missing', 'since missing']);
    expect(await faultsOf(backup({ scope: 'maintenance' }))).toEqual(['scope not-for-kind']);
    expect(await faultsOf({ ...(await bodies())['duty-roster'], result: 'done' })).toEqual(['result not-for-kind']);
  });

  test('names what is there: the request and its defect, the system, employees, days in order, a moment that has passed', async () => {
    const { change, 'duty-roster': roster } = await bodies();
    expect(await faultsOf({ ...change, technicalRequest: 'TEC-2026-999999' })).toEqual([
      'technicalRequest unknown-request',
    ]);
    expect(await faultsOf({ ...change, resolves: 'defect' })).toEqual(['resolves no-defect']);
    await admin.post(`/api/cases/${change.technicalRequest}/defect`, { reference: 'SIR-1', scope: 'maintenance' });
    await recorded({ ...change, resolves: 'defect' });
    expect(await faultsOf(backup({ system: 'nothing' }))).toEqual(['system unknown-system']);
    expect(await faultsOf({ ...roster, employeeIds: ['SC-1077', 'SC-9999'] })).toEqual([
      'employeeIds[1] unknown-employee',
    ]);
    expect(await faultsOf({ ...roster, employeeIds: ['SC-1077', 'SC-1077'] })).toEqual(['employeeIds named-twice']);
    expect(await faultsOf({ ...roster, to: '2026-01-31' })).toEqual(['to before-from']);
    expect(await faultsOf(backup({ performedAt: ago(site.services, -1) }))).toEqual(['performedAt in-future']);
    const connection = (await bodies())['security-centre-connection'];
    expect(await faultsOf({ ...connection, since: '2099-01-01' })).toEqual(['since in-future']);
    expect(await faultsOf(backup({ sha256: sha256.slice(1) }))).toEqual(['sha256 digest']);
  });
});

test('a refusal names the field in the language of the caller, and leaves nothing', async () => {
  const before = await site.holdings();
  const answer = await admin.post(url, backup({ system: 'nothing' }), { 'accept-language': 'kk' });
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json<SeenProblem>().errors).toMatchObject([{ field: 'system', detail: 'тізілімде мұндай жүйе жоқ' }]);
  expect(await site.holdings()).toEqual(before);
});

test('the same key is the same record, also when three come at once; with other content it is refused', async () => {
  const headers = { 'idempotency-key': newId() };
  const body = backup();
  const answers = await Promise.all([1, 2, 3].map(() => admin.post(url, body, headers)));
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 201]);
  expect(new Set(answers.map((answer) => answer.json<{ number: string }>().number)).size).toBe(1);
  expect((await admin.post(url, { ...body, result: 'failed' }, headers)).statusCode).toBe(409);
});

describe('a correction', () => {
  test('names the wrong record, which stays and counts no more; once', async () => {
    const wrong = await recorded(backup({ performedAt: ago(site.services, 0), system: 'pension' }));
    expect(await termOnPage('pension payments', 'backup')).toMatch(/in time$/);
    const right = await recorded(backup({ system: 'pension', result: 'failed', corrects: wrong }));
    const { records } = await listed('system=pension');
    expect(records.map(({ number, correctedBy }) => [number, correctedBy])).toEqual([
      [right, null],
      [wrong, right],
    ]);
    expect(await termOnPage('pension payments', 'backup')).toMatch(/never at once due now$/);
    expect(await faultsOf(backup({ corrects: wrong }))).toEqual(['corrects already-corrected']);
    expect(await faultsOf(backup({ corrects: 'UPK-2020-000001' }))).toEqual(['corrects unknown-record']);
  });

  test('by an administrator may be of another kind and system: these may be what was wrong', async () => {
    const wrong = await recorded(backup());
    const right = await recorded(backup({ performedAt, corrects: wrong, kind: 'audit', system: 'pension' }));
    expect((await listed('limit=2')).records.map(({ number, correctedBy }) => [number, correctedBy])).toEqual([
      [right, null],
      [wrong, right],
    ]);
  });

  test('by a machine is of its own records alone, and leaves what administrators and other machines recorded', async () => {
    const machine = await site.machine();
    const roster = {
      kind: 'duty-roster',
      system: 'pension',
      performedAt,
      from: '2026-02-01',
      to: '2026-02-07',
    } as const;
    const ofPeople = [await recorded({ ...roster, employeeIds: ['SC-1077'] }), await recorded(backup())];
    const ofOther = await recorded(backup());
    await stored().updateOne({ number: ofOther }, { $set: { recordedBy: 'client:other' } });
    const ofItself = await machine.post(url, backup({ system: 'pension' }));
    const tries = [
      { system: 'pension', corrects: ofPeople[0]! },
      { corrects: ofItself.json<{ number: string }>().number },
      { corrects: ofPeople[1]! },
      { corrects: ofOther },
    ];
    const codes: string[] = [];
    for (const changes of tries) {
      const answer = await machine.post(url, backup(changes), { 'accept-language': 'ru' });
      expect(answer.statusCode).toBe(422);
      codes.push(...answer.json<SeenProblem>().errors!.map(({ field, code }) => `${field} ${code}`));
    }
    expect(codes).toEqual([
      'corrects other-kind',
      'corrects other-system',
      'corrects other-author',
      'corrects other-author',
    ]);
    const { records } = await listed('limit=4');
    expect(records.slice(1).map(({ number, correctedBy }) => [number, correctedBy])).toEqual(
      [ofOther, ofPeople[1], ofPeople[0]].map((number) => [number, null]),
    );
    const own = await recorded(backup(), machine);
    const right = await recorded(backup({ result: 'failed', corrects: own }), machine);
    expect((await listed('limit=1')).records).toMatchObject([{ number: right }]);
  });

  test('is one of two that come at once', async () => {
    const corrects = await recorded(backup());
    const answers = await Promise.all([1, 2].map(() => admin.post(url, backup({ corrects }))));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 422]);
  });
});

test('is refused to everybody else, and the refusal is in the access log', async () => {
  for (const login of ['auditor', 'registrar', 'ib.admin', 'administrator', 'iss.central'])
    expect([login, (await (await site.as(login)).post(url, backup())).statusCode]).toEqual([login, 403]);
  expect((await site.anybody.post(url, backup())).statusCode).toBe(401);
  const log = await site.services.accessLog.list({ login: 'registrar', limit: 1 });
  expect(log).toMatchObject([{ type: 'access.refused', action: 'upkeep-record.add', status: 403 }]);
  for (const path of ['/upkeep-records', url, `${url}.csv`]) {
    expect((await (await site.as('ib.admin')).page(path)).statusCode).toBe(403);
    expect((await (await site.as('auditor')).page(path)).statusCode).toBe(200);
    const [read] = await site.services.accessLog.list({ login: 'auditor', limit: 1 });
    expect(read).toMatchObject({ type: 'personal-data.read', action: 'upkeep-record.read', route: path.slice(1) });
  }
  expect((await (await site.as('auditor')).page('/upkeep-records')).body).not.toContain(
    'action="/upkeep-records" class="stack"',
  );
});

test('the page says whose each system is and who holds it: the owner, where nobody else does', async () => {
  const { body } = await admin.page('/upkeep-records?lang=en');
  const [, table = ''] = /aria-label="Systems">([\s\S]*?)<\/table>/.exec(body)!;
  const ministry = 'Ministry of Labour and Social Protection of the Population';
  const cells = table.split('</tr>').map((row) => [...row.matchAll(/<t[hd][^>]*>([^<]*)/g)].map(([, cell]) => cell));
  expect(cells.slice(1, 3)).toEqual([
    [expect.stringContaining('social and labour sphere'), ministry, ministry],
    [expect.stringContaining('pension payments'), ministry, 'Centre of pension payments (demonstration)'],
  ]);
});

test('a machine tells of backups, controls and audits, and of nothing that people decide', async () => {
  const machine = await site.machine();
  for (const kind of ['backup', 'timeliness-control', 'audit'] as const) await recorded(backup({ kind }), machine);
  for (const kind of ['recovery'] as const) expect((await machine.post(url, backup({ kind }))).statusCode).toBe(403);
  expect((await machine.get(url)).statusCode).toBe(403);
  expect((await (await site.machine('')).post(url, backup())).statusCode).toBe(403);
});

test('the list goes on from a cursor, narrowed by kind and system; the CSV has all of it without texts', async () => {
  const all: string[] = [];
  let before = '';
  do {
    const { records, next } = await listed(`limit=4&kind=backup&system=sir${before}`);
    expect(records.length).toBeLessThanOrEqual(4);
    for (const { kind, system } of records) expect([kind, system]).toEqual(['backup', 'sir']);
    all.push(...records.map(({ number }) => number));
    before = next === null ? '' : `&before=${next}`;
  } while (before);
  expect(all).toHaveLength(await stored().countDocuments({ kind: 'backup', system: 'sir' }));
  expect(all).toEqual([...all].sort().reverse());
  const csv = (await admin.get(`${url}.csv?kind=backup&system=sir&lang=ru`)).body;
  const [heads = '', ...lines] = csv.trimEnd().split('\r\n');
  expect(heads).toMatch(/^\uFEFFНомер,Вид,Система,/);
  expect(lines.map((line) => line.split(',')[0])).toEqual(all);
  expect(lines[0]).toContain(',резервное копирование,sir,');
  expect(csv).not.toContain('канарейка');
});

describe('the page', () => {
  test('records by a form, once for a key, and shows a refused one with its words and the fault', async () => {
    const form = {
      ...{ kind: 'audit', system: 'sir', performedAt: '2026-01-31T12:00', result: 'done', remark, sha256 },
      ...{ idempotencyKey: newId(), corrects: '' },
    };
    for (let times = 0; times < 2; times += 1)
      expect((await admin.form('/upkeep-records', form)).headers['location']).toBe('/upkeep-records');
    const { records } = await listed('kind=audit&limit=1');
    expect(records).toMatchObject([{ remark, performedAt: '2026-01-31T07:00:00.000Z' }]);
    expect(await stored().countDocuments({ performedAt: new Date('2026-01-31T07:00:00Z') })).toBe(1);
    const { body } = await admin.page('/upkeep-records?lang=en&kind=audit');
    for (const word of [records[0]!.number, remark, sha256]) expect(body).toContain(word);

    const refused = await admin.form('/upkeep-records?lang=en', { ...form, idempotencyKey: newId(), sha256: 'ab' });
    expect(refused.statusCode).toBe(422);
    for (const word of [remark, 'href="#upkeep-audit-sha256"', '64 hexadecimal digits'])
      expect(refused.body).toContain(word);
  });

  test('takes one who is on duty, or several', async () => {
    const form = { kind: 'duty-roster', system: 'pension', performedAt: '2026-01-31T12:00' };
    const span = { from: '2026-02-01', to: '2026-02-07' };
    for (const employeeIds of ['SC-1077', ['SC-1077', 'SC-1076']]) {
      expect((await admin.form('/upkeep-records', { ...form, ...span, employeeIds })).statusCode).toBe(303);
      expect((await listed('kind=duty-roster&limit=1')).records).toMatchObject([{ employeeIds: [employeeIds].flat() }]);
    }
    const { body } = await admin.page('/upkeep-records?lang=ru&kind=duty-roster');
    expect(body).toContain('Жумабаев Руслан Маратович');
  });

  test('says what is in time and what is overdue, for each system and each work that has a period', async () => {
    await recorded(backup({ performedAt: ago(site.services, 10), system: 'pension' }));
    expect(await termOnPage('pension payments', 'backup')).toMatch(/7 days .* overdue$/);
    await recorded(backup({ performedAt: ago(site.services, 3), system: 'pension', result: 'failed' }));
    expect(await termOnPage('pension payments', 'backup')).toMatch(/overdue$/);
    await recorded(backup({ performedAt: ago(site.services, 2), system: 'pension' }));
    expect(await termOnPage('pension payments', 'backup')).toMatch(/in time$/);
    // A later record of an earlier one changes nothing.
    await recorded(backup({ performedAt: ago(site.services, 20), system: 'pension' }));
    expect(await termOnPage('pension payments', 'backup')).toMatch(/in time$/);
    const { body } = await admin.page('/upkeep-records?lang=en');
    expect(body).toMatch(/12 months/);
    expect(/aria-label="What has to be done when"[\s\S]*?<\/table>/.exec(body)![0]).not.toContain('timely updating');
  });

  test('says when nobody is on a roster in the coming days, of systems that use rosters', async () => {
    const dayFrom = (days: number) => ago(site.services, -days).slice(0, 10);
    const warning = async (): Promise<string> =>
      /<div class="notice">[\s\S]*?<\/div>/.exec((await admin.page('/upkeep-records?lang=en')).body)?.[0] ?? '';
    const roster = { kind: 'duty-roster' as const, performedAt, employeeIds: ['SC-1077'] };
    const without = await recorded({ ...roster, system: 'sir', from: dayFrom(-30), to: dayFrom(-20) });
    expect(await warning()).toContain('Nobody is on the roster');
    await recorded({ ...roster, system: 'sir', from: dayFrom(-2), to: dayFrom(30), corrects: without });
    await recorded({ ...roster, system: 'pension', from: dayFrom(-2), to: dayFrom(30) });
    expect(await warning()).toBe('');
  });
});

test('nothing is recorded under an act that is off', async () => {
  const { organisation, upkeepRecords } = site.services;
  const { subjectId: _subjectId, ...report } = (await upkeepRecords.byNumber(await recorded(backup())))!;
  const acts = { ...organisation.acts, 'technical-request': { ...organisation.acts['technical-request']!, on: false } };
  const services = { ...site.services, organisation: { ...organisation, acts } };
  const before = await site.holdings();
  const refused = recordUpkeep(services, { kind: 'person', id: 'is.admin' }, report, null);
  await expect(refused).rejects.toMatchObject({ status: 503 });
  expect(await site.holdings()).toEqual(before);
});

test('an erasure of a record’s key leaves the record without its texts', async () => {
  const number = await recorded(backup({ remark }));
  const { subjectId } = (await site.services.upkeepRecords.byNumber(number))!;
  await site.services.erasures.erase({ kind: 'person', id: 'dpo' }, subjectId, { ground: 'DPO-2026-22' });
  expect((await listed('limit=1')).records).toMatchObject([{ number, remark: null }]);
  expect((await admin.page('/upkeep-records')).body).toContain(number);
});
