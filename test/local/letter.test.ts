import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/index.js';
import { pdfText } from '../helpers/pdf-text.js';

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command as it stands in the sources, with nothing of the stack in its environment. */
const letter = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', './test/helpers/typescript-loader.mjs', 'local/letter.ts', ...args],
      { cwd: inProject(), env: { PATH: process.env.PATH ?? '' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

describe('npm run letter', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'letter-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('without a name lists each letter with its languages', async () => {
    const { code, stdout } = await letter();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^inspection\/receipt {2}kk ru$/m);
    expect(stdout).toMatch(/^shared\/clock-broken {2}kk ky ru$/m);
  });

  test('writes PDF, HTML and text, and says that nobody reviewed the wording', async () => {
    const { code, stdout } = await letter('shared/clock-broken', '--lang', 'ky');
    const files = ['pdf', 'html', 'txt'].map((form) => `.merzim/letters/shared-clock-broken.ky.${form}`);
    expect(stdout).toBe(`${files.join('\n')}\nno lawyer has reviewed the wording: ky\n`);
    expect(code).toBe(0);
    const [pdf, html, text] = files.map((file) => readFileSync(inProject(file)));
    expect(pdfText(pdf!)).toMatchObject({ language: 'ky', displaysTitle: true });
    for (const said of [pdfText(pdf!).pages.join(''), html!.toString(), text!.toString()])
      expect(said.replace(/\s+/g, ' ')).toContain('Мөөнөттүн бузулгандыгы жөнүндө билдирүү');
  });

  test('writes one file where it is told to, in the languages of the organisation', async () => {
    const file = path.join(folder, 'deep', 'receipt.txt');
    const { code } = await letter('inspection/receipt', '--out', file);
    expect(code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/Өтініштің тіркелгені[\s\S]*Уведомление о регистрации/);
  });

  test.each<[string[], number, string]>([
    [['inspection/nothing'], 2, "there is no letter 'inspection/nothing'; npm run letter lists them"],
    [['inspection/receipt', '--lang', 'ky'], 2, "inspection/receipt is not written in 'ky': expected kk or ru"],
    [['inspection/receipt', '--out', 'x.doc'], 2, '--out x.doc: expected a name that ends in .pdf, .html or .txt'],
    [['inspection/receipt', 'shared/clock-broken'], 2, 'one letter at a time'],
    [['--language', 'kk'], 2, "Unknown option '--language'"],
    [['inspection/receipt', '--organisation', 'nobody'], 1, "config/organisation/nobody.json can't be read"],
  ])('%j ends with %i and a sentence', async (args, code, sentence) => {
    const outcome = await letter(...args);
    expect(outcome.stderr).toContain(sentence);
    expect(outcome.stderr).not.toContain('    at ');
    expect(outcome.code).toBe(code);
    expect(outcome.stderr.includes('usage: npm run letter')).toBe(code === 2);
  });
});
