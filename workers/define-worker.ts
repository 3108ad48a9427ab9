import type { z } from 'zod';
import type { Tx } from '../core/database.js';
import type { Services } from '../core/services.js';
import type { Engine } from './engine.js';

/** What a worker is told of its job, beside its input. Engine keys are strings. */
export interface Job {
  key: string;
  type: string;
  /** Id of the process in the diagram, e.g. `document-request`. */
  processId: string;
  processInstanceKey: string;
  elementId: string;
  /** Names this pass through the task; with {@link epoch} and type it names what the job may do once. */
  elementInstanceKey: string;
  /** Which engine issued the keys: a wiped engine issues them anew. */
  epoch: string;
  /** Attempts that are left, this one included. */
  retries: number;
  caseId: string | null;
  caseNumber: string | null;
}

export interface ReachContext<I> {
  input: I;
  job: Job;
  services: Services;
  engine: Engine;
  /**
   * Says that the work goes on: gives the job its time anew (at most one command in a third of that time). Throws when the job is
   * gone, so that nothing more is done for it. Without it the signal is aborted when the job's time is up.
   */
  heartbeat: () => Promise<void>;
  /** Aborted when the job's time is up, the job is gone, or the process has to end. Hand it to every outside call. */
  signal: AbortSignal;
}

export interface RunContext<I, R> {
  input: I;
  job: Job;
  tx: Tx;
  services: Services;
  /** What {@link Worker.reach} returned. */
  reached: R;
}

/** One job type: the one source for the runtime, the Modeler's element template, the reference page and the guards. */
export interface Worker<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodObject = z.ZodObject,
  E extends string = string,
  R = unknown,
> {
  /** `<process>.<verb-object>`, or `<noun>.<verb>` for a step that processes share. */
  type: string;
  /** A verb and its object, in English; with the Russian term of the act. */
  title: string;
  titleRu: string;
  /** Items of the act that the step carries out, e.g. `R5`. */
  act?: string;
  description?: string;
  /** The variables that are fetched: these and no others. An unknown one is refused. */
  input: I;
  /** Flat facts that the diagram's output mapping may place: strings that are codes, ids or moments, numbers, flags, null, lists of codes. */
  output: O;
  /** Whether it listens to an element (`zeebe:executionListener`) in place of being a task: it is no step of the case's way. */
  listener?: boolean;
  /** Codes of the BPMN errors that it may throw as `BusinessError`. */
  errors: readonly E[];
  /** Milliseconds that the engine leaves it before another worker gets the job. */
  timeoutMs: number;
  /** Jobs that one process works on at the same time. */
  maxJobs: number;
  /**
   * Outside calls, before and outside of the transaction: they may be repeated, so each looks before it creates. A declared
   * `BusinessError` thrown here is the outcome of the job.
   */
  reach?(context: ReachContext<z.output<I>>): Promise<R>;
  /**
   * Writes everything in one transaction, together with the trail and the remembered result; it may run several times, so it has no
   * effect outside of `tx`. A declared `BusinessError` is an outcome like a result: what was written before it stays, and it is
   * remembered; so check first and write after. Any other error leaves nothing.
   */
  run(context: RunContext<z.output<I>, R>): Promise<z.input<O>>;
}

/** A worker of any input and output, as registries and guards hold it. */
export type AnyWorker = Worker<z.ZodObject, z.ZodObject>;

type Declaration<I extends z.ZodObject, O extends z.ZodObject, E extends string, R> = Omit<
  Worker<I, O, E, R>,
  'errors' | 'timeoutMs' | 'maxJobs'
> & {
  errors?: readonly E[];
  /** 60,000 unless given. */
  timeoutMs?: number;
  /** 8 unless given. */
  maxJobs?: number;
};

/** Declares the worker of a job type. Throws when the declaration itself is wrong, so that a process with it does not start. */
export function defineWorker<I extends z.ZodObject, O extends z.ZodObject, E extends string = never, R = undefined>(
  declaration: Declaration<I, O, E, R>,
): Worker<I, O, E, R> {
  const { type } = declaration;
  if (!/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(type))
    throw new Error(`worker ${type}: its type has to be <process>.<verb-object> or <noun>.<verb> in kebab case`);
  for (const code of declaration.errors ?? [])
    if (!/^[A-Z][A-Z0-9_]*$/.test(code))
      throw new Error(`worker ${type}: error ${code} has to be in CAPITALS_AND_UNDERSCORES`);
  return { timeoutMs: 60_000, maxJobs: 8, ...declaration, errors: declaration.errors ?? [] };
}
