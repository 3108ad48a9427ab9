import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { skudClient } from '../../connectors/skud/index.js';
import { noteSkudEvent } from '../../core/access-request/skud-events.js';
import { newId } from '../../core/ids.js';
import { messages } from '../../core/messages.js';
import { localDay } from '../../core/legal-day.js';
import { accessUser } from '../builders/access-request.js';
import { pdf } from '../helpers/api-site.js';
import { openStage, testMs, type Stage } from '../inspection/stage.js';
import { RequestCase } from './request-case.js';

let stage: Stage;
let today: Temporal.PlainDate;

beforeAll(async () => {
  stage = await openStage();
  today = Temporal.PlainDate.from(localDay(await stage.toWorkingMorning(), 'Asia/Almaty'));
  // Who decides is known from his sign-in.
  await Promise.all(['ib.admin', 'ib.admin2', 'auditor'].map((login) => stage.as(login)));
}, testMs);
afterAll(() => stage.close(), testMs);

const fresh = (): string => today.subtract({ days: 10 }).toString();
const skud = () => skudClient(stage.services.settings.skud);
/** SKUD tells that the user of an account replaced the temporary password. */
const signsIn = async (skudId: string): Promise<void> =>
  noteSkudEvent(stage.services, { eventId: newId(), kind: 'password-changed', skudId, at: await stage.now() });

describe('an access request', () => {
  test.concurrent(
    'granted: who filed it does not approve it; the account exists once, and the first sign-in completes it',
    async () => {
      const it = await RequestCase.file(stage, fresh(), {}, 'ib.admin');
      expect(await it.grants('ib.admin')).toBe('filer');
      expect(await it.grants()).toBeNull();

      await it.trailed('request.answered');
      const { users, precheck } = await it.request();
      expect(precheck).toMatchObject({ check: 'ok', missingBasis: null });
      const account = await skud().findByAccountId(users[0]!.userId);
      expect(account).toMatchObject({ active: true, mustChangePassword: true, rights: users[0]!.rights });
      await it.trailed('clock.stopped');
      expect(await it.letters('answer-granted')).toEqual([expect.objectContaining({ state: 'sent' })]);
      expect(await it.clock()).toMatchObject({ rule: 'DL-ACC-1', kept: true });
      expect((await it.trail()).filter((type) => type === 'password-link.made')).toHaveLength(1);

      await signsIn(account!.skudId);
      expect(await it.ended()).toMatchObject({ outcome: 'granted' });
      await signsIn(account!.skudId);
      const acts = await it.trail();
      for (const once of ['account.issued', 'password.changed', 'registration.completed'])
        expect(acts.filter((type) => type === once)).toEqual([once]);
    },
    testMs,
  );

  test.concurrent(
    'refused: an order older than a year is no basis, and the refusal says so; no account is made',
    async () => {
      const it = await RequestCase.file(stage, today.subtract({ years: 1, days: 1 }).toString());
      expect(await it.grants()).toBe('basis-missing');
      expect(
        await it.decides('UserTask_DecideOnSystem', { systemDecision: 'refused', refusalGround: 'basisTooOld' }),
      ).toBe('refusal-reason-missing');
      expect(await it.refuses('sir', 'basisTooOld')).toBeNull();

      expect(await it.ended()).toMatchObject({ outcome: 'refused' });
      const { users, precheck, decisions } = await it.request();
      expect(precheck).toMatchObject({ check: 'noBasis', missingBasis: 'basisTooOld' });
      expect(decisions).toEqual([expect.objectContaining({ system: 'sir', ground: 'basisTooOld' })]);
      expect(await skud().findByAccountId(users[0]!.userId)).toBeNull();
      expect(await it.letters('answer-refused')).toEqual([expect.objectContaining({ state: 'sent' })]);
      expect(await it.clock()).toMatchObject({ kept: true });
    },
    testMs,
  );

  test.concurrent(
    'sent back and completed by its code: checked again, and granted in part, system by system',
    async () => {
      const users = [
        accessUser({
          cellPhone: undefined,
          rights: [
            { system: 'sir', function: 'record.view' },
            { system: 'pension', function: 'payment.export' },
          ],
        }),
      ];
      // Exactly a year old: good (AMB-ACC-03).
      const it = await RequestCase.file(stage, today.subtract({ years: 1 }).toString(), { users, copy: undefined });
      await it.waitFor(async () => (await it.letters('ask-for-completion'))[0], 'the return');
      expect((await it.request()).missing).toEqual(['copy', 'users.0.cellPhone']);

      const copy = { name: 'order.pdf', contentType: 'application/pdf', content: pdf().toString('base64') };
      const url = `/api/access-requests/${it.number}/completion`;
      const anybody = await stage.as('auditor');
      const body = { copy, users: [{ rowNo: 1, cellPhone: '+7 701 765 43 21' }] };
      expect((await anybody.post(url, body, { 'x-access-code': 'AAAA-AAAA-AAAA-AAAA' })).status).toBe(404);
      expect((await anybody.post(url, body, { 'x-access-code': it.code })).status).toBe(200);

      expect(await it.grants()).toBeNull();
      expect(await it.refuses('pension', 'noLegalException')).toBeNull();
      await it.trailed('request.answered');
      const request = await it.request();
      expect(request.missing).toEqual([]);
      const account = await skud().findByAccountId(request.users[0]!.userId);
      expect(account?.rights).toEqual([{ system: 'sir', function: 'record.view' }]);
      await signsIn(account!.skudId);
      expect(await it.ended()).toMatchObject({ outcome: 'partly-granted' });
    },
    testMs,
  );

  test.concurrent(
    'of an account that SKUD does not have: provided again once it is there, with the rights that were asked for, or answered without it',
    async () => {
      const login = `u-${newId().toLowerCase()}`;
      const rights = [{ system: 'sir', function: 'record.edit' }];
      const users = [accessUser({ login, rights })];
      const changed = await RequestCase.file(stage, fresh(), { kind: 'change', users });
      const blocked = await RequestCase.file(stage, fresh(), {
        kind: 'block',
        users: [accessUser({ login: 'u-none' })],
      });
      await Promise.all([changed.grants(), blocked.grants()]);

      await changed.task('UserTask_ResolveAccount');
      const { skudId } = (
        await skud().createAccount({
          ...{ accountId: newId(), login, name: { surname: 'Нұрғалиева', name: 'Әсем' }, position: '' },
          ...{ rights: [{ system: 'sir', function: 'record.view' }], temporaryPassword: `Q7-${newId()}` },
        })
      ).account;
      expect(await changed.decides('UserTask_ResolveAccount', { accountResolution: 'again' })).toBeNull();
      expect(await changed.ended()).toMatchObject({ outcome: 'granted' });
      expect(await skud().findByLogin(login)).toMatchObject({ skudId, active: true, rights });

      const without = { accountResolution: 'withoutAccount' };
      expect(await blocked.decides('UserTask_ResolveAccount', without)).toBe('review-note-missing');
      await blocked.writes('review-note', { text: 'В СКУД такой учётной записи нет.' });
      expect(await blocked.decides('UserTask_ResolveAccount', without)).toBeNull();
      expect(await blocked.ended()).toMatchObject({ outcome: 'refused' });
      expect(await blocked.trail()).toContain('account.not-provided');
    },
    testMs,
  );

  test.concurrent(
    'blocked as asked: the account is closed in SKUD',
    async () => {
      const login = `u-${newId().toLowerCase()}`;
      const user = accessUser({ login });
      const { account } = await skud().createAccount({
        ...{ accountId: newId(), login, name: { surname: user.surname, name: user.name }, position: '' },
        ...{ rights: user.rights, temporaryPassword: `Q7-${newId()}` },
      });
      expect(account.active).toBe(true);
      const it = await RequestCase.file(stage, fresh(), { kind: 'block', users: [user] });
      expect(await it.grants()).toBeNull();
      expect(await it.ended()).toMatchObject({ outcome: 'granted' });
      expect(await skud().findByLogin(login)).toMatchObject({ skudId: account.skudId, active: false });
    },
    testMs,
  );

  test.concurrent(
    'once: a start message that comes twice has one instance run the request, and the other ends at once',
    async () => {
      const it = await RequestCase.file(stage, fresh());
      const task = await it.task('UserTask_DecideOnSystem');
      await it.startsAgain(messages.accessRequestRegistered.name);
      expect((await it.task('UserTask_DecideOnSystem')).key).toBe(task.key);
      expect((await it.trail()).filter((type) => type === 'case.started')).toHaveLength(1);
    },
    testMs,
  );

  test.concurrent(
    'withdrawn by its code, before it is complete or while it waits for the decision: nothing is provided, and the clock is neither kept nor broken; not once it is answered',
    async () => {
      const anybody = await stage.as('auditor');
      const withdraws = ({ number, code }: RequestCase) =>
        anybody.post<{ type?: string }>(`/api/access-requests/${number}/withdrawal`, {}, { 'x-access-code': code });
      const [incomplete, undecided, answered] = await Promise.all([
        RequestCase.file(stage, fresh(), { copy: undefined }),
        RequestCase.file(stage, fresh()),
        RequestCase.file(stage, fresh()),
      ]);
      await Promise.all([
        incomplete.waitFor(async () => (await incomplete.letters('ask-for-completion'))[0], 'the return'),
        undecided.task('UserTask_DecideOnSystem'),
      ]);
      for (const it of [incomplete, undecided]) {
        expect((await withdraws(it)).status).toBe(200);
        expect((await withdraws(it)).status).toBe(200);
        expect(await it.ended()).toMatchObject({ state: 'closed', outcome: 'withdrawn' });
        expect(await it.clock()).toMatchObject({ state: 'cancelled', cancelledAs: 'withdrawn', kept: null });
        await it.waitFor(
          async () => (await it.letters('withdrawal-receipt')).every(({ state }) => state === 'sent'),
          'the receipt',
        );
        expect(await it.letters('withdrawal-receipt')).toHaveLength(1);
        const { users } = await it.request();
        expect([users[0]!.account, await skud().findByAccountId(users[0]!.userId)]).toEqual([null, null]);
        const completion = `/api/access-requests/${it.number}/completion`;
        expect((await anybody.post(completion, {}, { 'x-access-code': it.code })).status).toBe(409);
      }

      expect(await answered.grants()).toBeNull();
      await answered.trailed('request.answered');
      const late = await withdraws(answered);
      expect([late.status, late.body.type]).toEqual([409, 'urn:merzim:problem:request-answered']);
      const account = await skud().findByAccountId((await answered.request()).users[0]!.userId);
      await signsIn(account!.skudId);
      expect(await answered.ended()).toMatchObject({ outcome: 'granted' });
    },
    testMs,
  );

  test.concurrent(
    'voided: the instance ends, and the clock is neither kept nor broken',
    async () => {
      const it = await RequestCase.file(stage, fresh());
      await it.task('UserTask_DecideOnSystem');
      expect((await it.writes('void', { reason: 'Подано дважды.' })).status).toBe(200);
      expect(await it.ended()).toMatchObject({ state: 'voided' });
      expect(await it.clock()).toMatchObject({ state: 'cancelled', kept: null });
    },
    testMs,
  );
});

test(
  'when nothing comes: at the target the administrator has an incomplete request to decide, at the due moment the term is broken; a password that nobody came for is issued anew, or ends with a repeated application, which opens the account again',
  async () => {
    const incomplete = await RequestCase.file(stage, fresh(), { copy: undefined });
    const awaited = await RequestCase.file(stage, fresh());
    const reissued = await RequestCase.file(stage, fresh());
    for (const it of [awaited, reissued]) {
      expect(await it.grants()).toBeNull();
      await it.trailed('request.answered');
    }
    await incomplete.waitFor(async () => (await incomplete.letters('ask-for-completion'))[0], 'the return');
    const { targetAt, dueAt } = await incomplete.clock();

    await stage.standAt(new Date(targetAt!.getTime() - 1000));
    await stage.allHadTheirTurn();
    expect((await incomplete.request()).precheck).toBeNull();
    await stage.travel({ to: new Date(targetAt!.getTime() + 1_000) });
    await incomplete.task('UserTask_DecideOnSystem');
    await incomplete.trailed('clock.target-passed');
    expect((await incomplete.request()).precheck).toMatchObject({ missingBasis: 'basisCopyMissing' });
    expect(await incomplete.trail()).not.toContain('clock.broken');

    await stage.travel({ to: new Date(dueAt!.getTime() + 1_000) });
    await incomplete.trailed('clock.broken');
    expect(await incomplete.refuses('sir', 'basisCopyMissing')).toBeNull();
    expect(await incomplete.ended()).toMatchObject({ outcome: 'refused' });
    expect(await incomplete.clock()).toMatchObject({ kept: false });

    const hours = stage.services.settings.accounts.passwordLinkHours;
    await stage.travel({ to: new Date((await stage.now()).getTime() + hours * 3600_000) });
    const expired = { expiredPassword: 'repeatedApplication' };
    expect(await awaited.decides('UserTask_DecideOnExpiredPassword', expired)).toBeNull();
    expect(await awaited.ended()).toMatchObject({ outcome: 'credentials-expired' });
    const again = { expiredPassword: 'reissue' };
    expect(await reissued.decides('UserTask_DecideOnExpiredPassword', again, 'auditor')).not.toBeNull();
    expect(await reissued.decides('UserTask_DecideOnExpiredPassword', again)).toBeNull();
    await reissued.waitFor(
      async () => (await reissued.trail()).filter((type) => type === 'password-link.made').length === 2,
      'the second link',
    );
    const { users: newcomers } = await reissued.request();
    await signsIn((await skud().findByAccountId(newcomers[0]!.userId))!.skudId);
    expect(await reissued.ended()).toMatchObject({ outcome: 'granted' });
    const [user] = (await stage.services.vault.reveal(await awaited.request())).users;
    expect(await skud().findByLogin(user!.login!)).toMatchObject({ active: false });

    const repeated = await RequestCase.file(stage, fresh(), {
      kind: 'repeat',
      repeatReason: 'credentialLoss',
      users: [accessUser({ login: user!.login! })],
    });
    expect(await repeated.clock()).toMatchObject({ rule: 'DL-ACC-2' });
    expect(await repeated.grants()).toBe('review-note-missing');
    await repeated.writes('review-note', { text: 'Работник действует.' });
    expect(await repeated.grants()).toBeNull();
    await repeated.trailed('request.answered');
    const opened = await skud().findByLogin(user!.login!);
    expect(opened).toMatchObject({ active: true, mustChangePassword: true });
    await signsIn(opened!.skudId);
    expect(await repeated.ended()).toMatchObject({ outcome: 'granted' });
  },
  testMs,
);
