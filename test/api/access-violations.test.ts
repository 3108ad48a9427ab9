import { describe, expect, test } from '@jest/globals';
import { skudClient } from '../../connectors/skud/index.js';
import { settleBlocks } from '../../core/access-request/account-blocks.js';
import type { BlockGround } from '../../core/access-request/account-store.js';
import type { JournalRow } from '../../core/access-request/journal.js';
import type { Violation } from '../../core/access-request/violations.js';
import { RetryableError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { OutboxEntry } from '../../core/outbox.js';
import { blockUnusedAccounts } from '../../workers/access-request/block-unused-accounts.js';
import { blockViolator } from '../../workers/access-request/block-violator.js';
import { referToInspection } from '../../workers/access-request/refer-to-inspection.js';
import { referFailure } from '../../workers/access-request/refer-failure.js';
import { reissuePassword } from '../../workers/access-request/reissue-password.js';
import { releaseAccounts } from '../../workers/access-request/release-accounts.js';
import { registerReferral } from '../../workers/inspection/register-referral.js';
import { registerTechnicalReferral } from '../../workers/technical-request/register-referral.js';
import { accessRequest, accessUser } from '../builders/access-request.js';
import { staff } from '../builders/inspection.js';
import { technicalRequest } from '../builders/technical-request.js';
import { providedRequest } from '../builders/provided-account.js';
import { type ApiSite, type Caller, type SeenProblem } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';
import { onSkud } from '../helpers/on-skud.js';
import type { SkudSimulator } from '../helpers/skud-simulator.js';
import type { WorkerSite } from '../helpers/worker-site.js';

/** Violations of information security: reported, blocked at once, told of, and handed to the inspection where personal data were disclosed. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
let admin: Caller;
onSkud(async (given) => {
  ({ skud, site, workers } = given);
  admin = await site.as('ib.admin2');
});

const facts = 'Бір логинмен екі жұмыс орнынан қатар кірген: канарейка-QzXv9.';
const url = '/api/access-violations';

/** An account that a request has just opened, with its login in clear. */
async function anAccount(changes: Parameters<typeof providedRequest>[2] = {}) {
  const request = await providedRequest(site, workers, changes);
  const account = await site.services.accounts.find(request.userId);
  const { login } = await site.services.vault.reveal(account!);
  return { ...request, login: login!, skudId: account!.skudId };
}
const stored = () => site.services.database.connection.collection<Violation>('access-violations');
const latest = async (): Promise<Violation> => (await stored().find().sort({ _id: -1 }).limit(1).toArray())[0]!;
async function reported(body: Record<string, unknown>): Promise<Violation> {
  const answer = await admin.post(url, { kind: 'sharedLogin', facts, ...body });
  expect(answer.statusCode).toBe(201);
  return latest();
}
const block = ({ _id: violationId }: Violation) => workers.deliver(blockViolator, { violationId });
const release = ({ _id: violationId }: Violation) => workers.deliver(releaseAccounts, { violationId });
/** Blocked in SKUD and here, for another reason. */
async function blocked(accountId: string, ground: BlockGround): Promise<void> {
  const { accounts, database } = site.services;
  await accounts.intendBlock([accountId], { ground, unlessSignedInSince: null });
  await skudClient(site.services.settings.skud).block((await accounts.find(accountId))!.skudId);
  const outcome = { ground, blocked: true, lastSignInAt: null };
  await database.transaction(somebody, (tx) => settleBlocks(site.services, tx, [{ accountId, outcome }]));
}
const isActive = async (skudId: string) => (await skud.seen()).accounts.find(({ id }) => id === skudId)?.active;
const outbox = (kind: OutboxEntry['kind'], key: string): Promise<OutboxEntry[]> =>
  site.services.database.connection
    .collection<OutboxEntry>('outbox')
    .find(kind === 'message' ? { kind, 'message.correlationKey': key } : { kind, 'notice.key': new RegExp(key) })
    .toArray();
const lettersOf = async (caseId: string, name: string) =>
  (await site.services.letters.ofCase(caseId)).filter(({ template }) => template === `access-request/${name}`);
const blockLetters = (caseId: string) => lettersOf(caseId, 'account-blocked');
const journalOf = async (caseId: string): Promise<JournalRow[]> => {
  const found: JournalRow[] = [];
  for await (const row of site.services.accessJournal.rows({ caseIds: [caseId] }, 'oldest')) found.push(row);
  return found;
};

test('a violation that the page reports blocks the account in SKUD, and everybody concerned is written to', async () => {
  const user = accessUser({ email: 'asem@employment.example' });
  const { caseId, login, skudId, userId } = await anAccount({ users: [user] });
  const form = { kind: 'credentialsHandedOver', login, facts, idempotencyKey: newId() };
  for (let times = 0; times < 2; times += 1)
    expect((await admin.form('/access-violations', form)).headers['location']).toBe('/access-violations');
  const violation = await latest();
  expect(await stored().countDocuments({ kind: 'credentialsHandedOver' })).toBe(1);
  const waiting = await admin.page('/access-violations?lang=en');
  expect(waiting.body).toContain('waits for SKUD');
  const [message] = await outbox('message', violation._id);
  expect(message!.message).toMatchObject({ name: 'access-request.violation-reported' });
  expect(message!.message!.variables).toEqual({ violationId: violation._id });

  expect(await block(violation)).toEqual({ forInspection: false, alsoFailure: false, reviewAwaited: false });
  expect(await isActive(skudId)).toBe(false);
  const { accounts, vault } = site.services;
  expect(await accounts.find(userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
  const letters = await vault.reveal(await blockLetters(caseId));
  expect(letters.map(({ recipient }) => recipient.email).sort()).toEqual([
    ...['asem@employment.example', 'chancery@employment.example'],
  ]);
  const notices = await outbox('notice', `^violation/${violation._id}/`);
  expect(notices.map(({ notice }) => notice!.employeeId).sort()).toEqual(['SC-1074', 'SC-1075']);
  expect(await workers.acts(`violation.${violation._id}`)).toEqual([
    'violation.reported',
    'violation.accounts-blocked',
  ]);
  expect((await workers.acts(caseId)).slice(-4)).toEqual([
    ...['account.blocked', 'journal.entered', 'letter.composed', 'letter.composed'],
  ]);
  const [, row] = await vault.reveal(await journalOf(caseId));
  expect(row).toMatchObject({ act: 'blocked', ground: 'securityViolation', systems: ['sir'] });
  expect(row!.administrators).toMatchObject([{ login: 'ib.admin2', fullName: 'Ким Виктория Олеговна' }]);
  const { body } = await admin.page('/access-violations?lang=en');
  for (const word of [violation.number, '1 account blocked', facts, login]) expect(body).toContain(word);

  // R29: opened again by a repeated application alone.
  const users = [accessUser({ login })];
  await providedRequest(site, workers, { kind: 'repeat', repeatReason: 'blockedViolation', users });
  expect(await isActive(skudId)).toBe(true);
  expect(await accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin', blockGrounds: [] });
});

test('who decides on a repeated application is told of the violation by its number, and not of its facts', async () => {
  const { login } = await anAccount();
  const violation = await reported({ login });
  await block(violation);
  const users = [accessUser({ login })];
  const repeat = { kind: 'repeat', repeatReason: 'blockedViolation', users } as const;
  const { number } = await providedRequest(site, workers, repeat);
  const page = await admin.page(`/cases/${number}?lang=en`);
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain(`reported of the user in row 1: ${violation.number}`);
  // The facts stand with the violation alone, and the case's own view and export have none of it.
  expect(page.body).not.toContain('канарейка');
  const view = (await admin.get(`/api/cases/${number}`)).body;
  expect([view.includes('blockedViolation'), view.includes(violation.number)]).toEqual([true, false]);
  const other = await providedRequest(site, workers);
  expect((await admin.page(`/cases/${other.number}?lang=en`)).body).not.toContain('VIO-');
});

describe('what a machine reported', () => {
  const byMachine = async (login: string): Promise<Violation> => {
    const machine = await site.machine();
    const answer = await machine.post(url, { kind: 'sharedLogin', facts, login });
    expect(answer.statusCode).toBe(201);
    return latest();
  };

  test('blocks at once, and waits for the word of an administrator, who is asked for it and says it once', async () => {
    const { login, userId } = await anAccount();
    const violation = await byMachine(login);
    const { _id: violationId, number } = violation;
    await block(violation);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked' });
    const [notice] = await outbox('notice', `^violation/${violationId}/`);
    expect(notice!.notice!.data).toMatchObject({ number, review: 'awaited' });
    const form = `action="/access-violations/${number}/review"`;
    expect((await admin.page('/access-violations?lang=en')).body).toContain(form);
    const reading = (await (await site.as('auditor')).page('/access-violations?lang=en')).body;
    expect([reading.includes(form), reading.includes('say whether it is a violation')]).toEqual([false, true]);

    const said = { outcome: 'notConfirmed', note: 'Тексерілді: канарейка-QzXv9.' };
    for (let times = 0; times < 2; times += 1)
      expect((await admin.form(`/access-violations/${number}/review`, said)).statusCode).toBe(303);
    const other = await admin.post(`${url}/${number}/review`, { ...said, outcome: 'confirmed' });
    expect(other.statusCode).toBe(409);
    expect((await workers.acts(`violation.${violationId}`)).slice(1)).toEqual([
      ...['violation.accounts-blocked', 'violation.not-confirmed'],
    ]);
    const { review } = (await stored().findOne({ _id: violationId }))!;
    expect(review).toMatchObject({ outcome: 'notConfirmed', by: 'ib.admin2' });
    expect(review!.note).not.toContain('канарейка');
    const page = (await admin.page('/access-violations?lang=en')).body;
    expect([page.includes(form), page.includes(said.note)]).toEqual([false, true]);
    const [message, again] = (await outbox('message', violationId)).slice(1);
    expect([message!.message!.name, again]).toEqual(['access-request.violation-reviewed', undefined]);
    expect(message!.message!.variables).toEqual({ violationConfirmed: false });
    // Who decides on a repeated application reads what was said.
    const users = [accessUser({ login })];
    const repeat = { kind: 'repeat', repeatReason: 'blockedViolation', users } as const;
    const request = await providedRequest(site, workers, repeat);
    expect((await admin.page(`/cases/${request.number}?lang=en`)).body).toMatch(/VIO-.*not confirmed/s);
    // A repeated application opened it first: it stays open, and nobody is told twice.
    await release(violation);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin' });
    expect((await stored().findOne({ _id: violationId }))!.releasedIds).toEqual([]);
  });

  describe('and is none', () => {
    const notConfirmed = async (violation: Violation): Promise<void> => {
      const said = { outcome: 'notConfirmed', note: 'Тексерілді.' };
      expect((await admin.post(`${url}/${violation.number}/review`, said)).statusCode).toBe(200);
    };

    test('opens the account at once, told of once, with its row in the journal', async () => {
      const user = accessUser({ email: 'asem@employment.example' });
      const { caseId, login, skudId, userId } = await anAccount({ users: [user] });
      const violation = await byMachine(login);
      expect(await block(violation)).toMatchObject({ forInspection: false, reviewAwaited: true });
      await notConfirmed(violation);
      await release(violation);
      expect(await isActive(skudId)).toBe(true);
      const { accounts, vault } = site.services;
      expect(await accounts.find(userId)).toMatchObject({
        ...{ state: 'pendingFirstLogin', blockGrounds: [], blockedAt: null, violations: null, opening: null },
      });
      const letters = await vault.reveal(await lettersOf(caseId, 'account-released'));
      expect(letters.map(({ recipient }) => recipient.email).sort()).toEqual([
        ...['asem@employment.example', 'chancery@employment.example'],
      ]);
      expect((await journalOf(caseId)).map(({ act, ground }) => [act, ground])).toEqual([
        ...[
          ['issued', null],
          ['blocked', 'securityViolation'],
          ['released', 'notConfirmed'],
        ],
      ]);
      const [, , row] = await vault.reveal(await journalOf(caseId));
      expect(row!.administrators).toMatchObject([{ login: 'ib.admin2' }]);
      expect((await workers.acts(caseId)).filter((act) => act === 'account.opened')).toHaveLength(1);
      expect((await workers.acts(`violation.${violation._id}`)).at(-1)).toBe('violation.accounts-released');
      const notices = await outbox('notice', `^violation-not-confirmed/${violation._id}/`);
      expect(notices.map(({ notice }) => notice!.data)).toContainEqual(
        expect.objectContaining({ number: violation.number, opened: 1, blocked: 0 }),
      );
      expect((await admin.page('/access-violations?lang=en')).body).toContain('1 account opened again');
    });

    test.each([
      ['another violation', (login: string) => reported({ login }).then((other) => block(other))],
      ['a dismissal', (_login: string, accountId: string) => blocked(accountId, 'dismissal')],
      ['disuse', (_login: string, accountId: string) => blocked(accountId, 'inactivity30')],
    ])('opens nothing that %s blocks too', async (_name, blockToo) => {
      const { login, skudId, userId } = await anAccount();
      const violation = await byMachine(login);
      await block(violation);
      await blockToo(login, userId);
      await notConfirmed(violation);
      await release(violation);
      expect(await isActive(skudId)).toBe(false);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', opening: null });
      expect((await stored().findOne({ _id: violation._id }))!.releasedIds).toEqual([]);
    });

    test.each(['dismissal', 'inactivity30'] as const)(
      'opens nothing that was blocked before for %s, or by an application',
      async (ground) => {
        const { login, skudId, userId } = await anAccount();
        if (ground === 'dismissal') await blocked(userId, ground);
        else {
          const users = [accessUser({ login, rights: [{ system: 'sir', function: 'record.view' }] })];
          await providedRequest(site, workers, { kind: 'block', users });
        }
        const violation = await byMachine(login);
        await block(violation);
        await notConfirmed(violation);
        await release(violation);
        expect(await isActive(skudId)).toBe(false);
      },
    );

    test.each([
      ['can’t be reached', '429'],
      ['loses its answer', 'lost-answer'],
    ])('is opened once when SKUD %s', async (_name, fault) => {
      const { caseId, login, skudId } = await anAccount();
      const violation = await byMachine(login);
      await block(violation);
      await notConfirmed(violation);
      await skud.control({ fault, on: 'change', ...(fault === '429' ? { delayMs: 60_000 } : {}) });
      if (fault === '429') {
        await expect(release(violation)).rejects.toBeInstanceOf(RetryableError);
        expect([await isActive(skudId), await lettersOf(caseId, 'account-released')]).toEqual([false, []]);
      }
      await release(violation);
      expect(await isActive(skudId)).toBe(true);
      expect((await workers.acts(caseId)).filter((act) => act === 'account.opened')).toHaveLength(1);
    });

    test('is blocked again where another reason came up while SKUD opened it, also by whoever goes on after a crash', async () => {
      const { login, skudId, userId } = await anAccount();
      const violation = await byMachine(login);
      await block(violation);
      await notConfirmed(violation);
      // SKUD has opened it, and the process died before it noted so.
      expect(await workers.reach(releaseAccounts, { violationId: violation._id })).toEqual(new Set([userId]));
      const other = await reported({ login });
      // The account is about to be opened: the other violation asks SKUD again, and is not noted before the first is settled.
      await expect(block(other)).rejects.toBeInstanceOf(RetryableError);
      await release(violation);
      await block(other);
      expect(await isActive(skudId)).toBe(false);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', violations: [other._id] });
    });

    test('is told of as well where SKUD no longer has the account', async () => {
      const { login, userId } = await anAccount();
      const violation = await byMachine(login);
      await block(violation);
      await notConfirmed(violation);
      await skud.reset();
      await release(violation);
      expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'blocked', opening: null });
      const [notice] = await outbox('notice', `^violation-not-confirmed/${violation._id}/`);
      expect(notice!.notice!.data).toMatchObject({ opened: 0, blocked: 1 });
    });
  });

  test('is reviewed by nobody else, and what a person reported by nobody', async () => {
    const { number } = await byMachine('u-some');
    const said = { outcome: 'confirmed', note: 'Иә.' };
    for (const caller of [await site.machine(), await site.as('auditor'), await site.as('iss.central')])
      expect((await caller.post(`${url}/${number}/review`, said)).statusCode).toBe(403);
    const own = await reported({ login: 'u-some' });
    expect((await admin.post(`${url}/${own.number}/review`, said)).statusCode).toBe(404);
    expect((await admin.post(`${url}/VIO-2020-000001/review`, said)).statusCode).toBe(404);
    expect((await admin.post(`${url}/${number}/review`, said)).json()).toEqual({ number });
  });
});

describe('while SKUD can’t be reached', () => {
  test('the report is taken, nothing is half done, and the block follows once, told of once', async () => {
    const { caseId, login, skudId, userId } = await anAccount();
    await skud.control({ fault: '429', on: 'change', delayMs: 60_000 });
    const violation = await reported({ login });
    await expect(block(violation)).rejects.toBeInstanceOf(RetryableError);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin' });
    expect([await blockLetters(caseId), (await stored().findOne({ _id: violation._id }))!.accountIds]).toEqual([
      ...[[], null],
    ]);
    await block(violation);
    expect(await isActive(skudId)).toBe(false);
    expect((await blockLetters(caseId)).length).toBeGreaterThan(0);
    expect((await workers.acts(caseId)).filter((act) => act === 'account.blocked')).toHaveLength(1);
  });

  test('a process that dies after SKUD had blocked leaves no account that is blocked untold: the daily look ends it', async () => {
    const { caseId, login, skudId, userId } = await anAccount();
    const violation = await reported({ login });
    await workers.reach(blockViolator, { violationId: violation._id });
    expect(await isActive(skudId)).toBe(false);
    expect(await blockLetters(caseId)).toEqual([]);
    await workers.deliver(blockUnusedAccounts, { inactiveDays: 30 });
    expect(await site.services.accounts.find(userId)).toMatchObject({ blockGrounds: ['securityViolation'] });
    expect((await blockLetters(caseId)).length).toBeGreaterThan(0);
    await block(violation);
    expect((await workers.acts(caseId)).filter((act) => act === 'account.blocked')).toHaveLength(1);
    expect((await stored().findOne({ _id: violation._id }))!.accountIds).toEqual([userId]);
  });
});

test('who is blocked before his first sign-in is awaited no more where only a repeated application opens the account, and on where a violation may be none', async () => {
  const { accessRequests } = site.services;
  const left = await anAccount();
  const violator = await anAccount();
  await block(await reported({ login: violator.login }));
  await blocked(left.userId, 'dismissal');
  expect(await accessRequests.awaiting(left.skudId)).toEqual([]);
  expect(await accessRequests.awaiting(violator.skudId)).toMatchObject([{ userId: violator.userId }]);
  expect([(await outbox('message', left.userId)).length, (await outbox('message', violator.userId)).length]).toEqual([
    ...[1, 0],
  ]);
  expect((await workers.acts(left.caseId)).filter((act) => /withdrawn|lapsed/.test(act))).toEqual([
    ...['password-link.withdrawn', 'registration.lapsed'],
  ]);
  const again = { caseId: left.caseId, caseNumber: left.number, userId: left.userId };
  await expect(workers.deliver(reissuePassword, again)).rejects.toBeInstanceOf(RetryableError);
  expect(await site.services.accounts.find(left.userId)).toMatchObject({ state: 'blocked' });
  // Blocked for good since, he is not awaited either.
  await blocked(violator.userId, 'inactivity30');
  expect(await accessRequests.awaiting(violator.skudId)).toEqual([]);
});

test('a block that a sign-in would avert is none any more, and one that is there already gets its second ground', async () => {
  const { accounts, database } = site.services;
  const { caseId, login, userId } = await anAccount();
  await accounts.intendBlock([userId], { ground: 'inactivity30', unlessSignedInSince: new Date(0) });
  const violation = await reported({ login });
  const { settled } = await workers.reach(blockViolator, { violationId: violation._id });
  // The daily look had found meanwhile that its user entered.
  const late = { ground: 'inactivity30', blocked: false, lastSignInAt: site.services.clock.legalNow() } as const;
  expect(await database.transaction(somebody, (tx) => accounts.settleBlock(tx, userId, late))).toBeNull();
  expect(settled).toMatchObject([{ accountId: userId, outcome: { ground: 'securityViolation', blocked: true } }]);
  expect(await database.transaction(somebody, (tx) => settleBlocks(site.services, tx, settled))).toHaveLength(1);
  expect(await accounts.find(userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });

  const second = await anAccount();
  await accounts.intendBlock([second.userId], { ground: 'inactivity30', unlessSignedInSince: null });
  const unused = { ground: 'inactivity30', blocked: true, lastSignInAt: null } as const;
  await database.transaction(somebody, (tx) => accounts.settleBlock(tx, second.userId, unused));
  await block(await reported({ login: second.login }));
  expect((await accounts.find(second.userId))!.blockGrounds).toEqual(['inactivity30', 'securityViolation']);
  expect((await journalOf(second.caseId)).map(({ ground }) => ground)).toEqual([null, 'securityViolation']);
  expect(await journalOf(caseId)).toHaveLength(2);
});

test('an account that SKUD alone knows is blocked as well; of a login that nobody has the administrators are told', async () => {
  await skud.control({
    accounts: [{ userName: 'old-account', externalId: 'none-of-ours', createdAt: '2026-01-05T04:00:00Z' }],
  });
  const violation = await reported({ login: 'old-account' });
  await block(violation);
  expect((await skud.seen()).accounts).toMatchObject([{ userName: 'old-account', active: false }]);
  const mistyped = await reported({ login: 'nobody-has-this' });
  await block(mistyped);
  expect((await stored().findOne({ _id: mistyped._id }))!.accountIds).toEqual([]);
  const [notice] = await outbox('notice', `^violation/${mistyped._id}/`);
  expect(notice!.notice!.data).toMatchObject({ count: 0, number: mistyped.number });
});

describe('an employee who disclosed personal data', () => {
  test('has all accounts blocked, and an inspection gets the facts by a reference, once', async () => {
    const { services } = site;
    const employee = (await services.directory.employee(staff.ofAlmaty))!;
    const own = {
      applicant: { ...accessRequest('2026-01-30').applicant, bin: '160440007161', replyEmail: 'hr@sc.example' },
      users: [accessUser({ iin: employee.iin })],
    };
    const accounts = [await anAccount(own), await anAccount(own)];
    const violation = await reported({
      ...{ employeeId: employee.employeeId, kind: 'dataDistributed', personalDataDisclosed: true },
    });
    const { _id: violationId, number } = violation;
    expect(await block(violation)).toEqual({ forInspection: true, alsoFailure: false, reviewAwaited: false });
    for (const { skudId } of accounts) expect(await isActive(skudId)).toBe(false);
    await workers.deliver(referToInspection, { violationId });
    const { referralId } = (await stored().findOne({ _id: violationId }))!;
    const [message] = await outbox('message', referralId!);
    expect(message!.message).toMatchObject({ name: 'inspection.facts-referred', variables: { referralId } });

    for (let times = 0; times < 2; times += 1) await workers.deliver(registerReferral, { referralId: referralId! });
    const inspections = await services.database.connection.collection('inspections').find().toArray();
    expect(await services.vault.reveal(inspections)).toMatchObject([
      {
        trigger: { kind: 'officialInformation', facts: [facts] },
        lines: [{ employeeId: employee.employeeId }],
      },
    ]);
    const { _id: caseId, number: caseNumber } = (await services.cases.find(String(inspections[0]!._id)))!;
    const [referral] = (await services.trail.list(caseId)).filter(({ type }) => type === 'referral.registered');
    expect(referral).toMatchObject({ subject: referralId, data: { source: number } });
    // The administrator of information security reads no inspection, and learns of none.
    expect((await admin.get(`/api/cases/${caseNumber}`)).statusCode).toBe(404);
    expect((await admin.page('/access-violations')).body).not.toContain(caseNumber);
    const sent = await services.database.connection.collection('outbox').find({ kind: 'message' }).toArray();
    expect(JSON.stringify(sent)).not.toContain('канарейка');
  });

  test('of another organisation is blocked, and no inspection of our employees follows', async () => {
    const { login } = await anAccount();
    expect(await block(await reported({ login, personalDataDisclosed: true }))).toMatchObject({ forInspection: false });
  });
});

describe('a violation that is also a failure', () => {
  const failure = 'Іздеу беті ашылмайды.';
  const opened = async (number: string) =>
    (await site.services.technicalRequests.numbersReferredFrom([number])).get(number);

  test('opens a technical request by a reference, once; each shows the other to who may read it, and nothing else', async () => {
    const { services } = site;
    const violation = await reported({ kind: 'disruption', login: 'u-some', failure });
    const { _id: violationId, number } = violation;
    expect(await block(violation)).toMatchObject({ forInspection: false, alsoFailure: true });
    await workers.deliver(referFailure, { violationId });
    const { failureReferralId } = (await stored().findOne({ _id: violationId }))!;
    // A machine that sends the violation's number first does not take its place.
    const { reporter: _reporter, ...found } = technicalRequest({ source: 'tooling', channel: 'machine' });
    const planted = { ...found, sourceRefNo: number };
    expect((await (await site.machine()).post('/api/technical-requests', planted)).statusCode).toBe(201);
    const [message] = await outbox('message', failureReferralId!);
    expect(message!.message).toMatchObject({
      ...{ name: 'technical-request.failure-referred', variables: { referralId: failureReferralId } },
    });
    for (let times = 0; times < 2; times += 1)
      await workers.deliver(registerTechnicalReferral, { referralId: failureReferralId! });
    const request = (await opened(number))!;
    const record = (await services.cases.byNumber(request))!;
    const file = await services.vault.reveal(await services.technicalRequests.get(record._id));
    expect(file).toMatchObject({ source: 'monitoring', channel: 'machine', text: failure, reporter: null });
    expect(record.receivedAt).toEqual(violation.reportedAt);
    expect((await workers.acts(record._id)).filter((act) => act === 'referral.registered')).toHaveLength(2);

    const page = async (login: string, path: string) => (await (await site.as(login)).page(`${path}?lang=en`)).body;
    const [ofAuditor, ofAdmin] = [
      await page('auditor', `/cases/${request}`),
      await page('is.admin', `/cases/${request}`),
    ];
    expect(ofAuditor).toContain(number);
    for (const body of [ofAuditor, ofAdmin]) expect(body).toContain(failure);
    for (const hidden of ['/access-violations', facts]) expect(ofAdmin).not.toContain(hidden);
    expect(await page('auditor', '/access-violations')).toContain(`/cases/${request}`);
    expect(await page('ib.admin2', '/access-violations')).not.toContain(request);
  });

  test('that a technical request told of first names it, and opens no other', async () => {
    const { reporter: _reporter, ...found } = technicalRequest({ source: 'journal' });
    const { number: request } = (await (await site.as('is.admin')).post('/api/technical-requests', found)).json<{
      number: string;
    }>();
    const violation = await reported({ kind: 'disruption', login: 'u-some', technicalRequest: request });
    expect(await block(violation)).toMatchObject({ forInspection: false, alsoFailure: false });
    const auditor = await site.as('auditor');
    expect((await auditor.page(`/cases/${request}`)).body).toContain(violation.number);
    expect((await auditor.page('/access-violations')).body).toContain(`/cases/${request}`);
    const form = await admin.page(`/access-violations?technicalRequest=${request}`);
    expect(form.body).toContain(`value="${request}"`);
  });

  test('is refused with a request that is none, or with both', async () => {
    const body = { kind: 'disruption', login: 'u-some', facts, technicalRequest: 'TEC-2026-999999' };
    const faultsOf = async (sent: object) =>
      (await admin.post(url, sent)).json<SeenProblem>().errors!.map(({ field, code }) => `${field} ${code}`);
    expect(await faultsOf(body)).toEqual(['technicalRequest unknown-request']);
    expect(await faultsOf({ ...body, failure })).toEqual(['failure failure-told']);
  });
});

describe('a report', () => {
  test('of the same key is the same violation, of other content it is refused', async () => {
    const headers = { 'idempotency-key': newId() };
    const body = { kind: 'disruption', login: 'u-some', facts };
    const numbers = await Promise.all(
      [1, 2, 3].map(async () => (await admin.post(url, body, headers)).json<{ number: string }>().number),
    );
    expect(new Set(numbers).size).toBe(1);
    expect((await admin.post(url, { ...body, login: 'u-other' }, headers)).statusCode).toBe(409);
  });

  test('that names nobody, or an employee whom the directory has not, is refused with its words, and leaves nothing', async () => {
    const before = await site.holdings();
    const refused = await admin.form('/access-violations?lang=en', { kind: 'disruption', facts });
    expect(refused.statusCode).toBe(422);
    for (const word of [facts, 'href="#violation-login"']) expect(refused.body).toContain(word);
    expect((await admin.post(url, { kind: 'disruption', employeeId: 'SC-9999', facts })).statusCode).toBe(422);
    expect((await admin.post(url, { kind: 'theft', login: 'u', facts })).statusCode).toBe(422);
    expect(await site.holdings()).toEqual(before);
  });

  test('is for administrators of information security; auditors and the data-protection officer read', async () => {
    for (const login of ['auditor', 'dpo', 'iss.central', 'administrator']) {
      const caller = await site.as(login);
      expect((await caller.post(url, { kind: 'disruption', login: 'u-some', facts })).statusCode).toBe(403);
      const reads = ['auditor', 'dpo'].includes(login);
      const seen = await caller.page('/access-violations');
      expect(seen.statusCode).toBe(reads ? 200 : 403);
      expect(seen.body).not.toContain('name="facts"');
    }
  });
});

test('facts about a user who is erased can be read no more; the violation stays, and blocks all the same', async () => {
  const { login, skudId } = await anAccount();
  const violation = await reported({ login });
  const why = { ground: 'DPO-2026-21', openToo: true };
  await site.services.erasures.erase({ kind: 'person', id: 'dpo' }, violation.subjectId, why);
  expect(await site.services.vault.reveal(await stored().findOne({ _id: violation._id }))).toMatchObject({
    ...{ number: violation.number, facts: null, login: null },
  });
  expect((await admin.page('/access-violations')).body).toContain(violation.number);
  await block(violation);
  expect(await isActive(skudId)).toBe(false);
});
