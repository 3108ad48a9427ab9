import { describe, expect, test } from '@jest/globals';
import { languagesOf, loadOrganisation } from '../../config/index.js';
import { loadDeadlineTable, readDeadlineTable, deadlineTableFile } from '../../core/deadline-table.js';
import { PermanentError } from '../../core/errors.js';
import { renderMail, renderPdf, type LetterContent } from '../../core/letter-render.js';
import { loadTemplate, parseTemplate, type LetterData, type LetterTemplate } from '../../core/letter-template.js';
import { createText } from '../../core/text.js';
import { alertedKinds } from '../../core/system-alerts.js';
import { beatingComponents } from '../../core/heartbeats.js';
import { letterPreview, letterSamples } from '../../local/letter-samples.js';
import { readTemplates } from '../helpers/letters.js';
import { pdfText } from '../helpers/pdf-text.js';

const organisation = loadOrganisation('demo');
const languages = ['kk', 'ru'] as const;
/** The state whose act a process follows; letters of `shared/` go out in both. */
const states: Record<string, readonly (keyof typeof languagesOf)[]> = {
  inspection: ['KZ'],
  'access-request': ['KZ'],
  'technical-request': ['KZ'],
  shared: ['KZ', 'KG'],
};
const languagesOfLetter = (name: string) => [
  ...new Set((states[name.split('/')[0] ?? ''] ?? []).flatMap((state) => languagesOf[state])),
];
const names = [...new Set(readTemplates().map(({ name }) => name))].sort();

const content = (name: string, given: Partial<LetterContent> = {}): LetterContent => ({
  ...letterPreview,
  templates: languages.map((language) => loadTemplate(name, language)),
  data: letterSamples[name] ?? {},
  organisation,
  ...given,
});
/** A letter with a body of its own, in one language. */
const written = (body: string, placeholders: string[], data: LetterData, given: Partial<LetterContent> = {}) => {
  const head = ['title: Тақырып', 'subject: № {{letterNumber}}', 'reviewed: false', 'placeholders:'];
  const source = ['---', ...head, ...placeholders.map((line) => `  ${line}`), '---', body, ''].join('\n');
  return content('inspection/receipt', { templates: [parseTemplate('test/letter', 'kk', source)], data, ...given });
};
const squeezed = (text: string): string => text.replace(/\s+/g, '');

describe('every letter', () => {
  test('is written in the languages of the states that it goes out in, and has sample data', () => {
    for (const name of names)
      expect(
        [
          name,
          ...readTemplates()
            .filter((letter) => letter.name === name)
            .map(({ language }) => language),
        ].sort(),
      ).toEqual([name, ...languagesOfLetter(name)].sort());
    expect(Object.keys(letterSamples).sort()).toEqual(names);
  });

  test.each(names)('%s has the same kind and placeholders in each language', (name) => {
    const [first, ...others] = languagesOfLetter(name).map((language) => loadTemplate(name, language));
    const shape = (template: typeof first) => ({ kind: template?.kind, placeholders: template?.placeholders });
    for (const other of others) expect(shape(other)).toEqual(shape(first));
  });

  test.each(names)('%s shows each of its values in PDF, HTML and text, in each language', async (name) => {
    for (const template of languagesOfLetter(name).map((language) => loadTemplate(name, language))) {
      const letter = content(name, { templates: [template] });
      const { pages, language } = pdfText(await renderPdf(letter));
      const mail = renderMail(letter);
      expect(language).toBe(template.language);
      expect(pages.join('')).not.toMatch(/[\ufffd\ue000\ue001]|\{\{|undefined|\[object/);
      const forms = [pages.join(' '), mail.text, mail.html.replace(/<[^>]+>/g, '')].map(squeezed);
      for (const value of shownValues(letter.data, template))
        for (const form of forms) expect(form).toContain(squeezed(value));
      for (const form of forms) expect(form).toContain(squeezed(template.title));
    }
  });

  test.each(names)('%s is the same PDF, byte for byte, each time', async (name) => {
    expect((await renderPdf(content(name))).equals(await renderPdf(content(name)))).toBe(true);
  });

  test.each(names.filter((name) => name.startsWith('inspection/request-') || /receipt|reminder/.test(name)))(
    '%s tells its addressee no number of an inspection, unless he is the applicant',
    (name) => {
      const { placeholders } = loadTemplate(name, 'ru');
      expect('caseNumber' in placeholders).toBe(/^[a-z-]+\/(withdrawal-)?receipt$/.test(name));
    },
  );

  test('of the inspection cites the order, its registration and an item', () => {
    for (const { name, body } of readTemplates())
      if (name.startsWith('inspection/') && !/document-(reminder|receipt)/.test(name)) {
        expect([name, body]).toEqual([name, expect.stringMatching(/№ 231\/НҚ/)]);
        expect([name, body]).toEqual([name, expect.stringMatching(/№ 20825/)]);
        expect([name, body]).toEqual([name, expect.stringMatching(/(пункт\S* [4579] |[4579]-тармағы)/)]);
      }
  });

  test('about a clock has words for each rule of the inspection', async () => {
    await loadDeadlineTable();
    const rules = (await readDeadlineTable(deadlineTableFile)).filter(({ process }) => process === 'inspection');
    expect(rules.length).toBeGreaterThan(0);
    for (const { rule } of rules)
      for (const language of languagesOfLetter('shared/clock-broken'))
        expect(createText(language, organisation).has(`rule.${rule}`)).toBe(true);
  });

  test('about the system names every kind of finding and component that it may be sent for', () => {
    const codes = [
      ...alertedKinds.map((kind) => `alert.${kind}`),
      ...beatingComponents.map((component) => `component.${component}`),
    ];
    for (const language of languagesOfLetter('shared/system-alert'))
      expect(codes.filter((code) => !createText(language, organisation).has(code))).toEqual([]);
  });
});

/** The strings of sample data that stand in the letter as they are: no codes, which the catalogue words. */
function shownValues(data: LetterData, { language, placeholders }: LetterTemplate, parent = ''): string[] {
  return Object.entries(data).flatMap(([name, value]): string[] => {
    const path = `${parent}${name}`;
    return [value].flat().flatMap((item: unknown) => {
      if (item instanceof Date || item === null || item === undefined) return [];
      if (placeholders[path]?.catalogue ?? placeholders[`${path}.item`]?.catalogue) return [];
      if (typeof item === 'object') {
        const words = (item as Record<string, unknown>)[language];
        if (typeof words === 'string') return [words];
        return shownValues(item as LetterData, { language, placeholders } as LetterTemplate, `${path}.`);
      }
      return typeof item !== 'string' || /^\d{4}-\d{2}-\d{2}$/.test(item) ? [] : [item];
    });
  });
}

describe('a letter on paper', () => {
  test('has letterhead in both languages, number, date, addressee, page numbers, title and language', async () => {
    const { pages, ...about } = pdfText(await renderPdf(content('inspection/receipt')));
    expect(pages).toHaveLength(2);
    expect(about).toEqual({
      title: 'OUT-2026-000042. Өтініштің тіркелгені туралы хабарлама',
      language: 'kk',
      displaysTitle: true,
    });
    for (const page of pages) {
      expect(page).toContain(organisation.name.kk);
      expect(page).toContain(organisation.name.ru);
      expect(page).toContain('№ OUT-2026-000042');
    }
    expect(pages[0]).toContain('2026 жылғы 5 маусым');
    expect(pages[0]).toContain(letterPreview.addressee.kk);
    expect(pages[0]).toContain('1 / 2');
    expect(pages[1]).toContain('5 июня 2026 года');
    expect(pages[1]).toContain(letterPreview.addressee.ru);
    expect(pages[1]).toContain('2 / 2');
  });

  test('names the letter that it answers', async () => {
    const { pages } = pdfText(await renderPdf(content('inspection/receipt', { replyNumber: 'OUT-2026-000007' })));
    expect(pages[1]).toContain('На № OUT-2026-000007');
  });

  test('says in small print that the organisation is fictional and the wording unreviewed, and nothing of it for a real one', async () => {
    const fictional = pdfText(await renderPdf(content('inspection/receipt')));
    const real = pdfText(
      await renderPdf(content('inspection/receipt', { organisation: { ...organisation, fictional: false } })),
    );
    expect(fictional.pages[0]).toContain('текст не проверен юристом');
    expect(real.pages.join()).not.toMatch(/юрист|заңгер|вымышлен/);
  });

  test('goes on over as many pages as it needs', async () => {
    const materials = Array.from({ length: 120 }, (_, index) => ({
      kind: 'additionalInformation',
      name: `файл-${index + 1}.pdf`,
      sha256: 'd'.repeat(64),
      sent: 'attached',
    }));
    const data = { ...letterSamples['inspection/materials-to-authorised-body'], materials };
    const { pages } = pdfText(await renderPdf(content('inspection/materials-to-authorised-body', { data })));
    expect(pages.length).toBeGreaterThan(6);
    expect(pages.join()).toContain('файл-120.pdf');
    expect(pages.at(-1)).toContain(`${pages.length} / ${pages.length}`);
  });
});

describe('a value', () => {
  const hostile =
    '**қалың** [сілтеме](https://evil.example) <b onclick="x()">&amp;</b> {{letterNumber}} # бас\n- тармақ | `код` ![](http://evil.example/x.png)';

  test('never becomes markup: it stands in PDF, HTML and text as it was written', async () => {
    const letter = written('Мәтін: {{words}}.\n\n| a | b |\n| --- | --- |\n| {{words}} | x |', ['words: text, words'], {
      words: hostile,
    });
    const { html, text } = renderMail(letter);
    expect(html).not.toMatch(/<b |<img|<a |<strong>|onclick="/);
    expect(html).toContain('&lt;b onclick=&quot;x()&quot;&gt;&amp;amp;&lt;/b&gt; {{letterNumber}} # бас<br>- тармақ');
    expect(text).toContain(hostile);
    const page = squeezed(pdfText(await renderPdf(letter)).pages.join(''));
    expect(page.split(squeezed(hostile))).toHaveLength(3);
  });

  test('can not close a section or begin one', () => {
    const letter = written('{{#items}}\n- {{items.item}}\n{{/items}}\nСоңы', ['items: list, items'], {
      items: ['{{/items}}', '{{#items}}', '---'],
    });
    expect(renderMail(letter).text).toContain('- {{/items}}\n- {{#items}}\n- ---');
  });

  test('loses control characters and those that turn the reading direction', () => {
    const letter = written('{{words}}', ['words: text, words'], { words: 'a\u202eb\u0000c\u200fd\r\ne' });
    expect(renderMail(letter).text).toContain('abcd\ne');
  });

  test('that is an address becomes a link to itself, quotes escaped', () => {
    const letter = written('{{where}}', ['where: link, where'], { where: 'https://merzim.example/?a=1&b="2"' });
    expect(renderMail(letter).html).toContain('<a href="https://merzim.example/?a=1&amp;b=&quot;2&quot;">');
  });

  test.each(['javascript:alert(1)', 'https://a b', 'merzim.example', ''])('%j is no address', (where) => {
    expect(() => renderMail(written('{{where}}', ['where: link, where'], { where }))).toThrow(
      "'where' needs an http(s) address",
    );
  });
});

describe('data that does not fit a letter', () => {
  const sample = letterSamples['inspection/receipt'] ?? {};
  const refusal = (data: LetterData): PermanentError => {
    try {
      renderMail(content('inspection/receipt', { data }));
    } catch (error) {
      return error as PermanentError;
    }
    throw new Error('was not refused');
  };

  test('is refused with the missing placeholder named', () => {
    const error = refusal({ ...sample, caseNumber: undefined });
    expect(error).toBeInstanceOf(PermanentError);
    expect(error.field).toBe('caseNumber');
    expect(error.message).toContain("letter inspection/receipt (kk): 'caseNumber' is missing (number of the case)");
  });

  test('is refused with the placeholder that is too many named', () => {
    expect(refusal({ ...sample, employeeName: 'Canary' })).toMatchObject({
      field: 'employeeName',
      message: expect.stringContaining("'employeeName' is not declared by the letter"),
    });
  });

  test.each([
    ['caseNumber', 'canary-7', 'needs a number like INS-2026-000017'],
    ['receivedAt', '2026-06-05', 'needs an instant'],
    ['receivedAt', new Date(Number.NaN), 'needs an instant'],
    ['accessCode', '  ', 'needs text in kk'],
    ['accessCode', { ru: 'canary' }, 'needs text in kk'],
  ])('%s = %j is refused without being quoted', (field, value, fault) => {
    const error = refusal({ ...sample, [field]: value });
    expect(error).toMatchObject({ field, message: expect.stringContaining(fault) });
    expect(error.message).not.toContain('canary');
  });

  test('names all its faults at once', () => {
    expect(refusal({}).message).toMatch(/'caseNumber'.*'receivedAt'.*'followLink'.*'accessCode'/);
  });

  test('is refused for a code without a name, and for a row with a missing or undeclared column', () => {
    const name = 'inspection/materials-to-authorised-body';
    const data = letterSamples[name] ?? {};
    const material = { kind: 'personalCharacteristic', name: 'x', sha256: 'e'.repeat(64), sent: 'attached' };
    const refused = (materials: LetterData['materials']) => () =>
      renderMail(content(name, { data: { ...data, materials } }));
    expect(refused([{ ...material, kind: 'rumour' }])).toThrow(
      "'materials.kind' needs a code that config/locales/kk.json names",
    );
    expect(refused([{ ...material, sha256: undefined! }])).toThrow("'materials.sha256' is missing");
    expect(refused([{ ...material, size: 1 }])).toThrow("'materials.size' is not declared");
    expect(refused(['x'])).toThrow("'materials' needs a list of rows");
  });
});

describe('a faulty letter file', () => {
  const file = (head: string[], body = 'Мәтін') => ['---', ...head, '---', body, ''].join('\n');
  const good = ['title: Т', 'subject: С', 'reviewed: false'];
  const parse = (source: string) => () => parseTemplate('test/letter', 'kk', source);

  test.each([
    ['no front matter', 'Мәтін', 'expected a front matter'],
    ['no subject', file(['title: Т', 'reviewed: false']), 'subject and title are needed'],
    ['a review without its day', file(['title: Т', 'subject: С', 'reviewed: yes']), "reviewed is 'false', or"],
    ['an unknown field', file([...good, 'colour: red']), "unknown field 'colour'"],
    ['an undeclared placeholder', file(good, '{{x}}'), "'{{x}}' is not declared"],
    ['an unused placeholder', file([...good, 'placeholders:', '  x: text, x']), "'x' is declared but not used"],
    ['an unknown type', file([...good, 'placeholders:', '  x: blob, x'], '{{x}}'), "'x' needs 'type, description'"],
    [
      'a name in the subject',
      file(['title: Т', 'subject: {{x}}', 'reviewed: false', 'placeholders:', '  x: text, x'], '{{x}}'),
      "subject and title carry numbers only: 'x' is no reference",
    ],
  ])('with %s is refused by name', (_, source, fault) => {
    expect(parse(source)).toThrow(PermanentError);
    expect(parse(source)).toThrow(`config/letters/test/letter.kk.md: ${fault}`);
  });

  test.each([
    ['raw HTML', '<b>Мәтін</b>'],
    ['an image', '![](https://evil.example/x.png)'],
    ['a block of code', '```\ncode\n```'],
  ])('with %s can not be rendered', (_, body) => {
    expect(() => renderMail(written(body, [], {}))).toThrow('is no part of a letter');
  });

  test.each(['{{?x}}a', 'a{{/x}}', '{{?x}}a{{/x}}'])('with an unbalanced section can not be rendered: %s', (body) => {
    expect(() => renderMail(written(`${body}\n\n{{x}}`, ['x: text, x'], { x: 'y' }))).toThrow(
      /is not closed|has no beginning/,
    );
  });

  test('that does not exist is refused, also when its name leads out of the folder', () => {
    expect(() => loadTemplate('inspection/nothing', 'kk')).toThrow('expected config/letters/inspection/nothing.kk.md');
    expect(() => loadTemplate('../locales', 'kk')).toThrow(PermanentError);
    expect(() => loadTemplate('inspection/receipt', '../../ru')).toThrow(PermanentError);
  });
});

test('a mail carries all languages, each marked, and its subject numbers only', () => {
  const { subject, html, text } = renderMail(content('inspection/request-employee-note'));
  expect(subject).toBe(
    'Түсініктеме ұсыну туралы, шығ. № OUT-2026-000042 / О представлении объяснительной записки, исх. № OUT-2026-000042',
  );
  expect(html).toMatch(/<html lang="kk">[\s\S]*<section lang="kk">[\s\S]*<section lang="ru">/);
  expect(text.indexOf('Қазақстан')).toBeLessThan(text.indexOf('Республики Казахстан'));
});
