/** The sweeping process of account-sweep.ts: reads all pages once for comparison, says so, waits for a line, looks at all accounts of the day, says what was done. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { parseSettings } from '../../config/schema.js';
import { skudClient } from '../../connectors/skud/index.js';
import { unusedBefore } from '../../core/access-request/account-sweeps.js';
import { composeServices } from '../../core/compose.js';
import { blockUnusedAccounts } from '../../workers/access-request/block-unused-accounts.js';
import type { Job } from '../../workers/define-worker.js';

export interface SweepDone {
  /** Accounts that the database knows after it. */
  seen: number;
  blocked: number;
  steps: number;
  seconds: number;
  /** What only reading the same pages took. */
  plainSeconds: number;
}

const inactiveDays = 30;
const nowhere = 'http://127.0.0.1:1';
const database = `bench_accounts_${randomBytes(4).toString('hex')}`;
const services = await composeServices(
  parseSettings({
    ...{
      MONGODB_URI: process.env.MONGODB_URI,
      MONGODB_DATABASE: database,
      MONGODB_TRAIL_DATABASE: `${database}_trail`,
    },
    ...{ SKUD_URL: process.env.SKUD_URL, SKUD_TOKEN: process.env.SKUD_TOKEN, SKUD_EVENTS_SECRET: 'x'.repeat(32) },
    ...{ ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1', ZEEBE_REST_ADDRESS: nowhere, TASKLIST_URL: nowhere },
    ...{ OPERATE_URL: nowhere, SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'bench@bench.invalid', OIDC_ISSUER: nowhere },
    ...{ OIDC_CLIENT_ID: 'bench', OIDC_CLIENT_SECRET: 'bench', NIT_URL: nowhere, NIT_CLIENT_ID: 'bench' },
    ...{ NIT_CLIENT_SECRET: 'bench', MASTER_KEY: randomBytes(32).toString('base64'), SESSION_SECRET: 'x'.repeat(32) },
    ...{ PUBLIC_URL: nowhere, ORGANISATION: 'demo', LOG_LEVEL: 'silent' },
  }),
  'bench',
);
const { clock, organisation } = services;
const job: Job = {
  ...{ key: '1', type: blockUnusedAccounts.type, processId: 'account-inactivity', processInstanceKey: '1' },
  ...{ elementId: 'ServiceTask_BlockUnusedAccounts', elementInstanceKey: '1', epoch: 'bench', retries: 5 },
  ...{ caseId: null, caseNumber: null },
};
const context = { input: { inactiveDays }, job, services };

let done: SweepDone;
try {
  const plainSeconds = await timed(readPlainly);
  console.log('ready');
  await once(process.stdin, 'data');
  let steps = 0;
  const seconds = await timed(async () => {
    do steps += 1;
    while (!(await step()));
  });
  const accounts = services.database.connection.collection('accounts');
  const [seen, blocked] = await Promise.all([accounts.countDocuments(), accounts.countDocuments({ state: 'blocked' })]);
  done = { seen, blocked, steps, seconds, plainSeconds };
} finally {
  // Before the last line: whoever reads it ends this process.
  await services.database.connection.dropDatabase();
  await services.database.trail.dropDatabase();
  await services.database.close();
  process.stdin.destroy();
}
console.log(JSON.stringify(done));

/** One job: its calls, then its transaction, as the runtime does it. True when all accounts were seen. */
async function step(): Promise<boolean> {
  const { signal } = new AbortController();
  const heartbeat = (): Promise<void> => Promise.resolve();
  const reached = await blockUnusedAccounts.reach!({ ...context, engine: undefined as never, heartbeat, signal });
  return services.database.transaction({ kind: 'worker', id: job.type }, async (tx) => {
    const { sweepDone } = await blockUnusedAccounts.run({ ...context, tx, reached });
    return sweepDone;
  });
}

async function readPlainly(): Promise<void> {
  const { before } = unusedBefore(clock.legalNow(), inactiveDays, organisation.timeZone);
  const filter = { active: true, notSignedInSince: before };
  let read = 0;
  for await (const page of skudClient(services.settings.skud).accountPages({ filter, pageSize: 100 }))
    read += page.accounts.length;
  if (read === 0) throw new Error('SKUD named no account');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startMs = clock.monotonicMs();
  await work();
  return Number(((clock.monotonicMs() - startMs) / 1000).toFixed(1));
}
