import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { inProject } from '../../../config/index.js';
import { blockIntended } from '../../../connectors/skud/block.js';
import type { SkudClient } from '../../../connectors/skud/index.js';
import type { StoredAccount } from '../../../core/access-request/account-store.js';
import { writeClockOffset } from '../../../core/clock.js';
import { PermanentError, RetryableError } from '../../../core/errors.js';
import { newId } from '../../../core/ids.js';
import { atLocalTime, dayNumber } from '../../../core/legal-day.js';
import { blockStaff } from '../../../workers/access-request/block-staff.js';
import { blockUnusedAccounts } from '../../../workers/access-request/block-unused-accounts.js';
import { somebody } from '../../helpers/database.js';
import { startSkudSimulator, type SkudSimulator } from '../../helpers/skud-simulator.js';
import { WorkerSite } from '../../helpers/worker-site.js';

let skud: SkudSimulator;
let site: WorkerSite;

beforeAll(async () => {
  skud = await startSkudSimulator();
  site = await WorkerSite.start({ ...skud.env, CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
}, 60_000);
afterAll(async () => {
  await site.stop();
  await skud.stop();
});
const stored = () => site.services.database.connection.collection<StoredAccount>('accounts');
beforeEach(async () => {
  await skud.reset();
  await stored().deleteMany({});
  await site.services.database.connection.collection('account-sweeps').deleteMany({});
});

const zone = 'Asia/Almaty';
const inactiveDays = 30;
/** A moment of a legal day, ISO 8601. */
const at = (day: number, time = '12:00'): string => new Date(atLocalTime(day, time, zone)).toISOString();
const firstDay = dayNumber('2026-09-01');

async function travelTo(moment: string): Promise<void> {
  const { database, clock } = site.services;
  await writeClockOffset(database.connection, new Date(moment).getTime() - clock.wallNow().getTime());
  await clock.refresh();
}

/** The day's process: steps until all accounts were seen. */
async function sweep(): Promise<number> {
  for (let steps = 1; ; steps += 1)
    if ((await site.deliver(blockUnusedAccounts, { inactiveDays })).sweepDone) return steps;
}

const blockedIds = async (): Promise<string[]> =>
  (await skud.seen()).accounts.flatMap(({ active, externalId }) => (active ? [] : [externalId ?? ''])).sort();

/** What the administrator of information security is told. */
const toldAdministrators = async (): Promise<unknown[]> =>
  (await site.services.database.connection.collection('outbox').find({ kind: 'notice' }).toArray()).map(
    ({ notice }) => (notice as { data: unknown }).data,
  );

const demoLines = (): string[] => readFileSync(inProject('local', 'demo', 'directory.csv'), 'utf8').split('\n');

/** Imports the demo's directory, which some have left. */
async function directoryWithout(...left: string[]): Promise<void> {
  const here = demoLines().filter((line) => !left.some((id) => line.startsWith(`${id},`)));
  await site.services.directory.importCsv(Readable.from([here.join('\n')]));
}

/** Imports the demo's directory, where somebody has another position. */
async function directoryWithPosition(employeeId: string, position: string, renamed = false): Promise<void> {
  const column = demoLines()[0]!.split(',').indexOf('position');
  const lines = demoLines().map((line) =>
    line.startsWith(`${employeeId},`) ? line.split(',').with(column, position).join(',') : line,
  );
  await site.services.directory.importCsv(Readable.from([lines.join('\n')]), { renamed });
}

const letterOf = async (accountId: string, template: string) =>
  site.services.vault.reveal(
    (await site.services.letters.ofCase(`case-${accountId}`)).filter((letter) => letter.template === template),
  );

/** An account that a request of ours made on a day, in SKUD too. */
async function anAccount(
  issued: string,
  userName = `u-${newId().toLowerCase()}`,
  lastSignInAt?: string,
  employeeId: string | null = null,
): Promise<string> {
  const { database, vault, accounts } = site.services;
  const accountId = newId();
  await skud.control({
    accounts: [{ userName, externalId: accountId, createdAt: issued, ...(lastSignInAt ? { lastSignInAt } : {}) }],
  });
  const skudId = (await skud.seen()).accounts.find(({ externalId }) => externalId === accountId)!.id;
  await travelTo(issued);
  await database.transaction(somebody, async (tx) => {
    const subjectId = await vault.createSubject(tx, 'person');
    await accounts.issued(tx, {
      ...{ accountId, skudId, subjectId, login: userName, email: 'user@sb.example', employeeId, rights: [] },
      ...{ caseId: `case-${accountId}`, caseNumber: 'ACC-2026-000001', language: 'ru' },
      applicant: { subjectId: await vault.createSubject(tx, 'organisation'), email: 'office@sb.example' },
    });
  });
  return accountId;
}

describe('an account', () => {
  test('is blocked on the 31st day after its last use, from 00:00 on, and not before', async () => {
    const used = await anAccount(at(firstDay - 5), 'used', at(firstDay, '23:59'));
    await travelTo(at(firstDay + 30, '23:59'));
    await sweep();
    expect(await blockedIds()).toEqual([]);
    await travelTo(at(firstDay + 31, '00:05'));
    await sweep();
    expect(await blockedIds()).toEqual([used]);
    expect(await site.services.accounts.find(used)).toMatchObject({ state: 'blocked', blockGrounds: ['inactivity30'] });
    expect(await site.acts(`case-${used}`)).toEqual([
      'account.issued',
      'account.blocked',
      'journal.entered',
      'letter.composed',
      'letter.composed',
    ]);
  });

  test('that was never used is counted from the issue of its credentials, whenever SKUD made it', async () => {
    const never = await anAccount(at(firstDay), 'never');
    await travelTo(at(firstDay + 30, '23:59'));
    await sweep();
    expect(await blockedIds()).toEqual([]);
    // Re-issued: it is new again.
    const { database, vault, accounts } = site.services;
    const before = await vault.reveal((await accounts.find(never))!);
    await database.transaction(somebody, (tx) =>
      accounts.issued(tx, {
        ...before,
        accountId: never,
        login: before.login!,
        subjectId: before.subjectId!,
        caseNumber: 'ACC-2026-000001',
        applicant: before.applicant!,
      }),
    );
    await travelTo(at(firstDay + 60, '23:59'));
    await sweep();
    expect(await blockedIds()).toEqual([]);
    await travelTo(at(firstDay + 61, '00:05'));
    await sweep();
    expect(await blockedIds()).toEqual([never]);
  });

  test('of who left is blocked by the next look, used or not, and his alone', async () => {
    await directoryWithout();
    const gone = await anAccount(at(firstDay), 'gone', at(firstDay + 1), 'SC-1018');
    await anAccount(at(firstDay), 'stays', at(firstDay + 1), 'SC-1019');
    await travelTo(at(firstDay + 1));
    await sweep();
    expect(await blockedIds()).toEqual([]);
    await directoryWithout('SC-1018');
    await sweep();
    expect(await blockedIds()).toEqual([gone]);
    expect(await site.services.accounts.find(gone)).toMatchObject({ state: 'blocked', blockGrounds: ['dismissal'] });
    await sweep();
    expect((await site.acts(`case-${gone}`)).filter((act) => act === 'account.blocked')).toHaveLength(1);
  });

  test('of who left is blocked by the import itself, and by the next look where SKUD does not answer it', async () => {
    await directoryWithout();
    await site.services.people.seen({ login: 'ib.admin', employeeId: 'SC-1074', roles: ['ib-admin'] });
    await site.services.database.connection.collection('outbox').deleteMany({});
    const first = await anAccount(at(firstDay), 'first', at(firstDay + 1), 'SC-1018');
    const second = await anAccount(at(firstDay), 'second', at(firstDay + 1), 'SC-1019');
    await directoryWithout('SC-1018');
    expect(await blockStaff(site.services)).toEqual({ blocked: 1, unanswered: null });
    expect(await blockedIds()).toEqual([first]);
    expect(await toldAdministrators()).toEqual([expect.objectContaining({ ground: 'dismissal', count: 1 })]);
    await directoryWithout('SC-1018', 'SC-1019');
    await skud.control({ fault: '429', on: 'change', delayMs: 60_000 });
    expect(await blockStaff(site.services)).toMatchObject({ blocked: 0, unanswered: expect.any(String) });
    await travelTo(at(firstDay + 1));
    await sweep();
    expect(await blockedIds()).toEqual([first, second].sort());
  });

  test('of who was transferred is blocked by the import, and the letter says which application opens it', async () => {
    await directoryWithout();
    const moved = await anAccount(at(firstDay), 'moved', at(firstDay + 1), 'SC-1018');
    await anAccount(at(firstDay), 'stays', at(firstDay + 1), 'SC-1019');
    await directoryWithPosition('SC-1018', 'Специалист по новым делам', true);
    expect(await blockStaff(site.services)).toEqual({ blocked: 0, unanswered: null });
    await directoryWithPosition('SC-1018', 'Специалист по другим делам');
    expect(await blockStaff(site.services)).toEqual({ blocked: 1, unanswered: null });
    expect(await blockedIds()).toEqual([moved]);
    expect(await site.services.accounts.find(moved)).toMatchObject({ state: 'blocked', blockGrounds: ['transfer'] });
    const letters = await letterOf(moved, 'access-request/account-blocked');
    const transferred = expect.objectContaining({ ground: 'transfer', opening: 'change' });
    expect(letters.map(({ data }) => JSON.parse(data) as unknown)).toEqual([transferred, transferred]);
  });

  test('of who was transferred is blocked by the next look where SKUD does not answer the import', async () => {
    await directoryWithout();
    const moved = await anAccount(at(firstDay), 'moved', at(firstDay + 1), 'SC-1018');
    await directoryWithPosition('SC-1018', 'Специалист по другим делам');
    await skud.control({ fault: '429', on: 'change', delayMs: 60_000 });
    expect(await blockStaff(site.services)).toMatchObject({ blocked: 0, unanswered: expect.any(String) });
    await travelTo(at(firstDay + 1));
    await sweep();
    expect(await blockedIds()).toEqual([moved]);
  });

  test('of who was transferred and then left, or broke the rules, is blocked for both', async () => {
    await directoryWithout();
    const moved = await anAccount(at(firstDay), 'moved', at(firstDay + 1), 'SC-1018');
    const { accounts } = site.services;
    await directoryWithPosition('SC-1018', 'Специалист по другим делам');
    await blockStaff(site.services);
    await directoryWithout('SC-1018');
    await blockStaff(site.services);
    expect(await accounts.find(moved)).toMatchObject({ blockGrounds: ['transfer', 'dismissal'] });
    // What waits for SKUD already is no less than a transfer.
    const other = await anAccount(at(firstDay), 'other', at(firstDay + 1), 'SC-1019');
    await accounts.intendBlock([other], { ground: 'securityViolation', unlessSignedInSince: null });
    await accounts.intendBlock([other], { ground: 'transfer', unlessSignedInSince: null });
    expect(await accounts.find(other)).toMatchObject({ blocking: { ground: 'securityViolation' } });
  });

  test.each([
    ['left', 'dismissal', () => directoryWithout('SC-1018')],
    ['was transferred', 'transfer', () => directoryWithPosition('SC-1018', 'Специалист по другим делам')],
  ] as const)(
    'of who %s while a violation blocked it is blocked for both, and opened by none that is not confirmed',
    async (_name, ground, changed) => {
      await directoryWithout();
      const held = await anAccount(at(firstDay), 'held', at(firstDay + 1), 'SC-1018');
      const { accounts, database } = site.services;
      await accounts.intendBlock([held], { ground: 'securityViolation', unlessSignedInSince: null });
      await travelTo(at(firstDay + 1));
      await sweep();
      await database.transaction(somebody, (tx) => accounts.holdFor(tx, [held], 'V1'));
      await changed();
      for (const blocked of [1, 0]) expect(await blockStaff(site.services)).toEqual({ blocked, unanswered: null });
      expect(await accounts.find(held)).toMatchObject({ blockGrounds: ['securityViolation', ground] });
      expect(await accounts.intendOpening(held, 'V1')).toBeNull();
      const told = (await letterOf(held, 'access-request/account-blocked')).map(
        ({ data }) => JSON.parse(data) as unknown,
      );
      expect(told).toContainEqual(expect.objectContaining({ ground, opening: 'repeat' }));
    },
  );

  test('that no request of ours made is blocked as well, and nobody is written to', async () => {
    await skud.control({ accounts: [{ userName: 'old', externalId: 'none-of-ours', createdAt: at(firstDay) }] });
    await travelTo(at(firstDay + 40));
    await sweep();
    expect(await blockedIds()).toEqual(['none-of-ours']);
    const [account] = await stored().find().toArray();
    expect(await site.acts(account!.caseId)).toEqual(['account.blocked', 'journal.entered']);
  });

  test('whose user enters between the look and the block stays open', async () => {
    await anAccount(at(firstDay), 'late');
    await travelTo(at(firstDay + 40));
    await skud.control({ fault: 'slow', on: 'read', delayMs: 300 });
    const running = sweep();
    await skud.control({ signIns: [{ userName: 'late', at: at(firstDay + 40) }] });
    await running;
    expect(await blockedIds()).toEqual([]);
    expect(await stored().countDocuments({ 'blocking.at': { $type: 'date' } })).toBe(0);
  });
});

describe('an account that SKUD refuses to block', () => {
  const refuse = (times: number) => skud.control({ fault: 'refuse', on: 'change', times });
  const outbox = () => site.services.database.connection.collection('outbox');
  beforeEach(async () => {
    await directoryWithout();
    await site.services.people.seen({ login: 'ib.admin', employeeId: 'SC-1074', roles: ['ib-admin'] });
    await outbox().deleteMany({});
  });

  test('keeps none of the others open, is told of, and ends the day with an incident; the next day tries again', async () => {
    const [first, second] = [await anAccount(at(firstDay), 'first'), await anAccount(at(firstDay), 'second')];
    await travelTo(at(firstDay + 40));
    await refuse(1);
    expect(await site.deliver(blockUnusedAccounts, { inactiveDays })).toEqual({ sweepDone: false });
    await refuse(1);
    await expect(sweep()).rejects.toBeInstanceOf(PermanentError);
    const { accounts } = site.services;
    expect([await blockedIds(), (await accounts.find(second))?.blockGrounds]).toEqual([[second], ['inactivity30']]);
    expect((await letterOf(second, 'access-request/account-blocked')).length).toBe(2);
    const { skudId } = (await accounts.find(first))!;
    const refused = (await outbox().find({ 'notice.template': 'access-request/accounts-not-blocked' }).toArray()).map(
      ({ notice }) => (notice as { data: unknown }).data,
    );
    expect(refused).toEqual([{ day: '2026-10-11', count: 1, skudIds: [skudId] }]);
    await travelTo(at(firstDay + 41));
    await sweep();
    expect(await blockedIds()).toEqual([first, second].sort());
  });

  test('is asked for again by whoever tries the last step again, also on the same day', async () => {
    const accountId = await anAccount(at(firstDay), 'unused');
    await travelTo(at(firstDay + 40));
    await refuse(2);
    await expect(sweep()).rejects.toBeInstanceOf(PermanentError);
    await sweep();
    expect(await blockedIds()).toEqual([accountId]);
  });

  test('of who left keeps no other account of the import open', async () => {
    const first = await anAccount(at(firstDay), 'first', at(firstDay + 1), 'SC-1018');
    const second = await anAccount(at(firstDay), 'second', at(firstDay + 1), 'SC-1019');
    await directoryWithout('SC-1018', 'SC-1019');
    await refuse(1);
    expect(await blockStaff(site.services)).toEqual({ blocked: 1, unanswered: 'SKUD refuses to block 1 accounts' });
    expect(await blockedIds()).toEqual([second]);
    await travelTo(at(firstDay + 1));
    await sweep();
    expect(await blockedIds()).toEqual([first, second].sort());
  });

  test('because it refuses our sign-in is no account by itself: the step fails as a whole', async () => {
    await anAccount(at(firstDay), 'unused');
    await travelTo(at(firstDay + 40));
    const error = new PermanentError('SKUD refuses the sign-in', { field: 'SKUD_TOKEN' });
    const client = { blockUnused: () => Promise.reject(error) } as unknown as SkudClient;
    const { accounts } = site.services;
    await accounts.intendBlock(
      (await stored().find().toArray()).map(({ _id }) => _id),
      {
        ...{ ground: 'inactivity30', unlessSignedInSince: new Date(at(firstDay + 9)) },
      },
    );
    const context = { heartbeat: () => Promise.resolve(), signal: new AbortController().signal };
    await expect(blockIntended(client, await accounts.toBlock(1), context)).rejects.toBe(error);
  });
});

test('leaves nobody out where as many accounts are made during the look as it blocks', async () => {
  const some = (name: string, createdAt: string) =>
    skud.control({
      accounts: Array.from({ length: 110 }, (_, i) => ({
        ...{ userName: `${name}${i}`, externalId: `${name}${i}` },
        createdAt,
      })),
    });
  await some('old', at(firstDay));
  await travelTo(at(firstDay + 40, '00:05'));
  const page = () => site.deliver(blockUnusedAccounts, { inactiveDays });
  expect(await page()).toEqual({ sweepDone: false });
  expect(await blockedIds()).toHaveLength(100);
  await some('new', at(firstDay + 40, '00:05'));
  await sweep();
  const blocked = await blockedIds();
  expect([blocked.length, blocked.filter((id) => id.startsWith('new'))]).toEqual([110, []]);
});

describe('a look that was broken off', () => {
  test('after SKUD had blocked is ended by the next, and told of once', async () => {
    const accountId = await anAccount(at(firstDay), 'unused');
    await travelTo(at(firstDay + 40));
    await site.reach(blockUnusedAccounts, { inactiveDays });
    expect(await blockedIds()).toEqual([accountId]);
    expect(await site.acts(`case-${accountId}`)).toEqual(['account.issued']);
    await travelTo(at(firstDay + 43));
    await sweep();
    await sweep();
    expect((await site.acts(`case-${accountId}`)).filter((type) => type === 'account.blocked')).toHaveLength(1);
  });

  test('by a fault of SKUD goes on where it was', async () => {
    const accountId = await anAccount(at(firstDay), 'unused');
    await travelTo(at(firstDay + 40));
    await skud.control({ fault: '429', on: 'change', delayMs: 60_000 });
    await expect(sweep()).rejects.toBeInstanceOf(RetryableError);
    await sweep();
    expect(await blockedIds()).toEqual([accountId]);
  });

  test('on a day that was missed is made up for on the next', async () => {
    const accountId = await anAccount(at(firstDay), 'unused');
    await travelTo(at(firstDay + 37));
    await sweep();
    expect(await blockedIds()).toEqual([accountId]);
  });
});

/** The same numbers at each run, so that a failure can be had again. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('in 60 days of 2,000 accounts with random sign-ins each is blocked on the right day, none early, none late', async () => {
  const accounts = 2_000;
  const days = 60;
  const random = dice(6);
  // Most enter every few days; one in eight stops at some day, or never begins.
  const made = Array.from({ length: accounts }, (_, i) => ({
    userName: `user${i}`,
    externalId: `E${i}`,
    createdOn: firstDay - Math.floor(random() * 20),
    stopsOn: random() < 1 / 8 ? firstDay + Math.floor(random() * 45) - 10 : Infinity,
  }));
  await skud.control({
    accounts: made.map(({ userName, externalId, createdOn }) => ({ userName, externalId, createdAt: at(createdOn) })),
  });
  /** The model: the last day of use, and whether it is blocked; in days, by the words of the act alone. */
  const model = made.map(({ createdOn }) => ({ lastDay: createdOn, blockedOn: null as number | null }));
  const expected: Record<string, number> = {};
  const seen: Record<string, number> = {};
  for (let day = firstDay; day < firstDay + days; day += 1) {
    await travelTo(at(day, '00:05'));
    await sweep();
    model.forEach((account, i) => {
      if (account.blockedOn !== null || day - account.lastDay <= inactiveDays) return;
      account.blockedOn = day;
      expected[`E${i}`] = day - firstDay;
    });
    for (const externalId of await blockedIds()) seen[externalId] ??= day - firstDay;
    const signIns = made.flatMap(({ userName, stopsOn }, i) => {
      if (day >= stopsOn || random() > 0.4) return [];
      const { blockedOn } = model[i]!;
      if (blockedOn === null) model[i]!.lastDay = day;
      return [{ userName, at: at(day, random() < 0.5 ? '00:10' : '23:59') }];
    });
    await skud.control({ signIns });
  }
  expect(Object.keys(expected).length).toBeGreaterThan(100);
  expect(seen).toEqual(expected);
}, 600_000);
