import { randomBytes } from 'node:crypto';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import * as openid from 'openid-client';
import { buildApp } from '../../api/app.js';
import { createSessions, type Sessions } from '../../api/sign-in/sessions.js';
import { inProject } from '../../config/index.js';
import { parseSettings } from '../../config/schema.js';
import type { CaseRecord } from '../../core/cases.js';
import { composeServices } from '../../core/compose.js';
import type { Inspection } from '../../core/inspection/model.js';
import type { OutboxEntry } from '../../core/outbox.js';
import type { Services } from '../../core/services.js';
import { identityKeys } from '../../local/identity/keys.js';
import { startIdentityServer, type IdentityServer } from '../../local/identity/server.js';
import { readUsers } from '../../local/identity/users.js';
import { seed } from '../../local/play/seed.js';
import { closeCase } from '../../workers/inspection/close-case.js';
import { application } from '../builders/application.js';
import { somebody as step, testMongodbUri } from './database.js';

type App = Awaited<ReturnType<typeof buildApp>>;

/** One part of a multipart body: a field, or a file. */
export type Part = readonly [name: string, value: string] | readonly [name: string, file: UploadedFile];

export interface UploadedFile {
  name: string;
  type: string;
  content: string | Uint8Array;
}

/** A problem as callers get it (RFC 9457). */
export interface SeenProblem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance: string;
  errors?: { field: string; code: string; detail: string }[];
}

export const publicUrl = 'http://127.0.0.1:3999';

/** The whole API with its pages, on databases of its own with the fictional organisation in them; nothing listens but the identity provider. */
export class ApiSite {
  private readonly others: App[] = [];

  private constructor(
    readonly services: Services,
    readonly app: App,
    private readonly identity: IdentityServer,
    private readonly sessions: Sessions,
    private readonly warn: typeof console.warn,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<ApiSite> {
    // The provider says at each start that its state is in memory, which is meant.
    const { warn } = console;
    console.warn = () => undefined;
    const identity = await startIdentityServer({
      host: '127.0.0.1',
      port: 0,
      users: readUsers(inProject('local', 'identity', 'users.json')),
      keys: identityKeys(undefined),
      client: { id: 'merzim', secret: 'pages-secret', redirectUris: [`${publicUrl}/sign-in/callback`] },
      machine: { id: 'registry', secret: 'machine-secret' },
      log: () => undefined,
    });
    const name = `test_${randomBytes(6).toString('hex')}`;
    const settings = parseSettings({
      MONGODB_URI: testMongodbUri(),
      MONGODB_DATABASE: name,
      MONGODB_TRAIL_DATABASE: `${name}_trail`,
      ZEEBE_GRPC_ADDRESS: 'grpc://127.0.0.1:1',
      ZEEBE_REST_ADDRESS: 'http://127.0.0.1:1',
      TASKLIST_URL: 'http://127.0.0.1:1/tasklist',
      OPERATE_URL: 'http://127.0.0.1:1/operate',
      SMTP_URL: 'smtp://127.0.0.1:1',
      MAIL_FROM: 'Merzim <no-reply@sc.example>',
      OIDC_ISSUER: identity.issuer,
      OIDC_CLIENT_ID: 'merzim',
      OIDC_CLIENT_SECRET: 'pages-secret',
      NIT_URL: 'http://127.0.0.1:1',
      NIT_CLIENT_ID: 'merzim',
      NIT_CLIENT_SECRET: 'nit-secret',
      MASTER_KEY: randomBytes(32).toString('base64'),
      SESSION_SECRET: randomBytes(32).toString('hex'),
      PUBLIC_URL: publicUrl,
      LOG_LEVEL: 'silent',
      ORGANISATION: 'demo',
      INTAKE_PER_MINUTE: '100000',
      ...env,
    });
    const services = await composeServices(settings, 'test');
    const { database, clock } = services;
    await seed(database, settings.vault.masterKey);
    const app = await buildApp(services);
    await app.ready();
    return new ApiSite(
      services,
      app,
      identity,
      createSessions({ database, secret: settings.web.sessionSecret, clock }),
      warn,
    );
  }

  /** Lets a browser come: on a port of its own. Returns the address. */
  listen(): Promise<string> {
    return this.app.listen({ host: '127.0.0.1', port: 0 });
  }

  /** Another app on the same databases, as of an organisation of another state: its pages speak that one's languages. Returns its address. */
  async listenAs(jurisdiction: 'KZ' | 'KG'): Promise<string> {
    const organisation = { ...this.services.organisation, jurisdiction };
    const app = await buildApp({ ...this.services, organisation });
    this.others.push(app);
    return app.listen({ host: '127.0.0.1', port: 0 });
  }

  /** The sign-in of the development identity provider. */
  get issuer(): string {
    return this.identity.issuer;
  }

  async stop(): Promise<void> {
    for (const other of this.others) await other.close();
    await this.app.close();
    await this.identity.close();
    const { database } = this.services;
    await database.connection.dropDatabase();
    await database.trail.dropDatabase();
    await database.close();
    console.warn = this.warn;
  }

  /** Somebody who never signed in. */
  get anybody(): Caller {
    return new Caller(this.app, {}, '');
  }

  /** A person of the development identity provider, with a session. */
  async as(login: string): Promise<Caller> {
    const user = readUsers(inProject('local', 'identity', 'users.json')).check(login, 'demo');
    if (!user) throw new Error(`local/identity/users.json has no ${login}`);
    const { employeeId, roles, name } = user;
    const token = await this.sessions.open({ login, employeeId: employeeId ?? null, roles: [...roles], name });
    const csrf = this.sessions.csrfToken(token);
    return new Caller(this.app, { cookie: `merzim=${token}`, 'x-csrf-token': csrf }, csrf);
  }

  /** The machine client, with an access token of the provider. */
  async machine(scope = 'intake'): Promise<Caller> {
    const config = await openid.discovery(
      new URL(this.identity.issuer),
      'registry',
      'machine-secret',
      openid.ClientSecretBasic('machine-secret'),
      { execute: [openid.allowInsecureRequests] },
    );
    const { access_token: token } = await openid.clientCredentialsGrant(config, scope ? { scope } : {});
    return new Caller(this.app, { authorization: `Bearer ${token}` }, '');
  }

  /**
   * How much both databases hold: documents of each collection (but for sessions, which tests open), and where each counter stands. What
   * is refused changes none of it.
   */
  async holdings(): Promise<Record<string, unknown>> {
    const { connection, trail } = this.services.database;
    const counted: Record<string, unknown> = {};
    for (const [which, db] of [
      ['app', connection.db!],
      ['trail', trail.db!],
    ] as const)
      for (const { name } of await db.listCollections({ name: { $ne: 'sessions' } }, { nameOnly: true }).toArray())
        // Who was refused is remembered, and nothing else.
        counted[`${which}.${name}`] = await db
          .collection(name)
          .countDocuments(name === 'trail' ? { caseId: { $not: /^access\./ } } : {});
    counted['counters'] = await connection.db!.collection('counters').find().sort({ _id: 1 }).toArray();
    return counted;
  }

  /** Outbox entries of a case, oldest first. */
  async outboxOf(number: string): Promise<OutboxEntry[]> {
    const record = await this.services.cases.byNumber(number);
    return this.services.database.connection
      .collection<OutboxEntry>('outbox')
      .find({ caseId: record!._id })
      .sort({ _id: 1 })
      .toArray();
  }

  /** Registers a case about some employees of the directory, as the registrar does. Returns its number. */
  async file(...employeeIds: string[]): Promise<string> {
    const registrar = await this.as('registrar');
    const body = application({ employees: employeeIds.map((employeeId) => ({ employeeId })) });
    const response = await registrar.post('/api/inspections', body);
    if (response.statusCode !== 201) throw new Error(`the intake answered ${response.statusCode}: ${response.body}`);
    return response.json<{ number: string }>().number;
  }

  /** Asks for a document as the step of the diagram does. Returns the request and the path of its one-time link. */
  async ask(number: string, kind: string, line = 0): Promise<{ requestId: string; link: string }> {
    const { database, documents, organisation } = this.services;
    const { record, inspection } = await this.caseOf(number);
    const { requestId, letterId } = await database.transaction(step, (tx) =>
      documents.request(tx, {
        caseId: record._id,
        caseNumber: number,
        kind,
        lineId: inspection.lines[line]!.lineId,
        publicUrl,
        languages: organisation.languages,
      }),
    );
    return { requestId, link: await this.linkOf(letterId) };
  }

  /** Sends the reminder of a request, as the step of the diagram does. Returns the path of the new link. */
  async remind(requestId: string): Promise<string> {
    const { database, documents, organisation } = this.services;
    const letterId = await database.transaction(step, (tx) =>
      documents.remind(tx, requestId, { publicUrl, languages: organisation.languages }),
    );
    return this.linkOf(letterId!);
  }

  /** Ends a case, as the last step of the diagram does. */
  async close(number: string, outcome = 'not-confirmed'): Promise<void> {
    const { record } = await this.caseOf(number);
    await this.services.database.transaction(step, (tx) => this.services.cases.close(tx, record._id, outcome));
  }

  /** The same by the step itself, which leaves a case open while signs of an offence are not reported. */
  async closeAsTheStep(number: string): Promise<void> {
    const { record } = await this.caseOf(number);
    const { database } = this.services;
    await database.transaction(step, async (tx) => {
      const input = { caseId: record._id, caseNumber: number, inspectionOutcome: 'not-confirmed' as const };
      await closeCase.run({ input, tx, services: this.services } as Parameters<typeof closeCase.run>[0]);
    });
  }

  async caseOf(number: string): Promise<{ record: CaseRecord; inspection: Inspection }> {
    const record = await this.services.cases.byNumber(number);
    if (!record) throw new Error(`there is no case ${number}`);
    return { record, inspection: await this.services.inspections.get(record._id) };
  }

  private async linkOf(letterId: string): Promise<string> {
    const letter = await this.services.letters.find(letterId);
    const data = JSON.parse(await this.services.vault.open(letter!.data)) as { uploadLink: string };
    return new URL(data.uploadLink).pathname;
  }

  /** Types of the trail's entries of a case, in order. */
  async actsOf(number: string): Promise<string[]> {
    const record = await this.services.cases.byNumber(number);
    return (await this.services.trail.list(record!._id)).map(({ type }) => type);
  }
}

/** Somebody who calls the API and the pages, without a network between. */
export class Caller {
  constructor(
    private readonly app: App,
    private readonly headers: Record<string, string>,
    readonly csrf: string,
    private readonly address = '127.0.0.1',
    private readonly getMethod: 'GET' | 'HEAD' = 'GET',
  ) {}

  /** The same caller from another address: what is limited by address is counted anew. */
  from(address: string): Caller {
    return new Caller(this.app, this.headers, this.csrf, address, this.getMethod);
  }

  /** The same caller, whose `get` and `page` ask by another method. */
  asking(method: 'GET' | 'HEAD'): Caller {
    return new Caller(this.app, this.headers, this.csrf, this.address, method);
  }

  /** What the caller shows with each request. */
  get credentials(): Record<string, string> {
    return { ...this.headers };
  }

  /** The session for a browser, where there is one. */
  get session(): string | null {
    return /^merzim=(.+)$/.exec(this.headers['cookie'] ?? '')?.[1] ?? null;
  }

  async request(options: InjectOptions & { url: string }): Promise<LightMyRequestResponse> {
    return this.app.inject({
      remoteAddress: this.address,
      ...options,
      headers: { accept: 'application/json', ...this.headers, ...(options.headers as Record<string, string>) },
    });
  }

  get(url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.request({ method: this.getMethod, url, headers });
  }

  /** Asks for a page as a browser does. */
  page(url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.get(url, { accept: 'text/html,application/xhtml+xml', ...headers });
  }

  post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.request({ method: 'POST', url, headers, payload: body as object });
  }

  /** Sends a form of a page as a browser does. */
  form(
    url: string,
    fields: Record<string, string | string[]>,
    headers: Record<string, string> = {},
  ): Promise<LightMyRequestResponse> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...(this.csrf ? { _csrf: this.csrf } : {}), ...fields }))
      for (const each of [value].flat()) body.append(name, each);
    return this.request({
      method: 'POST',
      url,
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: body.toString(),
    });
  }

  /** Sends a multipart body, its parts in the given order. */
  upload(url: string, parts: readonly Part[], headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    const boundary = `merzim-${randomBytes(8).toString('hex')}`;
    const body = multipartBody(boundary, parts);
    return this.request({
      method: 'POST',
      url,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
      payload: body,
    });
  }
}

/** A multipart body (RFC 7578) byte by byte, so that a test can send names that a browser would not. */
export function multipartBody(boundary: string, parts: readonly Part[]): Buffer {
  const chunks = parts.flatMap(([name, value]) =>
    typeof value === 'string'
      ? [`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`]
      : [
          `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${value.name}"\r\n` +
            `Content-Type: ${value.type}\r\n\r\n`,
          value.content,
          '\r\n',
        ],
  );
  return Buffer.concat([...chunks, `--${boundary}--\r\n`].map((chunk) => Buffer.from(chunk as string)));
}

/** A PDF of one page, of a length. */
export function pdf(bytes = 400): Buffer {
  const head = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n';
  return Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(Math.max(0, bytes - head.length - 6), 0x20),
    Buffer.from('%%EOF\n'),
  ]);
}
