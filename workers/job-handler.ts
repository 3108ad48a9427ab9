import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEpoch } from '../core/engine-epoch.js';
import { BusinessError, PermanentError } from '../core/errors.js';
import type { Fact, HandledJobs, JobIdentity, JobOutcome } from '../core/handled-jobs.js';
import { errorFields } from '../core/log.js';
import type { Services } from '../core/services.js';
import type { AnyWorker, Job } from './define-worker.js';
import type { Engine, EngineJob, JobAnswer } from './engine.js';
import { createJobTime, type JobTime } from './job-time.js';
import { JobGone, describeIssues, faultOf, type BackOff } from './job-fault.js';
import type { JobResult, Metrics } from './metrics.js';

export interface JobHandler {
  /** Carries out one job and answers the engine. Never throws; `interrupt` ends it when the process has to end. */
  handle(worker: AnyWorker, engineJob: EngineJob, interrupt: AbortSignal): Promise<JobResult>;
  /** Gives a job back untouched, for another worker to take at once. */
  handBack(engineJob: EngineJob): Promise<void>;
}

/** The only place that completes, fails or throws an error to the engine. */
export function createJobHandler(deps: {
  services: Services;
  engine: Engine;
  epoch: EngineEpoch;
  handledJobs: HandledJobs;
  metrics: Metrics;
  backOff?: BackOff;
}): JobHandler {
  const { services, engine, epoch, handledJobs, metrics, backOff } = deps;
  const { clock, database } = services;
  const log = services.log.child({ component: 'runtime' });

  const outcomeOf = async (worker: AnyWorker, job: Job, input: Record<string, unknown>, time: JobTime) => {
    const identity: JobIdentity = {
      epoch: job.epoch,
      jobType: job.type,
      elementInstanceKey: job.elementInstanceKey,
      caseId: job.caseId ?? '',
    };
    const remembered = await handledJobs.find(identity);
    if (remembered) return { outcome: remembered, replayed: true };
    const reached = await reach(worker, { input, job, services, engine, time });
    time.signal.throwIfAborted();
    return database.transaction({ kind: 'worker', id: worker.type }, async (tx) => {
      const before = await handledJobs.find(identity, tx);
      if (before) return { outcome: before, replayed: true };
      const outcome = await declared(worker, async () => {
        if ('error' in reached) throw reached.error;
        return checkFacts(worker, await worker.run({ input, job, tx, services, reached: reached.value }));
      });
      const place = worker.listener ? undefined : { processId: job.processId, elementId: job.elementId };
      await handledJobs.remember(tx, identity, outcome, place);
      return { outcome, replayed: false };
    });
  };

  const work = async (worker: AnyWorker, engineJob: EngineJob, interrupt: AbortSignal): Promise<JobResult> => {
    const time = createJobTime({ engine, clock, key: engineJob.key, timeoutMs: worker.timeoutMs, interrupt });
    try {
      const { input, caseId, caseNumber } = readInput(worker, engineJob.variables);
      await clock.refresh();
      const { key, type, processId, processInstanceKey, elementId, elementInstanceKey, retries } = engineJob;
      const job: Job = {
        ...{ key, type, processId, processInstanceKey, elementId, elementInstanceKey, retries, caseId, caseNumber },
        epoch: await epoch.current(),
      };
      const { outcome, replayed } = await outcomeOf(worker, job, input, time);
      const answer = await answerWith(engine, engineJob.key, outcome);
      if (answer === 'late') return 'late';
      if (replayed) return 'replayed';
      return outcome.kind === 'completed' ? 'completed' : 'error';
    } catch (error) {
      if (error instanceof JobGone) return 'late';
      if (error instanceof Unanswered) return 'unanswered';
      return await failWith(engineJob, error);
    } finally {
      time.end();
    }
  };

  const failWith = async (engineJob: EngineJob, error: unknown): Promise<JobResult> => {
    const fault = faultOf(error, engineJob.retries, backOff);
    const result = fault.retries === 0 ? 'incident' : 'retry';
    log[result === 'incident' ? 'error' : 'warn'](
      {
        ...errorFields(error),
        jobType: engineJob.type,
        jobKey: engineJob.key,
        processInstanceKey: engineJob.processInstanceKey,
        retries: fault.retries,
        waitMs: fault.backOffMs,
        reason: fault.message,
      },
      result === 'incident' ? 'job failed: an incident waits in Operate' : 'job failed: it will be tried again',
    );
    try {
      return (await engine.failJob(engineJob.key, fault)) === 'late' ? 'late' : result;
    } catch {
      return 'unanswered';
    }
  };

  return {
    handle: async (worker, engineJob, interrupt) => {
      const startedMs = clock.monotonicMs();
      metrics.jobsActive.inc({ type: worker.type });
      const result = await work(worker, engineJob, interrupt).catch((error: unknown): JobResult => {
        log.error({ ...errorFields(error), jobType: worker.type, jobKey: engineJob.key }, 'job could not be answered');
        return 'unanswered';
      });
      const durationMs = clock.monotonicMs() - startedMs;
      metrics.jobsActive.dec({ type: worker.type });
      metrics.jobs.inc({ type: worker.type, outcome: result });
      metrics.jobSeconds.observe({ type: worker.type }, durationMs / 1000);
      log.debug(
        {
          jobType: worker.type,
          jobKey: engineJob.key,
          processInstanceKey: engineJob.processInstanceKey,
          outcome: result,
          durationMs: Math.round(durationMs),
        },
        'job answered',
      );
      return result;
    },
    handBack: async (engineJob) => {
      await engine
        .failJob(engineJob.key, { retries: engineJob.retries, backOffMs: 0, message: 'the worker was stopped' })
        .catch(() => undefined);
    },
  };
}

/** The effects are there, but the engine could not be told: the job comes again and is answered with the remembered result. */
class Unanswered extends Error {}

type Reached = { value: unknown } | { error: BusinessError };

/** Runs the outside calls. One that doesn't heed its signal is left behind when its time is up; it may be repeated by declaration. */
async function reach(
  worker: AnyWorker,
  { time, ...context }: { input: Record<string, unknown>; job: Job; services: Services; engine: Engine; time: JobTime },
): Promise<Reached> {
  if (!worker.reach) return { value: undefined };
  const { signal, heartbeat } = time;
  const calls = worker.reach({ ...context, heartbeat, signal });
  calls.catch(() => undefined);
  try {
    return { value: await Promise.race([calls, time.aborted]) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof BusinessError && worker.errors.includes(error.code)) return { error };
    throw error;
  }
}

/** The outcome of a step: its facts, or the BPMN error that it declares. Any other error is thrown on. */
async function declared(worker: AnyWorker, step: () => Promise<Record<string, Fact>>): Promise<JobOutcome> {
  try {
    return { kind: 'completed', facts: await step() };
  } catch (error) {
    if (error instanceof BusinessError && worker.errors.includes(error.code))
      return { kind: 'error', code: error.code };
    throw error;
  }
}

/** Tells the engine; a short outage is waited out, a longer one leaves the answer to the job's next delivery. */
async function answerWith(engine: Engine, key: string, outcome: JobOutcome): Promise<JobAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return outcome.kind === 'completed'
        ? await engine.completeJob(key, outcome.facts)
        : await engine.throwError(key, outcome.code);
    } catch (error) {
      if (error instanceof PermanentError) throw error;
      if (attempt >= 3) throw new Unanswered();
      await sleep(500 * attempt);
    }
  }
}

/** The names that a worker's jobs are fetched with. Never empty: to the engine an empty list means all variables. */
export function fetchedVariables(worker: AnyWorker): string[] {
  return [...new Set(['caseId', 'caseNumber', ...Object.keys(worker.input.shape)])];
}

function readInput(
  worker: AnyWorker,
  variables: Record<string, unknown>,
): { input: Record<string, unknown>; caseId: string | null; caseNumber: string | null } {
  const declaredNames = new Set(Object.keys(worker.input.shape));
  const given = Object.fromEntries(
    Object.entries(variables).filter(
      ([name]) => declaredNames.has(name) || (name !== 'caseId' && name !== 'caseNumber'),
    ),
  );
  const parsed = worker.input.strict().safeParse(given);
  if (!parsed.success)
    throw new PermanentError(`input of ${worker.type} is wrong: ${describeIssues(parsed.error.issues)}`);
  const { caseId, caseNumber } = variables;
  return {
    input: parsed.data,
    caseId: typeof caseId === 'string' ? caseId : null,
    caseNumber: typeof caseNumber === 'string' ? caseNumber : null,
  };
}

/** What a fact's text may be: a code, an id, a moment, an address of a page. Names and sentences have letters or spaces beyond these. */
const codeLike = /^[A-Za-z0-9_.:/@+?&=%#~,-]{0,500}$/;

/** Personal data never enters the engine: only declared facts leave, and each is a plain value that can't be a person's. */
function checkFacts(worker: AnyWorker, facts: unknown): Record<string, Fact> {
  const parsed = worker.output.strict().safeParse(facts);
  if (!parsed.success)
    throw new PermanentError(`output of ${worker.type} is wrong: ${describeIssues(parsed.error.issues)}`);
  const checked: Record<string, Fact> = {};
  for (const [name, value] of Object.entries(parsed.data)) {
    if (value === undefined) continue;
    if (!isFact(value))
      throw new PermanentError(
        `output of ${worker.type} is wrong: ${name}: has to be a code, an id, a moment, a number, a flag, null or a list of codes`,
        { field: name },
      );
    checked[name] = value;
  }
  return checked;
}

function isFact(value: unknown): value is Fact {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value === 'string') return codeLike.test(value);
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && codeLike.test(entry));
}
