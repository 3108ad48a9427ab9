import { expect, test } from '@jest/globals';
import type { BlockGround, StoredAccount } from '../../core/access-request/account-store.js';
import type { AccessRequest } from '../../core/access-request/model.js';
import { blockStaff } from '../../workers/access-request/block-staff.js';
import { blockUnusedAccounts } from '../../workers/access-request/block-unused-accounts.js';
import { provideAccount } from '../../workers/access-request/provide-account.js';
import { accessRequest, accessUser } from '../builders/access-request.js';
import { providedRequest, type ProvidedRequest } from '../builders/provided-account.js';
import type { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';
import { onSkud } from '../helpers/on-skud.js';
import type { SkudSimulator } from '../helpers/skud-simulator.js';
import type { WorkerSite } from '../helpers/worker-site.js';

/** R27: an account that a transfer blocked is opened again by the application for the rights of the new position, and by nothing less. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ skud, site, workers } = given));

const account = async (accountId: string) => (await site.services.accounts.find(accountId))!;
const isActive = async (accountId: string) =>
  (await skud.seen()).accounts.find(({ externalId }) => externalId === accountId)?.active;

/** An account whose user works with it, blocked for each of these. */
async function blockedFor(...grounds: BlockGround[]): Promise<{ accountId: string; login: string }> {
  const { userId: accountId } = await providedRequest(site, workers);
  const { accounts, database, vault } = site.services;
  const { skudId, login } = await vault.reveal(await account(accountId));
  await database.transaction(somebody, (tx) =>
    accounts.noteEvent(tx, { eventId: accountId, kind: 'password-changed', skudId, at: tx.at }),
  );
  for (const ground of grounds) {
    await accounts.intendBlock([accountId], { ground, unlessSignedInSince: null });
    expect(await blockStaff(site.services)).toEqual({ blocked: 1, unanswered: null });
  }
  expect(await isActive(accountId)).toBe(false);
  return { accountId, login: login! };
}

const edit = [{ system: 'sir', function: 'record.view' }];
const change = (login: string): Promise<ProvidedRequest> =>
  providedRequest(site, workers, {
    kind: 'change',
    basis: { type: 'transferOrder', number: '91-к', date: '2026-01-30' },
    users: [accessUser({ login, rights: edit })],
  });

/** What the answer of a request says was done, and what its row of the journal. */
async function told({ caseId }: ProvidedRequest): Promise<unknown[]> {
  const { accessJournal, letters, vault } = site.services;
  const answers = (await vault.reveal(await letters.ofCase(caseId))).filter(({ purpose }) => purpose === 'answer');
  const acts: string[] = [];
  for await (const { act } of accessJournal.rows({ caseIds: [caseId] }, 'oldest')) acts.push(act);
  return [...answers.map(({ data }) => (JSON.parse(data) as { action: string }).action), ...acts];
}

test('a granted change opens an account that waits for it, with the password that it has', async () => {
  const { accountId, login } = await blockedFor('transfer');
  const request = await change(login);
  expect(await isActive(accountId)).toBe(true);
  expect(await account(accountId)).toMatchObject({
    ...{ state: 'active', blockGrounds: [], blockedAt: null, openedAt: expect.any(Date), rights: edit },
  });
  expect(await told(request)).toEqual(['changeReopened', 'reopened']);
  const { caseId } = await account(accountId);
  expect((await workers.acts(caseId)).filter((act) => act.startsWith('account.')).at(-1)).toBe('account.opened');
});

test('a repeat of the step after SKUD has opened it opens it once', async () => {
  const { accountId, login } = await blockedFor('transfer');
  const { caseId, number, userId } = await change(login);
  await workers.deliver(provideAccount, { caseId, caseNumber: number, userId });
  expect(await isActive(accountId)).toBe(true);
  const { caseId: ofAccount } = await account(accountId);
  expect((await workers.acts(ofAccount)).filter((act) => act === 'account.opened')).toHaveLength(1);
});

test('a change opens no account that is blocked for another reason as well', async () => {
  const { accountId, login } = await blockedFor('transfer', 'dismissal');
  const request = await change(login);
  expect(await isActive(accountId)).toBe(false);
  expect(await account(accountId)).toMatchObject({ state: 'blocked', blockGrounds: ['transfer', 'dismissal'] });
  expect(await told(request)).toEqual(['change', 'changed']);
});

test('a violation that is revealed while SKUD opens the account blocks it again', async () => {
  const { accountId, login } = await blockedFor('transfer');
  const { accounts, database } = site.services;
  const intend = () => accounts.intendBlock([accountId], { ground: 'securityViolation', unlessSignedInSince: null });
  // The rights first, then the account: that answer is late.
  for (const delayMs of [1, 1_500]) await skud.control({ fault: 'slow', on: 'change', delayMs });
  const changing = change(login);
  const decided = database.connection.collection<AccessRequest>('access-requests');
  while (!(await decided.findOne({ kind: 'change', 'decisions.system': 'pension', 'users.account': null })))
    await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 700));
  await intend();
  await changing;
  expect(await isActive(accountId)).toBe(false);
  expect(await account(accountId)).toMatchObject({ state: 'blocked' });
});

test('an account whose user had not signed in yet still waits for the first sign-in', async () => {
  const { userId: accountId } = await providedRequest(site, workers);
  const { login } = await site.services.vault.reveal(await account(accountId));
  await site.services.accounts.intendBlock([accountId], { ground: 'transfer', unlessSignedInSince: null });
  await blockStaff(site.services);
  await change(login!);
  expect(await account(accountId)).toMatchObject({ state: 'pendingFirstLogin', blockGrounds: [] });
});

test('until the application comes, user and applicant are reminded each time the organisation’s own term has gone by', async () => {
  const { accounts, database, letters } = site.services;
  const { accountId } = await blockedFor('transfer');
  const both = await blockedFor('transfer', 'dismissal');
  const { caseId } = await account(accountId);
  const stored = database.connection.collection<StoredAccount>('accounts');
  const requests = database.connection.collection<AccessRequest>('access-requests');
  const looks = () => workers.deliver(blockUnusedAccounts, { inactiveDays: 3_650 });
  const reminders = async (ofCase = caseId): Promise<number> =>
    (await letters.ofCase(ofCase)).filter(({ purpose }) => purpose === 'application-reminder').length;
  const daysAgo = (days: number) => new Date(site.services.clock.legalNow().getTime() - days * 24 * 3600_000);
  const passes = (days: number) =>
    stored.updateMany({ state: 'blocked' }, { $set: { blockedAt: daysAgo(days), remindedAt: daysAgo(days) } });

  await looks();
  expect(await reminders()).toBe(0);
  await passes(30);
  for (let times = 0; times < 2; times += 1) expect(await looks()).toEqual({ sweepDone: true });
  const once = await reminders();
  expect(once).toBeGreaterThan(0);
  expect(await reminders((await account(both.accountId)).caseId)).toBe(0);
  expect((await workers.acts(caseId)).filter((act) => act === 'account.reminded')).toHaveLength(1);
  await passes(30);
  await looks();
  expect(await reminders()).toBe(2 * once);

  // An application that is not answered yet ends it; of one that was withdrawn nothing comes.
  const body = accessRequest('2026-01-30', { kind: 'change', users: [accessUser({ login: 'u-another' })] });
  const { number } = (await site.anybody.post('/api/access-requests', body)).json<{ number: string }>();
  const { _id } = (await site.services.cases.byNumber(number))!;
  await stored.updateOne({ _id: accountId }, { $set: { employeeId: 'SC-1018' } });
  await requests.updateOne({ _id }, { $set: { 'users.0.employeeId': 'SC-1018' } });
  await passes(30);
  await looks();
  expect(await reminders()).toBe(2 * once);
  await database.transaction(somebody, (tx) => site.services.accessRequests.withdraw(tx, _id));
  await looks();
  expect(await reminders()).toBe(3 * once);
  expect((await accounts.find(accountId))!.state).toBe('blocked');
});

test('where the organisation sends passwords by mail, the answer has a link for the acknowledgement of the rules beside it', async () => {
  const { accounts: settings } = site.services.settings;
  const before = settings.passwordBy;
  settings.passwordBy = 'mail';
  try {
    const { caseId, userId } = await providedRequest(site, workers);
    const { letters, passwordLinks, vault } = site.services;
    const answer = (await vault.reveal(await letters.ofCase(caseId))).find(({ purpose }) => purpose === 'answer');
    const data = JSON.parse(answer!.data) as Record<string, string>;
    expect(Object.keys(data)).toEqual(expect.arrayContaining(['password', 'rulesLink', 'rulesUntil']));
    expect(data).not.toHaveProperty('passwordLink');
    expect(await passwordLinks.latestOf(userId)).toMatchObject({ state: 'ready', rulesOnly: true });
  } finally {
    settings.passwordBy = before;
  }
});
