import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { parseSettings } from '../../config/schema.js';
import { composeServices } from '../../core/compose.js';
import { BusinessError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Services } from '../../core/services.js';
import type { Job, Worker } from '../../workers/define-worker.js';
import { testMongodbUri } from './database.js';

/** What workers are handed, on databases of their own; no engine, and nothing listens. */
export class WorkerSite {
  private constructor(readonly services: Services) {}

  static async start(env: Record<string, string> = {}): Promise<WorkerSite> {
    const database = `test_${randomBytes(6).toString('hex')}`;
    const settings = parseSettings({
      MONGODB_URI: testMongodbUri(),
      MONGODB_DATABASE: database,
      MONGODB_TRAIL_DATABASE: `${database}_trail`,
      ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1',
      ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1',
      TASKLIST_URL: 'http://127.0.0.1:1',
      OPERATE_URL: 'http://127.0.0.1:1',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'merzim@sc.example',
      OIDC_ISSUER: 'http://127.0.0.1:1',
      OIDC_CLIENT_ID: 'merzim',
      OIDC_CLIENT_SECRET: 'secret',
      NIT_URL: 'http://127.0.0.1:1',
      NIT_CLIENT_ID: 'merzim',
      NIT_CLIENT_SECRET: 'nit-secret',
      MASTER_KEY: randomBytes(32).toString('base64'),
      SESSION_SECRET: 'x'.repeat(32),
      PUBLIC_URL: 'http://127.0.0.1:1',
      ORGANISATION: 'demo',
      LOG_LEVEL: 'silent',
      ...env,
    });
    return new WorkerSite(await composeServices(settings, 'test'));
  }

  /** Workers beside what has the services already. */
  static of(services: Services): WorkerSite {
    return new WorkerSite(services);
  }

  async stop(): Promise<void> {
    const { database } = this.services;
    await database.connection.dropDatabase();
    await database.trail.dropDatabase();
    await database.close();
  }

  /** One delivery of a job: its outside calls, then its transaction, as the runtime does it. A declared BPMN error leaves what was written. */
  async deliver<I extends z.ZodObject, O extends z.ZodObject, E extends string, R>(
    worker: Worker<I, O, E, R>,
    input: z.input<I>,
    { signal, between }: { signal?: AbortSignal | undefined; between?: () => Promise<unknown> } = {},
  ): Promise<z.output<O>> {
    const reached = await this.reach(worker, input, signal);
    await between?.();
    const { services } = this;
    const context = { input: worker.input.parse(input), job: aJob(worker.type), services };
    const outcome = await services.database.transaction({ kind: 'worker', id: worker.type }, async (tx) => {
      try {
        return worker.output.parse(await worker.run({ ...context, tx, reached }));
      } catch (error) {
        if (error instanceof BusinessError && worker.errors.includes(error.code as E)) return error;
        throw error;
      }
    });
    if (outcome instanceof BusinessError) throw outcome;
    return outcome;
  }

  /** The outside calls of a job alone, as when its process dies after them. */
  async reach<I extends z.ZodObject, O extends z.ZodObject, E extends string, R>(
    worker: Worker<I, O, E, R>,
    input: z.input<I>,
    signal = new AbortController().signal,
  ): Promise<R> {
    const context = { input: worker.input.parse(input), job: aJob(worker.type), services: this.services };
    const heartbeat = () => Promise.resolve();
    return (await worker.reach?.({ ...context, engine: undefined as never, heartbeat, signal })) as R;
  }

  /** Types of the trail's entries of a case, in order. */
  async acts(caseId: string): Promise<string[]> {
    return (await this.services.trail.list(caseId)).map(({ type }) => type);
  }
}

function aJob(type: string): Job {
  return {
    key: '1',
    type,
    processId: 'any',
    processInstanceKey: '1',
    elementId: 'ServiceTask_Any',
    elementInstanceKey: newId(),
    epoch: 'epoch',
    retries: 5,
    caseId: null,
    caseNumber: null,
  };
}
