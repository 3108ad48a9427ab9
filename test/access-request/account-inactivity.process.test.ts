import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { noteSkudEvent } from '../../core/access-request/skud-events.js';
import { newId } from '../../core/ids.js';
import { atLocalTime, dayNumber, isoDay, localDay } from '../../core/legal-day.js';
import { waitFor } from '../../local/play/tasks.js';
import { accessUser } from '../builders/access-request.js';
import { openStage, patienceMs, testMs, type Stage } from '../inspection/stage.js';
import { RequestCase } from './request-case.js';

const zone = 'Asia/Almaty';
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
  // Who decides, and who is told, is known from his sign-in.
  await Promise.all(['ib.admin', 'ib.admin2'].map((login) => stage.as(login)));
}, testMs);
afterAll(() => stage.close(), testMs);

const today = async (): Promise<number> => dayNumber(localDay(await stage.now(), zone));
const moment = (day: number, time: string): Date => new Date(atLocalTime(day, time, zone));
const nameOf = isoDay;

/** An account that a granted request made, and that its user entered last on a day. */
async function usedOn(day: number, email: string): Promise<{ it: RequestCase; accountId: string }> {
  const users = [accessUser({ email })];
  const it = await RequestCase.file(stage, nameOf((await today()) - 10), { users });
  expect(await it.grants()).toBeNull();
  await it.trailed('request.answered');
  const [user] = (await stage.services.vault.reveal(await it.request())).users;
  const { accountId, skudId } = user!.account!;
  await noteSkudEvent(stage.services, {
    ...{ eventId: newId(), kind: 'password-changed', skudId: skudId! },
    at: await stage.now(),
  });
  expect(await it.ended()).toMatchObject({ outcome: 'granted' });
  const signIns = [{ userName: user!.login, at: moment(day, '23:30').toISOString() }];
  const { url } = stage.services.settings.skud!;
  const { ok } = await fetch(new URL('/control', url), { method: 'POST', body: JSON.stringify({ signIns }) });
  expect(ok).toBe(true);
  return { it, accountId };
}

/** The look at all accounts of a legal day has come to its end, started by nothing but the diagram's timer. */
const looked = (day: number): Promise<boolean> =>
  waitFor(
    async () => (await stage.services.accountSweeps.of(nameOf(day))).done,
    `the look of ${nameOf(day)}`,
    patienceMs,
  );
const looks = async (): Promise<Set<string>> => new Set(await stage.instancesPast('EndEvent_UnusedAccountsBlocked'));
const stateOf = async (accountId: string) => (await stage.services.accounts.find(accountId))?.state;
const told = async ({ it }: { it: RequestCase }, template: string): Promise<string[]> => {
  const letters = await stage.services.vault.reveal(await it.letters(template));
  return letters.map(({ recipient, state }) => `${recipient.email} ${state}`).sort();
};

test(
  'each day the timer starts a look: unused for 30 days an account stays open, on the 31st it is blocked and all three are told; of days that were missed the next makes up',
  async () => {
    const first = await today();
    const kept = await usedOn(first + 1, 'later@employment.example');
    const unused = await usedOn(first, 'unused@employment.example');
    const moved = await usedOn(first, 'moved@employment.example');
    await stage.services.accounts.intendBlock([moved.accountId], { ground: 'transfer', unlessSignedInSince: null });
    // Nobody ever signs in: the password expires, and the account is unused since it was issued (AMB-ACC-04).
    const never = await RequestCase.file(stage, nameOf(first - 10));
    expect(await never.grants()).toBeNull();
    await never.trailed('request.answered');

    await stage.travel({ to: moment(first + 30, '00:06') });
    await looked(first + 30);
    // The engine exports the end some time after the last step has stored what it did.
    const before = await waitFor(
      async () => {
        const ended = await looks();
        return ended.size > 0 && ended;
      },
      'the end of a look',
      patienceMs,
    );
    expect([await stateOf(unused.accountId), await stateOf(kept.accountId)]).toEqual(['active', 'active']);

    await stage.travel({ to: moment(first + 31, '00:06') });
    await looked(first + 31);
    await waitFor(async () => (await looks()).size > before.size, 'the end of the look', patienceMs);
    expect(await stage.services.accounts.find(unused.accountId)).toMatchObject({
      state: 'blocked',
      blockGrounds: ['inactivity30'],
    });
    expect(await stateOf(kept.accountId)).toBe('active');
    expect(await never.ended()).toMatchObject({ outcome: 'credentials-expired' });
    expect((await never.request()).users[0]!.account).toMatchObject({ outcome: 'blocked', expired: true });
    expect((await never.trail()).filter((type) => /^account\.blocked|lapsed$/.test(type))).toEqual([
      ...['account.blocked', 'registration.lapsed'],
    ]);
    await waitFor(
      async () => (await stage.instancesPast('EndEvent_BlockedBeforeFirstSignIn')).length > 0,
      'the end of the wait',
      patienceMs,
    );
    await waitFor(
      async () => (await told(unused, 'account-blocked')).every((letter) => letter.endsWith(' sent')),
      'letters',
      patienceMs,
    );
    expect(await told(unused, 'account-blocked')).toEqual([
      'chancery@employment.example sent',
      'unused@employment.example sent',
    ]);
    const { employeeId } = (await stage.services.people.withRoles(['ib-admin']))[0]!;
    const outbox = stage.services.database.connection.collection('outbox');
    await waitFor(
      () =>
        outbox.findOne({
          ...{ kind: 'notice', state: 'sent', 'notice.template': 'access-request/accounts-blocked' },
          ...{ 'notice.employeeId': employeeId, 'notice.data.day': nameOf(first + 31) },
          'notice.data.ground': 'inactivity30',
        }),
      'the notice to the administrator',
      patienceMs,
    );

    // The other account is due on the 32nd day, on which nobody looks: time goes on by days at once.
    await stage.travel({ to: moment(first + 35, '00:06') });
    await looked(first + 35);
    await waitFor(async () => (await stateOf(kept.accountId)) === 'blocked', 'the block', patienceMs);
    for (const missed of [32, 33, 34])
      expect((await stage.services.accountSweeps.of(nameOf(first + missed))).done).toBe(false);
    // R27: blocked by the first look, and reminded of once the organisation's own term has gone by.
    expect(await told(moved, 'application-reminder')).toEqual([]);
    await stage.travel({ to: moment(first + 50, '00:06') });
    await waitFor(
      async () => (await told(moved, 'application-reminder')).filter((letter) => letter.endsWith(' sent')).length === 2,
      'the reminders',
      patienceMs,
    );
    for (const { it } of [unused, kept]) {
      const acts = await it.trail();
      expect(acts.filter((act) => act === 'account.blocked')).toEqual(['account.blocked']);
    }
  },
  testMs,
);
