/**
 * `npm run fuzz -- [--requests 20000] [--seed 1] [--only 'auditor,nobody']`: Schemathesis (by pip, the first time) sends requests made from our OpenAPI
 * document, right and wrong ones, to the API on a MongoDB of its own, so many as each kind of caller of the table of rights, with the numbers
 * and ids of cases that are there. Exit code 1 for a server error, an answer that the document doesn't know, wrong input that was taken, or an
 * access that the table denies. What it says of each caller lies in `.merzim/log/fuzz/`.
 *
 * One caller may send a million requests a minute here (`REQUESTS_PER_MINUTE`, `INTAKE_PER_MINUTE`); the limits on guessing a code stay.
 */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject } from '../config/index.js';
import { createKeyRing } from '../core/evidence/key-ring.js';
import { createSealLog } from '../core/evidence/seal-log.js';
import { createSealer } from '../core/evidence/sealer.js';
import { ApiSite } from '../test/helpers/api-site.js';
import { startMongodWithUsers } from '../test/helpers/mongod.js';
import { callerNames, prepareColumns, type Column } from '../test/helpers/rights-cases.js';
import { withKnownIds } from './fuzz/document.js';
import { installSchemathesis, runSchemathesis } from './fuzz/schemathesis.js';
import { createTable } from './fuzz/table.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const wanted = Number(values.requests);
const names = callerNames.filter((name) => !values.only || values.only.split(',').includes(name));

await installSchemathesis();
const mongod = await startMongodWithUsers();
process.env.MERZIM_TEST_MONGODB_URI = mongod.adminUri;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void mongod.stop().finally(() => process.exit(130)));
const limits = { REQUESTS_PER_MINUTE: '1000000', INTAKE_PER_MINUTE: '1000000' };
const site = await ApiSite.start(limits);
const folder = await mkdtemp(path.join(tmpdir(), 'merzim-fuzz-'));
const stopping = new AbortController();
const sealing = startSealer();
const denied = new Map<string, number>();
const faults: string[] = [];
let requests = 0;
try {
  const columns = await prepareColumns(site);
  const table = createTable(site.app, columns);
  const answers = new Map<string, Map<number, number>>();
  const url = await site.listen();
  site.app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const caller = String(request.headers['x-fuzz-caller']);
    response.once('finish', () => {
      requests += 1;
      const { statusCode: status } = response;
      const counted = answers.get(caller) ?? new Map<number, number>();
      answers.set(caller, counted.set(status, (counted.get(status) ?? 0) + 1));
      const found = table.denied({ caller, method: request.method ?? '', url: request.url ?? '', status });
      if (found) denied.set(found, (denied.get(found) ?? 0) + 1);
    });
  });
  const operations = Object.values((site.app.swagger() as { paths: Record<string, object> }).paths).flatMap((methods) =>
    Object.keys(methods),
  ).length;
  const sent = (name: string): number =>
    [...(answers.get(name)?.values() ?? [])].reduce((sum, times) => sum + times, 0);
  for (const [index, name] of names.entries()) {
    const own = columns.filter(({ caller }) => caller === name);
    let clean = true;
    for (let round = 0; clean && sent(name) < wanted; round += 1) {
      const document = path.join(folder, 'openapi.json');
      writeFileSync(document, JSON.stringify(withKnownIds(site.app.swagger() as never, own)));
      const log = inProject('.merzim', 'log', 'fuzz', `${round}-${name.replaceAll(' ', '-')}.log`);
      clean = await runSchemathesis({
        ...{ document, url, log, headers: { 'X-Fuzz-Caller': name, ...(await headersOf(own[0]!)) } },
        // In rounds, each with a session of its own.
        examples: Math.min(100, Math.max(2, Math.ceil((wanted - sent(name)) / operations))),
        // Each boundary of each schema once, as every kind of caller in turn; the rest by chance.
        phases: round === 0 && index % 6 === 0 ? 'examples,coverage,fuzzing' : 'examples,fuzzing',
        seed: Number(values.seed) + 1000 * round,
      });
      if (!clean) faults.push(`${name}: ${log}`);
      await Promise.all(own.map(({ subject }) => subject.restore()));
    }
    const statuses = [...(answers.get(name) ?? [])]
      .sort(([a], [b]) => a - b)
      .map(([status, times]) => `${status}: ${times}`);
    console.log(`${name}: ${sent(name)} requests, ${clean ? 'nothing found' : 'FAULTS'} (${statuses.join(', ')})`);
  }
} finally {
  stopping.abort();
  await sealing;
  await site.stop();
  await mongod.stop();
  await rm(folder, { recursive: true, force: true });
}
for (const [found, times] of denied) faults.push(`${found}, ${times} times`);
console.log(
  `\n${requests} requests, seed ${values.seed}: ${faults.length === 0 ? 'nothing found' : `\n${faults.join('\n')}`}`,
);
process.exit(faults.length === 0 ? 0 : 1);

/** An export needs a sealer that answers. */
async function startSealer(): Promise<void> {
  const { database } = site.services;
  const { privateKey } = generateKeyPairSync('ed25519');
  const { origin } = site.services.settings.evidence;
  const log = createSealLog({ database });
  await createKeyRing({ database }).publish(origin, privateKey);
  const publish = (): Promise<void> => Promise.resolve();
  await createSealer({ database, log, privateKey, origin, publish }).run(stopping.signal);
}

/** How a caller comes: with a session, a token, a code, or nothing. */
async function headersOf({ caller, code, again }: Column): Promise<Record<string, string>> {
  const by = await again();
  const sent = { ...by.credentials };
  return caller.startsWith('applicant') && code !== null ? { ...sent, 'X-Access-Code': code } : sent;
}
