import { readdir } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { inProject } from '../../config/root.js';
import { importsOf, layerFaults, readImports } from '../../local/check/imports.js';

const faultsOf = (file: string, ...imported: string[]): string[] =>
  layerFaults(importsOf(imported.map((name) => `import { x } from '${name}';`).join('\n'), file), [
    'inspection',
    'access-request',
  ]);

describe('layers', () => {
  test.each([
    ['config/index.ts', '../core/clock.js', 'config may import'],
    ['core/cases.ts', '../workers/runtime.js', 'core may import config'],
    ['core/cases.ts', '../connectors/nit/client.js', 'core may import config'],
    ['core/cases.ts', 'fastify', 'core knows no framework'],
    ['core/letters.ts', '@camunda8/sdk', 'core knows no framework'],
    ['connectors/nit/client.ts', '../../workers/runtime.js', 'connectors may import'],
    ['workers/inspection/open-case.ts', '../../api/app.js', 'workers may import'],
    ['api/inspection/routes.ts', '../../workers/runtime.js', 'api may import'],
    ['core/cases.ts', '../test/helpers/database.js', 'core may import'],
    ['workers/runtime.ts', '../local/stack/tools.js', 'workers may import'],
    ['workers/inspection/open-case.ts', '../access-request/open-case.js', 'the process inspection imports'],
    ['api/inspection/routes.ts', '../../core/access-request/model.js', 'the process inspection imports'],
  ])('%s must not import %s', (file, imported, fault) => {
    expect(faultsOf(file, imported)).toEqual([expect.stringContaining(fault)]);
  });

  test.each([
    ['core/cases.ts', '../config/index.js'],
    ['core/cases.ts', 'mongoose'],
    ['workers/inspection/open-case.ts', '../../core/cases.js'],
    ['workers/inspection/open-case.ts', '../define-worker.js'],
    ['workers/main.ts', '../api/app.js'],
    ['api/pages/case.tsx', '../../core/inspection/model.js'],
    ['test/core/cases.test.ts', '../../local/stack/tools.js'],
  ])('%s may import %s', (file, imported) => {
    expect(faultsOf(file, imported)).toEqual([]);
  });

  test('an import of types and a dynamic import count too', () => {
    const source = "import type { X } from '../workers/runtime.js';\nawait import('../api/app.js');";
    expect(layerFaults(importsOf(source, 'core/cases.ts'), [])).toHaveLength(2);
  });

  test('the project keeps to them', async () => {
    const folders = await readdir(inProject('bpmn'), { withFileTypes: true });
    const processes = folders.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map(({ name }) => name);
    expect(layerFaults(await readImports(inProject()), processes)).toEqual([]);
  });
});
