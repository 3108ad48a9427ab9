import { beforeEach, expect, test } from '@jest/globals';
import type { StoredAccount } from '../../../core/access-request/account-store.js';
import { remindOfPasswords } from '../../../core/access-request/password-reminders.js';
import { blockUnusedAccounts } from '../../../workers/access-request/block-unused-accounts.js';
import { accessUser } from '../../builders/access-request.js';
import { providedRequest } from '../../builders/provided-account.js';
import type { ApiSite } from '../../helpers/api-site.js';
import { somebody } from '../../helpers/database.js';
import { onSkud } from '../../helpers/on-skud.js';
import type { WorkerSite } from '../../helpers/worker-site.js';

/** R5(4), ACC-39, DL-ACC-8: users are reminded of renewing their passwords, by the organisation's own term (180 days in the demonstration). */

let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ site, workers } = given));
beforeEach(() => stored().deleteMany({}));

const stored = () => site.services.database.connection.collection<StoredAccount>('accounts');
const daysAgo = (days: number) => new Date(site.services.clock.legalNow().getTime() - days * 24 * 3600_000);
const looks = () => workers.deliver(blockUnusedAccounts, { inactiveDays: 3_650 });

/** An account in use since its password was changed. */
async function usedSince(changedDaysAgo: number, email: string | undefined = 'nurgalieva@employment.example') {
  const { caseId, userId } = await providedRequest(site, workers, { users: [accessUser(email ? { email } : {})] });
  const set = { state: 'active' as const, passwordChangedAt: daysAgo(changedDaysAgo) };
  await stored().updateOne({ _id: userId }, { $set: set });
  const to = async (): Promise<(string | null)[]> => {
    const { letters, vault } = site.services;
    const reminders = (await letters.ofCase(caseId)).filter(({ purpose }) => purpose === 'password-renewal');
    return (await vault.reveal(reminders)).map(({ recipient }) => recipient.email);
  };
  return { caseId, to, change: ($set: Partial<StoredAccount>) => stored().updateOne({ _id: userId }, { $set }) };
}

test('the user is reminded once when the term has gone by, and again when it has once more, until the password is changed', async () => {
  const { caseId, to, change } = await usedSince(182);
  for (let times = 0; times < 2; times += 1) expect(await looks()).toEqual({ sweepDone: true });
  expect(await to()).toEqual(['nurgalieva@employment.example']);
  expect((await workers.acts(caseId)).filter((act) => act === 'account.password-reminded')).toHaveLength(1);
  await change({ passwordRemindedAt: daysAgo(179) });
  await looks();
  expect(await to()).toHaveLength(1);
  await change({ passwordRemindedAt: daysAgo(182) });
  await looks();
  expect(await to()).toHaveLength(2);
  await change({ passwordRemindedAt: daysAgo(182), passwordChangedAt: daysAgo(1) });
  await looks();
  expect(await to()).toHaveLength(2);
});

test('nobody is before the term, nor of an account that is blocked', async () => {
  const early = await usedSince(179);
  const blocked = await usedSince(182);
  await blocked.change({ state: 'blocked', blockedAt: daysAgo(1), blockGrounds: ['inactivity30'] });
  await looks();
  expect([await early.to(), await blocked.to()]).toEqual([[], []]);
});

test('the applicant is written to where no address of the user is known', async () => {
  const { to } = await usedSince(182, '');
  await looks();
  expect(await to()).toEqual(['chancery@employment.example']);
});

test('without a term of the organisation nobody is', async () => {
  const { to } = await usedSince(182);
  const { database, organisation } = site.services;
  const without = { ...site.services, organisation: { ...organisation, terms: {} } };
  expect(await database.transaction(somebody, (tx) => remindOfPasswords(without, tx))).toBe(true);
  expect(await to()).toEqual([]);
});

test('a hundred in a step, until all are', async () => {
  const [passwordChangedAt, createdAt] = [daysAgo(200), daysAgo(300)];
  const found = Array.from({ length: 150 }, (_, index) => ({
    ...{ skudId: `skud-${index}`, accountId: null, login: `u-old-${index}`, active: true, rights: [], createdAt },
    ...{ lastSignInAt: daysAgo(1), passwordChangedAt, mustChangePassword: false },
  }));
  await site.services.accounts.adopt(found);
  const unreminded = () => stored().countDocuments({ passwordRemindedAt: null });
  expect([await looks(), await unreminded()]).toEqual([{ sweepDone: false }, 50]);
  expect([await looks(), await unreminded()]).toEqual([{ sweepDone: true }, 0]);
});
