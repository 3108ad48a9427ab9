import type { z } from 'zod';
import { PermanentError, RetryableError } from '../../core/errors.js';
import { httpsAddress, retryAfter } from '../http.js';
import { stopped } from '../retry.js';
import { scimError } from './contract.js';

export interface TransportOptions {
  /** Base address of the SCIM service, for example https://skud.example/scim/v2 */
  url: string;
  token: string;
  fetch: typeof fetch;
  /** Longest wait for a whole answer, in milliseconds. */
  answerMs: number;
}

export interface SkudRequest {
  /** Said in errors: a name of ours, no address and no value. */
  operation: string;
  method: 'GET' | 'POST' | 'PATCH';
  /** Below the base address. Holds ids of SKUD's, nothing of a person. */
  path: string;
  json?: unknown;
  /** The change is made only to this version. */
  ifMatch?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface SkudAnswer {
  status: number;
  /** Null where there is none (204), or where it is no JSON. */
  json: unknown;
  /** Code of a SCIM error. Its sentence isn't read: it may hold a personal value. */
  scimType: string | null;
}

const scimTypes = ['application/scim+json', 'application/json'];
const largestBytes = 32 * 1024 * 1024;

/**
 * Sends a request once. @throws RetryableError for 408, 425, 429, 5xx, silence, a broken line, and an answer that is no JSON (a proxy's
 * page); PermanentError for 401. Any other status is answered.
 */
export function createTransport(options: TransportOptions): (request: SkudRequest) => Promise<SkudAnswer> {
  const base = httpsAddress(options.url, 'SKUD_URL');
  return async ({ operation, method, path, json, ifMatch, signal }) => {
    if (signal?.aborted) throw stopped(signal.reason);
    const limit = AbortSignal.timeout(options.answerMs);
    let response: Response;
    let text: string;
    try {
      response = await options.fetch(`${base}${path}`, {
        method,
        headers: {
          accept: scimTypes.join(', '),
          authorization: `Bearer ${options.token}`,
          ...(json === undefined ? {} : { 'content-type': 'application/scim+json' }),
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        body: json === undefined ? null : JSON.stringify(json),
        // Neither the token nor a name goes to anybody but the configured address.
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      text = await textOf(response, operation);
    } catch (cause) {
      if (cause instanceof PermanentError) throw cause;
      if (signal?.aborted) throw stopped(cause);
      const what = limit.aborted ? 'kept silent for too long' : 'broke off';
      throw new RetryableError(`SKUD ${what} (${operation})`, { cause });
    }
    const { status } = response;
    if (status >= 500 || [408, 425, 429].includes(status))
      throw new RetryableError(`SKUD answers ${status} (${operation})`, { afterMs: retryAfter(response) });
    if (status === 401)
      throw new PermanentError(`SKUD refuses the sign-in (${operation}): SKUD_TOKEN is not what it knows`, {
        field: 'SKUD_TOKEN',
      });
    const answered = status === 204 ? null : parsed(response, text);
    if (status < 300 && status !== 204 && answered === null)
      throw new RetryableError(`SKUD answers with something else than JSON (${operation})`);
    return { status, json: answered, scimType: scimError.safeParse(answered).data?.scimType ?? null };
  };
}

async function textOf(response: Response, operation: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > largestBytes)
      throw new PermanentError(`SKUD's answer is larger than ${largestBytes} bytes (${operation})`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(response: Response, text: string): unknown {
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!scimTypes.includes(type)) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What an answer has to hold. @throws PermanentError that names the field, never its value. */
export function readAnswer<T extends z.ZodType>({ json }: SkudAnswer, schema: T, operation: string): z.output<T> {
  const found = schema.safeParse(json);
  if (found.success) return found.data;
  const paths = found.error.issues.map((issue) => issue.path.join('.') || '(whole)');
  const field = [...new Set(paths)].slice(0, 5).join(', ');
  throw new PermanentError(`SKUD's answer breaks the contract (${operation}): ${field} is missing or wrong`, { field });
}
