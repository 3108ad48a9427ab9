import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inProject, loadSettings } from '../config/index.js';
import { createEngine, type DeployedResource, type Engine } from './engine.js';

const endings = ['.bpmn', '.dmn', '.form'];

/** The diagrams, decision tables and forms below a folder, as paths from it. */
export function resourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => endings.some((ending) => file.endsWith(ending)))
    .sort();
}

/** Deploys everything in `bpmn/` together or nothing; what is unchanged keeps its version. */
export function deployResources(
  engine: Pick<Engine, 'deploy'>,
  folder = inProject('bpmn'),
): Promise<DeployedResource[]> {
  return engine.deploy(
    resourceFiles(folder).map((file) => ({
      name: path.basename(file),
      content: readFileSync(path.join(folder, file)),
    })),
  );
}

/** `npm run deploy`: to the cluster of the settings. */
async function main(): Promise<void> {
  const engine = createEngine(loadSettings());
  try {
    for (const resource of await deployResources(engine))
      console.log(`${resource.kind.padEnd(9)} ${resource.id}  version ${resource.version}`);
  } finally {
    await engine.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
