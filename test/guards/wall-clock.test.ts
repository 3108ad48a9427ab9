import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { inProject } from '../../config/root.js';
import { glob } from '../../local/check/files.js';

const { noWallClock } = (await import(inProject('eslint.config.mjs'))) as { noWallClock: Linter.RuleEntry };

/**
 * What a source holds that has to be parsed for the rule, spaces, parentheses and comments between included. Most files name `Date` as a
 * type or in `new Date(value)`: parsing all of them took half a minute on a busy machine.
 */
const suspicious = [
  /\bDate\s*\(\s*\)/,
  /(?<!\bnew\s+)\bDate\s*(\?\.\s*)?\(/,
  /\bnew\s+Date\s*[^\s(]/,
  /\(\s*Date\s*\)/,
  /\bDate[\s?!.)]*now\b/,
  /\bTemporal[\s?!.)]*Now\b/,
  /\b(Date|Temporal)[\s?!.)]*(\(\s*)?\/[/*]/,
];

/** Uses of the wall clock in a source, as `file:line message`. */
function wallClockUses(source: string, file: string): string[] {
  if (!suspicious.some((pattern) => pattern.test(source))) return [];
  const config: Linter.Config = {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parser: tseslint.parser },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: { 'no-restricted-syntax': noWallClock },
  };
  const found = new Linter().verify(source, config, { filename: file, allowInlineConfig: false });
  return found.map(({ line, message }) => `${file}:${line} ${message}`);
}

test.each([
  'const at = new Date();',
  'const at = Date.now();',
  'const at = Date();',
  'const day = Temporal.Now.plainDateISO();',
  'const ask = Date.now;',
  'const at = new Date;',
  'const at = new Date( /* none */ );',
  'const at = new (Date)();',
  'const at = (Date)\n  .now();',
  'const at = Date /* the wall */ .now();',
  'const at = Temporal?.Now.instant();',
])('a source that says "%s" is found', (source) => {
  expect(wallClockUses(source, 'core/bad.ts')).toHaveLength(1);
});

test.each([
  "const at = new Date('2026-01-05T04:00:00Z');",
  'const span = performance.now();',
  'const at = clock.legalNow();',
])('a source that says "%s" is left alone', (source) => {
  expect(wallClockUses(source, 'core/good.ts')).toEqual([]);
});

test('core/clock.ts alone reads the wall clock', async () => {
  const folders = ['config', 'core', 'connectors', 'workers', 'api', 'local', 'test'];
  const files = (await Promise.all(folders.map((folder) => glob(inProject(), folder, '.ts', '.tsx')))).flat();
  const uses = await Promise.all(
    files
      .filter((file) => file !== 'core/clock.ts')
      .map(async (file) => wallClockUses(await readFile(inProject(file), 'utf8'), file)),
  );
  expect(uses.flat()).toEqual([]);
});
