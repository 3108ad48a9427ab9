import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../config/index.js';
import type { DeployedResource, Engine } from './engine.js';

/** A diagram, a decision table or a form, by its path below bpmn/ with forward slashes. */
export interface Resource {
  name: string;
  content: Buffer;
}

const deployable = /\.(bpmn|dmn|form)$/;

/** Everything below a folder (bpmn/ unless another is given) that an engine can hold, in the order of names. */
export function readResources(folder: string = inProject('bpmn')): Resource[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && deployable.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !path
          .relative(folder, file)
          .split(path.sep)
          .some((part) => part.startsWith('.')),
    )
    .sort()
    .map((file) => ({
      name: path.relative(folder, file).split(path.sep).join('/'),
      content: readFileSync(file),
    }));
}

/**
 * Deploys everything together or, when one of them is faulty, nothing: a process never calls one that is missing. What has not changed keeps its
 * version; running instances stay on the version that they started with.
 */
export async function deployAll(
  engine: Pick<Engine, 'deploy'>,
  resources = readResources(),
): Promise<DeployedResource[]> {
  return engine.deploy(resources);
}
