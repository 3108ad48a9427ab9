import { expect, test } from '@jest/globals';
import type { BlockGround } from '../../../core/access-request/account-store.js';
import type { AccessRequest } from '../../../core/access-request/model.js';
import type { AccountRight } from '../../../core/access-request/skud-account.js';
import { blockStaff } from '../../../workers/access-request/block-staff.js';
import { provideAccount } from '../../../workers/access-request/provide-account.js';
import { accessUser, type AccessRequestBody } from '../../builders/access-request.js';
import { providedRequest } from '../../builders/provided-account.js';
import type { ApiSite } from '../../helpers/api-site.js';
import { onSkud } from '../../helpers/on-skud.js';
import type { SkudSimulator } from '../../helpers/skud-simulator.js';
import type { WorkerSite } from '../../helpers/worker-site.js';

/** R29, ACC-54: a repeated application gives an account back what it names and was granted, and nothing that the account had before. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ skud, site, workers } = given));

const view: AccountRight = { system: 'sir', function: 'record.view' };
const edit: AccountRight = { system: 'sir', function: 'record.edit' };
const refused: AccountRight = { system: 'pension', function: 'payment.view' };

async function inSkud(accountId: string) {
  const found = (await skud.seen()).accounts.find(({ externalId }) => externalId === accountId);
  return { active: found?.active, rights: found?.entitlements.map(({ type, value }) => `${type}/${value}`).sort() };
}

/** An account with two rights, blocked. */
async function blocked(ground: BlockGround = 'dismissal'): Promise<{ accountId: string; login: string }> {
  const { userId: accountId } = await providedRequest(site, workers, { users: [accessUser({ rights: [view, edit] })] });
  const { accounts, vault } = site.services;
  const { login } = await vault.reveal((await accounts.find(accountId))!);
  await accounts.intendBlock([accountId], { ground, unlessSignedInSince: null });
  await blockStaff(site.services);
  expect(await inSkud(accountId)).toEqual({ active: false, rights: ['sir/record.edit', 'sir/record.view'] });
  return { accountId, login: login! };
}

const repeat = (login: string): Partial<AccessRequestBody> => ({
  kind: 'repeat',
  repeatReason: 'blockedInactivity',
  users: [accessUser({ login, rights: [view, refused] })],
});

test('opens the account with the rights that were granted; what it had beyond them, and what was refused, is gone', async () => {
  const { accountId, login } = await blocked();
  await providedRequest(site, workers, repeat(login));
  expect(await inSkud(accountId)).toEqual({ active: true, rights: ['sir/record.view'] });
  expect(await site.services.accounts.find(accountId)).toMatchObject({ state: 'pendingFirstLogin', rights: [view] });
});

test('never opens it with more: the rights are set first, so that SKUD may refuse what follows', async () => {
  const { accountId, login } = await blocked();
  // The rights at once; what comes after them late, so that it can still be refused.
  for (const delayMs of [1, 2_000]) await skud.control({ fault: 'slow', on: 'change', delayMs });
  const ended = providedRequest(site, workers, repeat(login)).then(String, String);
  while ((await inSkud(accountId)).rights?.length === 2) await new Promise((resolve) => setTimeout(resolve, 20));
  await skud.control({ fault: 'refuse', on: 'change' });
  expect(await ended).toContain('ACCOUNT_NOT_PROVIDED');
  expect(await inSkud(accountId)).toEqual({ active: false, rights: ['sir/record.view'] });
});

test.each([
  ['repeated application', 'dismissal', (login: string) => repeat(login)],
  [
    'change',
    'transfer',
    (login: string) => ({ kind: 'change' as const, users: [accessUser({ login, rights: [view] })] }),
  ],
] as const)(
  'that SKUD refuses is no %s that leaves open what an earlier attempt had opened',
  async (_name, ground, body) => {
    const { accountId, login } = await blocked(ground);
    const refuse = () => skud.control({ fault: 'refuse', on: 'change' });
    await refuse();
    await expect(providedRequest(site, workers, body(login))).rejects.toThrow('ACCOUNT_NOT_PROVIDED');
    const requests = site.services.database.connection.collection<AccessRequest>('access-requests');
    const { _id: caseId, number: caseNumber, users } = (await requests.find().sort({ _id: -1 }).limit(1).toArray())[0]!;
    const job = { caseId, caseNumber, userId: users[0]!.userId };
    // SKUD has opened it, and the process died before it noted so.
    await workers.reach(provideAccount, job);
    expect(await inSkud(accountId)).toMatchObject({ active: true });
    await refuse();
    await expect(workers.deliver(provideAccount, job)).rejects.toThrow('ACCOUNT_NOT_PROVIDED');
    expect(await inSkud(accountId)).toMatchObject({ active: false });
    expect(await site.services.accounts.find(accountId)).toMatchObject({ state: 'blocked', blockGrounds: [ground] });
  },
);

test('who asks for a first account of somebody who has one, blocked or not, is answered by an administrator who is told', async () => {
  const { login } = await blocked();
  const first = { users: [accessUser({ name: 'Асем' }), accessUser({ iin: '911109399311' })] };
  const { number } = await providedRequest(site, workers, first);
  const page = async (of: string) => (await (await site.as('ib.admin')).page(`/cases/${of}?lang=en`)).body;
  expect(await page(number)).toContain(`The user in row 1 has the blocked account ${login}: it is opened again by`);
  expect(await page(number)).not.toContain('The user in row 2');
  const another = await providedRequest(site, workers, { users: [accessUser({ iin: '911109399311' })] });
  expect(await page(another.number)).toMatch(/The user in row 1 already has the account u-[a-z0-9]+\./);
  // A repeated application is what is asked for: nothing to warn of.
  const repeated = await providedRequest(site, workers, repeat(login));
  expect(await page(repeated.number)).not.toContain('The user in row');
});
