import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadOrganisation } from '../../config/index.js';
import { renderPdf } from '../../core/letter-render.js';
import { parseTemplate } from '../../core/letter-template.js';
import { letterPreview } from '../../local/letter-samples.js';
import { embeddedFonts, type EmbeddedFont } from '../helpers/pdf-font.js';
import { pdfText } from '../helpers/pdf-text.js';

const kazakh = 'АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ';
const kyrgyz = 'АБВГДЕЁЖЗИЙКЛМНҢОӨПРСТУҮФХЦЧШЩЪЫЬЭЮЯ';
const som = '\u20c0';
const signs = `0123456789№«»—–’…₸${som}`;
const both = (alphabet: string, language: string) => alphabet + alphabet.toLocaleLowerCase(language);
const alphabets = { kk: both(kazakh, 'kk'), ky: both(kyrgyz, 'ky'), signs };
const styles = ['NotoSans-Regular', 'NotoSans-Bold', 'NotoSans-Italic', 'NotoSans-BoldItalic'];

/** A letter that says some words in each style. */
const written = (words: string) =>
  renderPdf({
    ...letterPreview,
    organisation: loadOrganisation('demo'),
    templates: [
      parseTemplate(
        'test/letter',
        'kk',
        '---\ntitle: Т\nsubject: С\nreviewed: false\nplaceholders:\n  words: text, words\n---\n' +
          '{{words}}\n\n**{{words}}**\n\n*{{words}}*\n\n***{{words}}***\n',
      ),
    ],
    data: { words },
  });

let pdf: Buffer;
let fonts: Map<string, EmbeddedFont>;

beforeAll(async () => {
  pdf = await written(Object.values(alphabets).join(' '));
  fonts = new Map(embeddedFonts(pdf).map((font) => [font.name, font]));
});

test('the alphabets have the 42 letters of Kazakh and the 36 of Kyrgyz, upper and lower', () => {
  expect([...alphabets.kk]).toHaveLength(84);
  expect([...alphabets.ky]).toHaveLength(72);
});

test('a letter embeds the four styles that it uses and no other font', () => {
  expect([...fonts.keys()].sort()).toEqual(styles.toSorted());
});

describe.each(styles)('%s as embedded', (style) => {
  test.each(Object.entries(alphabets))('draws each character of %s with a glyph of its own', (_, characters) => {
    const font = fonts.get(style)!;
    const box = font.outline(0);
    expect(box.length).toBeGreaterThan(0);
    const upright = style.endsWith('Italic') ? som : '';
    const without = [...characters.replace(upright, '')].filter((character) => {
      const glyph = font.glyphOf.get(character) ?? 0;
      return glyph === 0 || font.outline(glyph).length === 0 || font.outline(glyph).equals(box);
    });
    expect(without).toEqual([]);
  });
});

test.each(Object.entries(alphabets))('the text of the PDF is the text that was written: %s', (_, characters) => {
  const page = pdfText(pdf).pages.join('').replace(/\s/g, '');
  expect(page.split(characters)).toHaveLength(styles.length + 1);
});

test('a letter that the font lacks is found: it is the box of glyph 0, without a text', async () => {
  const foreign = await written('Ә一');
  expect(embeddedFonts(foreign).map(({ glyphOf }) => [glyphOf.has('Ә'), glyphOf.has('一')])).toEqual(
    styles.map(() => [true, false]),
  );
  expect(pdfText(foreign).pages.join('')).toContain('Ә\ufffd');
});
