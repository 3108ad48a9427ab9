import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { ownTermRules } from '../../core/own-terms.js';
import { glob } from '../../local/check/files.js';
import { checkTerms, rulesOfOwnTerms } from '../../local/check/terms.js';

const root = inProject();
const folder = 'test/fixtures/terms';
const faultsOf = (name: string, code: readonly string[] = []): Promise<string[]> =>
  checkTerms(root, { table: `${folder}/${name}.dmn`, diagrams: folder, code });

test('every row of the table of terms can be counted, and every rule of a drawn process has its place', async () => {
  expect(await checkTerms(root)).toEqual([]);
});

describe('a term of the organisation', () => {
  test('may be set for each rule that is silent and counted, and for no other', async () => {
    expect(ownTermRules).toEqual(await rulesOfOwnTerms(root));
  });

  test('has an effect where a diagram hands the rule on or the code names it, and the act sets no term', async () => {
    const rules = (name: string, ...code: string[]) =>
      rulesOfOwnTerms(root, { table: `${folder}/${name}.dmn`, diagrams: folder, code });
    // The diagram of the fixtures hands on DL-INS-1, which is no silent rule, and names DL-INS-3 without counting it.
    expect(await rules('valid-terms')).toEqual([]);
    expect(await rules('valid-terms', 'core')).toEqual(['DL-INS-3']);
  });
});

describe('what the check of the terms finds', () => {
  const invalid: Record<string, string> = {
    'unknown-unit': 'row 3 ("DL-INS-3"), column "unit": "weeks"',
    'overlapping-validity':
      'row 2 ("DL-INS-1"), column "validFrom": its validity (2026-06-30 onwards) overlaps that of row 1',
    gap: 'row 2 ("DL-INS-1"), column "validFrom": no row holds from 2026-07-01 until 2026-07-02',
    'missing-length': 'row 2 ("DL-INS-1"), column "length": null: only WD, CD, DUR can be silent',
    'unreadable-warnings': 'row 2 ("DL-INS-1"), column "warnings": "P1D, two hours": expected days or hours like P1D',
    'expression-cell': 'row 1 ("DL-INS-1"), column "length": "1 + 2" is no literal',
    'two-countries': 'row 2 ("DL-INS-1"), column "calendar": "KG", but row 1 of the same rule has "KZ"',
    'missing-rule': 'inspection/valid-rules.bpmn Task_AwaitReply: rule DL-INS-3 has no row in',
    'unnamed-rule': 'row 4 ("DL-INS-4"), column "rule": no diagram of inspection names it',
  };

  test('nothing in a sound table, with a rule of a process that is not drawn', async () => {
    expect(await faultsOf('valid-terms')).toEqual([]);
  });

  test.each(Object.entries(invalid))('%s, once, by table, row and column', async (name, message) => {
    const faults = await faultsOf(`invalid-${name}`);
    expect(faults).toEqual([expect.stringContaining(message)]);
    expect(faults[0]).toContain(`${folder}/invalid-${name}.dmn`);
    expect((faults[0] ?? '').split('\n  - ').length).toBeLessThanOrEqual(2);
  });

  test('a rule that only the code names has its place there', async () => {
    // The code of the inspection starts DL-INS-4 by name; the diagram of the fixtures does not know it.
    expect(await faultsOf('invalid-unnamed-rule', ['workers/inspection'])).toEqual([]);
  });

  test('each broken table is there for a fault', async () => {
    const files = await glob(root, folder, '.dmn');
    const found = files.map((file) => /invalid-(.+)\.dmn$/.exec(file)?.[1]).filter((name) => name !== undefined);
    expect(found.sort()).toEqual(Object.keys(invalid).sort());
  });
});
