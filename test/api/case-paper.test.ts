import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tellCases, type ToldCases } from '../builders/told-cases.js';
import { ApiSite, pdf, type Caller, type UploadedFile } from '../helpers/api-site.js';
import { pdfText } from '../helpers/pdf-text.js';

/** A case as one PDF, and a document looked at on its page. */

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
