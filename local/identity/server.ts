import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { expiredPage, pageHeaders, signInPage } from './pages.js';
import { createProvider, logLine, type IdentityOptions, type Log } from './provider.js';

export interface IdentityServer {
  /** The issuer as clients have to configure it. */
  issuer: string;
  close(): Promise<void>;
}

const maxFormBytes = 10_000;

/** Starts the provider on a port of `host` (0: any free one). Without an issuer it is the address itself. */
export async function startIdentityServer(
  options: Omit<IdentityOptions, 'issuer'> & { issuer?: string; host: string; port: number },
): Promise<IdentityServer> {
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handle(request, response));
  await listen(server, options.port, options.host);
  const { port } = server.address() as AddressInfo;
  const issuer = options.issuer ?? `http://${options.host}:${port}`;
  handle = route(createProvider({ ...options, issuer }), options.users, options.log ?? logLine);
  return {
    issuer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function route(provider: Provider, users: IdentityOptions['users'], log: Log): RequestListener {
  const protocol = provider.callback();
  return (request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    if (path === '/health') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    } else if (/^\/interaction\/[\w-]+$/.test(path)) {
      interact({ provider, users, log }, request, response, path).catch((error: unknown) => {
        log('error', 'interaction-failed', { errorName: (error as Error).name });
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    } else {
      for (const [name, value] of Object.entries(pageHeaders))
        if (name !== 'content-type') response.setHeader(name, value);
      void protocol(request, response);
    }
  };
}

/** The one page that the protocol hands to people: user and password. */
async function interact(
  { provider, users, log }: { provider: Provider; users: IdentityOptions['users']; log: Log },
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const accepted = request.headers['accept-language'];
  let details: Awaited<ReturnType<Provider['interactionDetails']>>;
  try {
    details = await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    return answer(response, 400, expiredPage(accepted));
  }
  const wanted = (details.params.ui_locales as string | undefined) ?? accepted;
  if (request.method === 'GET') return answer(response, 200, signInPage(wanted, path, false));
  if (request.method !== 'POST') return answer(response, 405, expiredPage(wanted));
  const form = await readForm(request);
  const user = form && users.check(form.get('login')?.trim().toLowerCase() ?? '', form.get('password') ?? '');
  log('info', 'sign-in', { accepted: Boolean(user) });
  if (!user) return answer(response, 422, signInPage(wanted, path, true));
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: user.login, remember: false } },
    { mergeWithLastSubmission: false },
  );
}

function answer(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, pageHeaders).end(page);
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxFormBytes) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
