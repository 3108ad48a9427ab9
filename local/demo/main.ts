import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadSettings } from '../../config/index.js';
import { openDatabase, type Database } from '../../core/database.js';
import { createEngine, type Engine } from '../../workers/engine.js';
import { createKeyRing } from '../../core/evidence/key-ring.js';
import { deployAll, readResources } from '../../workers/deployment.js';
import { Actor } from '../play/actor.js';
import { awaitForms } from '../play/deployed.js';
import { seed } from '../play/seed.js';
import { printProgress } from '../stack/progress.js';
import { stayUp } from '../stack/stay-up.js';
import { startStack, type Stack, type StackOptions } from '../stack/stack.js';
import { readLocalUsers } from '../stack/web-users.js';
import { play, type CaseState } from './play.js';
import { readScenarios, type Scenario } from './scenario.js';

/**
 * `npm run demo [-- --exit] [--report FILE] [--exports DIR]`: starts the whole stack with a data folder of its own, plays the scenarios of
 * this folder while it travels in time, and stays up; with --exit it stops and its exit code says whether each case ended as its file says.
 * --exports writes the export of each case (`<number>.zip`) with the sealer's public key and its checkpoints.
 */
const { values } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    report: { type: 'string' },
    exports: { type: 'string' },
  },
});

interface Result {
  scenario: Scenario;
  case: CaseState | null;
  faults: string[];
}

const startedAt = performance.now();
const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(8);
const say = (line: string): void => console.log(`${seconds()}  ${line}`);

async function start(
  running: Pick<StackOptions, 'signal' | 'onFailure'>,
): Promise<{ stack: Stack; results: Result[]; readyMs: number }> {
  const stack = await startStack({
    profile: 'demo',
    travel: true,
    fresh: true,
    apps: ['api', 'worker', 'relay', 'sealer', 'watchdog'],
    onProgress: printProgress,
    ...running,
  });
  const readyMs = performance.now() - startedAt;
  say(`the stack is ready: ${Math.round((await stack.rssBytes()) / 1e6)} MB resident`);
  const settings = loadSettings(stack.env);
  const database = await openDatabase(settings);
  const engine = createEngine(settings);
  try {
    return { stack, results: await playAll(stack, database, engine), readyMs };
  } catch (error) {
    await stack.stop();
    throw error;
  } finally {
    await engine.close();
    await database.close();
  }
}

async function playAll(stack: Stack, database: Database, engine: Engine): Promise<Result[]> {
  const settings = loadSettings(stack.env);
  const seeded = await seed(database, settings.vault.masterKey);
  say(`directory imported: ${seeded} employees`);
  const deployed = await deployAll(engine, readResources());
  if (stack.env['OPENSEARCH_URL']) await awaitForms(stack.env['OPENSEARCH_URL']);
  say(`deployed: ${deployed.length} diagrams, decisions and forms`);
  const stage = {
    publicUrl: settings.web.publicUrl,
    managementUrl: settings.engine.managementUrl!,
    database,
    engine,
    mailUrl: settings.mail.webUrl!,
    skudUrl: settings.skud!.url,
    users: readLocalUsers().flatMap(({ login, password, employeeId }) =>
      employeeId ? [{ login, password, employeeId }] : [],
    ),
    played: new Map(),
    say,
  };
  const results: Result[] = [];
  for (const scenario of readScenarios()) {
    try {
      const ended = await play(stage, scenario);
      results.push({ scenario, case: ended, faults: compare(scenario, ended) });
    } catch (error) {
      const fault = (error as Error).message;
      say(`FAILED ${scenario.file}: ${fault}`);
      results.push({ scenario, case: null, faults: [fault] });
    }
  }
  return results;
}

/** Fetches the export of each case as the auditor, with what checks it. */
async function exportAll(stack: Stack, results: readonly Result[], folder: string): Promise<void> {
  const settings = loadSettings(stack.env);
  const auditor = readLocalUsers().find(({ login }) => login === 'auditor')!;
  const actor = await Actor.signIn(settings.web.publicUrl, auditor.login, auditor.password);
  mkdirSync(folder, { recursive: true });
  for (const { case: ended } of results)
    if (ended)
      writeFileSync(
        path.join(folder, `${ended.number}.zip`),
        await actor.download(`/api/cases/${ended.number}/export`),
      );
  const database = await openDatabase(settings);
  try {
    writeFileSync(path.join(folder, 'public-key.pem'), (await createKeyRing({ database }).current())?.publicKey ?? '');
  } finally {
    await database.close();
  }
  cpSync(settings.evidence.checkpointsFolder!, path.join(folder, 'checkpoints'), { recursive: true });
  say(`exports written to ${folder}: npm run verify-trail -- FILE --public-key ${path.join(folder, 'public-key.pem')}`);
}

/** Where a case did not end as its file says it should. */
function compare({ expect }: Scenario, ended: CaseState): string[] {
  const faults: string[] = [];
  if (ended.outcome !== expect.outcome) faults.push(`outcome ${ended.outcome}, expected ${expect.outcome}`);
  for (const [rule, kept] of Object.entries(expect.clocks)) {
    const clocks = ended.clocks.filter((clock) => clock.rule === rule);
    if (clocks.length === 0) faults.push(`${rule} has no clock`);
    for (const clock of clocks)
      if (clock.kept !== kept) faults.push(`${rule}: kept is ${clock.kept}, expected ${kept}`);
  }
  return faults;
}

function printTable(results: readonly Result[]): void {
  console.log('\nCase              Outcome         Clock      Due                   Stopped               Kept');
  for (const { scenario, case: ended, faults } of results) {
    const clocks = ended?.clocks.filter((clock) => clock.dueAt) ?? [];
    clocks.forEach((clock, index) => {
      const head =
        index === 0 ? `${(ended?.number ?? '').padEnd(17)} ${(ended?.outcome ?? '').padEnd(15)}` : ' '.repeat(33);
      const at = (value: string | null): string =>
        (value ? value.slice(0, 16).replace('T', ' ') + 'Z' : '—').padEnd(21);
      console.log(
        `${head} ${clock.rule.padEnd(10)} ${at(clock.dueAt)} ${at(clock.stoppedAt)} ${clock.kept === null ? '—' : clock.kept ? 'yes' : 'NO'}`,
      );
    });
    for (const fault of faults) console.log(`  ${scenario.file}: ${fault}`);
  }
}

function printLinks(stack: Stack, results: readonly Result[]): void {
  const { env } = stack;
  const users = readLocalUsers();
  console.log(`
Pages      ${env['PUBLIC_URL']}
Tasklist   ${env['TASKLIST_URL']}
Operate    ${env['OPERATE_URL']}
Mails      ${env['MAIL_WEB_URL']}`);
  for (const { case: ended } of results)
    if (ended) console.log(`Case       ${env['PUBLIC_URL']}/cases/${ended.number}`);
  console.log('\nSign in as (password in brackets):');
  for (const login of [
    'iss.ala',
    'management.ala',
    'iss.central',
    'management.central',
    'hr.ala',
    'auditor',
    'registrar',
    'ib.admin2',
    'is.admin',
  ]) {
    const user = users.find((candidate) => candidate.login === login);
    if (user) console.log(`  ${login.padEnd(20)} [${user.password}]  ${user.roles.join(', ')}`);
  }
}

function report(stack: Stack, results: readonly Result[], readyMs: number, version: string) {
  return {
    cases: results.flatMap(({ case: ended }) =>
      ended
        ? [
            {
              process: ended.process,
              number: ended.number,
              outcome: ended.outcome,
              clocks: ended.clocks.map(({ rule, startedAt: from, targetAt, dueAt, stoppedAt, kept }) => ({
                rule,
                startedAt: from,
                targetAt,
                dueAt,
                stoppedAt,
                kept,
              })),
            },
          ]
        : [],
    ),
    faults: results.flatMap(({ scenario, faults }) => faults.map((fault) => `${scenario.file}: ${fault}`)),
    engine: { version },
    timings: {
      components: stack.timings,
      readyMs: Math.round(readyMs),
      totalMs: Math.round(performance.now() - startedAt),
    },
  };
}

await stayUp(async (running) => {
  const { stack, results, readyMs } = await start(running);
  const engine = createEngine(loadSettings(stack.env));
  const { version } = await engine.topology();
  await engine.close();
  printTable(results);
  const failed = results.some(({ faults }) => faults.length > 0);
  if (values.report)
    writeFileSync(values.report, `${JSON.stringify(report(stack, results, readyMs, version), null, 2)}\n`);
  if (values.exports) await exportAll(stack, results, values.exports);
  if (values.exit) {
    await stack.stop();
    console.log(failed ? '\nNot every case ended as its file says.' : '\nEvery case ended as its file says.');
    process.exit(failed ? 1 : 0);
  }
  printLinks(stack, results);
  console.log('\nThe stack stays up. Ctrl-C stops it.');
  return stack;
});
