import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { catalogueOf, createText, type Language, type Sentence } from '../../core/text.js';

const zone = { timeZone: 'Asia/Almaty' };
const languages = readdirSync(inProject('config', 'locales')).map((file) => path.basename(file, '.json') as Language);
const formsOf = (sentence: Sentence): string[] => (typeof sentence === 'string' ? [sentence] : Object.values(sentence));
const parametersOf = (sentence: Sentence): string[] => [
  ...new Set(formsOf(sentence).flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string))),
];

describe('the catalogue', () => {
  const reference = catalogueOf('ru');

  test.each(languages)('of %s has every key of the others, none too many, no empty sentence', (language) => {
    const catalogue = catalogueOf(language);
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(reference).sort());
    expect(Object.entries(catalogue).filter(([, sentence]) => formsOf(sentence).some((form) => !form.trim()))).toEqual(
      [],
    );
  });

  test.each(languages)('of %s has the same parameters in each sentence as the others', (language) => {
    const differing = Object.entries(catalogueOf(language)).filter(
      ([key, sentence]) =>
        parametersOf(sentence).sort().join() !==
        parametersOf(reference[key] ?? '')
          .sort()
          .join(),
    );
    expect(differing.map(([key]) => key)).toEqual([]);
  });

  test.each(languages)('of %s has the plural forms of its language and no other', (language) => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [key, sentence] of Object.entries(catalogueOf(language)))
      if (typeof sentence !== 'string') expect([key, ...Object.keys(sentence).sort()]).toEqual([key, ...needed]);
  });
});

describe('a text', () => {
  test.each([
    ['kk', '2026 жылғы 5 маусым', '2026 жылғы 5 маусым, сағат 09:31'],
    ['ru', '5 июня 2026 года', '5 июня 2026 года, 09:31'],
    ['ky', '2026-жылдын 5-июну', '2026-жылдын 5-июну, саат 09:31'],
    ['en', '5 June 2026', '5 June 2026, 09:31'],
  ] as const)('of %s says a legal day and a moment in words', (language, day, moment) => {
    const text = createText(language, zone);
    expect(text.date('2026-06-05')).toBe(day);
    expect(text.moment(new Date('2026-06-05T04:31:59.999Z'))).toBe(moment);
  });

  test.each([
    ['kk', '05.06.2026, 09:31'],
    ['ru', '05.06.2026, 09:31'],
    ['en', '5\u00a0Jun\u00a02026, 09:31'],
  ] as const)('of %s says a moment as short as a table wants it', (language, stamp) => {
    expect(createText(language, zone).stamp(new Date('2026-06-05T04:31:59.999Z'))).toBe(stamp);
  });

  test('of an instant just before local midnight names the day before, of one after it the next', () => {
    const text = createText('ru', zone);
    expect(text.date(new Date('2026-06-05T18:59:59Z'))).toBe('5 июня 2026 года');
    expect(text.date(new Date('2026-06-05T19:00:00Z'))).toBe('6 июня 2026 года');
  });

  test('of an instant before 1 March 2024 uses the offset of that time (UTC+06:00 in Almaty)', () => {
    const text = createText('ru', zone);
    expect(text.moment(new Date('2024-02-29T17:30:00Z'))).toBe('29 февраля 2024 года, 23:30');
    expect(text.moment(new Date('2024-02-29T19:30:00Z'))).toBe('1 марта 2024 года, 00:30');
  });

  test.each(['kk', 'ru', 'ky'] as const)(
    'of %s groups numbers by no-break spaces and has a decimal comma',
    (language) => {
      expect(createText(language, zone).number(1_234_567.5)).toBe('1\u00a0234\u00a0567,5');
    },
  );

  test.each(['kk', 'ru', 'ky', 'en'] as const)('of %s names twelve different months', (language) => {
    const text = createText(language, zone);
    const said = Array.from({ length: 12 }, (_, month) => text.date(`2026-${String(month + 1).padStart(2, '0')}-01`));
    expect(new Set(said).size).toBe(12);
    expect(said.join()).not.toContain('undefined');
  });

  test('refuses a key that is not there, and a sentence whose parameter is missing', () => {
    const text = createText('kk', zone);
    expect(() => text.say('letter.nowhere')).toThrow("no key 'letter.nowhere'");
    expect(() => text.say('letter.outgoing')).toThrow("needs the parameter 'number'");
    expect(text.has('toString')).toBe(false);
  });

  test.each([
    ['kk', '0 жол, 1 жол, 2 жол, 5 жол, 21 жол, 112 жол'],
    ['ru', '0 строк, 1 строка, 2 строки, 5 строк, 21 строка, 112 строк'],
    ['ky', '0 сап, 1 сап, 2 сап, 5 сап, 21 сап, 112 сап'],
    ['en', '0 rows, 1 row, 2 rows, 5 rows, 21 rows, 112 rows'],
  ] as const)('of %s chooses the form that a number needs', (language, said) => {
    const text = createText(language, zone);
    expect([0, 1, 2, 5, 21, 112].map((count) => text.say('extract.rows', { count })).join(', ')).toBe(said);
  });

  test('fills a parameter without reading it as a pattern', () => {
    expect(createText('ru', zone).say('letter.outgoing', { number: '$& {number}' })).toBe('Исх. № $& {number}');
  });

  test('is refused in a language without a catalogue', () => {
    expect(() => createText('de' as Language, zone)).toThrow('config/locales/de.json is missing');
  });
});
