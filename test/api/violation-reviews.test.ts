import { describe, expect, test } from '@jest/globals';
import type { Violation } from '../../core/access-request/violations.js';
import { RetryableError } from '../../core/errors.js';
import { releaseAccounts } from '../../workers/access-request/release-accounts.js';
import { accessUser } from '../builders/access-request.js';
import { providedRequest } from '../builders/provided-account.js';
import { type ApiSite, type Caller } from '../helpers/api-site.js';
import { onSkud } from '../helpers/on-skud.js';
import type { SkudSimulator } from '../helpers/skud-simulator.js';
import { violationFacts, violationsOn, violationsUrl, type Violations } from '../helpers/violations.js';
import type { WorkerSite } from '../helpers/worker-site.js';

/** AMB-ACC-15: what an administrator says of a violation that a machine reported, and what becomes of the accounts that were blocked for it. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
let admin: Caller;
let on: Violations;
onSkud(async (given) => {
  ({ skud, site, workers } = given);
  admin = await site.as('ib.admin2');
  on = violationsOn(given, admin);
});

describe('what a machine reported', () => {
  const byMachine = async (login: string): Promise<Violation> => {
    const machine = await site.machine();
    const answer = await machine.post(violationsUrl, { kind: 'sharedLogin', facts: violationFacts, login });
    expect(answer.statusCode).toBe(201);
    return on.latest();
  };

  test('blocks at once, and waits for the word of an administrator, who is asked for it and says it once', async () => {
    const { login, userId } = await on.anAccount();
    const violation = await byMachine(login);
    const { _id: violationId, number } = violation;
    await on.block(violation);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked' });
    const [notice] = await on.outbox('notice', `^violation/${violationId}/`);
    expect(notice!.notice!.data).toMatchObject({ number, review: 'awaited' });
    const form = `action="/access-violations/${number}/review"`;
    expect((await admin.page('/access-violations?lang=en')).body).toContain(form);
    const reading = (await (await site.as('auditor')).page('/access-violations?lang=en')).body;
    expect([reading.includes(form), reading.includes('say whether it is a violation')]).toEqual([false, true]);

    const said = { outcome: 'notConfirmed', note: 'Тексерілді: канарейка-QzXv9.' };
    for (let times = 0; times < 2; times += 1)
      expect((await admin.form(`/access-violations/${number}/review`, said)).statusCode).toBe(303);
    const other = await admin.post(`${violationsUrl}/${number}/review`, { ...said, outcome: 'confirmed' });
    expect(other.statusCode).toBe(409);
    expect((await workers.acts(`violation.${violationId}`)).slice(1)).toEqual([
      ...['violation.accounts-blocked', 'violation.not-confirmed'],
    ]);
    const { review } = (await on.stored().findOne({ _id: violationId }))!;
    expect(review).toMatchObject({ outcome: 'notConfirmed', by: 'ib.admin2' });
    expect(review!.note).not.toContain('канарейка');
    const page = (await admin.page('/access-violations?lang=en')).body;
    expect([page.includes(form), page.includes(said.note)]).toEqual([false, true]);
    const [message, again] = (await on.outbox('message', violationId)).slice(1);
    expect([message!.message!.name, again]).toEqual(['access-request.violation-reviewed', undefined]);
    expect(message!.message!.variables).toEqual({ violationConfirmed: false });
    // Who decides on a repeated application reads what was said.
    const users = [accessUser({ login })];
    const repeat = { kind: 'repeat', repeatReason: 'blockedViolation', users } as const;
    const request = await providedRequest(site, workers, repeat);
    expect((await admin.page(`/cases/${request.number}?lang=en`)).body).toMatch(/VIO-.*not confirmed/s);
    // A repeated application opened it first: it stays open, and nobody is told twice.
    await on.release(violation);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin' });
    expect((await on.stored().findOne({ _id: violationId }))!.releasedIds).toEqual([]);
  });

  describe('and is none', () => {
    const notConfirmed = async (violation: Violation): Promise<void> => {
      const said = { outcome: 'notConfirmed', note: 'Тексерілді.' };
      expect((await admin.post(`${violationsUrl}/${violation.number}/review`, said)).statusCode).toBe(200);
    };

    test('opens the account at once, told of once, with its row in the journal', async () => {
      const user = accessUser({ email: 'asem@employment.example' });
      const { caseId, login, skudId, userId } = await on.anAccount({ users: [user] });
      const violation = await byMachine(login);
      expect(await on.block(violation)).toMatchObject({ forInspection: false, reviewAwaited: true });
      await notConfirmed(violation);
      await on.release(violation);
      expect(await on.isActive(skudId)).toBe(true);
      const { accounts, vault } = site.services;
      expect(await accounts.find(userId)).toMatchObject({
        ...{ state: 'pendingFirstLogin', blockGrounds: [], blockedAt: null, violations: null, opening: null },
      });
      const letters = await vault.reveal(await on.lettersOf(caseId, 'account-released'));
      expect(letters.map(({ recipient }) => recipient.email).sort()).toEqual([
        ...['asem@employment.example', 'chancery@employment.example'],
      ]);
      expect((await on.journalOf(caseId)).map(({ act, ground }) => [act, ground])).toEqual([
        ...[
          ['issued', null],
          ['blocked', 'securityViolation'],
          ['released', 'notConfirmed'],
        ],
      ]);
      const [, , row] = await vault.reveal(await on.journalOf(caseId));
      expect(row!.administrators).toMatchObject([{ login: 'ib.admin2' }]);
      expect((await workers.acts(caseId)).filter((act) => act === 'account.opened')).toHaveLength(1);
      expect((await workers.acts(`violation.${violation._id}`)).at(-1)).toBe('violation.accounts-released');
      const notices = await on.outbox('notice', `^violation-not-confirmed/${violation._id}/`);
      expect(notices.map(({ notice }) => notice!.data)).toContainEqual(
        expect.objectContaining({ number: violation.number, opened: 1, blocked: 0 }),
      );
      expect((await admin.page('/access-violations?lang=en')).body).toContain('1 account opened again');
    });

    test.each([
      ['another violation', (login: string) => on.reported({ login }).then((other) => on.block(other))],
      ['a dismissal', (_login: string, accountId: string) => on.blocked(accountId, 'dismissal')],
      ['disuse', (_login: string, accountId: string) => on.blocked(accountId, 'inactivity30')],
    ])('opens nothing that %s blocks too', async (_name, blockToo) => {
      const { login, skudId, userId } = await on.anAccount();
      const violation = await byMachine(login);
      await on.block(violation);
      await blockToo(login, userId);
      await notConfirmed(violation);
      await on.release(violation);
      expect(await on.isActive(skudId)).toBe(false);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', opening: null });
      expect((await on.stored().findOne({ _id: violation._id }))!.releasedIds).toEqual([]);
    });

    test.each(['dismissal', 'inactivity30'] as const)(
      'opens nothing that was blocked before for %s, or by an application',
      async (ground) => {
        const { login, skudId, userId } = await on.anAccount();
        if (ground === 'dismissal') await on.blocked(userId, ground);
        else {
          const users = [accessUser({ login, rights: [{ system: 'sir', function: 'record.view' }] })];
          await providedRequest(site, workers, { kind: 'block', users });
        }
        const violation = await byMachine(login);
        await on.block(violation);
        await notConfirmed(violation);
        await on.release(violation);
        expect(await on.isActive(skudId)).toBe(false);
      },
    );

    test.each([
      ['can’t be reached', '429'],
      ['loses its answer', 'lost-answer'],
    ])('is opened once when SKUD %s', async (_name, fault) => {
      const { caseId, login, skudId } = await on.anAccount();
      const violation = await byMachine(login);
      await on.block(violation);
      await notConfirmed(violation);
      await skud.control({ fault, on: 'change', ...(fault === '429' ? { delayMs: 60_000 } : {}) });
      if (fault === '429') {
        await expect(on.release(violation)).rejects.toBeInstanceOf(RetryableError);
        expect([await on.isActive(skudId), await on.lettersOf(caseId, 'account-released')]).toEqual([false, []]);
      }
      await on.release(violation);
      expect(await on.isActive(skudId)).toBe(true);
      expect((await workers.acts(caseId)).filter((act) => act === 'account.opened')).toHaveLength(1);
    });

    test('is blocked again where another reason came up while SKUD opened it, also by whoever goes on after a crash', async () => {
      const { login, skudId, userId } = await on.anAccount();
      const violation = await byMachine(login);
      await on.block(violation);
      await notConfirmed(violation);
      // SKUD has opened it, and the process died before it noted so.
      expect(await workers.reach(releaseAccounts, { violationId: violation._id })).toEqual(new Set([userId]));
      const other = await on.reported({ login });
      // The account is about to be opened: the other violation asks SKUD again, and is not noted before the first is settled.
      await expect(on.block(other)).rejects.toBeInstanceOf(RetryableError);
      await on.release(violation);
      await on.block(other);
      expect(await on.isActive(skudId)).toBe(false);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', violations: [other._id] });
    });

    test('is told of as well where SKUD no longer has the account', async () => {
      const { login, userId } = await on.anAccount();
      const violation = await byMachine(login);
      await on.block(violation);
      await notConfirmed(violation);
      await skud.reset();
      await on.release(violation);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', opening: null });
      const [notice] = await on.outbox('notice', `^violation-not-confirmed/${violation._id}/`);
      expect(notice!.notice!.data).toMatchObject({ opened: 0, blocked: 1 });
    });
  });

  test('is reviewed by nobody else, and what a person reported by nobody', async () => {
    const { number } = await byMachine('u-some');
    const said = { outcome: 'confirmed', note: 'Иә.' };
    for (const caller of [await site.machine(), await site.as('auditor'), await site.as('iss.central')])
      expect((await caller.post(`${violationsUrl}/${number}/review`, said)).statusCode).toBe(403);
    const own = await on.reported({ login: 'u-some' });
    expect((await admin.post(`${violationsUrl}/${own.number}/review`, said)).statusCode).toBe(404);
    expect((await admin.post(`${violationsUrl}/VIO-2020-000001/review`, said)).statusCode).toBe(404);
    expect((await admin.post(`${violationsUrl}/${number}/review`, said)).json()).toEqual({ number });
  });
});
