import { mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject, languagesOf } from '../../config/index.js';
import { helpKinds, inLanguage, parseHelp, readHelp } from '../../core/help.js';

const head = 'title: Кіру\npublishedOn: 2026-11-30\nreviewed: false';
const source = (front: string, body = 'Мәтін.') => `---\n${front}\n---\n\n${body}\n`;

describe('a help page', () => {
  test('has a title, a day, perhaps a film, and its text in blocks', () => {
    const read = parseHelp(
      'faq',
      'sign-in',
      'kk',
      source(`${head}\nvideo: https://films.sc.example/1`, '# Бір\n\n- екі'),
    );
    expect(read).toMatchObject({ title: 'Кіру', publishedOn: '2026-11-30', video: 'https://films.sc.example/1' });
    expect(read.blocks.map(({ kind }) => kind)).toEqual(['heading', 'list']);
  });

  test.each([
    ['no front matter', 'Мәтін.', 'front matter'],
    ['no title', source('publishedOn: 2026-11-30\nreviewed: false'), 'title'],
    ['no day', source('title: Кіру\npublishedOn: tomorrow\nreviewed: false'), 'publishedOn'],
    ['a script as film', source(`${head}\nvideo: javascript:alert(1)`), 'video'],
    ['an unknown field', source(`${head}\nauthor: A`), 'author'],
    ['raw HTML', source(head, '<script>alert(1)</script>'), "'html'"],
    ['an image', source(head, '![x](https://a.example/x.png)'), "'image'"],
  ])('is refused with %s, by file and fault', (_, text, fault) => {
    const parse = () => parseHelp('faq', 'sign-in', 'kk', text);
    expect(parse).toThrow('config/help/faq/sign-in.kk.md');
    expect(parse).toThrow(fault);
  });
});

describe('the pages of a folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'help-'));
    for (const kind of helpKinds) mkdirSync(path.join(folder, kind));
    const write = (name: string, text: string) => writeFileSync(path.join(folder, 'news', name), text);
    write('old.ru.md', source(head.replace('2026-11-30', '2026-01-01')));
    write('new.ru.md', source(head));
    write('new.kk.md', source(head));
    write('bad.ru.md', 'x');
    write('notes.txt', 'x');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('come newest first, without what can not be read, which the log names', async () => {
    const logged: unknown[] = [];
    const pages = await readHelp({ error: (...given: unknown[]) => logged.push(given) } as never, folder);
    expect(pages.map(({ name }) => name)).toEqual(['new', 'new', 'old']);
    expect(logged).toHaveLength(1);
  });

  test('come though a file can not be opened, a folder is none and another is not there', async () => {
    const part = mkdtempSync(path.join(tmpdir(), 'help-'));
    mkdirSync(path.join(part, 'news'));
    writeFileSync(path.join(part, 'news', 'new.ru.md'), source(head));
    mkdirSync(path.join(part, 'news', 'folder.ru.md'));
    symlinkSync(path.join(part, 'nowhere'), path.join(part, 'news', 'gone.kk.md'));
    writeFileSync(path.join(part, 'faq'), 'x');
    const logged: string[] = [];
    const pages = await readHelp({ error: ({ where }: { where: string }) => logged.push(where) } as never, part);
    rmSync(part, { recursive: true });
    expect(pages.map(({ name }) => name)).toEqual(['new']);
    expect(logged.sort()).toEqual(['faq', 'news/folder.ru.md', 'news/gone.kk.md']);
  });

  test('show in the language of the reader, else in another that was named', async () => {
    const pages = await readHelp({ error: () => undefined } as never, folder);
    const shown = (language: 'kk' | 'ky') => inLanguage(pages, language, ['ru']).map((page) => page.language);
    expect(shown('kk')).toEqual(['kk', 'ru']);
    expect(shown('ky')).toEqual(['ru', 'ru']);
  });
});

test('every page that is shipped can be read and stands in both languages of Kazakhstan', async () => {
  const faults: unknown[] = [];
  const pages = await readHelp({ error: (fault: unknown) => faults.push(fault) } as never);
  expect(faults).toEqual([]);
  const files = helpKinds.flatMap((kind) => readdirSync(inProject('config', 'help', kind)));
  expect(files).toHaveLength(pages.length);
  for (const { kind, name } of pages)
    expect(
      pages
        .filter((page) => page.kind === kind && page.name === name)
        .map(({ language }) => language)
        .sort(),
    ).toEqual([...languagesOf.KZ].sort());
});

test('the terms of item 3 of the Rules on access are explained, each of the eighteen in both languages of the act', async () => {
  const pages = await readHelp({ error: (...fault: unknown[]) => expect(fault).toBe(null) } as never);
  const terms = pages.filter(({ name }) => name === 'terms-of-the-rules');
  expect(terms.map(({ language }) => language).sort()).toEqual(['kk', 'ru']);
  for (const { blocks } of terms) {
    const rows = blocks.flatMap((block) => (block.kind === 'table' ? block.rows : []));
    expect(rows.filter((row) => row.every((cell) => cell.length > 0))).toHaveLength(18);
  }
});
