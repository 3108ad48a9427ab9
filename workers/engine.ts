import { setTimeout as sleep } from 'node:timers/promises';
import { Auth, Zeebe } from '@camunda8/sdk';
import type { Settings } from '../config/index.js';
import { PermanentError, RetryableError } from '../core/errors.js';
import type { MessagePayload } from '../core/outbox.js';
import { createEngineRest, type EngineRest } from './engine-rest.js';

/** A value that a process variable may hold. Moments are ISO strings with Z; keys, amounts and anything beyond 2^53 are strings. */
export type PlainValue = string | number | boolean | null | PlainValue[] | { [name: string]: PlainValue };
export type Variables = Record<string, PlainValue>;

/** A job as the engine hands it out. Keys are strings. */
export interface EngineJob {
  key: string;
  type: string;
  processInstanceKey: string;
  /** Id of the process in the diagram. */
  processId: string;
  elementId: string;
  elementInstanceKey: string;
  /** Attempts that are left, this one included. */
  retries: number;
  /** What the engine holds under the names that were asked for, unchecked. */
  variables: Record<string, unknown>;
  /** The worker's own task headers from the diagram, unchecked. */
  headers: Record<string, unknown>;
}

/** `late`: the job was no longer there (timed out and answered by another worker, cancelled); nothing changed. */
export type JobAnswer = 'accepted' | 'late';

export interface DeployedResource {
  kind: 'process' | 'decision' | 'decision-requirements' | 'form';
  id: string;
  version: number;
  key: string;
}

/**
 * All that we say to Camunda 8, by the parts of its API that 8.6 to 8.9 share: gRPC for jobs, messages and deployments, /v2 for tasks.
 * Faults that may pass are thrown as {@link RetryableError}, commands that the engine refuses as {@link EngineRefusal}.
 */
export interface Engine extends EngineRest {
  /** Version of the gateway and number of partitions. */
  topology(): Promise<{ version: string; partitions: number }>;
  /** Waits until the engine answers, asking each second; ends when `signal` is aborted (then it throws). */
  waitUntilReachable(signal?: AbortSignal): Promise<void>;
  /**
   * Takes up to `limit` jobs of a type for `timeoutMs`. Waits up to `waitMs` for the first one (long polling); an empty list
   * says that the engine answered and had none.
   */
  activateJobs(request: {
    type: string;
    worker: string;
    limit: number;
    timeoutMs: number;
    waitMs: number;
    fetchVariables: string[];
  }): Promise<EngineJob[]>;
  completeJob(key: string, variables: Variables): Promise<JobAnswer>;
  /** `retries: 0` raises an incident with `message`; otherwise the job comes again after `backOffMs` of the engine's time. */
  failJob(key: string, fault: { retries: number; backOffMs: number; message: string }): Promise<JobAnswer>;
  throwError(key: string, code: string, variables?: Variables): Promise<JobAnswer>;
  /** Gives the worker `timeoutMs` from now to answer the job. */
  extendJob(key: string, timeoutMs: number): Promise<JobAnswer>;
  /** Publishes a message; one with the same id and name that is still kept counts as published. */
  publishMessage(message: MessagePayload): Promise<'published' | 'already-published'>;
  /** Deploys all resources together or none. Unchanged ones keep their version. */
  deploy(resources: { name: string; content: Buffer }[]): Promise<DeployedResource[]>;
  /** The decision's output for these inputs, by its latest version. */
  evaluateDecision(decisionId: string, variables: Variables): Promise<PlainValue>;
  /**
   * Runs a short process to its end and returns the named variables; null when no such process (of that version) is deployed. Not repeated
   * when it fails: it might run twice.
   */
  runToEnd(request: {
    processId: string;
    version?: number;
    variables?: Variables;
    fetchVariables: string[];
    /** 10,000 unless given. */
    withinMs?: number;
  }): Promise<Record<string, unknown> | null>;
  /** Starts an instance directly. A repeat starts a second one: cases start by message instead. */
  startInstance(processId: string, variables: Variables): Promise<{ processInstanceKey: string }>;
  cancelInstance(processInstanceKey: string): Promise<JobAnswer>;
  /** Whether an instance is running, asked from the broker itself (not from what was exported). */
  isInstanceAlive(processInstanceKey: string): Promise<boolean>;
  setVariables(scopeKey: string, variables: Variables): Promise<void>;
  updateJobRetries(jobKey: string, retries: number): Promise<void>;
  close(): Promise<void>;
}

/** The engine understood a command and refused it: repeating it changes nothing. */
export class EngineRefusal extends PermanentError {
  constructor(
    readonly status: 'invalid' | 'not-found' | 'exists' | 'denied' | 'precondition',
    message: string,
  ) {
    super(message);
  }
}

/** The engine did not carry out a command; the same command may succeed later. */
export class EngineUnavailable extends RetryableError {
  constructor(
    message: string,
    /** True when it answered that it has too much to do: it is the same engine as before. */
    readonly busy: boolean,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

const status = {
  invalid: [3, 11],
  'not-found': [5],
  exists: [6],
  denied: [7],
  precondition: [9, 12],
} as const;

/** A command that isn't answered in this time is given up: a connection that swallows packets must not hold a worker for ever. */
const commandMs = 20_000;

export function createEngine(
  { engine }: Pick<Settings, 'engine'>,
  {
    retries = 3,
  }: {
    /** Attempts again after a broken connection or back-pressure; 0 leaves that to the caller. */
    retries?: number;
  } = {},
): Engine {
  const config = sdkConfiguration(engine);
  const auth = authProvider(engine, config);
  // Two clients: the SDK attaches a stream's error listeners to every call of its connection.
  const commands = new Zeebe.ZeebeGrpcClient({ config, oAuthProvider: auth });
  const polls = new Zeebe.ZeebeGrpcClient({ config, oAuthProvider: auth });
  let closed = false;

  const once = async <T>(name: string, send: () => Promise<T>, withinMs = commandMs): Promise<T> => {
    if (closed) throw new EngineUnavailable(`engine: ${name} after the connection was closed`, false);
    const deadline = new AbortController();
    try {
      return await Promise.race([
        send(),
        sleep(withinMs, undefined, { signal: deadline.signal, ref: false }).then(() => {
          throw new EngineUnavailable(`engine: ${name} was not answered within ${withinMs} ms`, false);
        }),
      ]);
    } catch (error) {
      throw fault(name, error);
    } finally {
      deadline.abort();
    }
  };
  /** For commands that may be repeated: the SDK's own repetition would repeat those that create something as well. */
  const command = async <T>(name: string, send: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(name, send);
      } catch (error) {
        if (!(error instanceof EngineUnavailable) || attempt >= retries || closed) throw error;
        await sleep(500 * 2 ** attempt * (0.5 + Math.random() / 2));
      }
    }
  };
  const answer = async (name: string, send: () => Promise<unknown>): Promise<JobAnswer> => {
    try {
      await command(name, send);
      return 'accepted';
    } catch (error) {
      if (error instanceof EngineRefusal && (error.status === 'not-found' || error.status === 'precondition'))
        return 'late';
      throw error;
    }
  };

  const topology: Engine['topology'] = async () => {
    const { gatewayVersion, partitionsCount } = await once('topology', () => commands.topology());
    return { version: gatewayVersion, partitions: partitionsCount };
  };

  return {
    ...createEngineRest({ address: engine.restAddress, headers: () => auth.getHeaders('ZEEBE') }),
    topology,
    waitUntilReachable: async (signal) => {
      for (;;) {
        signal?.throwIfAborted();
        try {
          await topology();
          return;
        } catch {
          await sleep(1_000, undefined, signal ? { signal } : {});
        }
      }
    },
    activateJobs: async ({ type, worker, limit, timeoutMs, waitMs, fetchVariables }) => {
      try {
        const jobs = await polls.activateJobs({
          type,
          worker,
          maxJobsToActivate: limit,
          timeout: timeoutMs,
          requestTimeout: waitMs,
          fetchVariable: fetchVariables,
        });
        return jobs.map((job) => ({
          key: job.key,
          type: job.type,
          processInstanceKey: job.processInstanceKey,
          processId: job.bpmnProcessId,
          elementId: job.elementId,
          elementInstanceKey: job.elementInstanceKey,
          retries: job.retries,
          variables: { ...job.variables },
          headers: { ...job.customHeaders },
        }));
      } catch (error) {
        throw fault('activate jobs', error);
      }
    },
    completeJob: (jobKey, variables) =>
      answer('complete job', () => commands.completeJob({ jobKey, variables: asSdk(variables) })),
    failJob: (jobKey, { retries, backOffMs, message }) =>
      answer('fail job', () => commands.failJob({ jobKey, retries, retryBackOff: backOffMs, errorMessage: message })),
    throwError: (jobKey, errorCode, variables = {}) =>
      answer('throw error', () =>
        commands.throwError({ jobKey, errorCode, errorMessage: errorCode, variables: asSdk(variables) }),
      ),
    extendJob: (jobKey, timeout) => answer('extend job', () => commands.updateJobTimeout({ jobKey, timeout })),
    publishMessage: async ({ name, correlationKey, messageId, variables, timeToLiveMs }) => {
      try {
        await command('publish message', () =>
          commands.publishMessage({
            name,
            correlationKey,
            messageId,
            variables: asSdk(variables),
            timeToLive: timeToLiveMs,
          }),
        );
        return 'published';
      } catch (error) {
        if (error instanceof EngineRefusal && error.status === 'exists') return 'already-published';
        throw error;
      }
    },
    deploy: async (resources) => {
      const deployed = await command('deploy', () => commands.deployResources(resources.map(asSdkResource)));
      return (deployed.deployments as Record<string, unknown>[]).flatMap(describeDeployment);
    },
    evaluateDecision: async (decisionId, variables) => {
      const evaluated = await command('evaluate decision', () =>
        commands.evaluateDecision({ decisionId, variables: asSdk(variables) }),
      );
      const { decisionOutput, failedDecisionId } = evaluated as unknown as {
        decisionOutput: string;
        failedDecisionId?: string;
      };
      if (failedDecisionId) throw new PermanentError(`decision ${failedDecisionId} could not be evaluated`);
      return JSON.parse(decisionOutput) as PlainValue;
    },
    runToEnd: async ({ processId, version = -1, variables = {}, fetchVariables, withinMs = 10_000 }) => {
      try {
        const ended = await once(
          'run process',
          () =>
            commands.createProcessInstanceWithResult({
              bpmnProcessId: processId,
              version,
              variables: asSdk(variables),
              fetchVariables,
              requestTimeout: withinMs,
            }),
          withinMs + 2_000,
        );
        return { ...(ended.variables as Record<string, unknown>) };
      } catch (error) {
        if (error instanceof EngineRefusal && error.status === 'not-found') return null;
        throw error;
      }
    },
    startInstance: async (bpmnProcessId, variables) => {
      const { processInstanceKey } = await once('start instance', () =>
        commands.createProcessInstance({ bpmnProcessId, variables: asSdk(variables) }),
      );
      return { processInstanceKey };
    },
    cancelInstance: (key) => answer('cancel instance', () => commands.cancelProcessInstance(key)),
    // Sets no variable: the broker accepts it for a running instance and knows no ended one.
    isInstanceAlive: async (elementInstanceKey) =>
      (await answer('ask for instance', () =>
        commands.setVariables({ elementInstanceKey, variables: {}, local: true }),
      )) === 'accepted',
    setVariables: (elementInstanceKey, variables) =>
      command('set variables', () => commands.setVariables({ elementInstanceKey, variables, local: false })),
    updateJobRetries: (jobKey, retries) =>
      command('update job retries', () => commands.updateJobRetries({ jobKey, retries })),
    close: async () => {
      closed = true;
      // close() of the SDK waits without a limit for a channel that never answers.
      const deadline = new AbortController();
      await Promise.race([
        Promise.allSettled([polls.close(), commands.close()]),
        sleep(3_000, undefined, { signal: deadline.signal }).catch(() => undefined),
      ]);
      deadline.abort();
    },
  };
}

/** The SDK's own type of variables leaves out null, which it sends all the same. */
type SdkVariables = Record<string, string>;
const asSdk = (variables: Variables): SdkVariables => variables as unknown as SdkVariables;

type SdkConfiguration = NonNullable<NonNullable<ConstructorParameters<typeof Zeebe.ZeebeGrpcClient>[0]>['config']>;

function sdkConfiguration(engine: Settings['engine']): SdkConfiguration {
  return {
    ZEEBE_GRPC_ADDRESS: engine.grpcAddress,
    ZEEBE_REST_ADDRESS: engine.restAddress,
    CAMUNDA_AUTH_STRATEGY: engine.authStrategy,
    CAMUNDA_TOKEN_DISK_CACHE_DISABLE: true,
    CAMUNDA_LOG_LEVEL: 'none',
    CAMUNDA_TOKEN_SCOPE: undefined,
    CAMUNDA_OAUTH_URL: engine.oauthUrl,
    CAMUNDA_ZEEBE_OAUTH_AUDIENCE: engine.audience,
    ZEEBE_CLIENT_ID: engine.clientId,
    ZEEBE_CLIENT_SECRET: engine.clientSecret,
    CAMUNDA_BASIC_AUTH_USERNAME: engine.username,
    CAMUNDA_BASIC_AUTH_PASSWORD: engine.password,
    zeebeGrpcSettings: {
      ZEEBE_CLIENT_LOG_LEVEL: 'NONE',
      ZEEBE_GRPC_CLIENT_RETRY: false,
      ZEEBE_GRPC_CLIENT_MAX_RETRIES: 0,
      ZEEBE_GRPC_CLIENT_MAX_RETRY_TIMEOUT_SECONDS: 5,
      GRPC_KEEPALIVE_TIME_MS: 60_000,
      GRPC_KEEPALIVE_TIMEOUT_MS: 20_000,
      // The gateway closes a connection that is kept alive without a call ("too many pings").
      GRPC_KEEPALIVE_PERMIT_WITHOUT_CALLS: 0,
      GRPC_MAX_RECONNECT_BACKOFF_MS: '3000',
    },
  };
}

function authProvider(engine: Settings['engine'], config: SdkConfiguration): Auth.IHeadersProvider {
  if (engine.authStrategy === 'NONE') return new Auth.NullAuthProvider();
  const options = { config } as ConstructorParameters<typeof Auth.OAuthProvider>[0];
  return engine.authStrategy === 'BASIC' ? new Auth.BasicAuthProvider(options) : new Auth.OAuthProvider(options);
}

/** Says of an error of the SDK whether it may pass. The engine's own words are kept: they name elements and variables, no persons. */
function fault(name: string, error: unknown): Error {
  if (error instanceof RetryableError || error instanceof PermanentError) return error;
  const { code, details, message } = (error ?? {}) as { code?: unknown; details?: unknown; message?: unknown };
  const words = typeof details === 'string' && details !== '' ? details : typeof message === 'string' ? message : '';
  for (const [kind, codes] of Object.entries(status) as [EngineRefusal['status'], readonly number[]][])
    if (typeof code === 'number' && codes.includes(code)) return new EngineRefusal(kind, `engine: ${name}: ${words}`);
  const busy = code === 8;
  const reason = typeof code === 'number' ? `gRPC ${code}` : 'no answer';
  return new EngineUnavailable(`engine: ${name} failed (${reason})`, busy, error);
}

function asSdkResource({
  name,
  content,
}: {
  name: string;
  content: Buffer;
}): Parameters<Zeebe.ZeebeGrpcClient['deployResources']>[0][number] {
  if (name.endsWith('.bpmn')) return { process: content, name };
  if (name.endsWith('.dmn')) return { decision: content, name };
  if (name.endsWith('.form')) return { form: content, name };
  throw new PermanentError(`${name}: only .bpmn, .dmn and .form are deployed`);
}

function describeDeployment(deployment: Record<string, unknown>): DeployedResource[] {
  const { process, decision, decisionRequirements, form } = deployment as Record<
    string,
    Record<string, string | number> | null | undefined
  >;
  const found: DeployedResource[] = [];
  const add = (kind: DeployedResource['kind'], id: unknown, version: unknown, key: unknown): void => {
    found.push({ kind, id: String(id), version: Number(version), key: String(key) });
  };
  if (process) add('process', process['bpmnProcessId'], process['version'], process['processDefinitionKey']);
  if (decision) add('decision', decision['dmnDecisionId'], decision['version'], decision['decisionKey']);
  if (decisionRequirements)
    add(
      'decision-requirements',
      decisionRequirements['dmnDecisionRequirementsId'],
      decisionRequirements['version'],
      decisionRequirements['decisionRequirementsKey'],
    );
  if (form) add('form', form['formId'], form['version'], form['formKey']);
  return found;
}
