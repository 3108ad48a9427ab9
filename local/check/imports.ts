import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { glob } from './files.js';

/** What each layer may import of the project, beside itself. Only composition roots (`main`, `server`) import across. */
const layers: Record<string, readonly string[]> = {
  config: [],
  core: ['config'],
  connectors: ['config', 'core'],
  workers: ['config', 'core', 'connectors'],
  api: ['config', 'core', 'connectors'],
  local: ['config', 'core', 'connectors', 'workers', 'api', 'test'],
  test: ['config', 'core', 'connectors', 'workers', 'api', 'local'],
};

/** Entry points, which put the layers together. */
const roots = /^(workers\/(\w+-)?main|api\/(server|main))\.ts$/;

/** Packages that are somebody's framework or protocol: core knows none of them. */
const outsideCore = /^(fastify|@fastify\/|preact|@camunda8\/|nodemailer|openid-client|maildev|playwright-core)/;

export interface Import {
  /** Path from the project's root, as the module that imports. */
  file: string;
  /** Imported module: a path from the root, or a package. */
  target: string;
  /** Whether the target is a file of the project. */
  inProject: boolean;
}

export async function readImports(root: string): Promise<Import[]> {
  const files = (
    await Promise.all(Object.keys(layers).map((layer) => glob(root, layer, '.ts', '.tsx', '.mjs')))
  ).flat();
  const found = await Promise.all(
    files.map(async (file) => importsOf(await readFile(path.join(root, file), 'utf8'), file)),
  );
  return found.flat();
}

export function importsOf(source: string, file: string): Import[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => {
    const inProject = fileName.startsWith('.');
    return { file, inProject, target: inProject ? path.posix.join(path.posix.dirname(file), fileName) : fileName };
  });
}

/** Imports against the layers; `processes` are the folders below bpmn/ that name one. */
export function layerFaults(imports: readonly Import[], processes: readonly string[]): string[] {
  return imports.flatMap(({ file, target, inProject }) => {
    const [layer = ''] = file.split('/');
    if (!inProject)
      return layer === 'core' && outsideCore.test(target)
        ? [`${file}: core knows no framework, but imports ${target}; move it to a connector, worker or route`]
        : [];
    const [targetLayer = ''] = target.split('/');
    const faults: string[] = [];
    if (targetLayer in layers && targetLayer !== layer && !roots.test(file) && !layers[layer]?.includes(targetLayer))
      faults.push(
        `${file}: ${layer} may import ${layers[layer]?.join(', ') || 'nothing of the project'}, but imports ${target}`,
      );
    if (/^(config|core|connectors|workers|api)$/.test(layer)) {
      const own = processOf(file, processes);
      const other = processOf(target, processes);
      if (own && other && own !== other)
        faults.push(`${file}: the process ${own} imports ${target} of ${other}; what both need belongs in core`);
    }
    return faults;
  });
}

const processOf = (file: string, processes: readonly string[]): string | undefined =>
  file
    .split('/')
    .slice(1, -1)
    .find((folder) => processes.includes(folder));
