import { describe, expect, test } from '@jest/globals';
import { blockIntended } from '../../../connectors/skud/block.js';
import { skudClient } from '../../../connectors/skud/index.js';
import { settleBlocks } from '../../../core/access-request/account-blocks.js';
import type { BlockGround } from '../../../core/access-request/account-store.js';
import { noteSkudEvent } from '../../../core/access-request/skud-events.js';
import { declaredDecisions } from '../../../core/declared-decisions.js';
import { newId } from '../../../core/ids.js';
import { expireCredentials } from '../../../workers/access-request/expire-credentials.js';
import { reissuePassword } from '../../../workers/access-request/reissue-password.js';
import { accessUser } from '../../builders/access-request.js';
import { providedRequest, type ProvidedRequest } from '../../builders/provided-account.js';
import type { ApiSite } from '../../helpers/api-site.js';
import { somebody } from '../../helpers/database.js';
import { onSkud } from '../../helpers/on-skud.js';
import type { SkudSimulator } from '../../helpers/skud-simulator.js';
import type { WorkerSite } from '../../helpers/worker-site.js';

/** R24, R28, R29: what becomes of a password that nobody came for, where the account was blocked or another request took it over meanwhile. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ skud, site, workers } = given));

const account = async (accountId: string) => (await site.services.accounts.find(accountId))!;
const isActive = async (accountId: string) =>
  (await skud.seen()).accounts.find(({ externalId }) => externalId === accountId)?.active;
const inputOf = ({ caseId, number, userId }: ProvidedRequest) => ({ caseId, caseNumber: number, userId });
const messagesOf = async ({ number }: ProvidedRequest): Promise<string[]> =>
  (await site.outboxOf(number)).flatMap(({ message }) => message?.name ?? []);
const lettersOf = async ({ caseId }: ProvidedRequest): Promise<string[]> =>
  (await site.services.letters.ofCase(caseId)).map(({ purpose }) => purpose);

/** Blocks it as the workers do; what is blocked in SKUD may be left unsettled. */
async function block(accountId: string, ground: BlockGround, settle = true): Promise<() => Promise<unknown>> {
  const { accounts, database, settings } = site.services;
  await accounts.intendBlock([accountId], { ground, unlessSignedInSince: null });
  const context = { heartbeat: () => Promise.resolve(), signal: AbortSignal.timeout(30_000) };
  const intended = await accounts.toBlock(1, { accountIds: [accountId] });
  const { settled } = await blockIntended(skudClient(settings.skud), intended, context);
  const settleNow = () => database.transaction(somebody, (tx) => settleBlocks(site.services, tx, settled as never));
  if (settle) await settleNow();
  return settleNow;
}

/** The same user loses his password: a repeated application for his account is granted. */
async function repeated(first: ProvidedRequest): Promise<ProvidedRequest> {
  const { login } = await site.services.vault.reveal(await account(first.userId));
  const users = [accessUser({ login: login! })];
  return providedRequest(site, workers, { kind: 'repeat', repeatReason: 'credentialLoss', users } as never);
}

const passwordChanged = async (accountId: string, minutes = 1): Promise<void> => {
  const at = new Date(site.services.clock.legalNow().getTime() + minutes * 60_000);
  await noteSkudEvent(site.services, {
    ...{ eventId: newId(), kind: 'password-changed', at },
    skudId: (await account(accountId)).skudId,
  });
};

describe('of an account that is blocked', () => {
  test.each(['securityViolation', 'transfer'] as const)(
    'for a %s: a new password takes nothing from the block',
    async (ground) => {
      const first = await providedRequest(site, workers);
      await block(first.userId, ground);
      const before = await account(first.userId);
      await workers.deliver(reissuePassword, inputOf(first));
      const { state, blockGrounds, violations, blockedAt } = before;
      const after = await account(first.userId);
      expect(after).toMatchObject({ state, blockGrounds, violations, blockedAt });
      expect(after.issuedAt > before.issuedAt).toBe(true);
      expect(await isActive(first.userId)).toBe(false);
    },
  );

  test('no password is issued by decision, and it may be left to a repeated application', async () => {
    const first = await providedRequest(site, workers);
    const decision = declaredDecisions.find(({ name }) => name === 'access-request.decide-on-expired-password')!;
    const decide = (expiredPassword: string) =>
      site.services.database.transaction(somebody, (tx) =>
        decision.requires({
          ...{ caseId: first.caseId, subject: first.userId, services: site.services, tx },
          answers: { expiredPassword },
        } as never),
      );
    expect(await decide('reissue')).toBeNull();
    await block(first.userId, 'securityViolation');
    expect(await decide('reissue')).toBe('account-is-blocked');
    expect(await decide('repeatedApplication')).toBeNull();
  });

  test('whose block is not settled yet: the password waits for that, so that here and in SKUD it is the same', async () => {
    const first = await providedRequest(site, workers);
    const settle = await block(first.userId, 'securityViolation', false);
    await expect(workers.deliver(reissuePassword, inputOf(first))).rejects.toThrow('is being blocked at the same time');
    await settle();
    expect(await account(first.userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
    expect(await isActive(first.userId)).toBe(false);
  });

  test('keeps its ground on record when the password expires, and is opened by a repeated application alone', async () => {
    const first = await providedRequest(site, workers);
    await block(first.userId, 'securityViolation');
    const { blockedAt } = await account(first.userId);
    await workers.deliver(expireCredentials, inputOf(first));
    expect(await account(first.userId)).toMatchObject({
      ...{ state: 'blocked', blockGrounds: ['securityViolation'], violations: null, blockedAt },
    });
  });

  test('completes the registration all the same when SKUD tells late of the changed password', async () => {
    const first = await providedRequest(site, workers);
    await block(first.userId, 'securityViolation');
    await passwordChanged(first.userId);
    await passwordChanged(first.userId, 2);
    expect(await account(first.userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
    expect((await messagesOf(first)).filter((name) => name === 'access-request.password-changed')).toHaveLength(1);
  });
});

describe('where a repeated application gave the account another password', () => {
  test('the first request waits no more, and only the second is completed', async () => {
    const first = await providedRequest(site, workers);
    const second = await repeated(first);
    expect(await messagesOf(first)).toContain('access-request.account-blocked');
    expect(await messagesOf(second)).not.toContain('access-request.account-blocked');
    const [user] = (await site.services.accessRequests.get(first.caseId)).users;
    expect(user!.account).toMatchObject({ outcome: 'blocked', expired: true });
    await passwordChanged(first.userId);
    expect(await messagesOf(first)).not.toContain('access-request.password-changed');
    expect(await messagesOf(second)).toContain('access-request.password-changed');
    expect(await isActive(first.userId)).toBe(true);
  });

  test('the end of the first leaves the account alone, and opens what an earlier attempt had blocked', async () => {
    const first = await providedRequest(site, workers);
    const second = await repeated(first);
    await passwordChanged(first.userId);
    await skudClient(site.services.settings.skud).block((await account(first.userId)).skudId);
    await workers.deliver(expireCredentials, inputOf(first));
    expect(await account(first.userId)).toMatchObject({ state: 'active', caseId: second.caseId });
    expect(await isActive(first.userId)).toBe(true);
    expect(await lettersOf(first)).not.toContain('account-blocked');
    await expect(workers.deliver(reissuePassword, inputOf(first))).rejects.toThrow('another request');
  });
});

test('who is blocked because nobody came for the password is written to, and so is the applicant', async () => {
  const first = await providedRequest(site, workers, {
    users: [accessUser({ email: 'nurgalieva@employment.example' })],
  });
  await workers.deliver(expireCredentials, inputOf(first));
  expect(await isActive(first.userId)).toBe(false);
  expect((await lettersOf(first)).filter((purpose) => purpose === 'account-blocked')).toHaveLength(2);
});
