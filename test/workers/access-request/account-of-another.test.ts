import { expect, test } from '@jest/globals';
import type { RequestKind } from '../../../core/access-request/model.js';
import { notePrecheck } from '../../../workers/access-request/note-precheck.js';
import { provideAccount } from '../../../workers/access-request/provide-account.js';
import { accessRequest, accessUser } from '../../builders/access-request.js';
import { providedRequest } from '../../builders/provided-account.js';
import type { ApiSite } from '../../helpers/api-site.js';
import { grantRequires } from '../../helpers/grant-requires.js';
import { onSkud } from '../../helpers/on-skud.js';
import type { SkudSimulator } from '../../helpers/skud-simulator.js';
import type { WorkerSite } from '../../helpers/worker-site.js';

/** R20, ACC-22, ACC-30: an account is one person's, so that who decides is told of a row that names another person's. */

let skud: SkudSimulator;
let site: ApiSite;
let workers: WorkerSite;
onSkud((given) => ({ skud, site, workers } = given));

const holder = '850614399559';
const stranger = '030110699567';
const rights = [{ system: 'sir', function: 'record.edit' }];

/** An account of the holder. */
async function anAccount() {
  const { userId, number } = await providedRequest(site, workers, { users: [accessUser({ iin: holder })] });
  const { accounts, vault } = site.services;
  const { login } = await vault.reveal((await accounts.find(userId))!);
  return { accountId: userId, number, login: login! };
}

/** A request of which `sir` is granted, whatever the decision would have asked for, and whose account is not touched yet. */
async function granted(kind: Exclude<RequestKind, 'provide'>, iin: string, login: string) {
  const body = accessRequest('2026-01-30', {
    ...{ kind, users: [accessUser({ iin, login, rights })] },
    ...(kind === 'repeat' ? { repeatReason: 'credentialLoss' } : {}),
  });
  const answer = await site.anybody.post('/api/access-requests', body);
  expect([answer.statusCode, answer.statusCode === 201 ? '' : answer.body]).toEqual([201, '']);
  const { number } = answer.json<{ number: string }>();
  const { accessRequests, cases, database } = site.services;
  const { _id: caseId } = (await cases.byNumber(number))!;
  const basisCheck = kind === 'repeat' ? 'manualReview' : 'ok';
  await workers.deliver(notePrecheck, { caseId, basisCheck, missingBasis: null });
  await database.transaction({ kind: 'person', id: 'ib.admin2' }, (tx) =>
    accessRequests.decide(tx, caseId, { system: 'sir', granted: true, ground: null }),
  );
  const { userId } = (await accessRequests.get(caseId)).users[0]!;
  const admin = await site.as('ib.admin2');
  return {
    ...{ caseId, userId },
    requires: () => grantRequires(site.services, caseId),
    page: async () => (await admin.page(`/cases/${number}?lang=en`)).body,
    notes: async () => {
      const noted = await admin.post(`/api/cases/${number}/review-note`, { text: 'Есептік жазба осы адамдікі.' });
      expect([noted.statusCode, noted.statusCode === 200 ? '' : noted.body]).toEqual([200, '']);
    },
    provides: () => workers.deliver(provideAccount, { caseId, caseNumber: number, userId }),
  };
}

const inSkud = async () => (await skud.seen()).accounts[0];

test.each(['change', 'block', 'repeat'] as const)(
  'a %s of the account of another person is told, and neither granted nor done without a note of the review',
  async (kind) => {
    const { accountId, number, login } = await anAccount();
    const [before, stored] = [await inSkud(), await site.services.accounts.find(accountId)];
    // Logins differ in more than case.
    const request = await granted(kind, stranger, login.toUpperCase());
    expect(await request.page()).toContain(
      `Row 1 names the account ${login.toUpperCase()}, which was issued to another person by ${number}`,
    );
    expect(await request.requires()).toBe('review-note-missing');
    await expect(request.provides()).rejects.toThrow('ACCOUNT_NOT_PROVIDED');
    const [refusal] = (await site.services.trail.list(request.caseId)).filter(
      ({ type }) => type === 'account.not-provided',
    );
    expect(refusal).toMatchObject({ subject: request.userId, data: { code: 'ACCOUNT_OF_ANOTHER' } });
    expect([await inSkud(), await site.services.accounts.find(accountId)]).toEqual([before, stored]);

    await request.notes();
    expect(await request.requires()).toBeNull();
    await request.provides();
    expect(await inSkud()).not.toEqual(before);
    // Issued anew to the user of the row, it is his from now on.
    if (kind === 'repeat') expect(await request.page()).not.toContain('issued to another person');
  },
);

test.each(['change', 'block', 'repeat'] as const)('of a %s of his own account nothing is told', async (kind) => {
  const { login } = await anAccount();
  const request = await granted(kind, holder, login);
  expect(await request.page()).not.toContain('issued to another person');
  expect(await request.requires()).toBe(kind === 'repeat' ? 'review-note-missing' : null);
  await request.provides();
});

test('nor of an account that SKUD had before any request of ours', async () => {
  const { skudId, login, ...found } = { skudId: 'skud-old', login: 'u-old', accountId: null, active: true, rights: [] };
  const moments = {
    createdAt: new Date('2026-01-30T05:00:00Z'),
    lastSignInAt: null,
    passwordChangedAt: null,
    mustChangePassword: false,
  };
  await site.services.accounts.adopt([{ skudId, login, ...found, ...moments }]);
  const request = await granted('change', stranger, login);
  expect(await request.page()).not.toContain('issued to another person');
  expect(await request.requires()).toBeNull();
});
