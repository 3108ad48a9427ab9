import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSkudClient, type SkudClient, type SkudClientOptions } from '../../connectors/skud/client.js';
import { accountSchema, type NewAccount } from '../../connectors/skud/contract.js';
import { inProject } from '../../config/root.js';
import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { scim2ServerMissing, startScim2Server, type Scim2Server } from '../helpers/scim2-server.js';
import { startSkudSimulator, type SkudSimulator } from '../helpers/skud-simulator.js';

let skud: SkudSimulator;
let logins = 0;

beforeAll(async () => {
  skud = await startSkudSimulator();
});
afterAll(() => skud.stop());
beforeEach(() => skud.reset());

const fast = { answerMs: 2_000, retry: { attempts: 4, baseMs: 10, maxWaitMs: 3_000 } };
const client = (options: SkudClientOptions = {}): SkudClient =>
  createSkudClient(skud.settings, { ...fast, ...options });

const view = { system: 'sir', function: 'record.view' };
const edit = { system: 'sir', function: 'record.edit' };

function aNewAccount(changes: Partial<NewAccount> = {}): NewAccount {
  logins += 1;
  return {
    accountId: newId(),
    login: `a.user${logins}`,
    name: { surname: 'Әбдіұлы', name: 'Ғалым', middleName: null },
    position: 'Бас маман',
    rights: [view],
    temporaryPassword: 'Temporary+1',
    ...changes,
  };
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: Error) => error,
  );
}
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(BusinessError);
  return (error as BusinessError).code;
}
const counted = async (operation: string) =>
  (await skud.seen()).requests.filter((request) => request.operation === operation).length;
const kept = async () => (await skud.seen()).accounts;

describe('an account', () => {
  test('is made with its rights and the password that the first sign-in has to replace', async () => {
    const wanted = aNewAccount({ rights: [view, edit] });
    const made = await client().createAccount(wanted);
    expect(made).toMatchObject({ created: true, used: false });
    expect(made.account).toMatchObject({
      ...{ accountId: wanted.accountId, login: wanted.login, active: true, rights: [view, edit] },
      ...{ lastSignInAt: null, passwordChangedAt: null, mustChangePassword: true },
    });
    expect(await skud.signIn(wanted.login, wanted.temporaryPassword)).toEqual({
      ...{ status: 403, code: 'must-change-password' },
    });
    expect(await skud.signIn(wanted.login, wanted.temporaryPassword, 'My.own.1')).toEqual({ status: 200 });
    const used = await client().find(made.account.skudId);
    expect(used).toMatchObject({ mustChangePassword: false });
    expect(used?.lastSignInAt).toBeInstanceOf(Date);
    expect(used?.passwordChangedAt).toEqual(used?.lastSignInAt);
  });

  test('that its user has made his own is left as it is by a repeat', async () => {
    const wanted = aNewAccount();
    await client().createAccount(wanted);
    await skud.signIn(wanted.login, wanted.temporaryPassword, 'My.own.1');
    const again = await client().createAccount({ ...wanted, rights: [edit], temporaryPassword: 'Temporary+2' });
    expect(again).toMatchObject({ created: false, used: true, account: { rights: [view] } });
    expect(await skud.signIn(wanted.login, 'My.own.1')).toEqual({ status: 200 });
  });

  test('whose login somebody else has is SKUD_LOGIN_TAKEN, in whatever case', async () => {
    const first = aNewAccount();
    await client().createAccount(first);
    const second = aNewAccount({ login: first.login.toUpperCase() });
    expect(await codeOf(client().createAccount(second))).toBe('SKUD_LOGIN_TAKEN');
    expect(await kept()).toHaveLength(1);
  });

  test('that two workers make at the same time is one', async () => {
    const wanted = aNewAccount();
    const made = await Promise.all([1, 2, 3, 4].map(() => client().createAccount(wanted)));
    expect(new Set(made.map(({ account }) => account.skudId)).size).toBe(1);
    expect(await kept()).toHaveLength(1);
  });

  test('names and logins are in no address', async () => {
    const urls: string[] = [];
    const watching: typeof fetch = (input, init) => {
      urls.push(input as string);
      return fetch(input, init);
    };
    const wanted = aNewAccount();
    const using = client({ fetch: watching });
    await using.createAccount(wanted);
    await using.findByLogin(wanted.login);
    expect(urls).toHaveLength(3);
    expect(urls.join()).not.toContain(wanted.login);
  });
});

/** Both implementations have to be understood alike. */
const missing = scim2ServerMissing();
if (missing) process.stderr.write(`NOT RUN: the connector with SKUD against scim2-server. ${missing}\n`);
const implementations = ['the simulator', ...(missing ? [] : ['scim2-server'])];

describe.each(implementations)('against %s', (name) => {
  let other: Scim2Server | null = null;
  const using = (): SkudClient => createSkudClient(other?.settings ?? skud.settings, fast);
  beforeAll(async () => {
    if (name === 'scim2-server') other = await startScim2Server();
  });
  afterAll(() => other?.stop());

  test('an account is made once, found, changed, blocked and opened again', async () => {
    const wanted = aNewAccount({ rights: [view, { ...view, system: 'egov' }] });
    const { account, created } = await using().createAccount(wanted);
    expect(created).toBe(true);
    expect((await using().createAccount(wanted)).created).toBe(false);
    expect(await using().findByAccountId(wanted.accountId)).toMatchObject({ skudId: account.skudId });
    expect(await using().findByLogin(wanted.login.toUpperCase())).toMatchObject({ skudId: account.skudId });
    expect((await using().setRights(account.skudId, [edit])).rights).toEqual([edit]);
    expect((await using().setRights(account.skudId, [])).rights).toEqual([]);
    expect(await using().block(account.skudId)).toMatchObject({ active: false });
    expect(await using().block(account.skudId)).toMatchObject({ active: false });
    expect(await using().unblock(account.skudId)).toMatchObject({ active: true });
    expect(await using().setTemporaryPassword(account.skudId, 'Temporary+2')).toMatchObject({
      mustChangePassword: true,
    });
    expect(await using().find(account.skudId)).toMatchObject({ active: true, rights: [], lastSignInAt: null });
  });

  test('a repeat opens what was blocked, with the rights of the repeat', async () => {
    const wanted = aNewAccount();
    const { account } = await using().createAccount(wanted);
    await using().block(account.skudId);
    const again = await using().createAccount({ ...wanted, rights: [edit] });
    expect(again).toMatchObject({ created: false, used: false, account: { active: true, rights: [edit] } });
  });

  test('whom SKUD does not have is told', async () => {
    const gone = '00000000-0000-4000-8000-000000000000';
    expect(await using().find(gone)).toBeNull();
    expect(await using().block(gone)).toBeNull();
    expect(await using().blockUnused(gone, new Date(0))).toEqual({ account: null, blocked: true });
    expect(await codeOf(using().setRights(gone, []))).toBe('SKUD_ACCOUNT_GONE');
    expect(await using().findByAccountId('nobody')).toBeNull();
    expect(await using().findByLogin('no.body')).toBeNull();
  });

  test('open accounts are read page by page, none left out when those read are blocked meanwhile', async () => {
    const made = [];
    for (let i = 0; i < 7; i += 1) made.push((await using().createAccount(aNewAccount())).account.skudId);
    await using().block(made[0] ?? '');
    const since = new Date('2026-01-01T00:00:00Z');
    const seen = new Set<string>();
    let pages = 0;
    for await (const page of using().accountPages({ filter: { active: true, notSignedInSince: since }, pageSize: 2 })) {
      pages += 1;
      for (const { skudId } of page.accounts) {
        seen.add(skudId);
        if (made.includes(skudId)) await using().block(skudId);
      }
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(made.slice(1).filter((skudId) => !seen.has(skudId))).toEqual([]);
    expect(seen.has(made[0] ?? '')).toBe(false);
  });
});

describe('an unused account', () => {
  const since = new Date('2026-03-01T00:00:00Z');

  test('is blocked, and one that was used since is left open', async () => {
    const at = { createdAt: '2026-01-01T00:00:00Z' };
    await skud.control({
      accounts: [
        { userName: 'never', externalId: 'E1', ...at },
        { userName: 'late', externalId: 'E2', ...at, lastSignInAt: '2026-02-28T23:59:59.999Z' },
        { userName: 'just', externalId: 'E3', ...at, lastSignInAt: '2026-03-01T00:00:00Z' },
      ],
    });
    const outcome = new Map<string, boolean>();
    for (const { id, userName } of await kept()) outcome.set(userName, (await client().blockUnused(id, since)).blocked);
    expect(Object.fromEntries(outcome)).toEqual({ never: true, late: true, just: false });
    expect((await kept()).filter(({ active }) => active).map(({ userName }) => userName)).toEqual(['just']);
    const unused = [];
    for await (const one of client().accounts({ filter: { active: true, notSignedInSince: since } })) unused.push(one);
    expect(unused).toEqual([]);
  });

  test('is read again when it was changed between the look and the block', async () => {
    await skud.control({ accounts: [{ userName: 'never', externalId: 'E1', createdAt: '2026-01-01T00:00:00Z' }] });
    const [account] = await kept();
    await skud.control({ fault: 'other-writer', on: 'change' });
    expect(await client().blockUnused(account!.id, since)).toMatchObject({ blocked: true });
    expect(await counted('read')).toBe(2);
  });
});

describe('faults', () => {
  test.each(['429', '500', 'wrong-type', 'break-off', 'lost-answer', 'other-writer'])(
    'after %s at any call an account is there once, with what was wanted last',
    async (fault) => {
      const wanted = aNewAccount();
      for (const on of ['search', 'create', 'change']) await skud.control({ fault, on, delayMs: 100 });
      await client().createAccount(wanted);
      const { account } = await client().createAccount({ ...wanted, rights: [edit], temporaryPassword: 'Temporary+2' });
      expect(account).toMatchObject({ rights: [edit], active: true });
      expect((await kept()).map(({ externalId }) => externalId)).toEqual([wanted.accountId]);
      expect(await skud.signIn(wanted.login, 'Temporary+2', 'My.own.1')).toEqual({ status: 200 });
    },
  );

  test('when the answer to the making is lost, it is found and not made again', async () => {
    await skud.control({ fault: 'lost-answer', on: 'create' });
    const { created, account } = await client().createAccount(aNewAccount());
    expect(created).toBe(false);
    expect((await kept()).map(({ id }) => id)).toEqual([account.skudId]);
    expect(await counted('create')).toBe(1);
  });

  test('silence is given up, and tried again', async () => {
    await skud.control({ fault: 'slow', on: 'create', delayMs: 400 });
    await client({ answerMs: 150 }).createAccount(aNewAccount());
    // What was given up is carried out late, and makes no second account.
    while ((await skud.seen()).requests.some(({ status }) => status === null)) await setImmediate();
    expect(await counted('create')).toBe(2);
    expect(await kept()).toHaveLength(1);
  });

  test('a conflict that nobody caused is a fault that may pass', async () => {
    await skud.control({ fault: 'conflict', on: 'create', times: 4 });
    expect(await failureOf(client().createAccount(aNewAccount()))).toBeInstanceOf(RetryableError);
    expect(await kept()).toEqual([]);
  });

  test('429 with a long wait is handed to the caller', async () => {
    await skud.control({ fault: '429', on: 'search', delayMs: 60_000 });
    expect(await failureOf(client().findByLogin('x'))).toMatchObject({ name: 'RetryableError', afterMs: 60_000 });
    expect(await counted('search')).toBe(1);
  });

  test('refused at once, there is no account', async () => {
    await skud.control({ fault: 'refuse', on: 'create' });
    expect(await codeOf(client().createAccount(aNewAccount()))).toBe('SKUD_REFUSED');
    expect(await kept()).toEqual([]);
  });

  test('refused after an earlier attempt had made it, none is left open', async () => {
    const wanted = aNewAccount();
    await client().createAccount(wanted);
    await skud.control({ fault: 'refuse', on: 'change' });
    expect(await codeOf(client().createAccount(wanted))).toBe('SKUD_REFUSED');
    expect((await kept()).map(({ active }) => active)).toEqual([false]);
  });

  test('refused and not to be blocked either, somebody has to look', async () => {
    const wanted = aNewAccount();
    await client().createAccount(wanted);
    await skud.control({ fault: 'refuse', on: 'change', times: 2 });
    expect(await failureOf(client().createAccount(wanted))).toBeInstanceOf(PermanentError);
  });

  test('a wrong token, a wrong address and a server without the extension are faults that stay', async () => {
    const wrong = createSkudClient({ ...skud.settings, token: 'wrong' }, fast);
    expect(await failureOf(wrong.findByLogin('x'))).toMatchObject({ name: 'PermanentError', field: 'SKUD_TOKEN' });
    expect(() => createSkudClient({ ...skud.settings, url: 'http://skud.example/scim/v2' })).toThrow(/SKUD_URL/);
    const bare: typeof fetch = (input, init) =>
      (input as string).endsWith('/ResourceTypes')
        ? Promise.resolve(Response.json({ Resources: [] }))
        : fetch(input, init);
    const read = client({ fetch: bare }).accounts()[Symbol.asyncIterator]();
    expect(await failureOf(read.next())).toMatchObject({ message: expect.stringContaining('does not announce') });
  });

  test('told to stop, it stops', async () => {
    const stop = AbortSignal.abort();
    expect(await failureOf(client().findByLogin('x', stop))).toMatchObject({ name: 'RetryableError' });
  });
});

test('the published schema is that of the contract', () => {
  const published = JSON.parse(readFileSync(inProject('connectors', 'skud', 'schema.json'), 'utf8')) as { id: string };
  expect(published.id).toBe(accountSchema);
});
