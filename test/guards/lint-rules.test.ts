import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { glob } from '../../local/check/files.js';
import { lintDiagrams } from '../../local/check/lint-diagrams.js';

const root = inProject();
const fixture = (name: string): string => `test/fixtures/lint/${name}.bpmn`;
const plugin = createRequire(import.meta.url)('bpmnlint-plugin-merzim') as { rules: Record<string, string> };

describe('our rules for diagrams', () => {
  test('a sound diagram passes every rule', async () => {
    expect(await lintDiagrams(root, [fixture('valid-sample')])).toEqual([]);
  });

  const broken = lintDiagrams(
    root,
    Object.keys(plugin.rules).map((rule) => fixture(`invalid-${rule}`)),
  );

  test.each(Object.keys(plugin.rules))('%s finds its fault, and no other rule does', async (rule) => {
    const findings = (await broken).filter(({ file }) => file === fixture(`invalid-${rule}`));
    expect([...new Set(findings.map((finding) => finding.rule))]).toEqual([`merzim/${rule}`]);
  });

  test('each broken diagram is there for a rule', async () => {
    const files = await glob(root, 'test/fixtures/lint', '.bpmn');
    const rules = files.map((file) => /invalid-(.+)\.bpmn$/.exec(file)?.[1]).filter((rule) => rule !== undefined);
    expect(rules).toEqual(Object.keys(plugin.rules));
  });
});

test('the diagrams of the project pass every rule', async () => {
  const findings = await lintDiagrams(root, await glob(root, 'bpmn', '.bpmn'));
  expect(findings.map(({ file, elementId, message, rule }) => `${file} ${elementId}: ${message} (${rule})`)).toEqual(
    [],
  );
});
