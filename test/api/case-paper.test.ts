import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Printed } from '../../api/cases/paper.js';
import { readCaseFile } from '../../api/cases/views.js';
import { wholePrint } from '../../api/cases/whole-print.js';
import { openedCase } from '../../core/reading.js';
import { createText } from '../../core/text.js';
import { tellCases, type ToldCases } from '../builders/told-cases.js';
import { ApiSite, pdf, type Caller, type UploadedFile } from '../helpers/api-site.js';
import { madePdf, pictures, readPdf } from '../helpers/made-pdf.js';
import { pdfText } from '../helpers/pdf-text.js';

/** A case as one PDF, without and with its letters and documents, and a document looked at on its page. */

let site: ApiSite;
let told: ToldCases;
let officer: Caller;

beforeAll(async () => {
  site = await ApiSite.start();
  told = await tellCases(site);
  officer = await site.as('iss.ala');
}, 240_000);
afterAll(() => site.stop());

describe('a printed case', () => {
  test.each(['kk', 'ru', 'en'])(
    'in %s holds every part to the last entry of the trail, in letters that all have a shape',
    async (language) => {
      const answer = await officer.page(`/cases/${told.concluded}/print?lang=${language}`);
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
      expect(answer.headers['content-disposition']).toBe(`attachment; filename="${told.concluded}.pdf"`);
      const paper = pdfText(answer.rawPayload);
      const text = paper.pages.join('\n').replaceAll(/\s+/g, '');
      expect([paper.language, paper.title?.includes(told.concluded)]).toEqual([language, true]);
      const { record, inspection } = await site.caseOf(told.concluded);
      const trail = await site.services.trail.list(record._id);
      for (const held of [
        'DL-INS-1',
        'CON-2026-000001',
        'ПрокуратураАлмалинского',
        inspection.trigger.kind && 'iss.ala',
      ])
        expect(text).toContain(held);
      expect(text).toContain(trail.at(-1)!.hash);
      expect(text).not.toContain('\ufffd');
    },
  );

  test('is a read like any other, and for who reads the case alone', async () => {
    await officer.page(`/cases/${told.concluded}/print`);
    const [last] = await site.services.accessLog.list({ login: 'iss.ala', limit: 1 });
    expect(last).toMatchObject({ action: 'case.read', caseNumber: told.concluded, route: 'cases/:number/print' });
    expect((await (await site.as('iss.shy')).page(`/cases/${told.concluded}/print`)).statusCode).toBe(404);
  });
});

describe('a whole file as one PDF', () => {
  const print = async (who: Caller = officer) => {
    const answer = await who.page(`/cases/${told.concluded}/print/whole?lang=ru`);
    return { answer, ...(answer.statusCode === 200 ? await readPdf(answer.rawPayload) : { sizes: [], text: [] }) };
  };
  const words = (text: readonly string[]): string => text.join('').replaceAll(/\s+/g, '');

  test('has its index, the file, its letters, and each document that is a PDF or a picture; others by name and SHA-256', async () => {
    const number = await site.file('SC-1018');
    const add = async (name: string, type: string, content: string | Buffer): Promise<void> => {
      const answer = await officer.upload(`/api/cases/${number}/documents`, [['file', { name, type, content }]]);
      expect(answer.statusCode).toBe(201);
    };
    const page = async () => {
      const answer = await officer.page(`/cases/${number}/print/whole?lang=ru`);
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
      expect(answer.headers['content-disposition']).toBe(`attachment; filename="${number}-whole.pdf"`);
      return readPdf(answer.rawPayload);
    };
    const before = await page();
    await add('note.txt', 'text/plain', 'Мәтін');
    await add('broken.pdf', 'application/pdf', pdf());
    await add('locked.pdf', 'application/pdf', await madePdf(1, 'page', 'secret'));
    await add('three.pdf', 'application/pdf', await madePdf(3));
    await add('photo.png', 'image/png', pictures.png);
    const after = await page();
    const behind = after.sizes.slice(-4).map((size) => size.map(Math.round));
    expect(behind).toEqual([
      [300, 200],
      [300, 200],
      [300, 200],
      [595, 842],
    ]);
    const text = words(after.text);
    for (const said of ['note.txt', 'неPDFинеизображение', 'файлнечитается', 'защищенопаролем'])
      expect(text).toContain(said);
    const { record } = await site.caseOf(number);
    for (const { sha256 } of await site.services.documents.documentsOfCase(record._id)) expect(text).toContain(sha256);
    const own = after.sizes.length - 4;
    expect(text).toContain(`${own + 1}–${own + 3}`);
    expect(text).toContain(`1/${own + 4}`);
    expect(before.sizes.length).toBeLessThanOrEqual(own);
  });

  test('has every letter of the case, and the trail to its last entry', async () => {
    const { record } = await site.caseOf(told.concluded);
    const letters = await site.services.letters.ofCase(record._id);
    const { sizes, text, title } = await print();
    expect([letters.length > 0, title?.includes(told.concluded)]).toEqual([true, true]);
    const trail = await site.services.trail.list(record._id);
    for (const held of [trail.at(-1)!.hash, ...letters.flatMap(({ number, pdfSha256 }) => [number, pdfSha256 ?? ''])])
      expect(words(text)).toContain(held);
    expect(sizes.length).toBeGreaterThan(letters.length);
  });

  test('leaves out what its reader may not see, and says so', async () => {
    const services = { ...site.services };
    const opened = await openedCase(services, (await site.caseOf(told.concluded)).record);
    const printed: Printed = {
      ...{ text: createText('ru', services.organisation), organisation: services.organisation },
      ...{ file: await readCaseFile(services, opened!), paths: [], at: services.clock.legalNow(), reader: 'somebody' },
    };
    const { text } = await readPdf(await wholePrint(services, printed, new Set(['letters.read'])));
    expect(words(text)).toContain('Документыневключены');
    expect(words(text)).not.toContain('Письманевключены');
  });

  test('names what was erased', async () => {
    const number = await site.file('SC-1018');
    const content = await madePdf(2);
    await officer.upload(`/api/cases/${number}/documents`, [
      ['file', { name: 'a.pdf', type: 'application/pdf', content }],
    ]);
    await site.close(number);
    const { inspection } = await site.caseOf(number);
    const why = { ground: 'DPO-2026-31' };
    await site.services.erasures.erase({ kind: 'person', id: 'dpo' }, inspection.subjectId, why);
    const answer = await officer.page(`/cases/${number}/print/whole?lang=ru`);
    expect(answer.statusCode).toBe(200);
    const { text } = await readPdf(answer.rawPayload);
    expect(words(text)).toContain('удаленовместесключомлица');
  });

  test('is a read like any other, and for who reads the case alone', async () => {
    await print();
    const [last] = await site.services.accessLog.list({ login: 'iss.ala', limit: 1 });
    expect(last).toMatchObject({ action: 'case.read', route: 'cases/:number/print/whole', status: 200 });
    expect((await print(await site.as('iss.shy'))).answer.statusCode).toBe(404);
    expect((await officer.page(`/cases/${told.concluded}`)).body).toContain(`/cases/${told.concluded}/print/whole"`);
  });
});

describe('a document on its page', () => {
  const added = async (file: UploadedFile): Promise<string> => {
    const answer = await officer.upload(`/api/cases/${told.inStudy}/documents`, [['file', file]]);
    return `/cases/${told.inStudy}/documents/${answer.json<{ documentId: string }>().documentId}`;
  };

  test('a text is shown as text, its beginning where it is long', async () => {
    const content = `<script>alert(1)</script>\n${'Мәтін '.repeat(20_000)}`;
    const page = await officer.page(await added({ name: 'a.txt', type: 'text/plain', content }));
    expect(page.body).toContain('&lt;script>alert(1)&lt;/script>');
    expect(page.body.length).toBeLessThan(150_000);
    expect(page.body).toContain('class="notice"');
  });

  test('a PDF in a frame of this page, which no other site may frame', async () => {
    const path = await added({ name: 'a.pdf', type: 'application/pdf', content: pdf() });
    const page = await officer.page(path);
    expect(page.body).toContain(`<iframe class="preview" src="${path}/content"`);
    expect(page.headers['content-security-policy']).toMatch(/frame-src 'self'.*frame-ancestors 'none'/);
    const content = await officer.page(`${path}/content`);
    expect([content.statusCode, content.headers['content-disposition']]).toEqual([200, 'inline']);
    expect(content.headers['content-security-policy']).toMatch(/script-src 'none'.*frame-ancestors 'self'/);
    expect(content.headers['x-frame-options']).toBe('SAMEORIGIN');
    expect(content.rawPayload.equals(pdf())).toBe(true);
  });

  test('nothing else is answered inline', async () => {
    const path = await added({ name: 'a.txt', type: 'text/plain', content: 'x' });
    expect((await officer.page(`${path}/content`)).statusCode).toBe(404);
  });
});
