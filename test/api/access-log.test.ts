import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AccessEntry } from '../../core/access-log.js';
import { createAccessLog } from '../../core/access-log.js';
import { checkChain, type TrailEntry } from '../../core/trail.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';
import { neverGiven } from '../helpers/rights-cases.js';

/** Who saw personal data and who was refused is written before the answer, in chains of their own. */

type Listed = { entries: AccessEntry[]; next: string | null };

let site: ApiSite;
let auditor: Caller;
let number: string;
let hidden: string;

beforeAll(async () => {
  site = await ApiSite.start();
  auditor = await site.as('auditor');
  number = await site.file('SC-1018');
  // About the auditor himself.
  hidden = await site.file('SC-1007');
});
afterAll(() => site.stop());

const listed = async (query: string): Promise<Listed> => (await auditor.get(`/api/access-log?${query}`)).json<Listed>();
const lastOf = async (login: string): Promise<AccessEntry | undefined> =>
  (await site.services.accessLog.list({ login, limit: 1 }))[0];

/** Has the database refuse every new entry of the trail, or take them again. */
async function refuseEntries(refused: boolean): Promise<void> {
  const validator = refused ? { neverThere: { $exists: true } } : {};
  await site.services.database.trail.db!.command({ collMod: 'trail', validator });
}
afterEach(() => refuseEntries(false));

describe('what is written', () => {
  test.each([
    ['the case file by the API', 'GET', (n: string) => `/api/cases/${n}`, 'api/cases/:number'],
    ['the case file page', 'GET', (n: string) => `/cases/${n}`, 'cases/:number'],
  ])('a read of %s', async (_name, method, url, route) => {
    await (await site.as('iss.ala')).page(url(number));
    expect(await lastOf('iss.ala')).toMatchObject({
      ...{ type: 'personal-data.read', by: { kind: 'person', id: 'iss.ala' }, action: 'case.read', caseNumber: number },
      ...{ subject: null, method, route, status: 200 },
    });
  });

  test('a document that is fetched, by its id', async () => {
    const { link } = await site.ask(number, 'personalCharacteristic');
    const content = '%PDF-1.4\n%%EOF\n';
    await site.anybody.upload(link, [['file', { name: 'a.pdf', type: 'application/pdf', content }]]);
    const { record } = await site.caseOf(number);
    const [document] = await site.services.documents.documentsOfCase(record._id);
    const answer = await auditor.get(`/api/cases/${number}/documents/${document!._id}`);
    expect(answer.body).toBe(content);
    expect(await lastOf('auditor')).toMatchObject({ action: 'document.read', subject: document!._id, status: 200 });
  });

  test('a request that its link shows, under whom the letter was sent to', async () => {
    const { link } = await site.ask(number, 'employeeExplanatoryNote');
    expect((await site.anybody.page(link)).statusCode).toBe(200);
    expect(await lastOf('link:SC-1018')).toMatchObject({ action: 'request.read', route: 'upload/:token', status: 200 });
  });

  test('a refusal, with what was to be done', async () => {
    await auditor.post(`/api/cases/${number}/withdrawal`, {});
    expect(await lastOf('auditor')).toMatchObject({
      ...{ type: 'access.refused', action: 'withdrawal.note', caseNumber: number, method: 'POST', status: 403 },
    });
  });

  test('what may not be seen and what was never given, alike', async () => {
    const shy = await site.as('iss.shy');
    const [one, other] = [await shy.get(`/api/cases/${number}`), await shy.get(`/api/cases/${neverGiven}`)];
    expect([one.statusCode, other.statusCode]).toEqual([404, 404]);
    const [last, before] = await site.services.accessLog.list({ login: 'iss.shy', limit: 2 });
    const blank = { id: '', at: null, caseNumber: '' };
    expect({ ...last, ...blank }).toEqual({ ...before, ...blank });
    expect([before!.caseNumber, last!.caseNumber]).toEqual([number, neverGiven]);
  });

  test('a wrong code on the page and by the API, without the code', async () => {
    const guesser = site.anybody.from('10.9.9.9');
    await guesser.form('/follow', { number, code: 'GUES-SEDC-ODEX-XXXX' });
    await guesser.get(`/api/cases/${number}`, { 'x-access-code': 'GUES-SEDC-ODEX-XXXX' });
    const tries = (await listed(`case=${number}`)).entries.filter(({ type }) => type === 'follow.refused');
    expect(tries.map(({ route }) => route)).toEqual(['api/cases/:number', 'follow']);
    expect(JSON.stringify(tries)).not.toContain('GUES');
  });

  test('a text in the place of a number is not written down', async () => {
    await auditor.get('/api/cases/Ahmetova');
    expect(await lastOf('auditor')).toMatchObject({ type: 'access.refused', caseNumber: null, status: 404 });
  });

  test('nothing of who is not signed in, and of pages without personal data', async () => {
    const count = () => site.services.database.trail.collection('trail').countDocuments();
    const before = await count();
    await site.anybody.get(`/api/cases/${number}`);
    await (await site.as('iss.ala')).page('/cases');
    expect(await count()).toBe(before);
  });
});

describe('when it can not be written', () => {
  test.each([
    ['a case file', () => `/api/cases/${number}`],
    ['a page', () => `/cases/${number}`],
    ['a number that was never given', () => `/api/cases/${neverGiven}`],
  ])('%s is not answered', async (_name, url) => {
    await refuseEntries(true);
    const answer = await auditor.get(url());
    expect([answer.statusCode, answer.body.includes('receivedAt')]).toEqual([503, false]);
    await refuseEntries(false);
    expect([200, 404]).toContain((await auditor.get(url())).statusCode);
  });

  test('a document is not sent, nor its name and hash', async () => {
    const { record } = await site.caseOf(number);
    const [document] = await site.services.documents.documentsOfCase(record._id);
    await refuseEntries(true);
    const answer = await auditor.get(`/api/cases/${number}/documents/${document!._id}`);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).not.toHaveProperty('repr-digest');
    expect(answer.headers).not.toHaveProperty('content-disposition');
    expect(answer.body).not.toContain('%PDF');
  });
});

describe('the chains', () => {
  test('many readers at once, in two processes, leave whole chains and no entry is lost', async () => {
    const { database, trail } = site.services;
    const logs = [createAccessLog({ database, trail }), createAccessLog({ database, trail })];
    const access = { type: 'personal-data.read', action: 'case.read', caseNumber: number, subject: null } as const;
    const answered = { method: 'GET', route: 'api/cases/:number', status: 200 };
    const by = { kind: 'person', id: 'reader.many' } as const;
    await Promise.all(
      logs.flatMap((log) => Array.from({ length: 150 }, () => log.record({ ...access, ...answered, by }))),
    );
    const entries = database.trail.collection<TrailEntry>('trail');
    const chains = await entries.distinct('caseId', { 'by.id': 'reader.many' });
    expect(chains).toHaveLength(2);
    for (const caseId of chains)
      expect(await checkChain(entries.find({ caseId }, { sort: { seq: 1 } }))).toMatchObject({
        ok: true,
        entries: 150,
      });
  });
});

describe('auditors list it', () => {
  test('by case, login and day, a page at a time', async () => {
    const all: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: Listed = await listed(`login=iss.ala&case=${number}&limit=1${next && `&before=${next}`}`);
      all.push(...page.entries.map(({ id }) => id));
      next = page.next;
    }
    expect(all).toEqual((await listed(`login=iss.ala&case=${number}`)).entries.map(({ id }) => id));
    expect(all.length).toBeGreaterThan(1);
    const today = (await lastOf('iss.ala'))!.at.toISOString().slice(0, 10);
    expect((await listed(`day=${today}&limit=1`)).entries).toHaveLength(1);
    expect((await listed('day=2020-01-01')).entries).toEqual([]);
  });

  test('but learn nothing of a case about themselves', async () => {
    await (await site.as('iss.central')).get(`/api/cases/${hidden}`);
    await auditor.get(`/api/cases/${hidden}`);
    await auditor.get(`/api/cases/${neverGiven}`);
    expect(await listed(`case=${hidden}`)).toEqual({ entries: [], next: null });
    const { entries } = await listed('limit=200');
    expect(JSON.stringify(entries)).not.toContain(hidden);
    expect(JSON.stringify(entries)).not.toContain(neverGiven);
    expect(entries.filter(({ by, status }) => by.id === 'auditor' && status === 404).length).toBeGreaterThan(1);
  });
});
