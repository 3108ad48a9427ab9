import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { catalogueOf, type Language } from '../../core/text.js';
import { application, applicationOfOrganisation } from '../builders/application.js';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';

let site: ApiSite;
let registrar: Caller;
let before: Record<string, unknown>;

beforeAll(async () => {
  site = await ApiSite.start();
  registrar = await site.as('registrar');
  await registrar.post('/api/inspections', application());
  before = await site.holdings();
});
// Whatever was refused: no document of any collection, no file, no number remains of it.
afterEach(async () => {
  expect(await site.holdings()).toEqual(before);
});
afterAll(() => site.stop());

const sender = (values: Record<string, unknown>): Record<string, unknown> =>
  application({ sender: { name: 'Серікбаева Гүлнар Ерланқызы', ...values } });
const hoursAgo = (hours: number): string =>
  new Date(site.services.clock.legalNow().getTime() - hours * 3_600_000).toISOString();
const today = (): string => hoursAgo(0).slice(0, 10);

/** What is wrong, the field as the caller wrote it, and the stable code of the fault. */
const wrong: [what: string, body: () => unknown, field: string, code: string][] = [
  ['an unknown kind', () => application({ triggerKind: 'gossip' }), 'triggerKind', 'not-one-of'],
  ['no kind', () => application({ triggerKind: undefined }), 'triggerKind', 'missing'],
  ['an IIN whose check digit is wrong', () => sender({ iin: '850412400122' }), 'sender.iin', 'iin'],
  ['an IIN that is no number', () => sender({ iin: 850412400121 }), 'sender.iin', 'type-text'],
  ['an IIN of eleven digits', () => sender({ iin: '85041240012' }), 'sender.iin', 'iin'],
  [
    'a BIN whose check digit is wrong',
    () => applicationOfOrganisation({ sender: { name: 'ТОО «Пример»', bin: '990440000386' } }),
    'sender.bin',
    'bin',
  ],
  ['a BIN of an individual', () => sender({ bin: '990440000385' }), 'sender.bin', 'not-for-individuals'],
  ['no facts', () => application({ facts: undefined }), 'facts', 'missing'],
  ['an empty list of facts', () => application({ facts: [] }), 'facts', 'too-few'],
  ['a fact of blanks', () => application({ facts: ['      '] }), 'facts[0]', 'too-short'],
  ['a fact that is no text', () => application({ facts: ['Факт болды.', { a: 1 }] }), 'facts[1]', 'type-text'],
  ['facts that are no list', () => application({ facts: 'Факт болды.' }), 'facts', 'type-list'],
  ['a fact beyond all measure', () => application({ facts: ['ф'.repeat(10_001)] }), 'facts[0]', 'too-long'],
  ['a fact with a control character', () => application({ facts: ['Факт\u0000 болды.'] }), 'facts[0]', 'unreadable'],
  [
    'a fact with a colour of terminals',
    () => application({ facts: ['\u001b[31mФакт болды.'] }),
    'facts[0]',
    'unreadable',
  ],
  ['a fact with half a character', () => application({ facts: ['Факт \ud83d болды.'] }), 'facts[0]', 'unreadable'],
  ['a fact that reads backwards', () => application({ facts: ['Факт \u202eболды.'] }), 'facts[0]', 'unreadable'],
  [
    'a fact that nobody sees',
    () => application({ facts: ['\u200b\u200b\u2060\u200d'] }),
    'facts[0]',
    'nothing-visible',
  ],
  ['a name of two lines', () => sender({ name: 'Серікбаева\nBcc: a@b.example' }), 'sender.name', 'unreadable'],
  ['a name that nobody sees', () => sender({ name: '\u3164\u200b' }), 'sender.name', 'nothing-visible'],
  ['a name beyond all measure', () => sender({ name: 'ә'.repeat(301) }), 'sender.name', 'too-long'],
  [
    'an address with a line in it',
    () => sender({ email: 'a@applicant.example\nBcc: b@c.example' }),
    'sender.email',
    'email',
  ],
  ['an IIN in other digits', () => sender({ iin: '٨٥٠٤١٢٤٠٠١٢١' }), 'sender.iin', 'iin'],
  ['an IIN with a blank behind it', () => sender({ iin: '850412400121 ' }), 'sender.iin', 'iin'],
  ['more facts than a case has', () => application({ facts: Array(51).fill('Факт болды.') }), 'facts', 'too-many'],
  ['a receipt next year', () => application({ receivedAt: hoursAgo(-24 * 366) }), 'receivedAt', 'in-future'],
  ['an unknown field of a name that is none', () => application({ 'a.b[0]': 1 }), 'a.b[0]', 'unknown-field'],
  ['no sender of an application', () => application({ sender: undefined }), 'sender', 'required-for-applications'],
  ['a sender without a name', () => application({ sender: {} }), 'sender.name', 'missing'],
  ['an address that is none', () => sender({ email: 'at home' }), 'sender.email', 'email'],
  ['a phone that is none', () => sender({ phone: 'call me' }), 'sender.phone', 'phone'],
  ['an unknown field', () => application({ urgency: 'high' }), 'urgency', 'unknown-field'],
  ['an unknown field of the sender', () => sender({ age: 41 }), 'sender.age', 'unknown-field'],
  ['a receipt in the future', () => application({ receivedAt: hoursAgo(-1) }), 'receivedAt', 'in-future'],
  ['a receipt without a zone', () => application({ receivedAt: '2026-05-08T09:00:00' }), 'receivedAt', 'datetime'],
  ['a receipt on no day', () => application({ receivedAt: '2026-02-30T09:00:00Z' }), 'receivedAt', 'datetime'],
  [
    'a receipt before the act (INS-35)',
    () => application({ receivedAt: '2020-06-19T17:59:59.999Z' }),
    'receivedAt',
    'before-act',
  ],
  [
    'a period that ends before it starts',
    () => application({ period: { from: '2026-05-08', to: '2026-05-07' } }),
    'period.from',
    'after-end',
  ],
  [
    'a period of the future',
    () => application({ period: { from: today(), to: hoursAgo(-72).slice(0, 10) } }),
    'period.to',
    'in-future',
  ],
  ['a period without an end', () => application({ period: { from: '2026-05-08' } }), 'period.to', 'missing'],
  ['a day that is none', () => application({ period: { from: '8.5.2026', to: today() } }), 'period.from', 'date'],
  [
    'an unknown employee',
    () => application({ employees: [{ employeeId: 'SC-1018' }, { employeeId: 'SC-9999' }] }),
    'employees[1].employeeId',
    'unknown-employee',
  ],
  ['an employee without name or id', () => application({ employees: [{}] }), 'employees[0].name', 'employee-unnamed'],
  ['an id that is none', () => application({ employees: [{ employeeId: '../..' }] }), 'employees[0].employeeId', 'id'],
  ['an unknown channel', () => application({ channel: 'pigeon' }), 'channel', 'not-one-of'],
  ['a language that letters do not speak', () => application({ language: 'en' }), 'language', 'not-one-of'],
  ['a list as body', () => [application()], 'body', 'type-object'],
  ['null as body', () => 'null', 'body', 'type-object'],
];

describe.each(['kk', 'ru', 'en'] as const)('in %s', (language: Language) => {
  test.each(wrong)('%s is refused by name, with what would be right', async (_what, body, field, code) => {
    const given = body();
    const response = await registrar.request({
      method: 'POST',
      url: '/api/inspections',
      headers: { 'accept-language': language, 'content-type': 'application/json' },
      payload: typeof given === 'string' ? given : JSON.stringify(given),
    });
    expect([response.statusCode, response.headers['content-type'], response.headers['content-language']]).toEqual([
      422,
      'application/problem+json',
      language,
    ]);
    const problem = response.json<SeenProblem>();
    expect(problem).toMatchObject({
      type: 'urn:merzim:problem:validation',
      title: catalogueOf(language)['problem.validation'],
      status: 422,
      instance: '/api/inspections',
    });
    expect(problem.errors).toContainEqual({ field, code, detail: expect.stringMatching(/\S{3}/) });
    const { detail } = problem.errors!.find((error) => error.field === field && error.code === code)!;
    const words = (catalogueOf(language)[`fault.${code}`] as string).split('{')[0]!;
    expect(detail.startsWith(words)).toBe(true);
    expect(problem.detail).toContain(`${field}: ${detail}`);
  });
});

test('every fault is named at once', async () => {
  const body = application({ triggerKind: 'gossip', facts: [], sender: { name: '', iin: '1', mood: 'bad' } });
  const { errors } = (await registrar.post('/api/inspections', body)).json<SeenProblem>();
  expect(errors?.map(({ field }) => field).sort()).toEqual([
    'facts',
    'sender.iin',
    'sender.mood',
    'sender.name',
    'triggerKind',
  ]);
});

describe('what only staff may say', () => {
  const said: [what: string, values: Record<string, unknown>, field: string][] = [
    ['official information', { triggerKind: 'officialInformation', sender: undefined }, 'triggerKind'],
    ['the moment of receipt', { receivedAt: '2026-05-08T09:00:00Z' }, 'receivedAt'],
    ['the id of an employee', { employees: [{ name: 'A. B.' }, { employeeId: 'SC-1018' }] }, 'employees[1].employeeId'],
    ['a channel', { channel: 'machine' }, 'channel'],
    ['a number of the sender', { sourceRefNo: '1' }, 'sourceRefNo'],
  ];
  test.each(said)('%s is refused to anybody else', async (_what, values, field) => {
    for (const caller of [site.anybody, await site.as('employee.ala1'), await site.as('auditor')]) {
      const response = await caller.post('/api/inspections', application(values));
      expect(response.statusCode).toBe(403);
      expect(response.json<SeenProblem>()).toMatchObject({
        type: 'urn:merzim:problem:staff-only',
        errors: [{ field, code: 'staff-only' }],
      });
    }
  });
});

describe('a body', () => {
  const sent = (payload: string, type: string | undefined, headers: Record<string, string> = {}) =>
    site.anybody.request({
      method: 'POST',
      url: '/api/inspections',
      headers: { ...(type ? { 'content-type': type } : {}), ...headers },
      payload,
    });

  test.each([
    ['JSON that breaks off', '{"triggerKind":"individual'],
    ['nothing', ''],
    ['a property that would change prototypes', '{"__proto__":{"staff":true}}'],
  ])('of %s is malformed', async (_what, payload) => {
    const response = await sent(payload, 'application/json');
    expect(response.statusCode).toBe(400);
    expect(response.json<SeenProblem>()).toMatchObject({
      type: 'urn:merzim:problem:malformed',
      errors: [{ field: 'body', code: 'json' }],
    });
  });

  test.each([
    [
      'a name that is there twice',
      '{"triggerKind":"gossip","facts":[],"triggerKind":"individualApplication"}',
      'triggerKind',
    ],
    ['one twice inside, once escaped', '{"sender":{"name":"А. Б.","n\\u0061me":"В. Г."}}', 'name'],
  ])('with %s is malformed, naming it', async (_what, payload, field) => {
    const response = await sent(payload, 'application/json', { 'accept-language': 'kk' });
    expect(response.statusCode).toBe(400);
    expect(response.json<SeenProblem>()).toMatchObject({
      type: 'urn:merzim:problem:malformed',
      errors: [{ field, code: 'twice', detail: catalogueOf('kk')['fault.twice'] }],
    });
  });

  test.each([
    ['bytes of another encoding', Buffer.from(JSON.stringify({ facts: ['caf\u00e9'] }), 'latin1')],
    ['UTF-16', Buffer.from(JSON.stringify({ facts: [] }), 'utf16le')],
    ['depths without end', '['.repeat(200_000)],
    ['depths that end', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['a number beyond JSON', '{"facts":NaN}'],
    ['single quotes', "{'facts':[]}"],
    ['more than one value', '{}{}'],
  ])('of %s is malformed', async (_what, payload) => {
    const response = await sent(payload as string, 'application/json');
    expect(response.statusCode).toBe(400);
    expect(response.json<SeenProblem>().errors).toMatchObject([{ field: 'body', code: 'json' }]);
  });

  test('with a byte order mark is read', async () => {
    const response = await sent(`\ufeff${JSON.stringify(application({ triggerKind: 'gossip' }))}`, 'application/json');
    expect(response.json<SeenProblem>().errors).toMatchObject([{ field: 'triggerKind', code: 'not-one-of' }]);
  });

  test.each([
    'text/plain',
    'application/xml',
    'multipart/mixed; boundary=x',
    'application/x-www-form-urlencoded',
    'application/json; charset=windows-1251',
    'application/json; charset="utf-16"',
  ])('of the type %s is refused, naming the one that is accepted', async (type) => {
    const response = await sent(JSON.stringify(application()), type);
    expect(response.statusCode).toBe(415);
    expect(response.json<SeenProblem>()).toMatchObject({
      type: 'urn:merzim:problem:media-type',
      errors: [{ field: 'content-type', code: 'media-type', detail: expect.stringContaining('application/json') }],
    });
  });

  test('that is there at all is needed', async () => {
    const response = await site.anybody.request({ method: 'POST', url: '/api/inspections' });
    expect(response.statusCode).toBe(422);
    expect(response.json<SeenProblem>().errors).toEqual([expect.objectContaining({ field: 'body' })]);
  });

  test('that is too large is refused, naming the measure', async () => {
    const response = await sent(JSON.stringify(application({ facts: ['ф'.repeat(700_000)] })), 'application/json');
    expect(response.statusCode).toBe(413);
    expect(response.json<SeenProblem>()).toMatchObject({
      type: 'urn:merzim:problem:too-large',
      errors: [{ field: 'body', code: 'too-large', detail: expect.stringMatching(/1\s048\s576/) }],
    });
  });

  test.each(['short', 'with blanks in it', 'ключ-по-русски', 'x'.repeat(129)])(
    'with the Idempotency-Key %p is refused',
    async (key) => {
      const response = await sent(JSON.stringify(application()), 'application/json', {
        'idempotency-key': Buffer.from(key).toString('latin1'),
      });
      expect(response.statusCode).toBe(422);
      expect(response.json<SeenProblem>().errors).toEqual([
        { field: 'idempotency-key', code: 'idempotency-key', detail: expect.stringContaining('128') },
      ]);
    },
  );
});

describe('an address', () => {
  test.each(['/%zz', '/api/cases/%E0%A4%A', '/upload/%'])('%s that can not be read is malformed', async (url) => {
    const response = await site.anybody.get(url, { 'accept-language': 'en' });
    expect([response.statusCode, response.headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(response.json<SeenProblem>().title).toBe(catalogueOf('en')['problem.malformed']);
  });

  test('of nothing is not found, for a browser by a page', async () => {
    const response = await site.anybody.get('/api/nothing');
    expect(response.statusCode).toBe(404);
    expect(response.json<SeenProblem>().type).toBe('urn:merzim:problem:not-found');
    const shown = await site.anybody.page('/nothing', { 'accept-language': 'kk' });
    expect([shown.statusCode, shown.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(shown.body).toContain('<html lang="kk">');
    expect(shown.body).toContain(catalogueOf('kk')['problem.not-found']);
  });
});

test('an act that is off takes nothing', async () => {
  const { acts } = site.services.organisation;
  acts['inspection']!.on = false;
  const response = await site.anybody.post('/api/inspections', application());
  acts['inspection']!.on = true;
  expect(response.statusCode).toBe(503);
  expect(response.json<SeenProblem>().type).toBe('urn:merzim:problem:act-off');
});
