import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { accessRequest } from '../builders/access-request.js';
import { ApiSite } from '../helpers/api-site.js';
import { pdfText } from '../helpers/pdf-text.js';

/** INS-01, INS-02: on which basis and for which purpose a case is kept, as its page and its paper say it. */

let site: ApiSite;
let number: string;
let unchanged: typeof site.services.organisation.acts;
beforeAll(async () => {
  site = await ApiSite.start();
  unchanged = structuredClone(site.services.organisation.acts);
  number = await site.file('SC-1018');
}, 120_000);
afterEach(() => {
  Object.assign(site.services.organisation.acts, structuredClone(unchanged));
});
afterAll(() => site.stop());

const act = () => site.services.organisation.acts['inspection']!;
const basis = 'Правила, утверждённые приказом № 231/НҚ от 5 июня 2020 года';
const purpose = 'защита персональных данных граждан и предупреждение их разглашения (пункт 2 Правил)';

/** What stands beside a name among the facts of a case, on its page. */
async function shown(name: string, of = number, language = 'en', login = 'iss.ala'): Promise<string> {
  const { body } = await (await site.as(login)).page(`/cases/${of}?lang=${language}`);
  const [, value = ''] = new RegExp(`<dt>${name}</dt><dd>(.*?)</dd>`, 's').exec(body) ?? [];
  return value.replaceAll('&#39;', "'").replaceAll('&quot;', '"');
}
async function printed(): Promise<string> {
  const paper = await (await site.as('iss.ala')).page(`/cases/${number}/print?lang=en`);
  return pdfText(paper.rawPayload).pages.join('\n').replaceAll(/\s+/g, '');
}
const packed = (words: string): string => words.replaceAll(/\s+/g, '');

test.each([
  ['kk', 'Құқықтық негіз', 'Мақсаты'],
  ['ru', 'Правовое основание', 'Цель'],
  ['en', 'Legal basis', 'Purpose'],
] as const)(
  'in %s the page names the act in words, the basis that is kept, and the purpose',
  async (language, on, to) => {
    expect(await shown(on, number, language)).toBe(`${act().citation[language]}. ${act().legalBasis}`);
    expect(act().legalBasis).toContain(basis);
    expect(await shown(to, number, language)).toBe(purpose);
  },
);

test('so does the paper, and the page of a case of another process', async () => {
  const paper = await printed();
  for (const said of [act().citation.en, act().legalBasis, purpose]) expect(paper).toContain(packed(said));
  const filed = await site.anybody.post('/api/access-requests', accessRequest('2026-01-30'));
  const access = filed.json<{ number: string }>().number;
  expect(await shown('Legal basis', access, 'en', 'ib.admin')).toContain('Order of the Minister of Labour');
  expect(await shown('Purpose', access, 'en', 'ib.admin')).toMatch(/в пределах их полномочий \(пункт 30 Правил\)/);
});

test("what the organisation's file says from now on is no basis and no purpose of an older case", async () => {
  const later = { kk: 'Кейінгі бұйрық', ky: 'Кийинки буйрук', ru: 'Более поздний приказ', en: 'A later order' };
  const before = structuredClone(act());
  Object.assign(act(), { citation: later, legalBasis: 'Rules approved by a later order', purpose: 'another purpose' });
  expect(await shown('Legal basis')).toBe(before.legalBasis);
  expect(await shown('Purpose')).toBe(purpose);
  const paper = await printed();
  expect(paper).toContain(packed(before.legalBasis));
  for (const said of [later.en, act().legalBasis, act().purpose]) expect(paper).not.toContain(packed(said));
  const next = await site.file('SC-1019');
  expect(await shown('Legal basis', next)).toBe('A later order. Rules approved by a later order');
  expect(await shown('Purpose', next)).toBe('another purpose');
});
