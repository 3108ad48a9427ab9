import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';
import { testMongodbUri } from '../helpers/database.js';
import { catalogueOf } from '../../core/text.js';

/** The database can't be reached: nobody gets in, everybody is told so in his language, and afterwards all is well again. */

jest.setTimeout(120_000);

let cable: Cable;
let site: ApiSite;
let officer: Caller;
let number: string;

beforeAll(async () => {
  const uri = new URL(testMongodbUri());
  cable = new Cable(Number(uri.port));
  uri.port = String(await cable.plugIn());
  // Else the driver would ask the database where it is, and go there without the cable.
  uri.searchParams.delete('replicaSet');
  uri.searchParams.set('directConnection', 'true');
  site = await ApiSite.start({ MONGODB_URI: uri.href });
  officer = await site.as('iss.ala');
  number = await site.file('SC-1018');
});
afterAll(async () => {
  await site?.stop();
  await cable?.pull();
});

/** What lies between the application and the database, and can be pulled. */
class Cable {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  constructor(private readonly to: number) {}

  async plugIn(): Promise<number> {
    this.server = createServer((near) => {
      const far = connect(this.to, '127.0.0.1');
      for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => other.destroy());
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
    return this.port;
  }

  async pull(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    await closed;
  }
}

test('a session opens nothing while the database is down, and everything after it is back', async () => {
  expect((await officer.page(`/cases/${number}`)).statusCode).toBe(200);
  await cable.pull();
  try {
    const pages = (['kk', 'ru', 'en'] as const).map(async (language) => {
      const { statusCode, body, headers } = await officer.page(`/cases/${number}`, { cookie: cookieOf(language) });
      expect([language, statusCode, headers['content-language']]).toEqual([language, 503, language]);
      expect(body).toContain(catalogueOf(language)['problem.unavailable']);
      expect(body).not.toContain(number);
    });
    const calls = ['/api/cases', '/tasks', '/api/access-log', '/substitutions'].map(async (url) => {
      const answer = await officer.get(url, { 'accept-language': 'en' });
      expect([url, answer.statusCode]).toEqual([url, 503]);
      expect(answer.json<SeenProblem>()).toMatchObject({
        type: 'urn:merzim:problem:unavailable',
        title: catalogueOf('en')['problem.unavailable'],
      });
    });
    const change = officer.post(`/api/cases/${number}/withdrawal`, {});
    await Promise.all([...pages, ...calls]);
    expect((await change).statusCode).toBe(503);
  } finally {
    await cable.plugIn();
  }
  expect((await officer.page(`/cases/${number}`)).statusCode).toBe(200);
  expect((await site.caseOf(number)).inspection.withdrawnAt).toBeNull();
});

function cookieOf(language: string): string {
  return `${officer.credentials['cookie']}; lang=${language}`;
}
