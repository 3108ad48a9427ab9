import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderMail } from '../../core/letter-render.js';
import type { LetterData, Localised } from '../../core/letter-template.js';
import { loadTemplate } from '../../core/letter-template.js';
import type { Employee } from '../../core/directory.js';
import { ApiSite } from '../helpers/api-site.js';

/** Where the directory or the organisation's file has a Kazakh form, pages and letters in Kazakh have no Russian one. */
let site: ApiSite;
let number: string;
let everybody: Employee[];
beforeAll(async () => {
  site = await ApiSite.start();
  number = await site.file('SC-1018', 'SC-1016');
  everybody = await site.services.directory.all();
});
afterAll(() => site.stop());

/** Russian forms that have a Kazakh one, and which that doesn't contain. */
function russianForms(): string[] {
  const { organisation } = site.services;
  const pairs = [
    ...everybody.flatMap((employee) => [
      [employee.fullName, employee.fullNameKk] as const,
      [employee.position, employee.positionKk] as const,
      [employee.unitNameRu, employee.unitNameKk] as const,
    ]),
    ...[organisation, organisation.centralOffice, ...organisation.branches, ...organisation.authorisedBody].map(
      ({ name }) => [name['ru'], name['kk']] as const,
    ),
  ];
  return [...new Set(pairs.flatMap(([ru, kk]) => (kk && !kk.includes(ru) ? [ru] : [])))];
}
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Those of them that a text has, between words: a short position may be a part of a longer word. */
const foundIn = (text: string): string[] =>
  russianForms().filter((form) => new RegExp(`(?<!\\p{L})${escaped(form)}(?!\\p{L})`, 'u').test(text));

test('the search finds what is there: pages in Russian have these forms', async () => {
  expect(russianForms().length).toBeGreaterThan(100);
  const page = await (await site.as('iss.ala')).page(`/cases/${number}?lang=ru`);
  expect(foundIn(page.body).length).toBeGreaterThan(50);
});

describe('pages in Kazakh', () => {
  test.each(['/', '/cases', '/deadlines', '/requests', '/notices', '/calendar', '/apply', 'the case'])(
    '%s',
    async (path) => {
      for (const kind of ['employeeExplanatoryNote', 'personalCharacteristic'])
        if (path === 'the case') await site.ask(number, kind);
      const officer = await site.as('iss.ala');
      const page = await officer.page(`${path === 'the case' ? `/cases/${number}` : path}?lang=kk`);
      expect(page.statusCode).toBe(200);
      expect(foundIn(page.body)).toEqual([]);
      const { fullNameKk } = everybody.find(({ login }) => login === 'iss.ala')!;
      expect(page.body).toContain(fullNameKk);
    },
  );
});

test('the part of a letter in Kazakh has name, position and unit in Kazakh, that in Russian in Russian', async () => {
  const { requestId } = await site.ask(number, 'unitHeadExplanatoryNote');
  const { services } = site;
  const asked = await services.documents.find(requestId);
  const letter = (await services.letters.find(asked!.letterId!))!;
  const content = {
    number: letter.number,
    at: letter.composedAt,
    addressee: JSON.parse(await services.vault.open(letter.recipient.name!)) as Localised,
    replyNumber: null,
    data: JSON.parse(await services.vault.open(letter.data)) as LetterData,
    organisation: services.organisation,
  };
  const written = (language: 'kk' | 'ru'): string =>
    renderMail({ ...content, templates: [loadTemplate(letter.template, language)] }).text;
  const about = everybody.find(({ employeeId }) => employeeId === 'SC-1018')!;
  const to = everybody.find(({ employeeId }) => employeeId === asked!.addresseeId)!;
  for (const word of [about.fullNameKk, about.positionKk, to.fullNameKk]) expect(written('kk')).toContain(word);
  // The letterhead is in both languages of the state.
  expect(foundIn(written('kk')).filter((form) => form !== services.organisation.name['ru'])).toEqual([]);
  for (const word of [about.fullName, about.position, to.fullName]) expect(written('ru')).toContain(word);
});
