import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LightMyRequestResponse } from 'fastify';
import { createText, type Language } from '../../core/text.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** A form of the case file page that is refused comes back on its page, with what was typed and, by the field, what is wrong with it. */
let site: ApiSite;
let officer: Caller;
let number: string;
let lineId: string;

beforeAll(async () => {
  site = await ApiSite.start();
  officer = await site.as('iss.ala');
  number = await site.file('SC-1018', 'SC-1016');
  lineId = (await site.caseOf(number)).inspection.lines[1]!.lineId;
});
afterAll(() => site.stop());

/** Sends a form that has to be refused, and sees that nothing was written. Answers the page. */
async function refused(
  name: string,
  fields: Record<string, string | string[]>,
  { status = 422, language = 'ru', to = number } = {},
): Promise<string> {
  const before = await site.holdings();
  const answer = await officer.form(`/cases/${to}/${name}`, fields, { 'accept-language': language });
  expect(await site.holdings()).toEqual(before);
  return pageOf(answer, status);
}

function pageOf(answer: LightMyRequestResponse, status: number): string {
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
  expect(answer.headers['cache-control']).toBe('no-store');
  return answer.body;
}

/** The one form that came back, by what surrounds it: forms that were not sent stay folded and say nothing. */
function formIn(page: string, action: string): string {
  const open = [...page.matchAll(/<details class="command" open>.*?<\/details>/gs)].map(([form]) => form);
  expect(open).toHaveLength(1);
  expect(open[0]).toContain(`action="/cases/${number}/${action}"`);
  expect(page.match(/class="fault"|aria-invalid/g)?.length).toBe(open[0]!.match(/class="fault"|aria-invalid/g)?.length);
  return open[0]!;
}

describe('a refused form', () => {
  test.each<Language>(['kk', 'ru', 'en'])(
    'keeps what was typed and says by the field what is wrong, in %s',
    async (language) => {
      const text = createText(language, site.services.organisation);
      const reasoning = '<&';
      const page = await refused('findings', { lineId, transferConfirmed: '', reasoning }, { language });

      expect(page).toContain(`<html lang="${language}"`);
      const form = formIn(page, 'findings');
      expect(form).toContain('>&lt;&amp;</textarea>');
      expect(form).toContain(`<input type="hidden" name="lineId" value="${lineId}"/>`);
      for (const [name, detail] of [
        ['transferConfirmed', text.say('fault.missing')],
        ['reasoning', text.say('fault.too-short', { least: 3 })],
      ] as const) {
        const id = `findings-${lineId}-${name}`;
        expect(form).toMatch(new RegExp(`name="${name}"[^>]* aria-invalid="true" aria-describedby="${id}-fault"`));
        expect(form).toContain(`<small class="fault" id="${id}-fault">${detail}</small>`);
        expect(form).toContain(`<a href="#${id}">`);
        expect(form).toContain(`id="${id}"`);
      }
      expect(form).toContain(text.say('apply.faults', { count: 2 }));
      expect(form.match(/ autofocus/g)).toHaveLength(1);
    },
  );

  test('keeps choices and boxes', async () => {
    const signs = formIn(await refused('signs', { kinds: ['criminal'], revealedAt: '2199-01-01T10:00' }), 'signs');
    expect(signs).toMatch(/value="criminal" checked/);
    expect(signs).not.toMatch(/value="administrative" checked/);
    expect(signs).toMatch(/name="revealedAt"[^>]* value="2199-01-01T10:00"/);
    expect(formIn(await refused('signs', { revealedAt: '' }), 'signs')).toContain(
      '<small class="fault" id="signs-kinds-fault">',
    );

    const planned = formIn(await refused('requests', { addresseeId: 'SC-1015', question: '' }), 'requests');
    expect(planned).toMatch(/<option value="SC-1015" selected>/);
    // One who may not be asked is no choice of the form; what is wrong with him is said all the same.
    const inspected = formIn(await refused('requests', { addresseeId: 'SC-1018', question: 'Кім?' }), 'requests');
    expect(inspected).toContain('id="requests-addresseeId-fault"');
    expect(inspected).toContain('>Кім?</textarea>');
  });

  test('says what is wrong with a field that nobody sees above the form alone', async () => {
    const other = (await site.caseOf(await site.file('SC-1017'))).inspection.lines[0]!.lineId;
    const page = await officer.form(`/cases/${number}/findings`, {
      lineId: other,
      transferConfirmed: 'true',
      reasoning: 'абв',
    });
    // There is no form of that employee on this page: the words of the refusal are a page of their own.
    expect([page.statusCode, page.body.includes('class="command"')]).toEqual([422, false]);

    const { record } = await site.caseOf(number);
    const { documents, database } = site.services;
    expect((await documents.requestsOfCase(record._id)).length).toBe(0);
    const asked = await site.ask(number, 'employeeExplanatoryNote', 1);
    const facts = formIn(await refused('request-facts', { lineId, facts: 'бір\nекі', headFacts: '' }), 'request-facts');
    expect(facts).toMatch(/<div class="faults" role="alert" id="[^"]*" tabindex="-1" autofocus>/i);
    expect(facts).toContain('>бір\nекі</textarea>');
    expect(facts).not.toContain('class="fault"');
    await database.transaction(somebody, (tx) =>
      documents.recordNonReceipt(tx, { requestId: asked.requestId, reason: 'Жоқ.', subjectId: record.subjectId }),
    );
  });

  test('of an upload keeps what stood before the file', async () => {
    const asked = await site.ask(number, 'hrSanctionsCertificate', 0);
    const answer = await officer.upload(
      `/cases/${number}/documents`,
      [
        ['_csrf', officer.csrf],
        ['requestId', asked.requestId],
        ['sanctionsPresent', 'true'],
        ['file', { name: 'a.pdf', type: 'application/pdf', content: Buffer.from('no PDF at all') }],
      ],
      { accept: 'text/html' },
    );
    const form = formIn(pageOf(answer, 415), 'documents');
    expect(form).toContain(`<option value="${asked.requestId}" selected>`);
    expect(form).toMatch(/<option value="true" selected>/);
    expect(form).toMatch(/name="file" aria-invalid="true" aria-describedby="documents-file-fault"/);
  });

  test('that the case went past meanwhile keeps its words too', async () => {
    const { record, inspection } = await site.caseOf(number);
    await site.services.database.transaction(somebody, (tx) =>
      site.services.inspections.screen(tx, record._id, {
        result: 'inScope',
        inspectingUnit: inspection.inspectingUnit,
        branchCode: inspection.branchCode,
      }),
    );
    const page = await refused('employee-removals', { lineId }, { status: 409 });
    expect(formIn(page, 'employee-removals')).toMatch(/<div class="faults" role="alert"/);
  });

  test('shows a case, which the access log says; to who may not read it, it shows none', async () => {
    const { accessLog } = site.services;
    await refused('findings', { lineId, transferConfirmed: '', reasoning: '' });
    const [shown] = await accessLog.list({ login: 'iss.ala', limit: 1 });
    expect(shown).toMatchObject({ type: 'personal-data.read', action: 'case.read', caseNumber: number, status: 422 });
    const stranger = await site.as('iss.shy');
    const answer = await stranger.form(`/cases/${number}/findings`, { lineId, transferConfirmed: '', reasoning: '' });
    expect(answer.statusCode).toBe(404);
    const auditor = await site.as('auditor');
    const forbidden = await auditor.form(`/cases/${number}/void`, { reason: 'Себебі бар.' });
    expect([forbidden.statusCode, forbidden.body.includes('class="command"')]).toEqual([403, false]);
  });

  test('of a program stays a problem', async () => {
    const answer = await officer.post(`/api/cases/${number}/findings`, { lineId, reasoning: '' });
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });
});
