import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { dayKinds } from '../../config/calendar-schema.js';
import { inProject } from '../../config/index.js';
import { catalogueOf } from '../../core/text.js';
import { sayingFaults, sayingsIn, unusedKeys, wordsOutside, type Sayings } from '../../local/check/catalogue.js';
import { readTemplates } from '../helpers/letters.js';

const read = (folders: string[], ending: RegExp): [file: string, source: string][] =>
  folders.flatMap((folder) =>
    readdirSync(inProject(folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => ending.test(file))
      .map((file): [string, string] => [`${folder}/${file}`, readFileSync(inProject(folder, file), 'utf8')]),
  );

/** Of products, formats and numbers, the same in every language. */
const names = ['Merzim', 'Tasklist', 'Operate', 'PDF', 'SHA', 'INS', 'ACC'];

function merged(all: Sayings[]): Sayings {
  return {
    said: all.flatMap(({ said }) => said),
    patterns: all.flatMap(({ patterns }) => patterns),
    words: new Set(all.flatMap(({ words }) => [...words])),
  };
}

describe('the catalogue and the code', () => {
  const sayings = merged(
    read(['config', 'core', 'connectors', 'workers', 'api', 'local'], /\.tsx?$/).map(([file, source]) =>
      sayingsIn(source, file),
    ),
  );
  // A letter says what its codes are called: `rule.` of `code(rule)`. The codes themselves stand in diagrams, forms, tables
  // and in what the letter says of its placeholder.
  const byLetters = readTemplates().flatMap(({ name, placeholders }) =>
    Object.values(placeholders).flatMap(({ catalogue }) =>
      catalogue ? [{ file: name, prefix: `${catalogue}.`, suffix: '' }] : [],
    ),
  );
  const patterns = [...sayings.patterns, ...byLetters];
  const codes = new Set([
    ...dayKinds,
    ...read(['bpmn', 'config/letters'], /\.(bpmn|dmn|form|\w\w\.md)$/).flatMap(
      ([, source]) => source.match(/[A-Za-z][\w-]*/g) ?? [],
    ),
  ]);

  test('what the code and the letters say is in the catalogue, with the parameters that it has', () => {
    expect(sayings.said.length).toBeGreaterThan(100);
    expect(sayingFaults({ said: sayings.said, patterns }, catalogueOf('ru'))).toEqual([]);
  });

  test('the catalogue has no sentence that nobody says', () => {
    expect(unusedKeys({ ...sayings, patterns }, catalogueOf('ru'), codes)).toEqual([]);
  });

  test('pages show no words of their own', () => {
    const pages = read(['api'], /\.tsx$/);
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.flatMap(([file, source]) => wordsOutside(source, file, names))).toEqual([]);
  });
});

describe('what the check of the catalogue finds', () => {
  const catalogue = {
    'page.cases': 'Дела',
    'page.of': 'Дело {number}',
    'case.rows': { one: 'строка', other: '{count} строки' },
    'fault.too-long': 'не более {most}',
    'problem.case-closed': 'Дело {number} завершено',
  };
  const faults = (source: string) => sayingFaults(sayingsIn(source, 'x.tsx'), catalogue);

  test.each([
    ["text.say('page.nowhere')", 'x.tsx: says page.nowhere, which the catalogue lacks'],
    ["text.say(a ? 'page.cases' : 'page.nowhere')", 'x.tsx: says page.nowhere, which the catalogue lacks'],
    ['text.say(`page.${name}-lead`)', 'x.tsx: says page.…-lead, which the catalogue lacks'],
    ["text.say('page.of')", 'x.tsx: says page.of without {number}'],
    ["text.say('page.cases', { number })", 'x.tsx: page.cases has no {number}'],
    ["text.say('case.rows', { rows: 3 })", 'x.tsx: says case.rows without {count}'],
    ["const a = [{ field, code: 'too-big', params }];", 'x.tsx: says fault.too-big, which the catalogue lacks'],
    ["const a = { field: 'x', code: 'too-long' };", 'x.tsx: says fault.too-long without {most}'],
    ["refuse('x', 'too-long', { least: 1 });", 'x.tsx: says fault.too-long without {most}'],
    ["throw new InputProblem(409, 'case-closed');", 'x.tsx: says problem.case-closed without {number}'],
    [
      "context.addIssue({ code: 'custom', path: ['x'], message: 'no-such' });",
      'x.tsx: says fault.no-such, which the catalogue lacks',
    ],
  ])('%s', (source, fault) => {
    expect(faults(source)).toContain(fault);
  });

  test('nothing in what is right, or can not be read', () => {
    expect(
      faults(`text.say('page.of', { number }); text.say('page.of', params); text.say(key); text.say(\`page.\${name}\`);
        text.say('case.rows', { count }); refuse('x', 'too-long', { most: 1 }); refuse('own-case'); refuse('data', 'has to be an id');
        new InputProblem(409, 'case-closed', [], { number: 'x' }); const a = { code: 'z' };`),
    ).toEqual([]);
  });

  test('words between tags and in attributes that are shown, and no names and classes', () => {
    const page = '<p class="lead" title="Срок">Merzim &nbsp; {text.say(key)} — <b>Deadline</b> <i>№ 5</i></p>';
    expect(wordsOutside(`const a = ${page};`, 'x.tsx', ['Merzim'])).toEqual([
      "x.tsx: 'Срок' stands outside of the catalogue",
      "x.tsx: 'Deadline' stands outside of the catalogue",
    ]);
  });

  test('a sentence that nobody says, also one whose name fits what is put together', () => {
    const unused = (source: string) => unusedKeys(sayingsIn(source, 'x.tsx'), catalogue, new Set(['too-long']));
    expect(unused("const pages = ['cases']; text.say(`page.${pages[0]}`); text.say(`fault.${code}`);")).toEqual([
      'page.of',
      'case.rows',
      'problem.case-closed',
    ]);
  });
});
