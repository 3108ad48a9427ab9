import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { skudClient } from '../../connectors/skud/index.js';
import { newId } from '../../core/ids.js';
import { waitFor } from '../../local/play/tasks.js';
import { openStage, patienceMs, testMs, type Stage } from '../inspection/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.as('ib.admin');
}, testMs);
afterAll(() => stage.close(), testMs);

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
  const facts = 'Бөгде адамға жазбаларды жіберген.';
  const { status, body: answer } = await admin.post<{ number: string }>('/api/access-violations', { facts, ...body });
  expect(status).toBe(201);
  return answer.number;
}

const isBlocked = (skudId: string) =>
  waitFor(async () => (await skud().find(skudId))?.active === false, 'the block', patienceMs);

test(
  'a reported violation blocks the account at once, and nothing else follows',
  async () => {
    const { login, skudId } = await anAccount();
    const number = await reports({ kind: 'sharedLogin', login });
    await isBlocked(skudId);
    const { violations, accounts } = stage.services;
    const account = await waitFor(() => accounts.byLogin(login), 'the account', patienceMs);
    const told = await waitFor(
      async () => (await violations.list(null, 10)).find((each) => each.number === number && each.accountIds),
      'what was blocked',
      patienceMs,
    );
    expect(told).toMatchObject({ accountIds: [account._id], referralId: null });
    expect(await accounts.find(account._id)).toMatchObject({ state: 'blocked', blockGrounds: ['securityViolation'] });
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
      () => cases.bySourceRef('inspection', `machine:${vault.blindIndex('source-ref', number)}`),
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
