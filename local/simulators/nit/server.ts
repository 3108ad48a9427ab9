import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { constants, createGzip } from 'node:zlib';
import { Exports, type Export, type ExportOptions } from './exports.js';
import { count, Faults, readFault, type Fault, type Operation } from './faults.js';
import { Problem, readBody, readJson, sendJson, sendProblem, sleep, write } from '../http.js';
import { readAsk } from './ask.js';
import { partChunks } from './rows.js';

export interface SimulatorOptions extends ExportOptions {
  clientId: string;
  clientSecret: string;
  tokenSeconds: number;
  gzip: boolean;
}

/** One line of the request log that GET /control shows; times are milliseconds since the start. */
interface Seen {
  atMs: number;
  operation: Operation;
  status: number;
  exportId?: string;
  part?: number;
}

const logLength = 2000;

/** A server that speaks the published protocol (README.md) and misbehaves when told to. It does not listen yet. */
export function createNitSimulator(options: SimulatorOptions): Server {
  const faults = new Faults();
  const exports = new Exports();
  const tokens = new Map<string, number>();
  let seen: Seen[] = [];

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!(error instanceof Problem)) console.error(error);
      const problem = error instanceof Problem ? error : new Problem(500, 'internal', 'The simulator has a fault.');
      sendProblem(response, problem);
    });
  });
  server.on('close', () => exports.close());
  return server;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator.invalid');
    const route = `${request.method} ${url.pathname}`;
    if (route === 'GET /health') return sendJson(response, 200, { status: 'up', exports: exports.list().length });
    if (url.pathname === '/control') return control(request, response);
    if (route === 'POST /oauth2/token') return within('token', {}, response, () => issueToken(request, response));
    if (route === 'POST /v1/exports') {
      return within('create', {}, response, () => create(request, response), request);
    }
    if (route === 'GET /v1/exports') {
      return within('find', {}, response, () => find(url.searchParams.get('idempotencyKey'), response), request);
    }
    const [, exportId, part] = /^\/v1\/exports\/([^/]+)(?:\/parts\/(\d{1,9}))?$/.exec(url.pathname) ?? [];
    if (request.method === 'GET' && exportId !== undefined) {
      if (part === undefined) {
        return within('status', { exportId }, response, () => status(exportId, response), request);
      }
      const number = Number(part);
      const zipped = options.gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const run = (stall: Fault | null) => sendPart(exportId, number, response, { zipped, stall });
      return within('part', { exportId, part: number }, response, run, request);
    }
    throw new Problem(404, 'not-found', `There is no ${route}.`);
  }

  /** Logs the request, plays the faults that can strike anything, checks the token (of `signedIn`), then runs it. */
  async function within(
    operation: Operation,
    about: { exportId?: string; part?: number },
    response: ServerResponse,
    run: (stall: Fault | null) => Promise<void> | void,
    signedIn?: IncomingMessage,
  ): Promise<void> {
    const line: Seen = { atMs: performance.now(), operation, status: 0, ...about };
    seen = [...seen.slice(1 - logLength), line];
    response.on('close', () => (line.status = response.headersSent ? response.statusCode : 0));
    const slow = faults.take('slow', operation);
    const stall = slow?.afterBytes === undefined ? null : slow;
    if (slow && !stall) await sleep(slow.delayMs ?? 1000);
    // What was asked for is done, but who has gone meanwhile uses up no fault that is meant for the next one.
    if (response.closed) return run(null);
    const tooMany = faults.take('429', operation);
    if (tooMany) {
      const seconds = String(Math.ceil((tooMany.delayMs ?? 1000) / 1000));
      throw new Problem(429, 'too-many-requests', 'Come back later.', { 'retry-after': seconds });
    }
    if (faults.take('500', operation)) throw new Problem(500, 'internal', 'Something went wrong.');
    if (operation !== 'token' && faults.take('token-expires', operation)) tokens.clear();
    if (signedIn) checkToken(signedIn);
    if (faults.take('wrong-type', operation)) {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Maintenance</body></html>');
      return;
    }
    await run(stall);
  }

  async function issueToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readBody(request));
    const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ');
    const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':').map(decoded);
    const fits = scheme === 'Basic' && same(id, options.clientId) && same(secret, options.clientSecret);
    if (!fits) return sendJson(response, 401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic' });
    if (form.get('grant_type') !== 'client_credentials') {
      return sendJson(response, 400, { error: 'unsupported_grant_type' });
    }
    const token = randomBytes(24).toString('base64url');
    tokens.set(token, performance.now() + options.tokenSeconds * 1000);
    sendJson(response, 200, { access_token: token, token_type: 'Bearer', expires_in: options.tokenSeconds });
  }

  function checkToken(request: IncomingMessage): void {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const until = tokens.get(token);
    if (until !== undefined && until > performance.now()) return;
    tokens.delete(token);
    const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' };
    throw new Problem(401, 'invalid-token', 'The access token is unknown or has expired.', challenge);
  }

  async function create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ask = readAsk(await readJson(request));
    let found = exports.findByKey(ask.idempotencyKey);
    if (found && found.askHash !== Exports.hashOf(ask)) {
      throw new Problem(409, 'key-reused', 'idempotencyKey was used before with another request.');
    }
    if (!found && faults.take('refuse', 'create')) throw new Problem(403, 'export-refused', 'facts-not-sufficient');
    found ??= exports.create(ask, options, faults.takeForExport());
    if (faults.take('lost-answer', 'create')) {
      response.destroy();
      return;
    }
    const location = `/v1/exports/${found.exportId}`;
    sendJson(response, 202, { exportId: found.exportId, state: found.state }, { location });
  }

  function find(key: string | null, response: ServerResponse): void {
    if (key === null) throw new Problem(400, 'invalid', 'idempotencyKey: expected as a query parameter.');
    const found = exports.findByKey(key);
    sendJson(response, 200, { exports: found ? [{ exportId: found.exportId, state: found.state }] : [] });
  }

  function status(exportId: string, response: ServerResponse): void {
    const found = theExport(exportId);
    sendJson(response, 200, {
      exportId,
      state: found.state,
      ...(found.state === 'pending' ? { retryAfterSeconds: 1 } : {}),
      ...(found.reasonCode === undefined ? {} : { reasonCode: found.reasonCode }),
      ...(found.manifest === null ? {} : { manifest: found.manifest }),
    });
    if (found.state === 'ready' && found.faults.some(({ fault }) => fault === 'take-back'))
      Object.assign(found, { state: 'refused', reasonCode: 'facts-not-sufficient', manifest: null });
  }

  async function sendPart(
    exportId: string,
    number: number,
    response: ServerResponse,
    { zipped, stall }: { zipped: boolean; stall: Fault | null },
  ): Promise<void> {
    const found = theExport(exportId);
    const part = found.manifest?.parts.find((candidate) => candidate.number === number);
    if (!part || faults.take('missing-part', 'part'))
      throw new Problem(404, 'not-found', `There is no part ${number}.`);
    const cut = faults.take('break-half-way', 'part');
    const short = faults.take('short-part', 'part');
    const half = Math.floor(part.bytes / 2);
    const endAt = cut ? (cut.afterBytes ?? half) : short ? (short.afterBytes ?? half) : Infinity;
    let stallAt = stall?.afterBytes ?? Infinity;
    let sent = 0;

    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    });
    const zip = zipped ? createGzip({ level: 1 }) : null;
    zip?.pipe(response);
    response.on('close', () => zip?.destroy());
    const out = zip ?? response;
    for (const chunk of partChunks(found.plan, number)) {
      if (sent + chunk.length > stallAt) {
        stallAt = Infinity;
        await sleep(stall?.delayMs ?? 1000);
      }
      const whole = sent + chunk.length <= endAt;
      const piece = whole ? chunk : chunk.subarray(0, endAt - sent);
      if (!(await write(out, piece))) return;
      sent += piece.length;
      if (!whole) break;
    }
    if (cut) {
      // Lets what was written leave first: a break in the middle of the body, not before it.
      if (zip) await new Promise<void>((done) => zip.flush(constants.Z_SYNC_FLUSH, done));
      await sleep(50);
      response.destroy();
      return;
    }
    out.end();
  }

  function theExport(exportId: string): Export {
    const found = exports.get(decoded(exportId));
    if (!found) throw new Problem(404, 'not-found', 'There is no such export.');
    return found;
  }

  /** Tells the simulator how to behave (POST), shows what it has seen (GET), back to good behaviour (DELETE). */
  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'DELETE') {
      faults.clear();
      seen = [];
    } else if (request.method === 'POST') {
      const body = await readJson(request);
      try {
        options.rows = count(body, 'rows') ?? options.rows;
        options.rowsPerPart = count(body, 'rowsPerPart') || options.rowsPerPart;
        options.prepareMs = count(body, 'prepareMs') ?? options.prepareMs;
        if (body.gzip !== undefined) options.gzip = body.gzip === true;
        if (body.fault !== undefined) faults.add(readFault(body));
      } catch (error) {
        throw new Problem(400, 'invalid', (error as Error).message);
      }
    } else if (request.method !== 'GET') {
      throw new Problem(405, 'method-not-allowed', 'GET, POST or DELETE.', { allow: 'GET, POST, DELETE' });
    }
    sendJson(response, 200, {
      exports: exports.list().map(({ exportId, idempotencyKey, state }) => ({ exportId, idempotencyKey, state })),
      faults: faults.list(),
      requests: seen,
    });
  }
}

function same(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
