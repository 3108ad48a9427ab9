import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import {
  exportCreated,
  exportsFound,
  exportStatus,
  problem,
  type ExportRequest,
  type ExportState,
  type ExtractScope,
  type Manifest,
  type PartManifest,
} from './contract.js';
import { verifiedPart, type Seen } from './part-stream.js';
import { retrying, type RetryOptions } from '../retry.js';
import { createTransport, readJson, type NitAnswer } from './transport.js';

export interface NitSettings {
  url: string;
  clientId: string;
  clientSecret: string;
}

export interface NitClientOptions {
  fetch?: typeof fetch;
  /** Longest wait for an answer to begin, in milliseconds. */
  answerMs?: number;
  /** Longest silence in the middle of an answer, in milliseconds. */
  silenceMs?: number;
  retry?: Partial<RetryOptions>;
}

export type NitExport =
  | { exportId: string; state: 'pending'; /** How long NIT asks to wait, in milliseconds. */ pollAfterMs: number }
  | { exportId: string; state: 'ready'; manifest: Manifest }
  | { exportId: string; state: 'failed' | 'refused'; reasonCode: string };

export interface NitClient {
  /**
   * Asks for an export, or finds the one that the same key already has: safe to repeat after any fault. Looks before it creates, and
   * looks again after an answer that was lost. BusinessError NIT_REFUSED; PermanentError when NIT finds the request wrong.
   */
  requestExport(request: ExportRequest, signal?: AbortSignal): Promise<{ exportId: string; state: ExportState }>;
  /** The export of a key, or null. */
  findByKey(idempotencyKey: string, signal?: AbortSignal): Promise<{ exportId: string; state: ExportState } | null>;
  /** Where an export stands. One that NIT no longer has is `failed` for the reason `gone`. */
  status(exportId: string, signal?: AbortSignal): Promise<NitExport>;
  /**
   * One part, verified while it streams (see verifiedPart for the errors), in constant memory. One attempt: who stores it must
   * throw away what it has when the iteration fails, and may then begin again.
   */
  downloadPart(
    exportId: string,
    part: PartManifest,
    scope: ExtractScope,
    options?: { signal?: AbortSignal; seen?: Seen },
  ): AsyncIterable<Uint8Array>;
  /** How faults that may pass are repeated here. */
  readonly retry: RetryOptions;
}

const defaultPollMs = 5_000;

/** A client of the export service. Holds an access token and nothing else. PermanentError when the address is no https. */
export function createNitClient(settings: NitSettings, options: NitClientOptions = {}): NitClient {
  const transport = createTransport({
    ...settings,
    fetch: options.fetch ?? fetch,
    answerMs: options.answerMs ?? 30_000,
    silenceMs: options.silenceMs ?? 30_000,
  });
  const retry: RetryOptions = { attempts: 4, baseMs: 500, maxWaitMs: 15_000, ...options.retry };

  return {
    retry,

    requestExport(request, signal) {
      return retrying(
        async () => (await find(request.idempotencyKey, signal)) ?? create(request, signal),
        retry,
        signal,
      );
    },

    findByKey(idempotencyKey, signal) {
      return retrying(() => find(idempotencyKey, signal), retry, signal);
    },

    status(exportId, signal) {
      return retrying(() => status(exportId, signal), retry, signal);
    },

    async *downloadPart(exportId, part, scope, { signal, seen } = {}) {
      const operation = `part ${part.number}`;
      const path = `/v1/exports/${encodeURIComponent(exportId)}/parts/${part.number}`;
      const answer = await transport.send({ operation, method: 'GET', path, accept: 'application/x-ndjson', signal });
      if (answer.status === 404 || answer.status === 410) {
        answer.discard();
        throw new BusinessError('NIT_MANIFEST_MISMATCH', `NIT does not have part ${part.number} of its own manifest`);
      }
      if (answer.status !== 200 || answer.type !== 'application/x-ndjson') {
        answer.discard();
        throw unexpected(answer, operation);
      }
      yield* verifiedPart(answer.body, part, scope, seen);
    },
  };

  async function find(key: string, signal?: AbortSignal) {
    const path = `/v1/exports?${new URLSearchParams({ idempotencyKey: key })}`;
    const answer = await transport.send({ operation: 'find', method: 'GET', path, accept: 'application/json', signal });
    return (await readJson(answer, exportsFound, 'find', [200])).exports[0] ?? null;
  }

  async function create(request: ExportRequest, signal?: AbortSignal) {
    const { idempotencyKey, system, facts, subjects, period } = request;
    const answer = await transport.send({
      operation: 'create',
      method: 'POST',
      path: '/v1/exports',
      json: {
        idempotencyKey,
        system,
        facts,
        subjects,
        periodFrom: period.from.toISOString(),
        periodTo: period.to.toISOString(),
      },
      accept: 'application/json',
      signal,
    });
    if (answer.status >= 400) throw await refusal(answer);
    return readJson(answer, exportCreated, 'create', [200, 201, 202]);
  }

  async function status(exportId: string, signal?: AbortSignal): Promise<NitExport> {
    const answer = await transport.send({
      operation: 'status',
      method: 'GET',
      path: `/v1/exports/${encodeURIComponent(exportId)}`,
      accept: 'application/json',
      signal,
    });
    if (answer.status === 404 || answer.status === 410) {
      answer.discard();
      return { exportId, state: 'failed', reasonCode: 'gone' };
    }
    const found = await readJson(answer, exportStatus, 'status', [200]);
    if (found.exportId !== exportId) {
      throw new PermanentError("NIT's answer breaks the contract (status): exportId is another one", {
        field: 'exportId',
      });
    }
    if (found.state === 'pending') {
      const seconds = found.retryAfterSeconds;
      return { exportId, state: 'pending', pollAfterMs: seconds === undefined ? defaultPollMs : seconds * 1000 };
    }
    if (found.state !== 'ready') return { exportId, state: found.state, reasonCode: found.reasonCode ?? 'not-given' };
    if (!found.manifest) {
      throw new PermanentError("NIT's answer breaks the contract (status): manifest is missing", { field: 'manifest' });
    }
    return { exportId, state: 'ready', manifest: found.manifest };
  }
}

/** What a refused create means. Reads the problem's code alone. */
async function refusal(answer: NitAnswer): Promise<Error> {
  const { status } = answer;
  let code = 'not-given';
  if (answer.type === 'application/problem+json') {
    const parsed = await readJson({ ...answer, type: 'application/json' }, problem, 'create', [status]).catch(
      () => null,
    );
    code = parsed?.code ?? code;
  } else {
    answer.discard();
  }
  if (status === 403 && code === 'export-refused') return new BusinessError('NIT_REFUSED', 'NIT refuses the export');
  if (status === 409) {
    return new PermanentError('NIT knows this idempotencyKey with another request', { field: 'idempotencyKey' });
  }
  return new PermanentError(`NIT finds the request wrong: ${status} ${code}`);
}

function unexpected(answer: NitAnswer, operation: string): Error {
  if (answer.status === 200) return new RetryableError(`NIT answers with something else than NDJSON (${operation})`);
  return new PermanentError(`NIT answers ${answer.status}, which the contract does not have (${operation})`);
}
