import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { skudClient } from '../../connectors/skud/index.js';
import { reportViolation } from '../../core/access-request/violation-report.js';
import { newId } from '../../core/ids.js';
import { waitFor } from '../../local/play/tasks.js';
import { openStage, patienceMs, testMs, type Stage } from '../inspection/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.as('ib.admin');
}, testMs);
afterAll(() => stage.close(), testMs);

const facts = 'Бөгде адамға жазбаларды жіберген.';
const skud = () => skudClient(stage.services.settings.skud);

/** An account of SKUD's that no request of ours made. */
async function anAccount(): Promise<{ login: string; skudId: string }> {
  const login = `u-${newId().toLowerCase()}`;
  const { account } = await skud().createAccount({
    ...{ accountId: newId(), login, position: 'Маман', temporaryPassword: 'Some-Temporary-7', rights: [] },
    name: { surname: 'Ермекова', name: 'Әсел' },
  });
  return { login, skudId: account.skudId };
}

/** Reports a violation; the number by which it goes. */
async function reports(body: Record<string, unknown>): Promise<string> {
  const admin = await stage.as('ib.admin');
  const { status, body: answer } = await admin.post<{ number: string }>('/api/access-violations', { facts, ...body });
  expect(status).toBe(201);
  return answer.number;
}
/** The same by a machine that watches the logs. */
async function machineReports(login: string): Promise<string> {
  const report = {
    ...({ kind: 'sharedLogin', login, facts, failure: null, technicalRequest: null } as const),
    employeeId: null,
    disclosed: false,
  };
  const { violation } = await reportViolation(
    stage.services,
    { kind: 'machine', id: 'client:log-watch' },
    report,
    null,
  );
  return violation.number;
}

const isBlocked = (skudId: string) =>
  waitFor(async () => (await skud().find(skudId))?.active === false, 'the block', patienceMs);
const violationOf = async (number: string) =>
  (await stage.services.violations.list(null, 50)).find((each) => each.number === number);
const hasBlocked = (number: string) =>
  waitFor(async () => (await violationOf(number))?.accountIds?.length, 'what was blocked', patienceMs);

/** How many letters about it went to the operational centre of information security. */
const lettersToCentre = async (number: string) =>
  (await stage.services.letters.ofCase(`violation.${(await violationOf(number))!._id}`)).length;
const isToldToCentre = (number: string) =>
  waitFor(async () => (await violationOf(number))?.centreInformedAt, 'the letter to the centre', patienceMs);

test(
  'what an administrator reports blocks the account at once, the security centre is written to, and nothing else follows',
  async () => {
    const { login, skudId } = await anAccount();
    const number = await reports({ kind: 'sharedLogin', login });
    await isBlocked(skudId);
    const { accounts } = stage.services;
    const account = await waitFor(() => accounts.byLogin(login), 'the account', patienceMs);
    await hasBlocked(number);
    expect(await violationOf(number)).toMatchObject({ accountIds: [account._id], referralId: null });
    expect(await accounts.find(account._id)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
    await isToldToCentre(number);
    expect(await lettersToCentre(number)).toBe(1);
  },
  testMs,
);

test(
  'an employee who disclosed personal data gets an inspection as well, which starts by its own message',
  async () => {
    const { login, skudId } = await anAccount();
    const disclosed = { kind: 'dataDistributed', employeeId: 'SC-1019', personalDataDisclosed: true };
    const number = await reports({ login, ...disclosed });
    await isBlocked(skudId);
    const { cases, inspections, trail, vault } = stage.services;
    const record = await waitFor(
      () => cases.bySourceRef('inspection', `referral:${vault.blindIndex('source-ref', number)}`),
      'the inspection',
      patienceMs,
    );
    const acts = async () => (await trail.list(record._id)).map(({ type }) => type);
    for (const act of ['referral.registered', 'case.started'])
      await waitFor(async () => (await acts()).includes(act), act, patienceMs);
    const { trigger, lines } = await inspections.get(record._id);
    expect([trigger.kind, lines.map(({ employeeId }) => employeeId)]).toEqual(['officialInformation', ['SC-1019']]);
    const voided = await (
      await stage.as('management.ala')
    ).post(`/api/cases/${record.number}/void`, { reason: 'Сынақ.' });
    expect(voided.status).toBe(200);
  },
  testMs,
);

test(
  'one that is also a failure runs as both: the account is blocked, and a technical request starts whose term counts from the report',
  async () => {
    const { login, skudId } = await anAccount();
    const number = await reports({ kind: 'disruption', login, failure: 'Іздеу беті ашылмайды.' });
    await isBlocked(skudId);
    const { cases, clocks, technicalRequests, trail, violations } = stage.services;
    const request = await waitFor(
      async () => (await technicalRequests.numbersReferredFrom([number])).get(number),
      'the technical request',
      patienceMs,
    );
    const { _id: caseId } = (await cases.byNumber(request))!;
    const acts = async () => (await trail.list(caseId)).map(({ type }) => type);
    for (const act of ['referral.registered', 'case.started'])
      await waitFor(async () => (await acts()).includes(act), act, patienceMs);
    const { reportedAt } = (await violations.list(null, 10)).find((each) => each.number === number)!;
    expect(await clocks.ofCase(caseId)).toMatchObject([{ rule: 'DL-TECH-1', startedAt: reportedAt }]);
    const voided = await (await stage.as('is.admin')).post(`/api/cases/${request}/void`, { reason: 'Сынақ.' });
    expect(voided.status).toBe(200);
  },
  testMs,
);

test(
  'what a machine reported is opened at once where the administrator does not confirm it, and stays blocked where he does, of which the centre is told, or another violation blocks it too',
  async () => {
    const admin = await stage.as('ib.admin');
    const { accounts } = stage.services;
    const says = async (number: string, outcome: string) =>
      (await admin.post(`/api/access-violations/${number}/review`, { outcome, note: 'Тексерілді.' })).status;
    const [wrong, right, twice] = [await anAccount(), await anAccount(), await anAccount()];
    const reported: string[] = [];
    for (const { login } of [wrong, right, twice, twice]) reported.push(await machineReports(login));
    for (const number of reported) await hasBlocked(number);
    expect(await Promise.all(reported.map(lettersToCentre))).toEqual([0, 0, 0, 0]);
    const [ofWrong, ofRight, first, second] = reported as [string, string, string, string];

    expect([await says(ofWrong, 'notConfirmed'), await says(ofRight, 'confirmed')]).toEqual([200, 200]);
    expect(await says(first, 'notConfirmed')).toBe(200);
    await waitFor(async () => (await skud().find(wrong.skudId))?.active, 'the release', patienceMs);
    await waitFor(async () => (await violationOf(first))?.releasedIds, 'the review of the first', patienceMs);
    expect((await violationOf(first))?.releasedIds).toEqual([]);
    const states = async () =>
      Promise.all([wrong, right, twice].map(async ({ login }) => (await accounts.byLogin(login))?.state));
    await waitFor(async () => (await violationOf(ofWrong))?.releasedIds, 'the end of the review', patienceMs);
    expect(await states()).toEqual(['pendingFirstLogin', 'blocked', 'blocked']);

    expect(await says(second, 'notConfirmed')).toBe(200);
    await waitFor(async () => (await skud().find(twice.skudId))?.active, 'the second release', patienceMs);
    await waitFor(
      async () => (await stage.instancesPast('EndEvent_AccountsReleased')).length >= 3,
      'the ends',
      patienceMs,
    );
    await waitFor(
      async () => (await stage.instancesPast('EndEvent_AccountsStayBlocked')).length > 0,
      'the end',
      patienceMs,
    );
    expect((await skud().find(right.skudId))?.active).toBe(false);
    expect(await Promise.all(reported.map(lettersToCentre))).toEqual([0, 1, 0, 0]);
  },
  testMs,
);
