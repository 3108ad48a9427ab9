import { SettingsError, loadSettings } from '../config/index.js';
import { deployAll, readResources } from './deployment.js';
import { createEngine } from './engine.js';

/** `npm run deploy`: deploys bpmn/ to the configured cluster and says what it holds now. Exit codes: 0 done, 1 refused, 78 wrong settings. */
async function main(): Promise<void> {
  const engine = createEngine(loadSettings());
  try {
    const { version } = await engine.topology();
    const resources = readResources();
    const deployed = await deployAll(engine, resources);
    const width = Math.max(...deployed.map(({ id }) => id.length));
    for (const { kind, id, version: number } of deployed.filter((entry) => entry.kind !== 'decision-requirements'))
      console.log(`${kind.padEnd(9)} ${id.padEnd(width)} version ${number}`);
    console.log(`${resources.length} files deployed to Camunda ${version}`);
  } finally {
    await engine.close();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(error instanceof SettingsError ? 78 : 1);
  },
);
