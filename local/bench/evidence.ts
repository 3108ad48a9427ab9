/**
 * `npm run bench -- evidence [--cases 40] [--rounds 4]`: how much of the throughput of a case vault and trail cost together, sealer included. On a
 * stack of its own, the real engine with everything that a case passes (API, relay, workers, letters by SMTP), inspections are brought from the
 * complaint to their end, many at a time: in turns by the system as it is, and by the same one whose values are not sealed and whose acts are not
 * recorded (`evidence-bare.ts`), each on databases of its own. Prints one JSON object: cases a second of both, and the cost as a part of the
 * bare throughput. Exit code 1 from 15 % on.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildApp } from '../../api/app.js';
import { createSessions } from '../../api/sign-in/sessions.js';
import { loadSettings, type Settings } from '../../config/index.js';
import { systemClock } from '../../core/clock.js';
import { composeServices } from '../../core/compose.js';
import { createEngineEpoch } from '../../core/engine-epoch.js';
import { createSealLog } from '../../core/evidence/seal-log.js';
import { createSealer, createSealRequests } from '../../core/evidence/sealer.js';
import { createHandledJobs } from '../../core/handled-jobs.js';
import type { Services } from '../../core/services.js';
import { deployAll } from '../../workers/deployment.js';
import { createEngine, type Engine } from '../../workers/engine.js';
import { createMetrics } from '../../workers/metrics.js';
import { workers } from '../../workers/registry.js';
import { mailLine, noticeLine } from '../../workers/relay-lines.js';
import { createRelay, messageLine } from '../../workers/relay.js';
import { createRuntime } from '../../workers/runtime.js';
import { seedOrganisation } from '../identity/seed.js';
import { awaitForms } from '../play/deployed.js';
import { completeTask, waitFor } from '../play/tasks.js';
import { startStack } from '../stack/stack.js';
import { readLocalUsers } from '../stack/web-users.js';
import { bareTrail, bareVault } from './evidence-bare.js';

const boundPart = 0.15;
const minutes = 60_000;
const { values } = parseArgs({
  options: { cases: { type: 'string', default: '40' }, rounds: { type: 'string', default: '4' } },
});
const cases = Number(values.cases);
const rounds = Number(values.rounds);

const home = mkdtempSync(path.join(tmpdir(), 'merzim-bench-'));
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
const stack = await startStack({
  profile: 'test',
  home,
  portOffset: 5900,
  fresh: true,
  operate: false,
  signal: stopping.signal,
});
try {
  const settings = loadSettings({ ...stack.env, LOG_LEVEL: 'silent', INTAKE_PER_MINUTE: '100000' });
  const engine = createEngine(settings);
  await deployAll(engine);
  await awaitForms(stack.env['OPENSEARCH_URL']!);
  const whole = await prepare('whole', settings, engine);
  const bare = await prepare('bare', settings, engine);
  // The first of both warm everything up.
  await inTurn(whole);
  await inTurn(bare);
  const seconds = { whole: 0, bare: 0 };
  for (let round = 0; round < rounds; round += 1)
    for (const arm of round % 2 === 0 ? [whole, bare] : [bare, whole]) seconds[arm.name] += await inTurn(arm);
  const perSecond = (arm: 'whole' | 'bare'): number => (cases * rounds) / seconds[arm];
  const cost = 1 - perSecond('whole') / perSecond('bare');
  console.log(
    JSON.stringify({
      ...{ cases, rounds, wholePerSecond: rounded(perSecond('whole')), barePerSecond: rounded(perSecond('bare')) },
      ...{ cost: rounded(cost), boundPart, load: loadavg().map((load) => Number(load.toFixed(1))) },
    }),
  );
  if (cost >= boundPart) process.exitCode = 1;
  for (const arm of [whole, bare]) await arm.close();
  await engine.close();
} finally {
  await stack.stop();
  rmSync(home, { recursive: true, force: true });
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

type Arm = Awaited<ReturnType<typeof prepare>>;

/** The whole application in this process, on databases of its own. */
async function prepare(name: 'whole' | 'bare', given: Settings, engine: Engine) {
  const database = `bench_evidence_${name}`;
  const mongo = { ...given.mongo, uri: stack.adminMongodbUri!, database, trailDatabase: `${database}_trail` };
  const settings = { ...given, mongo };
  const services = await composeServices(
    settings,
    'bench',
    name === 'bare' ? { vault: bareVault, trail: bareTrail } : {},
  );
  await seedOrganisation(services);
  // Both share the engine, so no number may be given twice.
  if (name === 'bare') {
    const counters = services.database.connection.collection<{ _id: string; last: number }>('counters');
    await counters.insertOne({ _id: `INS-${services.clock.legalNow().getUTCFullYear()}`, last: 500_000 });
  }
  const app = await buildApp(services);
  await app.ready();
  const officer = readLocalUsers().find(({ login }) => login === 'iss.central')!;
  const sessions = createSessions({
    database: services.database,
    secret: settings.web.sessionSecret,
    clock: services.clock,
  });
  const person = await services.people.byLogin(officer.login);
  const token = await sessions.open({
    ...{ login: officer.login, employeeId: person!.employeeId, roles: [...person!.roles], name: officer.login },
  });
  return {
    name,
    services,
    app,
    headers: { cookie: `merzim=${token}`, 'x-csrf-token': sessions.csrfToken(token) },
    start: () => startParts(services, engine, name === 'whole'),
    engine,
    close: async () => {
      await app.close();
      await services.database.close();
    },
  };
}

/** Workers and relay, and the sealer where there is something to seal. Resolves with what stops them. */
async function startParts(services: Services, engine: Engine, seals: boolean): Promise<() => Promise<void>> {
  const { database, outbox, clock, log } = services;
  const handledJobs = createHandledJobs({ database });
  await handledJobs.init();
  const epoch = createEngineEpoch({ database, engine });
  await epoch.current();
  const metrics = createMetrics('bench');
  const runtime = createRuntime({ services, engine, epoch, handledJobs, metrics, workers });
  const lines = [messageLine(engine), mailLine(services), noticeLine(services)];
  const relay = createRelay({ outbox, clock, log, metrics, owner: () => 'bench', lines });
  const sealing = new AbortController();
  let sealed: Promise<void> = Promise.resolve();
  if (seals) {
    const sealLog = createSealLog({ database });
    for (const part of [sealLog, createSealRequests({ database, clock })]) await part.init();
    const { privateKey } = generateKeyPairSync('ed25519');
    const publish = (): Promise<void> => Promise.resolve();
    const sealer = createSealer({ database, log: sealLog, privateKey, origin: 'bench.example/trail', publish });
    sealed = sealer.run(sealing.signal);
  }
  runtime.start();
  relay.start();
  return async () => {
    await runtime.stop();
    await relay.stop();
    sealing.abort();
    await sealed;
  };
}

/** Brings so many complaints to their end; the seconds that it took. */
async function inTurn(arm: Arm): Promise<number> {
  const stop = await arm.start();
  const startMs = systemClock().monotonicMs();
  await Promise.all(Array.from({ length: cases }, () => play(arm)));
  const seconds = (systemClock().monotonicMs() - startMs) / 1000;
  await stop();
  return seconds;
}

/** From the complaint to the end: out of the act's scope, which is recorded with its reason and answered by letter. */
async function play({ app, headers, services, engine }: Arm): Promise<void> {
  const filed = await app.inject({
    ...{ method: 'POST', url: '/api/inspections' },
    payload: {
      triggerKind: 'individualApplication',
      sender: { name: 'Ахметова Айгүл Серікқызы', email: 'applicant@applicant.example' },
      facts: ['Сведения о заявителе переданы посторонним.', 'Мәлімет рұқсатсыз берілді.'],
    },
  });
  if (filed.statusCode !== 201) throw new Error(`the intake answered ${filed.statusCode}: ${filed.body}`);
  const { number } = filed.json<{ number: string }>();
  const noted = await app.inject({
    ...{ method: 'POST', url: `/api/cases/${number}/screening-reason`, headers },
    payload: { text: 'Обращение не касается персональных данных.' },
  });
  if (noted.statusCode !== 200) throw new Error(`the reason was answered by ${noted.statusCode}: ${noted.body}`);
  await completeTask(engine, {
    ...{ caseNumber: number, elementId: 'UserTask_ScreenTrigger', login: 'iss.central' },
    ...{ variables: { screeningResult: 'outOfScope' }, timeoutMs: 5 * minutes },
  });
  await waitFor(
    async () => (await services.cases.byNumber(number))?.state === 'closed',
    `the end of ${number}`,
    5 * minutes,
  );
}
