import { describe, expect, test } from '@jest/globals';
import type { BasisType, MissingBasis } from '../../core/access-request/model.js';
import { askForCompletion } from '../../workers/access-request/ask-for-completion.js';
import { blockStaff } from '../../workers/access-request/block-staff.js';
import { checkAccessRequest } from '../../workers/access-request/check-request.js';
import { notePrecheck } from '../../workers/access-request/note-precheck.js';
import { provideAccount } from '../../workers/access-request/provide-account.js';
import { accessRequest, accessUser, type AccessRequestBody } from '../builders/access-request.js';
import { providedRequest } from '../builders/provided-account.js';
import { type ApiSite, type SeenProblem } from '../helpers/api-site.js';
import { grantRequires as missingForGrant } from '../helpers/grant-requires.js';
import { onSkud } from '../helpers/on-skud.js';
import type { SkudSimulator } from '../helpers/skud-simulator.js';
import type { WorkerSite } from '../helpers/worker-site.js';

/** Requests for access: what may be filed, what the check says of it, and to whom it is answered. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ skud, site, workers } = given));

const url = '/api/access-requests';
const orderedOn = '2026-01-30';
const { applicant } = accessRequest(orderedOn);
/** An applicant whose staff is our own directory. */
const own = { ...applicant, bin: '160440007161', replyEmail: 'chancery@sc.example' };
const noLogin = { login: 'u-0001' };

const file = (changes: Partial<AccessRequestBody>, as = site.anybody) =>
  as.post(url, accessRequest(orderedOn, changes));
async function filed(changes: Partial<AccessRequestBody> = {}): Promise<{ caseId: string; number: string }> {
  const answer = await file(changes);
  expect([answer.statusCode, answer.statusCode === 201 ? '' : answer.body]).toEqual([201, '']);
  const { number } = answer.json<{ number: string }>();
  return { number, caseId: (await site.services.cases.byNumber(number))!._id };
}
const faultsOf = (answer: { json<T>(): T }) =>
  (answer.json<SeenProblem>().errors ?? []).map(({ field, code }) => `${field} ${code}`);
/** The letters of a case that serve a purpose, as mails. */
async function mails(caseId: string, purpose: string): Promise<{ to: string; text: string }[]> {
  const { letters } = site.services;
  const of = (await letters.ofCase(caseId)).filter((letter) => letter.purpose === purpose);
  return Promise.all(of.map(async ({ _id }) => letters.open(_id)));
}
const actingUser = accessUser({ iin: '900617399874' });
/** What happens while he is out of our directory's file. */
async function whileFormer(happens: () => Promise<void>): Promise<void> {
  const staff = site.services.database.connection.collection<{ _id: string }>('employees');
  expect((await staff.updateOne({ _id: 'SC-1018' }, { $set: { active: false } })).modifiedCount).toBe(1);
  try {
    await happens();
  } finally {
    await staff.updateOne({ _id: 'SC-1018' }, { $set: { active: true } });
  }
}

const grantRequires = (caseId: string) => missingForGrant(site.services, caseId);

describe('the answer', () => {
  test('goes to the corporate address of the request, or to the one that it has for the user, and tells his login', async () => {
    const { caseId } = await providedRequest(site, workers, {
      users: [accessUser(), accessUser({ iin: '030110699567', email: 'second@employment.example' })],
    });
    const { users } = await site.services.vault.reveal(await site.services.accessRequests.get(caseId));
    const answers = await mails(caseId, 'answer');
    expect(answers.map(({ to }) => to)).toEqual([applicant.replyEmail, 'second@employment.example']);
    const logins = (await skud.seen()).accounts.map(({ userName }) => userName);
    expect(users.map(({ login }) => login).sort()).toEqual(logins.sort());
    for (const [at, { login }] of users.entries()) {
      expect(login).toBeTruthy();
      expect(answers[at]!.text).toContain(login);
      expect(answers[at]!.text).toContain('/password/');
    }
  });

  test('is not the only letter that goes there: user and applicant are written to of a block as well', async () => {
    const { userId, caseId } = await providedRequest(site, workers, {
      users: [accessUser({ email: 'user@employment.example' })],
    });
    await site.services.accounts.intendBlock([userId], { ground: 'dismissal', unlessSignedInSince: null });
    expect(await blockStaff(site.services)).toMatchObject({ blocked: 1 });
    expect((await mails(caseId, 'account-blocked')).map(({ to }) => to)).toEqual([
      'user@employment.example',
      applicant.replyEmail,
    ]);
  });

  test.each(['chancery@mail.example', 'chancery@employment.example.mail.example', 'chancery@sc.example'])(
    'could not go to %s, which is no corporate address of the applicant: refused by field, and nothing is left behind',
    async (email) => {
      const before = await site.holdings();
      const answer = await file({
        applicant: { ...applicant, replyEmail: email },
        users: [accessUser({ email: applicant.replyEmail }), accessUser({ iin: '030110699567', email })],
      });
      expect(answer.statusCode).toBe(422);
      expect(faultsOf(answer)).toEqual(['applicant.replyEmail not-corporate', 'users[1].email not-corporate']);
      expect(await site.holdings()).toEqual(before);
    },
  );
});

describe('what is applied for', () => {
  test.each<[BasisType, Partial<AccessRequestBody>]>([
    ['employmentOrder', { kind: 'provide' }],
    ['transferOrder', { kind: 'change', users: [accessUser(noLogin)] }],
    ['dismissalOrder', { kind: 'block', users: [accessUser(noLogin)] }],
    ['dutyChange', { kind: 'change', users: [accessUser(noLogin)] }],
  ])('may rest on a basis of the kind %s', async (type, changes) => {
    const { caseId } = await filed({ ...changes, basis: { type, number: '87-к', date: orderedOn } });
    expect(await site.services.accessRequests.get(caseId)).toMatchObject({
      ...{ kind: changes.kind, repeatReason: null },
      basis: { type, date: orderedOn },
    });
    expect(await workers.deliver(checkAccessRequest, { caseId })).toMatchObject({
      ...{ requestComplete: true, requestKind: changes.kind, basisAge: 'withinYear', basisCopied: true },
    });
  });

  test.each(['blockedInactivity', 'blockedViolation', 'credentialLoss', 'safekeepingFailure'] as const)(
    'again, without an order, may be an account for the reason %s',
    async (repeatReason) => {
      const { caseId } = await filed({
        ...{ kind: 'repeat', repeatReason, basis: {}, copy: undefined },
        users: [accessUser(noLogin)],
      });
      expect(await site.services.accessRequests.get(caseId)).toMatchObject({ kind: 'repeat', repeatReason });
      expect((await site.services.clocks.ofCase(caseId)).map(({ rule }) => rule)).toEqual(['DL-ACC-2']);
      const { requestComplete } = await workers.deliver(checkAccessRequest, { caseId });
      expect(requestComplete).toBe(true);
    },
  );
});

describe('the check', () => {
  test.each<[string, Partial<AccessRequestBody['applicant']>, string[], RegExp[]]>([
    ['the head', { headFullName: undefined }, ['applicant.headFullName'], [/фамилия, имя, отчество руководителя/]],
    ['his signature', { headSignature: undefined }, ['applicant.headSignature'], [/подпись руководителя/]],
    [
      'both',
      { headFullName: undefined, headSignature: undefined },
      ['applicant.headFullName', 'applicant.headSignature'],
      [/фамилия, имя, отчество руководителя/, /подпись руководителя/],
    ],
  ])('sends back what lacks %s, and says so', async (_, changes, missing, said) => {
    const { caseId, number } = await filed({ applicant: { ...applicant, ...changes } });
    const { requestComplete } = await workers.deliver(checkAccessRequest, { caseId });
    expect(requestComplete).toBe(false);
    expect((await site.services.accessRequests.get(caseId)).missing).toEqual(missing);
    await workers.deliver(askForCompletion, { caseId, caseNumber: number });
    const [sentBack] = await mails(caseId, 'completion');
    expect(sentBack!.to).toBe(applicant.replyEmail);
    for (const words of said) expect(sentBack!.text).toMatch(words);
    expect(sentBack!.text.match(/руководителя/g)).toHaveLength(said.length);
  });

  test.each<[string, Partial<AccessRequestBody>, object]>([
    ['our own employee', { applicant: own, users: [actingUser] }, { staffStanding: 'acting' }],
    [
      'somebody beside him who is in no directory',
      { applicant: own, users: [actingUser, accessUser()] },
      { staffStanding: 'notActing' },
    ],
    ['staff of another state body', {}, { staffStanding: 'attested', applicantStanding: 'eligible' }],
    [
      'staff of who is on no list',
      { applicant: { ...applicant, bin: '990440000385' } },
      { staffStanding: 'attested', applicantStanding: 'unknown' },
    ],
    [
      'an order of tomorrow',
      { basis: { type: 'employmentOrder', number: '1', date: '2099-01-01' } },
      { basisAge: 'inFuture' },
    ],
  ])('tells the decision table of %s', async (_, changes, facts) => {
    const { caseId } = await filed(changes);
    expect(await workers.deliver(checkAccessRequest, { caseId })).toMatchObject({ ...facts, exceptionCited: false });
  });

  test('tells it of who left our directory since he applied', async () => {
    const { caseId } = await filed({ applicant: own, users: [actingUser] });
    await whileFormer(async () =>
      expect(await workers.deliver(checkAccessRequest, { caseId })).toMatchObject({ staffStanding: 'notActing' }),
    );
  });
});

describe('a norm of legislation', () => {
  /** What is missing for a grant by the second administrator, after the decision table found this. */
  async function grants(caseId: string, missingBasis: MissingBasis): Promise<string | null> {
    await workers.deliver(notePrecheck, { caseId, basisCheck: 'noBasis', missingBasis });
    return grantRequires(caseId);
  }

  test('is kept, told to the decision table, and stands in for what applicant or user lacks, for no order', async () => {
    const { caseId, number } = await filed();
    const every = ['noLegalException', 'notEligibleStaff', 'basisTooOld', 'noBasisOrder'] as const;
    for (const missing of every) expect(await grants(caseId, missing)).toBe('basis-missing');
    const norm = 'ҚР Әлеуметтік кодексінің 12-бабы';
    const admin = await site.as('ib.admin2');
    expect((await admin.post(`/api/cases/${number}/legal-exception`, { text: norm })).statusCode).toBe(200);
    expect((await admin.page(`/cases/${number}`)).body).toContain(norm);
    expect(await workers.deliver(checkAccessRequest, { caseId })).toMatchObject({ exceptionCited: true });
    for (const missing of every.slice(0, 2)) expect(await grants(caseId, missing)).toBeNull();
    for (const missing of every.slice(2)) expect(await grants(caseId, missing)).toBe('basis-missing');
  });

  test.each<[string, Partial<AccessRequestBody>]>([
    ['an order that is too old', { basis: { type: 'employmentOrder', number: '1', date: '2020-01-30' } }],
    ['an order of a day to come', { basis: { type: 'employmentOrder', number: '1', date: '2099-01-01' } }],
    ['no order', { basis: {} }],
    ['no copy of the order', { copy: undefined }],
  ])('excuses what the applicant lacks, and not %s, which nobody had looked at before', async (_, changes) => {
    const { caseId, number } = await filed(changes);
    const admin = await site.as('ib.admin2');
    await admin.post(`/api/cases/${number}/legal-exception`, { text: 'ҚР Әлеуметтік кодексінің 12-бабы' });
    expect(await grants(caseId, 'noLegalException')).toBe('order-missing');
    // As the table answered before it looked at the order first.
    await workers.deliver(notePrecheck, { caseId, basisCheck: 'manualReview', missingBasis: null });
    await admin.post(`/api/cases/${number}/review-note`, { text: 'Қызметкердің жұмыс істейтіні расталды.' });
    expect(await grantRequires(caseId)).toBe('order-missing');
  });
});

describe('whoever left our directory since the check', () => {
  const ours = { applicant: own, users: [actingUser] };
  const norm = { text: 'ҚР Әлеуметтік кодексінің 12-бабы' };
  const note = (number: string) =>
    site.as('ib.admin2').then((a) => a.post(`/api/cases/${number}/legal-exception`, norm));

  test('is granted nothing without a norm; what is taken away asks for no standing', async () => {
    const { caseId, number } = await filed(ours);
    const blocking = await filed({ ...ours, kind: 'block', users: [{ ...actingUser, ...noLogin }] });
    for (const each of [caseId, blocking.caseId])
      await workers.deliver(notePrecheck, { caseId: each, basisCheck: 'ok', missingBasis: null });
    expect(await grantRequires(caseId)).toBeNull();
    await whileFormer(async () => {
      expect(await grantRequires(caseId)).toBe('not-acting-staff');
      expect(await grantRequires(blocking.caseId)).toBeNull();
      await note(number);
      expect(await grantRequires(caseId)).toBeNull();
    });
  });

  test('and since the decision, is given no account, and what an earlier attempt made is blocked', async () => {
    const { caseId, number } = await filed(ours);
    const { accessRequests, database } = site.services;
    await database.transaction({ kind: 'person', id: 'ib.admin2' }, (tx) =>
      accessRequests.decide(tx, caseId, { system: 'sir', granted: true, ground: null }),
    );
    const { userId } = (await accessRequests.get(caseId)).users[0]!;
    const job = { caseId, caseNumber: number, userId };
    const made = async () => (await skud.seen()).accounts.map(({ active }) => active);
    await whileFormer(async () => {
      await expect(workers.deliver(provideAccount, job)).rejects.toThrow('ACCOUNT_NOT_PROVIDED');
      expect(await made()).toEqual([]);
    });
    await workers.reach(provideAccount, job);
    expect(await made()).toEqual([true]);
    await whileFormer(async () => {
      await expect(workers.deliver(provideAccount, job)).rejects.toThrow('ACCOUNT_NOT_PROVIDED');
      expect(await made()).toEqual([false]);
      await note(number);
      await workers.deliver(provideAccount, job);
      expect(await made()).toEqual([true]);
    });
  });
});
