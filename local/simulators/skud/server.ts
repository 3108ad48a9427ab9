import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { Problem, readJson, sendJson, sleep } from '../http.js';
import { Accounts, type Account } from './accounts.js';
import { readControl, type Control } from './control.js';
import { Events, type EventSettings } from './events.js';
import { Faults, type Operation } from './faults.js';
import { readFilter } from './filter.js';
import { basePath, errorSchema, listSchema } from './names.js';
import { declareScim, describe, etagOf, mostResults, readUser, represent, scimErrorOf } from './scim.js';

export interface SkudOptions {
  /** The bearer token that it takes. */
  token: string;
  events: EventSettings;
}

/** One line of the request log that GET /control shows; times are milliseconds since the start. */
interface Seen {
  atMs: number;
  operation: Operation;
  /** Null while it is worked on; 0 when the line was gone. */
  status: number | null;
  id?: string | undefined;
}

const logLength = 5000;

class ScimProblem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly scimType?: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(detail);
  }
}

/** A SCIM 2.0 server that keeps accounts, lets their users sign in, and misbehaves when told to (README.md). It does not listen yet. */
export function createSkudSimulator(options: SkudOptions): Server {
  let offsetMs = 0;
  const now = (): string => new Date(performance.timeOrigin + performance.now() + offsetMs).toISOString();
  const accounts = new Accounts(now);
  const faults = new Faults();
  const events = new Events(options.events);
  let seen: Seen[] = [];
  declareScim(accounts);

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => fail(response, error));
  });
  return server;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://simulator.invalid');
    if (url.pathname === '/health') return sendJson(response, 200, { status: 'up' });
    if (url.pathname === '/control') return control(request, response);
    if (request.method === 'POST' && url.pathname === '/sign-in') return signIn(await readJson(request), response);
    if (!url.pathname.startsWith(`${basePath}/`)) throw new ScimProblem(404, 'There is nothing here.');
    checkToken(request);
    const [kind = '', id] = url.pathname.slice(basePath.length + 1).split('/');
    if (request.method === 'GET' && kind !== 'Users') {
      return within('describe', undefined, response, async () => {
        const found = await describe(kind);
        if (!found) throw new ScimProblem(404, 'There is no such endpoint.');
        answer(response, 200, found);
      });
    }
    if (kind !== 'Users') throw new ScimProblem(404, 'There is no such endpoint.');
    if (request.method === 'POST' && id === undefined) {
      const body = await readJson(request);
      return within('create', undefined, response, async () => {
        const made = (await readUser.create(body)) as { id: string };
        answerAccount(response, 201, accounts.get(made.id));
      });
    }
    if (request.method === 'POST' && id === '.search') {
      const body = await readJson(request);
      return within('search', undefined, response, () => search(body, response));
    }
    if (request.method === 'GET' && id === undefined) {
      const query = Object.fromEntries(url.searchParams);
      return within('search', undefined, response, () =>
        search({ ...query, attributes: query.attributes?.split(',') }, response),
      );
    }
    if (id === undefined) throw new ScimProblem(405, 'There is no such operation.');
    if (request.method === 'GET') {
      return within('read', id, response, () => {
        const account = theAccount(id);
        if (request.headers['if-none-match'] !== etagOf(account)) return answerAccount(response, 200, account);
        response.writeHead(304, { etag: etagOf(account) }).end();
      });
    }
    if (request.method === 'PATCH') {
      const body = await readJson(request);
      return within('change', id, response, async () => {
        checkVersion(request, theAccount(id));
        await readUser.patch(id, body);
        answerAccount(response, 200, accounts.get(id));
      });
    }
    if (request.method === 'DELETE') {
      return within('remove', id, response, () => {
        checkVersion(request, theAccount(id));
        accounts.remove(id);
        response.writeHead(204).end();
      });
    }
    throw new ScimProblem(405, 'There is no such operation.');
  }

  /** Logs the request, plays the faults that wait for it, then runs it. */
  async function within(
    operation: Operation,
    id: string | undefined,
    response: ServerResponse,
    run: () => Promise<void> | void,
  ): Promise<void> {
    const line: Seen = { atMs: performance.now(), operation, status: null, id };
    seen = [...seen.slice(seen.length >= logLength ? 1 : 0), line];
    try {
      await misbehaving(operation, id, response, run);
      line.status = response.destroyed ? 0 : response.statusCode;
    } catch (error) {
      line.status = error instanceof ScimProblem ? error.status : (scimErrorOf(error)?.status ?? 500);
      throw error;
    }
  }

  async function misbehaving(
    operation: Operation,
    id: string | undefined,
    response: ServerResponse,
    run: () => Promise<void> | void,
  ): Promise<void> {
    const slow = faults.take('slow', operation);
    if (slow) await sleep(slow.delayMs ?? 1000);
    // What was asked for is done, but who has gone meanwhile uses up no fault that is meant for the next one.
    if (response.closed) return void (await run());
    const tooMany = faults.take('429', operation);
    if (tooMany) {
      const seconds = String(Math.ceil((tooMany.delayMs ?? 1000) / 1000));
      throw new ScimProblem(429, 'Come back later.', undefined, { 'retry-after': seconds });
    }
    if (faults.take('500', operation)) throw new ScimProblem(500, 'Something went wrong.');
    if (faults.take('refuse', operation)) throw new ScimProblem(403, 'It is not allowed.');
    if (faults.take('conflict', operation)) throw new ScimProblem(409, 'The userName is taken.', 'uniqueness');
    if (faults.take('break-off', operation)) return void response.destroy();
    if (faults.take('wrong-type', operation)) {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Maintenance</body></html>');
      return;
    }
    if (id !== undefined && faults.take('other-writer', operation)) accounts.change(id, {});
    if (faults.take('lost-answer', operation)) lost.add(response);
    await run();
  }

  function search(asked: Record<string, unknown>, response: ServerResponse): void {
    const filter = typeof asked.filter === 'string' ? readFilter(asked.filter) : null;
    const startIndex = Math.max(1, whole(asked.startIndex, 1));
    const count = Math.min(mostResults, whole(asked.count, 100));
    const attributes = Array.isArray(asked.attributes) ? asked.attributes.map(String) : [];
    const found = accounts.matching(filter);
    const page = found.slice(startIndex - 1, startIndex - 1 + count);
    answer(response, 200, {
      schemas: [listSchema],
      totalResults: found.length,
      startIndex,
      itemsPerPage: page.length,
      ...(page.length === 0 ? {} : { Resources: page.map((account) => represent(account, attributes)) }),
    });
  }

  /** What a user does: enters, and replaces the temporary password on the way. */
  function signIn({ login, password, newPassword }: Record<string, unknown>, response: ServerResponse): void {
    const account = accounts.byLogin(String(login));
    if (!account || account.password === undefined || !same(String(password), account.password))
      throw new Problem(401, 'wrong-password', 'Login or password is wrong.');
    if (!account.active) throw new Problem(403, 'blocked', 'The account is blocked.');
    if (account.mustChangePassword && typeof newPassword !== 'string')
      throw new Problem(403, 'must-change-password', 'A new password is needed.');
    const at = now();
    const changed = typeof newPassword === 'string';
    const change = { password: String(newPassword), passwordChangedAt: at, mustChangePassword: false };
    accounts.change(account.id, { lastSignInAt: at, ...(changed ? change : {}) });
    if (changed) events.push('password-changed', account, at);
    events.push('signed-in', account, at);
    sendJson(response, 200, { login: account.userName, signedInAt: at });
  }

  function theAccount(id: string): Account {
    const account = accounts.get(id);
    if (!account) throw new ScimProblem(404, 'There is no such account.');
    return account;
  }

  function checkToken(request: IncomingMessage): void {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!same(token, options.token))
      throw new ScimProblem(401, 'The token is unknown.', undefined, { 'www-authenticate': 'Bearer' });
  }

  /** Tells the server how to behave (POST), shows what it has (GET), back to good behaviour and no accounts (DELETE). */
  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'DELETE') {
      faults.clear();
      accounts.clear();
      seen = [];
      events.sent.length = 0;
    } else if (request.method === 'POST') {
      obey(readControl(await readJson(request)));
    } else if (request.method !== 'GET') {
      throw new Problem(405, 'method-not-allowed', 'GET, POST or DELETE.', { allow: 'GET, POST, DELETE' });
    }
    const shown = request.method === 'GET' ? accounts.list().map(({ password: _password, ...account }) => account) : [];
    sendJson(response, 200, {
      now: now(),
      accounts: shown,
      faults: faults.list(),
      requests: seen,
      events: events.sent,
    });
  }

  function obey({ fault, now: at, accounts: given, signIns }: Control): void {
    if (fault) faults.add(fault);
    if (at !== undefined) offsetMs += new Date(at).getTime() - new Date(now()).getTime();
    for (const { userName, externalId, ...moments } of given) {
      const content = { userName, externalId, active: true, entitlements: [], mustChangePassword: false };
      accounts.create(content, moments);
    }
    for (const { userName, at: signedInAt } of signIns) {
      const account = accounts.byLogin(userName);
      if (account?.active) accounts.change(account.id, { lastSignInAt: signedInAt });
    }
  }
}

/** What was asked for is done, and the line broken before it is answered. */
const lost = new WeakSet<ServerResponse>();

function checkVersion(request: IncomingMessage, account: Account): void {
  const wanted = request.headers['if-match'];
  if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(account))
    throw new ScimProblem(412, 'The account was changed by somebody else.');
}

function answerAccount(response: ServerResponse, status: number, account: Account | null): void {
  if (!account) throw new ScimProblem(404, 'There is no such account.');
  const location = `${basePath}/Users/${account.id}`;
  answer(response, status, represent(account), { etag: etagOf(account), location });
}

function answer(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  if (lost.has(response)) return void response.destroy();
  const type = { 'content-type': 'application/scim+json', 'cache-control': 'no-store' };
  response.writeHead(status, { ...type, ...headers }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (error instanceof Problem) {
    const { status, code, message, headers } = error;
    const type = { 'content-type': 'application/problem+json' };
    response.writeHead(status, { ...type, ...headers }).end(JSON.stringify({ status, code, detail: message }));
    return;
  }
  const known = error instanceof ScimProblem ? { ...error, detail: error.message } : scimErrorOf(error);
  if (!known) console.error(error);
  const { status, scimType, detail } = known ?? {
    status: 500,
    scimType: undefined,
    detail: 'The simulator has a fault.',
  };
  const body = { schemas: [errorSchema], status: String(status), ...(scimType ? { scimType } : {}), detail };
  answer(response, status, body, error instanceof ScimProblem ? error.headers : {});
}

function whole(value: unknown, otherwise: number): number {
  const number = value === undefined ? otherwise : Number(value);
  if (!Number.isSafeInteger(number)) throw new ScimProblem(400, 'A whole number is needed.', 'invalidValue');
  return Math.max(0, number);
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
