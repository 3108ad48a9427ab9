import { loadSettings } from '../config/index.js';
import { openDatabase } from '../core/database.js';
import { deployAll, readResources } from '../workers/deployment.js';
import { createEngine } from '../workers/engine.js';
import { awaitForms } from './play/deployed.js';
import { seed } from './play/seed.js';
import { appNames } from './stack/components/node.js';
import { printProgress } from './stack/progress.js';
import { brought } from './stack/settings.js';
import { startStack, type Stack } from './stack/stack.js';
import { stayUp } from './stack/stay-up.js';

/**
 * `npm start`: the whole stack without demo cases, in real time, its data kept from one start to the next. What the environment brings
 * (MONGODB_URI, ZEEBE_GRPC_ADDRESS, SMTP_URL, OIDC_ISSUER, NIT_URL, SKUD_URL, with the settings that belong to each) is used in place of the embedded.
 */
await stayUp(async (running) => {
  const stack = await startStack({ profile: 'start', apps: appNames, onProgress: printProgress, ...running });
  await prepare(stack);
  printLinks(stack);
  return stack;
});

/** Gives embedded components what a user's own have got long before: diagrams, and the fictional organisation's people. */
async function prepare({ env }: Stack): Promise<void> {
  const own = brought(process.env);
  const settings = loadSettings(env);
  if (!own.has('identity')) {
    const database = await openDatabase(settings);
    try {
      await seed(database, settings.vault.masterKey);
    } finally {
      await database.close();
    }
  }
  if (own.has('engine')) {
    console.log('\nThe engine is yours: npm run deploy puts diagrams, decision tables and forms on it.');
    return;
  }
  const engine = createEngine(settings);
  try {
    await deployAll(engine, readResources());
    if (env.OPENSEARCH_URL) await awaitForms(env.OPENSEARCH_URL);
  } finally {
    await engine.close();
  }
}

function printLinks({ env, folders, timings }: Stack): void {
  const links: [string, string | undefined][] = [
    ['Pages', env.PUBLIC_URL],
    ['Tasklist', env.TASKLIST_URL],
    ['Operate', env.OPERATE_URL],
    ['Mails', env.MAIL_WEB_URL],
  ];
  console.log(`\nReady after ${((timings.total ?? 0) / 1000).toFixed(1)} s.`);
  for (const [name, url] of links) if (url) console.log(`${name.padEnd(10)} ${url}`);
  console.log(`${'Users'.padEnd(10)} local/identity/users.json`);
  console.log(`${'Logs'.padEnd(10)} ${folders.log}`);
  console.log('\nCtrl-C stops it; the data stay for the next start (npm run reset removes them).');
}
