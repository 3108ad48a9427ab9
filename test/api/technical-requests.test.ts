import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { declaredDecisions } from '../../core/declared-decisions.js';
import { localDay } from '../../core/legal-day.js';
import { composeTechnicalAnswer } from '../../core/technical-request/answers.js';
import { registerTechnicalRequest, type Report } from '../../core/technical-request/intake.js';
import { outcomeOf } from '../../core/technical-request/model.js';
import {
  phoneCall,
  technicalForm,
  technicalRequest,
  type TechnicalRequestBody,
} from '../builders/technical-request.js';
import { ApiSite, pdf, type Part, type SeenProblem } from '../helpers/api-site.js';

/** Requests about information systems: how they come in by page, call and machine, and what the case file holds before a step counts. */

let site: ApiSite;
beforeAll(async () => {
  site = await ApiSite.start();
}, 60_000);
afterAll(() => site.stop());

const url = '/api/technical-requests';
const html = { accept: 'text/html', 'accept-language': 'en' };
const hoursAgo = (hours: number): string =>
  new Date(site.services.clock.legalNow().getTime() - hours * 3_600_000).toISOString();
const faultsOf = (answer: { json<T>(): T }) =>
  (answer.json<SeenProblem>().errors ?? []).map(({ field, code }) => `${field} ${code}`);
async function filed(body: TechnicalRequestBody = technicalRequest(), as = 'is.admin') {
  const response = await (await site.as(as)).post(url, body);
  expect(response.statusCode).toBe(201);
  const { number, accessCode } = response.json<{ number: string; accessCode: string | null }>();
  return { number, accessCode, ...(await stored(number)) };
}
async function stored(number: string) {
  const { cases, clocks, technicalRequests, vault } = site.services;
  const record = (await cases.byNumber(number))!;
  const request = await vault.reveal(await technicalRequests.get(record._id));
  return { record, request, clock: (await clocks.ofCase(record._id))[0]! };
}

describe('the feedback page', () => {
  test('with an attachment becomes a case with its clock and receipt; nothing of it is stored in clear', async () => {
    const attachment: Part = ['attachment', { name: 'экран.pdf', type: 'application/pdf', content: pdf() }];
    const { body, statusCode } = await site.anybody.upload(
      '/technical-requests/new',
      [...technicalForm(technicalRequest()), attachment],
      html,
    );
    expect(statusCode).toBe(200);
    const [, number = ''] = /(TEC-\d{4}-\d{6})/.exec(body) ?? [];
    const [code = ''] = /[A-Z2-9]{4}(-[A-Z2-9]{4}){3}/.exec(body) ?? [];
    const { record, request, clock } = await stored(number);
    expect(request).toMatchObject({
      ...{ source: 'user', channel: 'page', system: 'sir', registeredBy: 'public', subject: 'Анықтама ашылмайды' },
      reporter: { contactInfo: 'Серікбаева Гүлнар Ерланқызы, Алматы', email: 'gulnar@applicant.example' },
    });
    expect(clock).toMatchObject({ rule: 'DL-TECH-1', startedAt: record.receivedAt, state: 'running' });
    expect(clock).toMatchObject({ unit: 'centralOffice', responsible: 'is-admin:centralOffice' });
    const { documents, letters, technicalRequests, vault } = site.services;
    expect(await vault.reveal(await documents.documentsOfCase(record._id))).toEqual([
      expect.objectContaining({ kind: 'material', name: 'экран.pdf' }),
    ]);
    expect((await letters.ofCase(record._id)).map(({ template }) => template)).toEqual(['technical-request/receipt']);
    expect(JSON.stringify(await technicalRequests.get(record._id))).not.toMatch(/gulnar|Серікбаева|страницу|ашылмайды/);
    const followed = await site.anybody.get(`/api/cases/${number}`, { 'x-access-code': code });
    expect(followed.json()).toMatchObject({ number, process: 'technical-request', state: 'open' });
  });

  test('says where to call and write to, and answers in the language that was chosen', async () => {
    const { phone, email } = site.services.organisation.technicalSupport!;
    const { body } = await site.anybody.page('/technical-requests/new?lang=en');
    for (const shown of [phone, `mailto:${email}`, 'name="language"']) expect(body).toContain(shown);
    const sent = technicalForm(technicalRequest({ language: 'kk' }));
    const answer = await site.anybody.upload('/technical-requests/new', sent, html);
    const [, number = ''] = /(TEC-\d{4}-\d{6})/.exec(answer.body) ?? [];
    expect((await stored(number)).request.language).toBe('kk');
  });

  test('comes back with its words and what is wrong; nothing is left behind', async () => {
    const before = await site.holdings();
    const body = technicalRequest({ reporter: { email: 'nobody' }, subject: '' });
    const answer = await site.anybody.upload('/technical-requests/new', technicalForm(body), html);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('href="#field-reporter.email"');
    expect(answer.body).toContain('value="nobody"');
    const unnamed = technicalRequest({ reporter: { email: 'gulnar@applicant.example' }, subject: undefined });
    expect(faultsOf(await site.anybody.post(url, unnamed))).toEqual([
      'reporter.contactInfo missing',
      'subject missing',
    ]);
    const fake: Part = ['attachment', { name: 'a.pdf', type: 'application/pdf', content: 'no PDF at all' }];
    const wrong = await site.anybody.upload(
      '/technical-requests/new',
      [...technicalForm(technicalRequest()), fake],
      html,
    );
    expect(wrong.statusCode).toBe(415);
    expect(wrong.body).toContain('href="#field-attachment"');
    expect(await site.holdings()).toEqual(before);
  });

  test('leaves to staff what only staff may say', async () => {
    const relatesTo = (await filed()).number;
    const body = phoneCall({ receivedAt: hoursAgo(1), sourceRefNo: '7', relatesTo });
    const refused = await site.anybody.post(url, body);
    expect(refused.statusCode).toBe(403);
    const fields = ['channel', 'receivedAt', 'sourceRefNo', 'relatesTo'];
    expect(faultsOf(refused)).toEqual(fields.map((field) => `${field} staff-only`));
    const { reporter: _reporter, ...alarm } = technicalRequest({ source: 'tooling' });
    expect(faultsOf(await site.anybody.post(url, alarm))).toEqual(['source staff-only']);
  });
});

describe('an operator', () => {
  test('enters a call with its true moment: the clock runs from it, to the end of the third day after it', async () => {
    const receivedAt = hoursAgo(26);
    const { record, request, clock } = await filed(phoneCall({ receivedAt }), 'registrar');
    expect(record.receivedAt.toISOString()).toBe(receivedAt);
    expect(clock.startedAt.toISOString()).toBe(receivedAt);
    const { timeZone } = site.services.organisation;
    const days = (to: Date): number =>
      (Date.parse(localDay(to, timeZone)) - Date.parse(localDay(record.receivedAt, timeZone))) / 86_400_000;
    expect([days(clock.targetAt!), days(clock.dueAt!)]).toEqual([2, 3]);
    expect(request).toMatchObject({ channel: 'phone', registeredBy: 'registrar', reporter: { login: 'a.nurgalieva' } });
  });

  test('is refused, by field, a moment that is still to come or before the act, and what R13 asks for', async () => {
    const before = await site.holdings();
    const admin = await site.as('is.admin');
    expect(faultsOf(await admin.post(url, phoneCall({ receivedAt: hoursAgo(-1) })))).toEqual(['receivedAt in-future']);
    const early = phoneCall({ receivedAt: '2025-12-31T10:00:00Z' });
    expect(faultsOf(await admin.post(url, early))).toEqual(['receivedAt before-act']);
    const unknown = phoneCall({ system: 'sirr', relatesTo: 'TEC-2026-999999' });
    expect(faultsOf(await admin.post(url, unknown))).toEqual(['system unknown-system', 'relatesTo unknown-request']);
    expect(faultsOf(await admin.post(url, phoneCall({ reporter: { name: 'Әсем' } })))).toEqual(
      ['surname', 'position', 'login', 'phone', 'email'].map((name) => `reporter.${name} missing`),
    );
    expect(faultsOf(await admin.post(url, phoneCall({ source: 'monitoring' })))).toEqual([
      ...['surname', 'name', 'position', 'login', 'phone', 'email'].map((name) => `reporter.${name} only-for-user`),
      'channel only-for-user',
    ]);
    const nobody = technicalRequest({ source: 'monitoring', reporter: {} });
    expect(faultsOf(await admin.post(url, nobody))).toEqual(['reporter only-for-user']);
    expect(await site.holdings()).toEqual(before);
  });

  test('has a page: local moments, one choice of how it became known, and words for what is wrong', async () => {
    const registrar = await site.as('registrar');
    const receivedAt = new Date(`${hoursAgo(25).slice(0, 16)}Z`);
    // Almaty is five hours ahead.
    const local = new Date(receivedAt.getTime() + 5 * 3_600_000).toISOString().slice(0, 16);
    const send = (at: string, origin: string, language = 'en') =>
      registrar.upload(
        `/technical-requests/register?lang=${language}`,
        [...technicalForm(phoneCall({ channel: undefined, receivedAt: at })), ['origin', origin], ['relatesTo', '']],
        html,
      );
    const registered = await send(local, 'mail');
    expect(registered.statusCode).toBe(200);
    const [, number = ''] = /(TEC-\d{4}-\d{6})/.exec(registered.body) ?? [];
    const { record, request } = await stored(number);
    expect(request).toMatchObject({ source: 'user', channel: 'mail', language: 'kk' });
    expect(record.receivedAt).toEqual(receivedAt);
    const late = await send('2099-01-01T10:00', 'monitoring');
    expect(late.statusCode).toBe(422);
    for (const [, name = ''] of late.body.matchAll(/href="#field-([^"]*)"/g))
      expect(late.body).toContain(`id="field-${name}"`);
    for (const language of ['kk', 'ru', 'en']) {
      const refused = await send(local, 'monitoring', language);
      const links = [...refused.body.matchAll(/href="#field-(reporter[^"]*)"[^>]*>([^<]*)</g)];
      expect(links.map(([, name]) => name)).toContain('reporter.surname');
      for (const [, name, word] of links) {
        expect(refused.body).toContain(`id="field-${name}"`);
        expect(word).not.toMatch(/reporter/);
      }
    }
    const unchosen = await send('2099-01-01T10:00', '');
    expect(unchosen.body).toContain('href="#field-origin"');
    for (const login of ['auditor', 'ib.admin'])
      expect((await (await site.as(login)).page('/technical-requests/register')).statusCode).toBe(403);
    expect((await site.anybody.page('/technical-requests/register')).statusCode).toBe(401);
  });

  test.each([
    ['tools', 'tooling', 'ALARM-76'],
    ['a journal', 'journal', 'ALARM-77'],
  ] as const)(
    'a machine registers what %s found: its clock runs, nobody gets a code or a receipt, a repeat is the same case',
    async (_, source, sourceRefNo) => {
      const machine = await site.machine();
      const receivedAt = hoursAgo(1);
      const { reporter: _reporter, ...found } = technicalRequest({ source, channel: 'machine', receivedAt });
      const body = { ...found, sourceRefNo };
      const first = await machine.post(url, body);
      const again = await machine.post(url, body);
      expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
      const { number, accessCode } = first.json<{ number: string; accessCode: string | null }>();
      expect(again.json()).toMatchObject({ number });
      expect(accessCode).toBeNull();
      const { record, request, clock } = await stored(number);
      expect(request).toMatchObject({ source, channel: 'machine', registeredBy: 'client:registry', reporter: null });
      expect(record.receivedAt.toISOString()).toBe(receivedAt);
      expect(clock).toMatchObject({ rule: 'DL-TECH-1', startedAt: record.receivedAt, state: 'running' });
      expect(await site.services.letters.ofCase(record._id)).toEqual([]);
      const later = await filed(phoneCall({ relatesTo: number }));
      expect(later.request.relatesTo).toBe(number);
    },
  );

  test('the number of a sender is of his source and, of machines, his own; with other content it is refused, and nothing is lost', async () => {
    const { reporter: _reporter, ...found } = technicalRequest({ source: 'tooling', channel: 'machine' });
    const body = { ...found, sourceRefNo: '1001' };
    const machine = await site.machine();
    const first = await machine.post(url, body);
    const number = first.json<{ number: string }>().number;
    const other = await machine.post(url, { ...body, text: 'Басқа ақау.' }, { 'accept-language': 'ru' });
    expect([other.statusCode, ...faultsOf(other)]).toEqual([409, 'sourceRefNo number-of-other-content']);
    expect(other.json<SeenProblem>().title).toContain(number);
    // Of another source, of a person, and of another client: each is a failure of its own.
    for (const [by, changes] of [
      [machine, { source: 'journal' }],
      [await site.as('is.admin'), {}],
    ] as const)
      expect((await by.post(url, { ...body, ...changes })).statusCode).toBe(201);
    const { record, request } = await stored(number);
    const report: Report = {
      ...{ source: 'tooling', channel: 'machine', receivedAt: null, sourceRefNo: '1001', language: 'ru' },
      ...{ system: 'pension', concerns: null, relatesTo: null, referredFrom: null, reporter: null, subject: null },
      ...{ text: 'Басқа құрал.', attachment: null },
    };
    const client = { kind: 'machine', id: 'client:other' } as const;
    expect(await registerTechnicalRequest(site.services, client, report, null)).toMatchObject({ repeated: false });
    expect(await registerTechnicalRequest(site.services, client, report, null)).toMatchObject({ repeated: true });

    // As it was stored when numbers counted by their channel alone, without a hash: its sender gets it as before, nobody else does.
    const sourceRef = `machine:${site.services.vault.blindIndex('source-ref', '1002')}`;
    await site.services.database.connection
      .collection<{ _id: string }>('cases')
      .updateOne({ _id: record._id }, { $set: { sourceRef }, $unset: { sourceHash: 1 } });
    const later = await machine.post(url, { ...body, sourceRefNo: '1002', text: request.text });
    expect([later.statusCode, later.json()]).toEqual([200, expect.objectContaining({ number })]);
    const theirs = await registerTechnicalRequest(site.services, client, { ...report, sourceRefNo: '1002' }, null);
    expect(theirs.repeated).toBe(false);
  });
});

describe('the case file', () => {
  /** What a decision finds missing, and does when nothing is. */
  async function decide(
    caseId: string,
    name: string,
    answers: Record<string, string | boolean>,
  ): Promise<string | null> {
    const decision = declaredDecisions.find((each) => each.name === `technical-request.${name}`)!;
    const { services } = site;
    const person = {
      login: 'is.admin',
      roles: ['is-admin'],
      employeeId: 'SC-1077',
      unitId: 'CO-DIG',
      branchCode: null,
    };
    return services.database.transaction({ kind: 'person', id: 'is.admin' }, async (tx) => {
      const context = { caseId, subject: '', answers, person, decidedAt: tx.at, tx, services } as never;
      const missing = await decision.requires(context);
      if (missing === null) await decision.apply?.(context);
      return missing;
    });
  }
  /** An answer is composed and recorded, as the steps of the diagram do. */
  const answered = async (caseId: string): Promise<void> => {
    const { services } = site;
    await services.database.transaction({ kind: 'worker', id: 'test' }, async (tx) => {
      const letterId = await composeTechnicalAnswer(services, tx, caseId);
      await services.technicalRequests.noteAnswer(tx, caseId, { letterId, at: tx.at });
    });
  };

  test('holds the answer before a request is fulfilled, the defect before a workaround, a new answer before its end', async () => {
    const { number, record } = await filed(phoneCall());
    const caseId = record._id;
    const admin = await site.as('is.admin');
    const write = async (name: string, body: object): Promise<void> => {
      expect((await admin.post(`/api/cases/${number}/${name}`, body)).statusCode).toBe(200);
    };
    expect(await decide(caseId, 'classify-request', { classification: 'functioning' })).toBeNull();
    expect(await decide(caseId, 'fulfil-request', { fulfilment: 'workaround' })).toBe('resolution-missing');
    await write('resolution', { text: 'Кіру уақытша резервтік мекенжаймен ашылды.' });
    expect(await decide(caseId, 'fulfil-request', { fulfilment: 'workaround' })).toBe('defect-missing');
    await write('defect', { reference: 'SIR-2041' });
    expect(await decide(caseId, 'fulfil-request', { fulfilment: 'workaround' })).toBeNull();
    await answered(caseId);
    expect(await decide(caseId, 'remove-defect', { defectOutcome: 'handedOver' })).toBe('scope-not-flagged');
    expect(await decide(caseId, 'remove-defect', { defectOutcome: 'removed' })).toBe('resolution-missing');
    await write('defect', { reference: 'SIR-2041', scope: 'modernisation' });
    await write('resolution', { text: 'Мәселе жүйені жаңғырту жоспарына енгізілді.' });
    expect(await decide(caseId, 'remove-defect', { defectOutcome: 'handedOver' })).toBeNull();
    expect(outcomeOf((await stored(number)).request)).toBe('workaround');
    expect(await site.actsOf(number)).toEqual(
      expect.arrayContaining(['request.classified', 'defect.linked', 'request.fulfilled', 'defect.settled']),
    );
    const { body } = await admin.page(`/cases/${number}?lang=en`);
    for (const shown of ['SIR-2041', 'needs modernisation', 'a.nurgalieva', 'by phone']) expect(body).toContain(shown);
    const view = (await admin.get(`/api/cases/${number}`)).json<Record<string, unknown>>();
    expect(view).toMatchObject({ source: 'user', defectSettled: { as: 'handedOver', by: 'is.admin' } });
    expect(JSON.stringify(view['reporter'])).not.toMatch(/subjectId|index/);
    expect((await admin.page(`/cases/${number}/print?lang=kk`)).statusCode).toBe(200);
  });

  test('of another question is answered once its text is there', async () => {
    const { number, record } = await filed();
    expect(await decide(record._id, 'classify-request', { classification: 'other' })).toBeNull();
    expect(await decide(record._id, 'answer-request', { answerReady: true })).toBe('resolution-missing');
    expect(await decide(record._id, 'answer-request', {})).toBe('not-confirmed');
    await (await site.as('is.admin')).post(`/api/cases/${number}/resolution`, { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await decide(record._id, 'answer-request', { answerReady: true })).toBeNull();
    expect(outcomeOf((await stored(number)).request)).toBe('answered');
  });

  test('lets its class be corrected once it has one, and until it is settled', async () => {
    const { number, record } = await filed();
    const admin = await site.as('is.admin');
    const correct = (classification: string) =>
      admin.post(`/api/cases/${number}/classification`, { classification, reason: 'Анықтама ешкімге ашылмайды.' });
    const early = await correct('functioning');
    expect([early.statusCode, ...faultsOf(early)]).toEqual([422, 'classification not-classified']);
    expect((await admin.page(`/cases/${number}`)).body).not.toContain('name="classification"');
    expect(await decide(record._id, 'classify-request', { classification: 'other' })).toBeNull();
    expect(faultsOf(await correct('other'))).toEqual(['classification same-class']);
    expect((await admin.page(`/cases/${number}`)).body).toContain('name="classification"');
    expect((await correct('functioning')).statusCode).toBe(200);
    expect((await stored(number)).request.reclassified).toMatchObject([
      { from: 'other', reason: 'Анықтама ешкімге ашылмайды.', by: 'is.admin' },
    ]);
    // The task of the former class may have been completed before the diagram heard of it.
    await admin.post(`/api/cases/${number}/resolution`, { text: 'Нұсқаулық 3-бөлімде.' });
    expect(await decide(record._id, 'answer-request', { answerReady: true })).toBe('class-changed');
    expect(await decide(record._id, 'fulfil-request', { fulfilment: 'fulfilled' })).toBeNull();
    expect(faultsOf(await correct('other'))).toEqual(['classification request-settled']);
    const { body } = await admin.page(`/cases/${number}?lang=en`);
    for (const shown of ['Class corrected', 'Анықтама ешкімге ашылмайды.']) expect(body).toContain(shown);
  });

  test('that was stored before classes could be corrected is shown, and corrected, like any other', async () => {
    const { number, record } = await filed();
    const admin = await site.as('is.admin');
    expect(await decide(record._id, 'classify-request', { classification: 'other' })).toBeNull();
    await site.services.database.connection
      .collection<{ _id: string }>('technical-requests')
      .updateOne({ _id: record._id }, { $unset: { reclassified: 1, answerReady: 1, referredFrom: 1 } });
    expect((await admin.get(`/api/cases/${number}`)).json()).toMatchObject({ reclassified: [] });
    expect((await admin.page(`/cases/${number}`)).statusCode).toBe(200);
    const correction = { classification: 'functioning', reason: 'Жүйе ашылмайды.' };
    expect((await admin.post(`/api/cases/${number}/classification`, correction)).statusCode).toBe(200);
  });

  test('is no business of the administrators of access, and no command of other processes fits it', async () => {
    const { number } = await filed();
    expect((await (await site.as('ib.admin')).get(`/api/cases/${number}`)).statusCode).toBe(404);
    const admin = await site.as('is.admin');
    expect((await admin.post(`/api/cases/${number}/review-note`, { text: 'Тексерілді.' })).statusCode).toBe(403);
    const auditor = await site.as('auditor');
    expect((await auditor.get(`/api/cases/${number}`)).statusCode).toBe(200);
    expect((await auditor.post(`/api/cases/${number}/resolution`, { text: 'Жоқ.' })).statusCode).toBe(403);
  });
});

test('the register is the archive of all requests: by process as a page and as CSV, and by who wrote', async () => {
  const { number, record } = await filed(
    phoneCall({ reporter: { ...phoneCall().reporter, email: 'archive@sc.example' } }),
  );
  const admin = await site.as('is.admin');
  const csv = await admin.get('/api/cases.csv?process=technical-request');
  expect(csv.body).toContain(number);
  expect(csv.body).not.toMatch(/INS-|ACC-|archive@/);
  expect((await admin.page('/cases?process=technical-request')).body).toContain(number);
  const search = async () => {
    const found = await admin.form('/cases/search', { value: 'archive@sc.example' });
    return (await admin.page(String(found.headers.location))).body;
  };
  expect(await search()).toContain(number);

  const { database, erasures } = site.services;
  await database.transaction({ kind: 'worker', id: 'test' }, (tx) =>
    site.services.cases.close(tx, record._id, 'answered'),
  );
  const [subject = ''] = await erasures.find({ caseNumber: number, who: 'applicant' });
  await erasures.erase({ kind: 'person', id: 'dpo' }, subject, { ground: 'DPO-2026-17' });
  expect(await search()).not.toContain(number);
  expect((await stored(number)).request.reporter).toMatchObject({ surname: null, email: null });
  expect((await admin.page(`/cases/${number}`)).statusCode).toBe(200);
});
