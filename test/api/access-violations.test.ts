import { describe, expect, test } from '@jest/globals';
import { settleBlocks } from '../../core/access-request/account-blocks.js';
import { RetryableError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { blockUnusedAccounts } from '../../workers/access-request/block-unused-accounts.js';
import { blockViolator } from '../../workers/access-request/block-violator.js';
import { referToInspection } from '../../workers/access-request/refer-to-inspection.js';
import { referFailure } from '../../workers/access-request/refer-failure.js';
import { reissuePassword } from '../../workers/access-request/reissue-password.js';
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
import { violationFacts, violationsOn, violationsUrl, type Violations } from '../helpers/violations.js';
import type { WorkerSite } from '../helpers/worker-site.js';

/** Violations of information security: reported, blocked at once, told of, and handed to the inspection where personal data were disclosed. */

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

test('a violation that the page reports blocks the account in SKUD, and everybody concerned is written to', async () => {
  const user = accessUser({ email: 'asem@employment.example' });
  const { caseId, login, skudId, userId } = await on.anAccount({ users: [user] });
  const form = { kind: 'credentialsHandedOver', login, facts: violationFacts, idempotencyKey: newId() };
  for (let times = 0; times < 2; times += 1)
    expect((await admin.form('/access-violations', form)).headers['location']).toBe('/access-violations');
  const violation = await on.latest();
  expect(await on.stored().countDocuments({ kind: 'credentialsHandedOver' })).toBe(1);
  const waiting = await admin.page('/access-violations?lang=en');
  expect(waiting.body).toContain('waits for SKUD');
  const [message] = await on.outbox('message', violation._id);
  expect(message!.message).toMatchObject({ name: 'access-request.violation-reported' });
  expect(message!.message!.variables).toEqual({ violationId: violation._id });

  expect(await on.block(violation)).toEqual({ forInspection: false, alsoFailure: false, reviewAwaited: false });
  expect(await on.isActive(skudId)).toBe(false);
  const { accounts, vault } = site.services;
  expect(await accounts.find(userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
  const letters = await vault.reveal(await on.blockLetters(caseId));
  expect(letters.map(({ recipient }) => recipient.email).sort()).toEqual([
    ...['asem@employment.example', 'chancery@employment.example'],
  ]);
  const notices = await on.outbox('notice', `^violation/${violation._id}/`);
  expect(notices.map(({ notice }) => notice!.employeeId).sort()).toEqual(['SC-1074', 'SC-1075']);
  expect(await workers.acts(`violation.${violation._id}`)).toEqual([
    'violation.reported',
    'violation.accounts-blocked',
  ]);
  expect((await workers.acts(caseId)).slice(-4)).toEqual([
    ...['account.blocked', 'journal.entered', 'letter.composed', 'letter.composed'],
  ]);
  const [, row] = await vault.reveal(await on.journalOf(caseId));
  expect(row).toMatchObject({ act: 'blocked', ground: 'securityViolation', systems: ['sir'] });
  expect(row!.administrators).toMatchObject([{ login: 'ib.admin2', fullName: 'Ким Виктория Олеговна' }]);
  const { body } = await admin.page('/access-violations?lang=en');
  for (const word of [violation.number, '1 account blocked', violationFacts, login]) expect(body).toContain(word);

  // R29: opened again by a repeated application alone.
  const users = [accessUser({ login })];
  await providedRequest(site, workers, { kind: 'repeat', repeatReason: 'blockedViolation', users });
  expect(await on.isActive(skudId)).toBe(true);
  expect(await accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin', blockGrounds: [] });
});

test('who decides on a repeated application is told of the violation by its number, and not of its facts', async () => {
  const { login } = await on.anAccount();
  const violation = await on.reported({ login });
  await on.block(violation);
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

describe('while SKUD can’t be reached', () => {
  test('the report is taken, nothing is half done, and the block follows once, told of once', async () => {
    const { caseId, login, skudId, userId } = await on.anAccount();
    await skud.control({ fault: '429', on: 'change', delayMs: 60_000 });
    const violation = await on.reported({ login });
    await expect(on.block(violation)).rejects.toBeInstanceOf(RetryableError);
    expect(await site.services.accounts.find(userId)).toMatchObject({ state: 'pendingFirstLogin' });
    expect([await on.blockLetters(caseId), (await on.stored().findOne({ _id: violation._id }))!.accountIds]).toEqual([
      ...[[], null],
    ]);
    await on.block(violation);
    expect(await on.isActive(skudId)).toBe(false);
    expect((await on.blockLetters(caseId)).length).toBeGreaterThan(0);
    expect((await workers.acts(caseId)).filter((act) => act === 'account.blocked')).toHaveLength(1);
  });

  test('a process that dies after SKUD had blocked leaves no account that is blocked untold: the daily look ends it', async () => {
    const { caseId, login, skudId, userId } = await on.anAccount();
    const violation = await on.reported({ login });
    await workers.reach(blockViolator, { violationId: violation._id });
    expect(await on.isActive(skudId)).toBe(false);
    expect(await on.blockLetters(caseId)).toEqual([]);
    await workers.deliver(blockUnusedAccounts, { inactiveDays: 30 });
    expect(await site.services.accounts.find(userId)).toMatchObject({ blockGrounds: ['securityViolation'] });
    expect((await on.blockLetters(caseId)).length).toBeGreaterThan(0);
    await on.block(violation);
    expect((await workers.acts(caseId)).filter((act) => act === 'account.blocked')).toHaveLength(1);
    expect((await on.stored().findOne({ _id: violation._id }))!.accountIds).toEqual([userId]);
  });
});

test('who is blocked before his first sign-in is awaited no more where only a repeated application opens the account, and on where a violation may be none', async () => {
  const { accessRequests } = site.services;
  const left = await on.anAccount();
  const violator = await on.anAccount();
  await on.block(await on.reported({ login: violator.login }));
  await on.blocked(left.userId, 'dismissal');
  expect(await accessRequests.awaiting(left.skudId)).toEqual([]);
  expect(await accessRequests.awaiting(violator.skudId)).toMatchObject([{ userId: violator.userId }]);
  expect([
    (await on.outbox('message', left.userId)).length,
    (await on.outbox('message', violator.userId)).length,
  ]).toEqual([...[1, 0]]);
  expect((await workers.acts(left.caseId)).filter((act) => /withdrawn|lapsed/.test(act))).toEqual([
    ...['password-link.withdrawn', 'registration.lapsed'],
  ]);
  const again = { caseId: left.caseId, caseNumber: left.number, userId: left.userId };
  await expect(workers.deliver(reissuePassword, again)).rejects.toBeInstanceOf(RetryableError);
  expect(await site.services.accounts.find(left.userId)).toMatchObject({ state: 'blocked' });
  // Blocked for good since, he is not awaited either.
  await on.blocked(violator.userId, 'inactivity30');
  expect(await accessRequests.awaiting(violator.skudId)).toEqual([]);
});

test('a block that a sign-in would avert is none any more, and one that is there already gets its second ground', async () => {
  const { accounts, database } = site.services;
  const { caseId, login, userId } = await on.anAccount();
  await accounts.intendBlock([userId], { ground: 'inactivity30', unlessSignedInSince: new Date(0) });
  const violation = await on.reported({ login });
  const { settled } = await workers.reach(blockViolator, { violationId: violation._id });
  // The daily look had found meanwhile that its user entered.
  const late = { ground: 'inactivity30', blocked: false, lastSignInAt: site.services.clock.legalNow() } as const;
  expect(await database.transaction(somebody, (tx) => accounts.settleBlock(tx, userId, late))).toBeNull();
  expect(settled).toMatchObject([{ accountId: userId, outcome: { ground: 'securityViolation', blocked: true } }]);
  expect(await database.transaction(somebody, (tx) => settleBlocks(site.services, tx, settled))).toHaveLength(1);
  expect(await accounts.find(userId)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });

  const second = await on.anAccount();
  await accounts.intendBlock([second.userId], { ground: 'inactivity30', unlessSignedInSince: null });
  const unused = { ground: 'inactivity30', blocked: true, lastSignInAt: null } as const;
  await database.transaction(somebody, (tx) => accounts.settleBlock(tx, second.userId, unused));
  await on.block(await on.reported({ login: second.login }));
  expect((await accounts.find(second.userId))!.blockGrounds).toEqual(['inactivity30', 'securityViolation']);
  expect((await on.journalOf(second.caseId)).map(({ ground }) => ground)).toEqual([null, 'securityViolation']);
  expect(await on.journalOf(caseId)).toHaveLength(2);
});

test('an account that SKUD alone knows is blocked as well; of a login that nobody has the administrators are told', async () => {
  await skud.control({
    accounts: [{ userName: 'old-account', externalId: 'none-of-ours', createdAt: '2026-01-05T04:00:00Z' }],
  });
  const violation = await on.reported({ login: 'old-account' });
  await on.block(violation);
  expect((await skud.seen()).accounts).toMatchObject([{ userName: 'old-account', active: false }]);
  const mistyped = await on.reported({ login: 'nobody-has-this' });
  await on.block(mistyped);
  expect((await on.stored().findOne({ _id: mistyped._id }))!.accountIds).toEqual([]);
  const [notice] = await on.outbox('notice', `^violation/${mistyped._id}/`);
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
    const accounts = [await on.anAccount(own), await on.anAccount(own)];
    const violation = await on.reported({
      ...{ employeeId: employee.employeeId, kind: 'dataDistributed', personalDataDisclosed: true },
    });
    const { _id: violationId, number } = violation;
    expect(await on.block(violation)).toEqual({ forInspection: true, alsoFailure: false, reviewAwaited: false });
    for (const { skudId } of accounts) expect(await on.isActive(skudId)).toBe(false);
    await workers.deliver(referToInspection, { violationId });
    const { referralId } = (await on.stored().findOne({ _id: violationId }))!;
    const [message] = await on.outbox('message', referralId!);
    expect(message!.message).toMatchObject({ name: 'inspection.facts-referred', variables: { referralId } });

    for (let times = 0; times < 2; times += 1) await workers.deliver(registerReferral, { referralId: referralId! });
    const inspections = await services.database.connection.collection('inspections').find().toArray();
    expect(await services.vault.reveal(inspections)).toMatchObject([
      {
        trigger: { kind: 'officialInformation', facts: [violationFacts] },
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
    const { login } = await on.anAccount();
    expect(await on.block(await on.reported({ login, personalDataDisclosed: true }))).toMatchObject({
      forInspection: false,
    });
  });
});

describe('a violation that is also a failure', () => {
  const failure = 'Іздеу беті ашылмайды.';
  const opened = async (number: string) =>
    (await site.services.technicalRequests.numbersReferredFrom([number])).get(number);

  test('opens a technical request by a reference, once; each shows the other to who may read it, and nothing else', async () => {
    const { services } = site;
    const violation = await on.reported({ kind: 'disruption', login: 'u-some', failure });
    const { _id: violationId, number } = violation;
    expect(await on.block(violation)).toMatchObject({ forInspection: false, alsoFailure: true });
    await workers.deliver(referFailure, { violationId });
    const { failureReferralId } = (await on.stored().findOne({ _id: violationId }))!;
    // A machine that sends the violation's number first does not take its place.
    const { reporter: _reporter, ...found } = technicalRequest({ source: 'tooling', channel: 'machine' });
    const planted = { ...found, sourceRefNo: number };
    expect((await (await site.machine()).post('/api/technical-requests', planted)).statusCode).toBe(201);
    const [message] = await on.outbox('message', failureReferralId!);
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
    for (const hidden of ['/access-violations', violationFacts]) expect(ofAdmin).not.toContain(hidden);
    expect(await page('auditor', '/access-violations')).toContain(`/cases/${request}`);
    expect(await page('ib.admin2', '/access-violations')).not.toContain(request);
  });

  test('that a technical request told of first names it, and opens no other', async () => {
    const { reporter: _reporter, ...found } = technicalRequest({ source: 'journal' });
    const { number: request } = (await (await site.as('is.admin')).post('/api/technical-requests', found)).json<{
      number: string;
    }>();
    const violation = await on.reported({ kind: 'disruption', login: 'u-some', technicalRequest: request });
    expect(await on.block(violation)).toMatchObject({ forInspection: false, alsoFailure: false });
    const auditor = await site.as('auditor');
    expect((await auditor.page(`/cases/${request}`)).body).toContain(violation.number);
    expect((await auditor.page('/access-violations')).body).toContain(`/cases/${request}`);
    const form = await admin.page(`/access-violations?technicalRequest=${request}`);
    expect(form.body).toContain(`value="${request}"`);
  });

  test('is refused with a request that is none, or with both', async () => {
    const body = { kind: 'disruption', login: 'u-some', facts: violationFacts, technicalRequest: 'TEC-2026-999999' };
    const faultsOf = async (sent: object) =>
      (await admin.post(violationsUrl, sent)).json<SeenProblem>().errors!.map(({ field, code }) => `${field} ${code}`);
    expect(await faultsOf(body)).toEqual(['technicalRequest unknown-request']);
    expect(await faultsOf({ ...body, failure })).toEqual(['failure failure-told']);
  });
});

describe('a report', () => {
  test('of the same key is the same violation, of other content it is refused', async () => {
    const headers = { 'idempotency-key': newId() };
    const body = { kind: 'disruption', login: 'u-some', facts: violationFacts };
    const numbers = await Promise.all(
      [1, 2, 3].map(async () => (await admin.post(violationsUrl, body, headers)).json<{ number: string }>().number),
    );
    expect(new Set(numbers).size).toBe(1);
    expect((await admin.post(violationsUrl, { ...body, login: 'u-other' }, headers)).statusCode).toBe(409);
  });

  test('that names nobody, or an employee whom the directory has not, is refused with its words, and leaves nothing', async () => {
    const before = await site.holdings();
    const refused = await admin.form('/access-violations?lang=en', { kind: 'disruption', facts: violationFacts });
    expect(refused.statusCode).toBe(422);
    for (const word of [violationFacts, 'href="#violation-login"']) expect(refused.body).toContain(word);
    expect(
      (await admin.post(violationsUrl, { kind: 'disruption', employeeId: 'SC-9999', facts: violationFacts }))
        .statusCode,
    ).toBe(422);
    expect((await admin.post(violationsUrl, { kind: 'theft', login: 'u', facts: violationFacts })).statusCode).toBe(
      422,
    );
    expect(await site.holdings()).toEqual(before);
  });

  test('is for administrators of information security; auditors and the data-protection officer read', async () => {
    for (const login of ['auditor', 'dpo', 'iss.central', 'administrator']) {
      const caller = await site.as(login);
      expect(
        (await caller.post(violationsUrl, { kind: 'disruption', login: 'u-some', facts: violationFacts })).statusCode,
      ).toBe(403);
      const reads = ['auditor', 'dpo'].includes(login);
      const seen = await caller.page('/access-violations');
      expect(seen.statusCode).toBe(reads ? 200 : 403);
      expect(seen.body).not.toContain('name="facts"');
    }
  });
});

test('facts about a user who is erased can be read no more; the violation stays, and blocks all the same', async () => {
  const { login, skudId } = await on.anAccount();
  const violation = await on.reported({ login });
  const why = { ground: 'DPO-2026-21', openToo: true };
  await site.services.erasures.erase({ kind: 'person', id: 'dpo' }, violation.subjectId, why);
  expect(await site.services.vault.reveal(await on.stored().findOne({ _id: violation._id }))).toMatchObject({
    ...{ number: violation.number, facts: null, login: null },
  });
  expect((await admin.page('/access-violations')).body).toContain(violation.number);
  await on.block(violation);
  expect(await on.isActive(skudId)).toBe(false);
});
