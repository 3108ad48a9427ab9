import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { noteIssued } from '../../core/access-request/accounts.js';
import { newId } from '../../core/ids.js';
import { eventToken } from '../../local/simulators/skud/events.js';
import { ApiSite, publicUrl } from '../helpers/api-site.js';
import { accessRequest } from '../builders/access-request.js';
import { somebody } from '../helpers/database.js';

/** Events of SKUD as it pushes them: Security Event Tokens, which its simulator makes. */

let site: ApiSite;
const settings = {
  secret: 'events-secret-of-thirty-two-characters',
  issuer: 'http://127.0.0.1:1/scim/v2',
  audience: publicUrl,
};
beforeAll(async () => {
  const { secret, issuer } = settings;
  site = await ApiSite.start({ SKUD_URL: issuer, SKUD_TOKEN: 'token', SKUD_EVENTS_SECRET: secret });
}, 60_000);
afterAll(() => site.stop());

async function anAccount(): Promise<{ accountId: string; skudId: string; caseId: string }> {
  const { database, vault, accounts } = site.services;
  const ids = { accountId: newId(), skudId: newId(), caseId: newId() };
  await database.transaction(somebody, async (tx) => {
    const subjectId = await vault.createSubject(tx, 'person');
    await accounts.issued(tx, {
      ...{ ...ids, subjectId, login: `u-${ids.accountId}`, email: null, employeeId: null, rights: [] },
      ...{ caseNumber: 'ACC-2026-000001', language: 'kk', applicant: { subjectId, email: 'office@sb.example' } },
    });
  });
  return ids;
}
const later = (minutes: number): string =>
  new Date(site.services.clock.legalNow().getTime() + minutes * 60_000).toISOString();
const push = async (payload: string, type = 'application/secevent+jwt') =>
  site.app.inject({ method: 'POST', url: '/skud/events', payload, headers: { 'content-type': type } });
const event = (kind: 'signed-in' | 'password-changed', skudId: string, at: string, changes = {}): Promise<string> =>
  eventToken({ ...settings, ...changes }, { eventId: newId(), kind, skudId, at });

test('the first sign-in with a changed password opens the account for good, once', async () => {
  const { accountId, skudId, caseId } = await anAccount();
  const [changed, entered] = [later(1), later(2)];
  const token = await event('password-changed', skudId, changed);
  // Signed-in may come first: the order does not matter.
  expect((await push(await event('signed-in', skudId, entered))).statusCode).toBe(202);
  for (let times = 0; times < 2; times += 1) expect((await push(token)).statusCode).toBe(202);
  expect(await site.services.accounts.find(accountId)).toMatchObject({
    ...{ state: 'active', passwordChangedAt: new Date(changed), lastSignInAt: new Date(entered) },
  });
  const acts = (await site.services.trail.list(caseId)).map(({ type }) => type);
  expect(acts).toEqual(['account.issued', 'password.changed']);
});

test('the request that gave the credentials gets its message once, also where the account is older than the request', async () => {
  const { services } = site;
  const { skudId } = await anAccount();
  const filed = await site.anybody.post('/api/access-requests', accessRequest('2026-01-30'));
  const { number } = filed.json<{ number: string }>();
  const { _id: caseId } = (await services.cases.byNumber(number))!;
  const [user] = (await services.accessRequests.get(caseId)).users;
  const { userId } = user!;
  const issue = () =>
    services.database.transaction(somebody, async (tx) => {
      await services.accessRequests.setAccount(tx, caseId, userId, { accountId: userId, skudId, outcome: 'issued' });
      await noteIssued(services, tx, { caseId, userId, skudId });
    });
  await issue();
  const token = await event('password-changed', skudId, later(1));
  for (let times = 0; times < 2; times += 1) expect((await push(token)).statusCode).toBe(202);
  const told = (await site.outboxOf(number)).filter(({ message }) => /password-changed/.test(message?.name ?? ''));
  expect(told.map(({ message }) => message)).toEqual([
    expect.objectContaining({ correlationKey: userId, name: 'access-request.password-changed' }),
  ]);
  expect((await site.actsOf(number)).slice(-2)).toEqual(['account.issued', 'password.changed']);
});

test('a password that was changed before these credentials were issued completes nothing, and an old sign-in is not the last', async () => {
  const { accountId, skudId } = await anAccount();
  await push(await event('password-changed', skudId, later(-10)));
  await push(await event('signed-in', skudId, later(5)));
  await push(await event('signed-in', skudId, later(-5)));
  const account = await site.services.accounts.find(accountId);
  expect(account?.state).toBe('pendingFirstLogin');
  expect(account!.lastSignInAt! > account!.issuedAt).toBe(true);
});

test('what another one signed, or that is not for us, is refused and changes nothing', async () => {
  const { accountId, skudId } = await anAccount();
  for (const wrong of [
    { secret: 'x'.repeat(40) },
    { issuer: 'https://other.example' },
    { audience: 'https://other.example' },
  ]) {
    const answer = await push(await event('password-changed', skudId, later(1), wrong));
    expect({ status: answer.statusCode, err: answer.json<{ err: string }>().err }).toEqual({
      ...{ status: 400, err: 'authentication_failed' },
    });
  }
  expect((await push('no token at all')).statusCode).toBe(400);
  expect((await push('{}', 'application/json')).statusCode).toBe(400);
  expect((await site.services.accounts.find(accountId))?.state).toBe('pendingFirstLogin');
});

/** A token of SKUD's with whatever events. */
const tokenOf = (skudId: string, events: Record<string, unknown>): Promise<string> =>
  new SignJWT({
    events: Object.fromEntries(
      Object.entries(events).map(([kind, told]) => [`urn:merzim:params:skud:event:${kind}`, told]),
    ),
    sub_id: { format: 'opaque', id: skudId },
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'secevent+jwt' })
    .setJti(newId())
    .setIssuer(settings.issuer)
    .setAudience(settings.audience)
    .sign(new TextEncoder().encode(settings.secret));

test('a token with both events is read to its end', async () => {
  const { accountId, skudId } = await anAccount();
  const at = later(1);
  expect((await push(await tokenOf(skudId, { 'password-changed': { at }, 'signed-in': { at } }))).statusCode).toBe(202);
  expect(await site.services.accounts.find(accountId)).toMatchObject({
    ...{ state: 'active', passwordChangedAt: new Date(at), lastSignInAt: new Date(at) },
  });
});

test.each([{ at: 'yesterday' }, {}, null])(
  'an event that can not be read, %j, is refused and not lost',
  async (told) => {
    const { accountId, skudId } = await anAccount();
    const answer = await push(await tokenOf(skudId, { 'password-changed': told }));
    expect([answer.statusCode, answer.json<{ err: string }>().err]).toEqual([400, 'invalid_request']);
    expect((await site.services.accounts.find(accountId))?.state).toBe('pendingFirstLogin');
    // Of a kind that we don't know nothing is asked.
    expect((await push(await tokenOf(skudId, { 'locked-screen': told }))).statusCode).toBe(202);
  },
);

test('an account that is none of ours is taken note of by nobody', async () => {
  expect((await push(await event('signed-in', newId(), later(1)))).statusCode).toBe(202);
});
