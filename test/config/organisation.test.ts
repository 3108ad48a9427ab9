import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { inProject, readOrganisation } from '../../config/index.js';
import { kyrgyzContent, kyrgyzOrganisation } from '../builders/organisation.js';

const kazakhContent = (given: Record<string, unknown> = {}): Record<string, unknown> => ({
  ...(JSON.parse(readFileSync(inProject('config', 'organisation', 'demo.json'), 'utf8')) as Record<string, unknown>),
  ...given,
});

const name = { kk: 'Орталық', ru: 'Центр', en: 'Centre' };

describe('the languages of an organisation', () => {
  test('of Kazakhstan are Kazakh and Russian; asked for a name in Kyrgyz, it answers in Russian', () => {
    const { name, languages } = readOrganisation('demo', kazakhContent());
    expect(languages).toEqual(['kk', 'ru']);
    expect(name.kk).toMatch(/мемлекеттік/);
    expect(name.ky).toBe(name.ru);
  });

  test('of Kyrgyzstan are Kyrgyz and Russian; asked for a name in Kazakh, it answers in Russian', () => {
    const { name, languages } = kyrgyzOrganisation();
    expect(languages).toEqual(['ky', 'ru']);
    expect(name).toEqual({
      ky: 'Үлгү мекеме',
      kk: 'Учреждение «Пример»',
      ru: 'Учреждение «Пример»',
      en: 'Sample agency',
    });
  });

  test.each([
    ['Kazakhstan, a letter in Kyrgyz', kazakhContent({ languages: ['ky', 'ru'] }), 'languages.0: expected kk or ru'],
    ['Kyrgyzstan, a letter in Kazakh', kyrgyzContent({ languages: ['ru', 'kk'] }), 'languages.1: expected ky or ru'],
    ['Kazakhstan, no name in Kazakh', kazakhContent({ name: { ru: 'А', en: 'A' } }), 'name.kk: '],
    ['Kyrgyzstan, no name in Kyrgyz', kyrgyzContent({ name: { kk: 'А', ru: 'А', en: 'A' } }), 'name.ky: '],
    [
      'Kazakhstan, a security centre without address',
      kazakhContent({ securityCentre: { name } }),
      'securityCentre.email: ',
    ],
    ['another state', kazakhContent({ jurisdiction: 'UZ' }), 'jurisdiction: '],
  ])('of %s, is refused by name', (_, content, fault) => {
    expect(() => readOrganisation('sample', content)).toThrow(`config/organisation/sample.json: ${fault}`);
  });
});
