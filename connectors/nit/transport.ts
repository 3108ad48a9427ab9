import { performance } from 'node:perf_hooks';
import type { z } from 'zod';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { tokenAnswer } from './contract.js';
import { httpsAddress, retryAfter } from '../http.js';
import { stopped } from '../retry.js';

export interface TransportOptions {
  /** Base address of the export service, for example https://exports.nit.example */
  url: string;
  clientId: string;
  clientSecret: string;
  fetch: typeof fetch;
  /** Longest wait for an answer to begin, in milliseconds. */
  answerMs: number;
  /** Longest silence in the middle of an answer, in milliseconds. */
  silenceMs: number;
}

export interface NitRequest {
  /** Said in errors: a name of ours, no address. */
  operation: string;
  method: 'GET' | 'POST';
  path: string;
  json?: unknown;
  accept: string;
  signal?: AbortSignal;
}

/** An answer whose body is still to come. `body` ends the connection when it is not read to its end. */
export interface NitAnswer {
  status: number;
  type: string;
  /** Throws RetryableError when the body breaks off, falls silent for too long, or the caller's signal says stop. */
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

export interface Transport {
  /** Sends once, signed in. 401 (once, with a new token), 408, 425, 429 and 5xx are dealt with here; any other status is answered. */
  send(request: NitRequest): Promise<NitAnswer>;
}

const largestJsonBytes = 16 * 1024 * 1024;
/** A token is renewed this long before it ends, so that it doesn't end under way. */
const renewBeforeMs = 5_000;

export function createTransport(options: TransportOptions): Transport {
  const base = httpsAddress(options.url, 'NIT_URL');
  let token: { value: string; until: number } | null = null;
  let renewing: Promise<string> | null = null;

  async function send(request: NitRequest): Promise<NitAnswer> {
    const used = await currentToken();
    const answer = await once(request, { authorization: `Bearer ${used}` });
    if (answer.status !== 401) return passing(request.operation, answer);
    answer.discard();
    if (token?.value === used) token = null;
    const again = await once(request, { authorization: `Bearer ${await currentToken()}` });
    if (again.status !== 401) return passing(request.operation, again);
    again.discard();
    throw new RetryableError(`NIT refuses the token that it has just issued (${request.operation})`);
  }

  /** Whoever comes while a token is fetched waits for that one. The signal of one caller must not end it for the others. */
  async function currentToken(): Promise<string> {
    if (token && token.until > performance.now()) return token.value;
    renewing ??= signIn().finally(() => (renewing = null));
    return renewing;
  }

  async function signIn(): Promise<string> {
    const askedAt = performance.now();
    const credentials = `${encodeURIComponent(options.clientId)}:${encodeURIComponent(options.clientSecret)}`;
    const request: NitRequest = {
      operation: 'sign-in',
      method: 'POST',
      path: '/oauth2/token',
      accept: 'application/json',
    };
    const answer = passing(
      'sign-in',
      await once(request, {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      }),
    );
    if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
      answer.discard();
      throw new PermanentError('NIT refuses the sign-in: NIT_CLIENT_ID or NIT_CLIENT_SECRET is not what it knows', {
        field: 'NIT_CLIENT_ID',
      });
    }
    const issued = await readJson(answer, tokenAnswer, 'sign-in', [200]);
    const lifeMs = (issued.expires_in ?? 60) * 1000;
    // Of a very short life half is used: renewing before the start would ask for a token with every request.
    const until = askedAt + lifeMs - Math.min(renewBeforeMs, lifeMs / 2);
    token = { value: issued.access_token, until };
    return issued.access_token;
  }

  async function once(request: NitRequest, headers: Record<string, string>): Promise<NitAnswer> {
    const { operation, signal } = request;
    if (signal?.aborted) throw stopped(signal.reason);
    const ending = new AbortController();
    const stop = () => ending.abort();
    signal?.addEventListener('abort', stop, { once: true });
    let timedOut = false;
    const arm = (ms: number) =>
      setTimeout(() => {
        timedOut = true;
        ending.abort();
      }, ms);
    let timer = arm(options.answerMs);
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    const fault = (cause: unknown): RetryableError => {
      if (signal?.aborted) return stopped(cause);
      return new RetryableError(`NIT ${timedOut ? 'kept silent for too long' : 'broke off'} (${operation})`, { cause });
    };

    let response: Response;
    try {
      response = await options.fetch(`${base}${request.path}`, {
        method: request.method,
        headers: {
          accept: request.accept,
          ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body(request),
        // A token or the facts of an appeal go to nobody but the configured address.
        redirect: 'error',
        signal: ending.signal,
      });
    } catch (cause) {
      end();
      throw fault(cause);
    }

    async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          // The silence that counts is the sender's: while the chunk is dealt with, no timer runs.
          clearTimeout(timer);
          yield chunk;
          timer = arm(options.silenceMs);
        }
      } catch (cause) {
        throw fault(cause);
      } finally {
        end();
        ending.abort();
      }
    }
    clearTimeout(timer);
    timer = arm(options.silenceMs);
    const discard = () => {
      end();
      ending.abort();
    };
    const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    return Object.assign({ status: response.status, type, body: read(), discard }, { afterMs: retryAfter(response) });
  }

  return { send };
}

/** Throws for the statuses that mean: not now. */
function passing(operation: string, answer: NitAnswer & { afterMs?: number }): NitAnswer {
  const { status } = answer;
  if (status < 500 && ![408, 425, 429].includes(status)) return answer;
  answer.discard();
  throw new RetryableError(`NIT answers ${status} (${operation})`, { afterMs: answer.afterMs });
}

function body(request: NitRequest): string | undefined {
  if (request.operation === 'sign-in') return 'grant_type=client_credentials';
  return request.json === undefined ? undefined : JSON.stringify(request.json);
}

/**
 * Reads a JSON answer with one of the expected statuses. RetryableError when it isn't JSON (a proxy's page, as a rule) or breaks off;
 * PermanentError when it is JSON that breaks the contract, naming the field.
 */
export async function readJson<T extends z.ZodType>(
  answer: NitAnswer,
  schema: T,
  operation: string,
  statuses: number[],
): Promise<z.infer<T>> {
  if (!statuses.includes(answer.status)) {
    answer.discard();
    throw new PermanentError(`NIT answers ${answer.status}, which the contract does not have (${operation})`);
  }
  if (answer.type !== 'application/json') {
    answer.discard();
    throw new RetryableError(`NIT answers with something else than JSON (${operation})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(await text(answer, operation));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new RetryableError(`NIT answers with broken JSON (${operation})`);
    throw cause;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || '(whole)');
  const field = [...new Set(paths)].slice(0, 5).join(', ');
  throw new PermanentError(`NIT's answer breaks the contract (${operation}): ${field} is missing or wrong`, { field });
}

async function text(answer: NitAnswer, operation: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > largestJsonBytes)
      throw new PermanentError(`NIT's answer is larger than ${largestJsonBytes} bytes (${operation})`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
