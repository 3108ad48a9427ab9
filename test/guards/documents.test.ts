import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { describeSettings, inProject } from '../../config/index.js';
import {
  anchorsOf,
  brokenLinks,
  codeOf,
  missingPaths,
  readPages,
  scriptsNamed,
  variablesNamed,
  variablesRead,
  type Page,
} from './documents.js';

/** What the pages say exists, exists: whoever renames a file, a script or a setting is told which page to edit. */
const root = inProject();
const pages = readPages(root);
const { scripts } = JSON.parse(readFileSync(inProject('package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Codes in capitals that are no variables: BPMN errors of the connectors. */
const codes = /^NIT_(REFUSED|OUT_OF_SCOPE|MANIFEST_MISMATCH)$/;

function knownVariables(): Set<string> {
  const settings = describeSettings().flatMap(({ name }) => [name, `${name}_FILE`]);
  const ports = readFileSync(inProject('local', 'stack', 'ports.ts'), 'utf8');
  const portNames = [...(/const defaults = \{([\s\S]*?)\};/.exec(ports)?.[1] ?? '').matchAll(/(\w+):/g)].map(
    ([, name = '']) => `MERZIM_PORT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
  );
  return new Set([
    ...settings,
    ...portNames,
    ...variablesRead(root, 'local'),
    ...variablesRead(root, 'test/connectors'),
  ]);
}

describe('the pages', () => {
  test('link only to files and headings that are there', () => {
    expect(pages.flatMap((page) => brokenLinks(root, page))).toEqual([]);
  });

  test('name only paths that are there', () => {
    expect(pages.flatMap((page) => missingPaths(root, page))).toEqual([]);
  });

  test('name only scripts that package.json has', () => {
    const others = ['.env.example', '.ci/run'].map((file) => ({ file, text: readFileSync(inProject(file), 'utf8') }));
    const faults = [...pages, ...others].flatMap(({ file, text }) =>
      scriptsNamed(text)
        .filter((name) => !(name in scripts))
        .map((name) => `${file}: package.json has no script ${name}`),
    );
    expect(faults).toEqual([]);
  });

  test('for users and on connectors name only variables that something reads', () => {
    const known = knownVariables();
    const faults = pages
      .filter(({ file }) => /^(README|CONTRIBUTING|docs\/guides\/.*|(connectors|local)\/.*)\.md$/.test(file))
      .flatMap(({ file, text }) =>
        variablesNamed(text)
          .filter((name) => !known.has(name) && !codes.test(name))
          .map((name) => `${file}: nothing reads ${name}`),
      );
    expect(faults).toEqual([]);
  });

  test('on decisions are all in their index', () => {
    const index = pages.find(({ file }) => file === 'docs/adr/README.md')?.text ?? '';
    const records = pages.map(({ file }) => file).filter((file) => /^docs\/adr\/\d{4}-/.test(file));
    expect(records.filter((file) => !index.includes(`(${file.split('/').at(-1)})`))).toEqual([]);
    expect(records.length).toBeGreaterThan(5);
  });

  test('are there for each folder that holds code, and for each kind of user', () => {
    const folders = ['api', 'bpmn', 'config', 'connectors', 'core', 'docs/adr', 'local', 'test', 'workers'];
    const users = ['administrator', 'applicant', 'auditor', 'operator', 'process-owner'];
    const wanted = [
      ...folders.map((folder) => `${folder}/README.md`),
      ...users.map((user) => `docs/guides/${user}.md`),
    ];
    expect(wanted.filter((file) => !pages.some((page) => page.file === file))).toEqual([]);
  });
});

describe('what tells that a page is wrong', () => {
  const page = (text: string): Page => ({ file: 'docs/adr/page.md', text });

  test('a link to no file, to no heading, and out of the project', () => {
    const links =
      '[a](../../README.md) [b](nothing.md) [c](#there) [d](#gone) [e](../../../x.md) [f](https://x.example/y)';
    expect(brokenLinks(root, page(`# There\n${links} \`[g](in-code.md)\`\n`))).toEqual([
      'docs/adr/page.md: nothing.md leads to no file',
      'docs/adr/page.md: #gone leads to no heading',
      'docs/adr/page.md: ../../../x.md leads to no file',
    ]);
  });

  test('a picture that is not there', () => {
    expect(brokenLinks(root, page('![x](gone.svg) <img src="gone.png">'))).toHaveLength(2);
  });

  test('a path that is not there, but not a pattern of paths', () => {
    expect(
      missingPaths(root, page('`core/trail.ts` `core/gone.ts` `workers/<p>/x.ts` `local/demo/*.json` `api/`')),
    ).toEqual(['docs/adr/page.md: core/gone.ts is not there']);
  });

  test('scripts in every form', () => {
    expect(scriptsNamed('`npm run due -- --json`, npm test, `npm run verify-trail`, npm ci, npm start')).toEqual([
      'due',
      'verify-trail',
      'test',
      'start',
    ]);
  });

  test('variables in code only', () => {
    const text = 'SHOUTED_WORD `MONGODB_URI` and\n```\nPORT=1 node x\n$SMTP_URL "${NIT_URL}" key.OTHER_NAME\n```\n';
    expect(variablesNamed(text)).toEqual(['SMTP_URL', 'NIT_URL', 'MONGODB_URI', 'PORT']);
  });

  test('what programs read', () => {
    const read = variablesRead(root, 'local');
    expect([read.has('JAVA_HOME'), read.has('MERZIM_PORT_OFFSET'), read.has('GONE_FOR_EVER')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('anchors as GitHub makes them, and code by blocks and spans', () => {
    expect([...anchorsOf('# Who may do what?\n## `npm test`, twice\n## A\n## A\n```\n# no\n```\n')]).toEqual([
      'who-may-do-what',
      'npm-test-twice',
      'a',
      'a-1',
    ]);
    expect(codeOf('a `b` c\n```sh\nd\n```\n')).toBe('d\n\nb');
  });
});
