import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { basisCopy } from '../../core/access-request/model.js';
import { RetryableError } from '../../core/errors.js';
import { listGrantedUsers } from '../../workers/access-request/list-granted-users.js';
import { accessForm, accessRequest, accessUser } from '../builders/access-request.js';
import { somebody } from '../helpers/database.js';
import { ApiSite, pdf, type Part } from '../helpers/api-site.js';
import { WorkerSite } from '../helpers/worker-site.js';

/** The pages for who asks for access, and for who completes what was sent back. */

let site: ApiSite;
let workers: WorkerSite;
beforeAll(async () => {
  site = await ApiSite.start();
  workers = WorkerSite.of(site.services);
}, 60_000);
afterAll(() => site.stop());

const copy: Part = ['copy', { name: 'приказ.pdf', type: 'application/pdf', content: pdf() }];
const fileLost = 'If a file was chosen, choose it again: it was not kept';
const html = { accept: 'text/html', 'accept-language': 'en' };
const twoUsers = () => [accessUser(), accessUser({ surname: 'Кенжебаева', name: 'Гүлнара', iin: '030110699567' })];
/** A request as the form sends it, by anybody. */
const send = (parts: readonly Part[]) => site.anybody.upload('/access-requests/new', parts, html);
const filed = async (changes: Parameters<typeof accessRequest>[1] = {}) => {
  const body = accessRequest('2026-01-30', { copy: undefined, ...changes });
  const { number, accessCode } = (await site.anybody.post('/api/access-requests', body)).json<Record<string, string>>();
  const record = await site.services.cases.byNumber(number!);
  return { number: number!, code: accessCode!, caseId: record!._id };
};

test('several users and the copy of the basis become one request', async () => {
  const { body, statusCode } = await send([
    ...accessForm(accessRequest('2026-01-30', { users: twoUsers() })).filter(([name]) => name !== 'rows'),
    // A row that nobody filled in is no user.
    ['rows', '3'],
    copy,
  ]);
  expect(statusCode).toBe(200);
  const [, number = ''] = /(ACC-\d{4}-\d{6})/.exec(body) ?? [];
  expect(body).toMatch(/[A-Z2-9]{4}(-[A-Z2-9]{4}){3}/);
  const { accessRequests, cases, documents, vault } = site.services;
  const record = await cases.byNumber(number);
  const request = await vault.reveal(await accessRequests.get(record!._id));
  expect(request).toMatchObject({ kind: 'provide', filedBy: 'public', basis: { type: 'employmentOrder' } });
  expect(request.users.map(({ surname, rights }) => [surname, rights])).toEqual([
    ['Нұрғалиева', [{ system: 'sir', function: 'record.view' }]],
    ['Кенжебаева', [{ system: 'sir', function: 'record.view' }]],
  ]);
  expect(await vault.reveal(await documents.documentsOfCase(record!._id))).toEqual([
    expect.objectContaining({ kind: basisCopy, name: 'приказ.pdf' }),
  ]);
});

test('a row more keeps what was typed, and finds no fault with what is not there yet', async () => {
  const { body, statusCode } = await site.anybody.form(
    '/access-requests/new/rows',
    { rows: '1', 'users[0].surname': 'Нұрғалиева', 'users[0].rights': ['sir/record.view', 'pension/payment.view'] },
    html,
  );
  expect(statusCode).toBe(200);
  expect(body).toContain('name="users[1].surname"');
  expect(body).not.toContain('name="users[2].surname"');
  expect(body).toMatch(/name="users\[0\]\.surname" value="Нұрғалиева"/);
  expect(body.match(/type="checkbox"[^>]* checked/g)).toHaveLength(2);
  expect(body).not.toContain('role="alert"');
  expect(body).toContain(fileLost);
});

test('a refused form comes back with its words, says what is wrong in which row, and leaves nothing behind', async () => {
  const before = await site.holdings();
  const users = [accessUser(), accessUser({ surname: 'Кенжебаева', iin: '030110699568', rights: [] })];
  const { body, statusCode } = await send(accessForm(accessRequest('2026-01-30', { users })));
  expect(statusCode).toBe(422);
  expect(body).toMatch(/href="#field-users\[1\]\.iin">2\. IIN</);
  expect(body).toMatch(/href="#field-users\[1\]\.rights">2\. systems and functions</);
  expect(body).toContain('value="Кенжебаева"');
  const fake: Part = ['copy', { name: 'order.pdf', type: 'application/pdf', content: 'no PDF at all' }];
  const wrong = await send([...accessForm(accessRequest('2026-01-30')), fake]);
  expect(wrong.statusCode).toBe(415);
  expect(wrong.body).toContain('href="#field-copy"');
  // Said in the label of the field itself, where a screen reader says it with the field.
  expect(wrong.body).toMatch(new RegExp(`<label>(?:(?!</label>).)*${fileLost}(?:(?!</label>).)*name="copy"`, 's'));
  expect((await site.anybody.get('/access-requests/new', html)).body).not.toContain(fileLost);
  expect(await site.holdings()).toEqual(before);
});

test('the administrator completes it on the page of the case: its row keeps its words when it is refused, and nothing else is asked', async () => {
  const { number, caseId } = await filed({
    users: [accessUser(), accessUser({ iin: '030110699567', cellPhone: undefined })],
  });
  const { accessRequests, database, vault } = site.services;
  const lacking = ['copy', 'users.1.cellPhone'];
  await database.transaction(somebody, (tx) => accessRequests.noteMissing(tx, caseId, lacking));
  const admin = await site.as('ib.admin');
  const { body } = await admin.page(`/cases/${number}?lang=en`);
  const [form = ''] = new RegExp(`<form[^>]*/cases/${number}/completion".*?</form>`, 's').exec(body) ?? [];
  expect(form.match(/(?<=<input [^>]*)name="(?:users|basis|head|copy)[^"]*"/g)).toEqual(['name="users[1].cellPhone"']);
  const send = (cellPhone: string) =>
    admin.form(`/cases/${number}/completion`, { 'users[1].cellPhone': cellPhone }, html);
  const refused = await send('жоқ');
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toMatch(/name="users\[1\]\.cellPhone" value="жоқ" aria-invalid="true"/);
  expect((await send('+7 701 765 43 21')).statusCode).toBe(303);
  const { users } = await vault.reveal(await accessRequests.get(caseId));
  expect(users.map(({ cellPhone }) => cellPhone)).toEqual(['+7 701 234 56 78', '+7 701 765 43 21']);
});

test('what was sent back is completed by its code: the page names what is missing and shows nothing of the request', async () => {
  const { number, code, caseId } = await filed({ users: [accessUser({ cellPhone: undefined })] });
  const { accessRequests, database, documents, vault } = site.services;
  await database.transaction(somebody, (tx) => accessRequests.noteMissing(tx, caseId, ['copy', 'users.0.cellPhone']));
  const url = '/access-requests/completion';

  const wrong = await site.anybody.form(url, { number, code: 'AAAA-AAAA-AAAA-AAAA' }, html);
  expect(wrong.statusCode).toBe(404);
  expect(wrong.body).not.toContain('cellPhone');
  const asked = await site.anybody.form(url, { number, code }, html);
  expect(asked.statusCode).toBe(200);
  expect(asked.body.match(/(?<=<input [^>]*)name="(?:users|basis|head|copy)[^"]*"/g)).toEqual([
    'name="users[0].cellPhone"',
    'name="copy"',
  ]);
  for (const word of ['Нұрғалиева', '850614399559', '87-к']) expect(asked.body).not.toContain(word);

  const fields: Part[] = [
    ['number', number],
    ['code', code],
  ];
  const refused = await site.anybody.upload(url, [...fields, ['users[0].cellPhone', 'жоқ'], copy], html);
  expect(refused.statusCode).toBe(422);
  expect(refused.body).toMatch(/href="#field-users\[0\]\.cellPhone">1\. cell phone</);
  const done = await site.anybody.upload(url, [...fields, ['users[0].cellPhone', '+7 701 765 43 21'], copy], html);
  expect(done.statusCode).toBe(200);
  const [user] = (await vault.reveal(await accessRequests.get(caseId))).users;
  expect(user!.cellPhone).toBe('+7 701 765 43 21');
  expect(await documents.documentsOfCase(caseId)).toHaveLength(1);
  expect((await site.outboxOf(number)).map(({ message }) => message?.name)).toContain(
    'access-request.request-completed',
  );
});

test('a request is withdrawn by its code, once, and not when it is being answered', async () => {
  const { number, code, caseId } = await filed();
  const url = '/access-requests/withdrawal';
  expect((await site.anybody.page(url)).body).toContain('name="code"');
  const wrong = await site.anybody.form(url, { number, code: 'AAAA-AAAA-AAAA-AAAA' }, html);
  expect([wrong.statusCode, wrong.body.includes(number)]).toEqual([404, true]);
  for (let times = 0; times < 2; times += 1) {
    const done = await site.anybody.form(url, { number: number.toLowerCase(), code }, html);
    expect([done.statusCode, done.body.includes(`Request ${number} is withdrawn`)]).toEqual([200, true]);
  }
  const messages = (await site.outboxOf(number)).map(({ message }) => message?.name);
  expect(messages.filter((name) => name === 'access-request.request-withdrawn')).toHaveLength(1);
  const acts = await workers.acts(caseId);
  for (const once of ['request.withdrawn', 'clock.cancelled'])
    expect(acts.filter((act) => act === once)).toEqual([once]);
  const completion = await site.anybody.form('/access-requests/completion', { number, code }, html);
  expect(completion.statusCode).toBe(409);
  // A decision that was under way when it was withdrawn provides nothing: the process waits for its end.
  await expect(workers.deliver(listGrantedUsers, { caseId })).rejects.toBeInstanceOf(RetryableError);
  const page = await (await site.as('ib.admin')).page(`/cases/${number}?lang=en`);
  expect(page.body).toContain('Withdrawn');

  const late = await filed();
  await workers.deliver(listGrantedUsers, { caseId: late.caseId });
  const refused = await site.anybody.form(url, { number: late.number, code: late.code }, html);
  expect([refused.statusCode, refused.body.includes('is being answered')]).toEqual([409, true]);
  expect((await site.services.accessRequests.get(late.caseId)).withdrawnAt).toBeNull();
});
