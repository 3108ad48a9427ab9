import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { inProject } from '../../config/index.js';
import { createMetrics } from '../../workers/metrics.js';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string };
}

/** Prometheus says nothing of an expression that names what nobody serves: the alert is just never raised. */
const { registry } = createMetrics('test');
const { groups } = parse(readFileSync(inProject('config', 'alerts', 'merzim.rules.yml'), 'utf8')) as {
  groups: { name: string; rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const metricsIn = (text: string): string[] => [...text.matchAll(/\bmerzim_\w+/g)].map(([name]) => name);
const labelsOf = (name: string): string[] => [
  ...((registry.getSingleMetric(name) as unknown as { labelNames: string[] } | undefined)?.labelNames ?? []),
  'component',
];

describe('the alert rules', () => {
  test('are there, each under a name of its own', () => {
    const names = rules.map(({ alert }) => alert);
    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s names metrics and labels that the processes serve',
    (_, rule) => {
      const metrics = metricsIn(rule.expr);
      expect(metrics.length).toBeGreaterThan(0);
      expect(metrics.filter((name) => !registry.getSingleMetric(name))).toEqual([]);
      const known = metrics.flatMap(labelsOf);
      const matched = [...rule.expr.matchAll(/(\w+)="/g), ...rule.expr.matchAll(/by \((\w+)\)/g)].map(
        ([, label]) => label,
      );
      const shown = [...rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      expect([...matched, ...shown].filter((label = '') => !known.includes(label))).toEqual([]);
    },
  );

  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s has a severity, a sentence and a time that Prometheus reads',
    (_, rule) => {
      expect(
        Object.keys(rule).filter((key) => !['alert', 'expr', 'for', 'labels', 'annotations'].includes(key)),
      ).toEqual([]);
      expect(['warning', 'critical']).toContain(rule.labels.severity);
      expect(rule.annotations.summary.length).toBeGreaterThan(20);
      expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
    },
  );
});
