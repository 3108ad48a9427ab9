import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JournalRow } from '../../core/access-request/journal.js';
import { writeClockOffset } from '../../core/clock.js';
import { newId } from '../../core/ids.js';
import { blockUnusedAccounts } from '../../workers/access-request/block-unused-accounts.js';
import { expireCredentials } from '../../workers/access-request/expire-credentials.js';
import { reissuePassword } from '../../workers/access-request/reissue-password.js';
import { accessUser, type AccessRequestBody } from '../builders/access-request.js';
import { providedRequest, type ProvidedRequest } from '../builders/provided-account.js';
import { ApiSite, type Caller } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';
import { pdfText } from '../helpers/pdf-text.js';
import { startSkudSimulator, type SkudSimulator } from '../helpers/skud-simulator.js';
import { WorkerSite } from '../helpers/worker-site.js';

/** The journal of Appendix 1: each step that does something to an account enters its row; who may reads it as the form prints it. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
let admin: Caller;
let first: ProvidedRequest;

beforeAll(async () => {
  skud = await startSkudSimulator();
  site = await ApiSite.start({ ...skud.env, CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  workers = WorkerSite.of(site.services);
  admin = await site.as('ib.admin');
  first = await provided({ users: [accessUser({ rights: bothSystems, middleName: 'Қайратқызы' })] });
}, 120_000);
afterAll(async () => {
  await site.stop();
  await skud.stop();
});

const bothSystems = [
  { system: 'sir', function: 'record.view' },
  { system: 'pension', function: 'payment.view' },
];

const provided = (changes: Partial<AccessRequestBody> = {}) => providedRequest(site, workers, changes);

const rows = async (): Promise<JournalRow[]> => {
  const found: JournalRow[] = [];
  for await (const row of site.services.accessJournal.rows({}, 'oldest')) found.push(row);
  return found;
};
const lines = async (query = '', by = admin): Promise<string[]> => {
  const answer = await by.get(`/api/access-journal.csv?${query}`);
  expect(answer.statusCode).toBe(200);
  return answer.body.split('\r\n').slice(1, -1);
};
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&quot;', '"');

test('what is granted is entered with all columns of the form; what is refused is not', async () => {
  const { caseId, number, userId } = first;
  const [line] = await lines('lang=ru');
  const today = site.services.clock.legalNow();
  const day = new Intl.DateTimeFormat('ru', { timeZone: 'Asia/Almaty', day: 'numeric' }).format(today);
  expect(line).toMatch(
    new RegExp(
      `^1,"Алматы; исх\\. № 12-08/114, 30 января 2026 года; вх\\. № ${number}, ${day} \\S+ \\d{4} года",` +
        `Единая информационная система социально-трудовой сферы \\(демонстрация\\),${day} \\S+ \\d{4} года,` +
        `"приказ о приёме на работу № 87-к, 30 января 2026 года",Алимжанов Тимур Серикович,` +
        `"Заявка ${number}, строка 1: учётная запись создана, выданы логин и временный пароль"$`,
    ),
  );
  expect(await rows()).toMatchObject([{ _id: 1, caseId, accountId: userId, systems: ['sir'], userRowNo: 1 }]);
  expect((await workers.acts(caseId)).filter((act) => act === 'journal.entered')).toHaveLength(1);
});

test('page and PDF say the same in the language of the reader, and name no user', async () => {
  for (const [lang, name, act] of [
    ['kk', 'Әлімжанов Тимур Серікұлы', 'есептік жазба жасалды'],
    ['ru', 'Алимжанов Тимур Серикович', 'учётная запись создана'],
  ] as const) {
    const page = await admin.page(`/access-journal?lang=${lang}`);
    const pdf = await admin.page(`/access-journal/print?lang=${lang}`);
    expect([page.statusCode, pdf.statusCode, pdf.headers['content-type']]).toEqual([200, 200, 'application/pdf']);
    const [shown, printed] = [textOf(page.body), pdfText(pdf.rawPayload).pages.join(' ').replaceAll(/\s+/g, ' ')];
    for (const text of [shown, printed]) {
      for (const word of [name, act, '87-к', '12-08/114', first.number]) expect(text).toContain(word);
      expect(text).not.toContain('Нұрғалиева');
    }
  }
});

test('each further act on an account has its row: what a request asks for, what becomes of its password, and what R28 blocks', async () => {
  const before = await rows();
  const user = (await site.services.vault.reveal(await site.services.accessRequests.get(first.caseId))).users[0]!;
  const ids = { caseId: first.caseId, caseNumber: first.number, userId: first.userId };
  await workers.deliver(reissuePassword, ids);
  await workers.deliver(expireCredentials, { caseId: first.caseId, userId: first.userId });
  expect(await site.services.accounts.find(first.userId)).toMatchObject({ state: 'blocked' });
  const users = [accessUser({ login: user.login! })];
  await provided({ kind: 'repeat', repeatReason: 'credentialLoss', users });
  await provided({ kind: 'change', users });
  await provided({ kind: 'block', users });
  expect(await site.services.accounts.find(first.userId)).toMatchObject({ state: 'blocked', rights: [] });
  const unused = await provided({ users: [accessUser({ iin: '030110699567' })] });
  await travel(40);
  await workers.deliver(blockUnusedAccounts, { inactiveDays: 30 });
  const added = (await rows()).slice(before.length);
  expect(added.map(({ act, ground }) => (ground ? `${act} ${ground}` : act))).toEqual([
    ...['reissued', 'blocked credentialsExpired', 'opened', 'changed', 'blocked', 'issued', 'blocked inactivity30'],
  ]);
  expect((await rows()).map(({ _id }) => _id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const [byApplication, , byInactivity] = (await lines('lang=ru')).slice(-3);
  expect(byApplication).toContain('Алимжанов');
  expect(byInactivity).toMatch(
    /не использовалась более 30 .*,автоматически,"Заявка .*: учётная запись заблокирована"$/,
  );
  expect(byInactivity).toContain(unused.number);
});

/** Days ahead of the wall clock. */
async function travel(days: number): Promise<void> {
  await writeClockOffset(site.services.database.connection, days * 24 * 3_600_000);
  await site.services.clock.refresh();
}

describe('the journal, narrowed', () => {
  test('by days of the organisation’s zone', async () => {
    const day = (at: Date) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Almaty' }).format(at);
    const [latest] = (await rows()).slice(-1);
    expect(await lines(`from=${day(latest!.at)}`)).toHaveLength(1);
    expect(await lines(`to=${day((await rows())[0]!.at)}`)).toHaveLength(7);
    expect(await lines('to=2020-01-01')).toEqual([]);
    expect((await admin.get('/api/access-journal.csv?from=yesterday')).statusCode).toBe(422);
  });

  test('by the whole name of a user, whose hash alone stands in the address', async () => {
    const { headers } = await admin.form('/access-journal/search', { value: 'НҰРҒАЛИЕВА Әсем  Қайратқызы' });
    expect(headers['location']).toMatch(/^\/access-journal\?person=[0-9a-f]{64}$/);
    const found = await lines((headers['location'] as string).split('?')[1]);
    // Of the request that named her so: made, password issued again, expired.
    expect(found).toHaveLength(3);
    const none = await admin.form('/access-journal/search', { value: 'Нұрғалиева' });
    expect(await lines((none.headers['location'] as string).split('?')[1])).toEqual([]);
  });

  test('page by page, each row once', async () => {
    const { database, accessJournal } = site.services;
    const [one] = await rows();
    const { _id, at: _at, ...row } = one!;
    await database.transaction(somebody, async (tx) => {
      for (let more = 0; more < 50; more += 1) await accessJournal.write(tx, { ...row, caseId: `foreign.${newId()}` });
    });
    const seen: number[] = [];
    let next: string | undefined = '/access-journal';
    while (next) {
      const { body } = await admin.page(next);
      seen.push(...[...body.matchAll(/<th scope="row"[^>]*>(\d+)</g)].map(([, no]) => Number(no)));
      next = /class="pager"><a href="(\/access-journal\?[^"]*before=[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 58 }, (_, at) => 58 - at));
  });
});

test('administrators of information security, auditors and the data-protection officer read it, and each reading is logged', async () => {
  const auditor = await site.as('auditor');
  for (const login of ['ib.admin2', 'auditor', 'dpo'])
    expect((await (await site.as(login)).page('/access-journal')).statusCode).toBe(200);
  for (const login of ['iss.central', 'hr.central', 'administrator'])
    expect((await (await site.as(login)).get('/api/access-journal.csv')).statusCode).toBe(403);
  const log = await auditor.get('/api/access-log?login=dpo');
  expect(log.json<{ entries: unknown[] }>().entries).toEqual([
    expect.objectContaining({ type: 'personal-data.read', action: 'access-journal.read', route: 'access-journal' }),
  ]);
  const refused = await auditor.get('/api/access-log?login=hr.central');
  expect(refused.json<{ entries: unknown[] }>().entries).toMatchObject([{ type: 'access.refused', status: 403 }]);
  const { body } = await (await site.as('iss.central')).page('/');
  expect(body).not.toContain('/access-journal');
});

test('whoever is erased leaves the row with its number', async () => {
  const { accessRequests, erasures } = site.services;
  const { applicant, subjectId } = await accessRequests.get(first.caseId);
  const [employee] = await erasures.find({ employeeId: 'SC-1074' });
  for (const subject of [applicant.subjectId, subjectId, employee!]) {
    const why = { ground: 'DPO-2026-20', openToo: true };
    expect(await erasures.erase({ kind: 'person', id: 'dpo' }, subject, why)).toBe(true);
  }
  const [line] = await lines('lang=ru', await site.as('ib.admin2'));
  expect(line).toMatch(/^1,"исх\. 30 января 2026 года; вх\. № ACC-/);
  expect(line).toContain(',—,"Заявка ');
  for (const word of ['Алматы', '12-08/114', '87-к', 'Алимжанов']) expect(line).not.toContain(word);
});
