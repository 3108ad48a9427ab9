import { parse as parseLossless, stringify as stringifyLossless } from 'lossless-json';
import { PermanentError, RetryableError } from '../core/errors.js';
import type { Variables } from './engine.js';

/** A native user task as the engine's search knows it: some seconds behind the broker. */
export interface UserTask {
  key: string;
  /** `CREATED`, `COMPLETED`, `CANCELED`, ... */
  state: string;
  /** Login of who has it or, once completed, of who completed it. */
  assignee: string | null;
  elementId: string;
  elementInstanceKey: string;
  processId: string;
  processInstanceKey: string;
  candidateGroups: string[];
  createdAt: string | null;
  completedAt: string | null;
  dueAt: string | null;
  priority: number | null;
}

/** What we use of the engine's REST API: paths that 8.6 (with queries enabled) and 8.8 share. */
export interface EngineRest {
  /** User tasks that fit all given fields, at most `limit` (100). */
  userTasks(
    filter: {
      processInstanceKey?: string;
      elementId?: string;
      state?: 'CREATED' | 'COMPLETED' | 'CANCELED';
      candidateGroup?: string;
      assignee?: string;
      /** A text variable that the task can see. In 8.6's words, which later versions changed: for the demo and the tests alone. */
      variable?: { name: string; value: string };
    },
    limit?: number,
  ): Promise<UserTask[]>;
  /** Gives a task to a person, whoever has it now. False when the task is no longer there. */
  assignUserTask(key: string, login: string): Promise<boolean>;
  /** Completes a task. False when it is no longer there. */
  completeUserTask(key: string, variables: Variables): Promise<boolean>;
}

interface Search {
  items?: Record<string, unknown>[];
}

const requestMs = 20_000;

export function createEngineRest({
  address,
  headers,
}: {
  address: string;
  headers: () => Promise<Record<string, string | undefined>>;
}): EngineRest {
  const base = address.replace(/\/$/, '');
  const send = async (method: string, path: string, body: unknown): Promise<{ status: number; content: unknown }> => {
    let response: Response;
    let text: string;
    try {
      const auth = Object.entries(await headers()).filter((entry): entry is [string, string] => entry[1] !== undefined);
      response = await fetch(`${base}${path}`, {
        method,
        headers: { ...Object.fromEntries(auth), 'content-type': 'application/json', accept: 'application/json' },
        body: stringifyLossless(body) ?? '{}',
        signal: AbortSignal.timeout(requestMs),
      });
      text = await response.text();
    } catch (error) {
      throw new RetryableError(`engine: ${method} ${pattern(path)} was not answered`, { cause: error });
    }
    if (response.status >= 500 || response.status === 429 || response.status === 401 || response.status === 408)
      throw new RetryableError(`engine: ${method} ${pattern(path)} answered ${response.status}`);
    if (response.status >= 400 && response.status !== 404 && response.status !== 409)
      throw new PermanentError(`engine: ${method} ${pattern(path)} answered ${response.status}`);
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, content: isJson && text !== '' ? parseKeys(text) : null };
  };
  const search = async (
    path: string,
    filter: Record<string, unknown>,
    limit: number,
  ): Promise<Record<string, unknown>[]> => {
    const { status, content } = await send('POST', path, { filter, page: { from: 0, limit } });
    if (status >= 400)
      throw new PermanentError(
        `engine: POST ${path} answered ${status}: are queries enabled (CAMUNDA_REST_QUERY_ENABLED)?`,
      );
    return (content as Search | null)?.items ?? [];
  };
  return {
    userTasks: async ({ variable, ...filter }, limit = 100) =>
      (await search('/v2/user-tasks/search', { ...filter, ...variableFilter(variable) }, limit)).map((item) => ({
        // 8.6 says key and candidateGroup, 8.8 userTaskKey and candidateGroups.
        key: text(item['userTaskKey'] ?? item['key']) ?? '',
        state: text(item['state']) ?? '',
        assignee: text(item['assignee']),
        elementId: text(item['elementId']) ?? '',
        elementInstanceKey: text(item['elementInstanceKey']) ?? '',
        processId: text(item['processDefinitionId']) ?? '',
        processInstanceKey: text(item['processInstanceKey']) ?? '',
        candidateGroups: list(item['candidateGroups'] ?? item['candidateGroup']),
        createdAt: text(item['creationDate']),
        completedAt: text(item['completionDate']),
        dueAt: text(item['dueDate']),
        priority: typeof item['priority'] === 'number' ? item['priority'] : null,
      })),
    assignUserTask: async (key, assignee) =>
      (await send('POST', `/v2/user-tasks/${key}/assignment`, { assignee, allowOverride: true })).status < 400,
    completeUserTask: async (key, variables) =>
      (await send('POST', `/v2/user-tasks/${key}/completion`, { variables })).status < 400,
  };
}

/** Parses JSON so that keys are strings even where 8.6 writes them as numbers beyond 2^53. */
export function parseKeys(json: string): unknown {
  const keyField = /(^k|K)ey$/;
  return parseLossless(
    json,
    (name, value: unknown) => {
      if (!(value instanceof Digits)) return value;
      const number = Number(value.digits);
      return keyField.test(name) || (Number.isInteger(number) && !Number.isSafeInteger(number)) ? value.digits : number;
    },
    (digits) => new Digits(digits),
  );
}

class Digits {
  constructor(readonly digits: string) {}
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}

function variableFilter(variable: { name: string; value: string } | undefined): { variables?: unknown } {
  return variable ? { variables: [{ name: variable.name, value: JSON.stringify(variable.value) }] } : {};
}

/** A path without its key, so that messages and metrics stay few. */
function pattern(path: string): string {
  return path.replace(/\/\d+/g, '/{key}');
}
