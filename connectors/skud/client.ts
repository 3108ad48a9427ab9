import { BusinessError, PermanentError, RetryableError } from '../../core/errors.js';
import type { AccountRight, SkudAccount } from '../../core/access-request/skud-account.js';
import { retrying, type RetryOptions } from '../retry.js';
import {
  accountSchema,
  patchSchema,
  resourceTypes,
  scimUser,
  scimUsers,
  searchSchema,
  userSchema,
  type AccountFilter,
  type AccountPage,
  type NewAccount,
  type PagePosition,
  type ScimUser,
} from './contract.js';
import { createTransport, readAnswer, type SkudAnswer } from './transport.js';

export interface SkudSettings {
  url: string;
  token: string;
}

export interface SkudClientOptions {
  fetch?: typeof fetch;
  /** Longest wait for a whole answer, in milliseconds. */
  answerMs?: number;
  retry?: Partial<RetryOptions>;
}

/**
 * Accounts in SKUD, over SCIM 2.0. Every call may be repeated after any fault, and counts once. Each throws, beside what it names:
 * RetryableError (with `afterMs` where SKUD said how long) for what may pass: 429, 408, 5xx, no answer, a broken line, a conflict of
 * versions that lasts; PermanentError for what won't: refused sign-in, a request that SKUD finds wrong, an answer that breaks the contract;
 * BusinessError SKUD_REFUSED (403) where SKUD refuses the operation, which then changed nothing.
 */
export interface SkudClient {
  /**
   * Makes an account, active, with the given rights and the temporary password that the first sign-in has to replace; or finds the
   * one that an earlier attempt with the same `accountId` made (whose answer was lost, say) and gives it these rights and this password, and
   * opens it. Of an account whose user has signed in with a password of his own nothing is changed: `used` is true then.
   * Looks before it creates, and looks again after an answer that was lost. @throws BusinessError SKUD_LOGIN_TAKEN: somebody else has the
   * login; SKUD_REFUSED, after which an account of this `accountId` that an earlier attempt left is blocked.
   */
  createAccount(
    account: NewAccount,
    signal?: AbortSignal,
  ): Promise<{ account: SkudAccount; created: boolean; used: boolean }>;

  /** The account that we made for this id of ours, or null. */
  findByAccountId(accountId: string, signal?: AbortSignal): Promise<SkudAccount | null>;
  /** The account with this login, or null. Logins differ in more than case. */
  findByLogin(login: string, signal?: AbortSignal): Promise<SkudAccount | null>;
  /** An account by SKUD's id, or null. */
  find(skudId: string, signal?: AbortSignal): Promise<SkudAccount | null>;

  /** Replaces the rights by these: all that were granted before and are not among them are gone. @throws BusinessError SKUD_ACCOUNT_GONE. */
  setRights(skudId: string, rights: readonly AccountRight[], signal?: AbortSignal): Promise<SkudAccount>;

  /** Blocks an account (R28); one that is blocked stays so. One that SKUD no longer has can't be used either: null. */
  block(skudId: string, signal?: AbortSignal): Promise<SkudAccount | null>;
  /**
   * The same unless it was signed in to at or after `unlessSignedInSince`: read and written under the same version, so that a
   * sign-in between the two is not overlooked where the server has ETags. `blocked` is false when it was left open.
   */
  blockUnused(
    skudId: string,
    unlessSignedInSince: Date,
    signal?: AbortSignal,
  ): Promise<{ account: SkudAccount | null; blocked: boolean }>;
  /** Opens an account that was blocked (R29). @throws BusinessError SKUD_ACCOUNT_GONE. */
  unblock(skudId: string, signal?: AbortSignal): Promise<SkudAccount>;

  /** Sets a password that the next sign-in has to replace. @throws BusinessError SKUD_ACCOUNT_GONE. */
  setTemporaryPassword(skudId: string, password: string, signal?: AbortSignal): Promise<SkudAccount>;

  /**
   * Accounts page by page, by index, in constant memory. Each page says where the next begins: stored, a reading that was broken off
   * goes on there. When the result is smaller than before, because accounts left it while it was read, the reading steps back, so that none is left out; one may
   * come twice. Where others joined it meanwhile that does not show: a caller who blocks what he reads steps back himself. Of the accounts only what {@link SkudAccount} holds is asked for: no names. @throws PermanentError when SKUD doesn't announce the
   * extension with the last sign-in, because every account would look unused then.
   */
  accountPages(options?: {
    filter?: AccountFilter;
    /** Default 200; the server may give fewer. */
    pageSize?: number;
    from?: PagePosition | null;
    signal?: AbortSignal;
  }): AsyncIterable<AccountPage>;
  /** The same, account by account. */
  accounts(options?: { filter?: AccountFilter; pageSize?: number; signal?: AbortSignal }): AsyncIterable<SkudAccount>;
}

/** An account with the version that was read, for a change of that version alone. */
interface Versioned {
  account: SkudAccount;
  version: string | undefined;
}

type Change = { op: 'replace'; path: string; value: unknown };

/** What is asked for of an account: no name, no position. */
const attributes = [
  ...['externalId', 'userName', 'active', 'entitlements', 'meta'],
  ...['lastSignInAt', 'passwordChangedAt', 'mustChangePassword'].map((name) => `${accountSchema}:${name}`),
];

/** A client of SKUD's SCIM service. Holds nothing but its token. @throws PermanentError when the address is no https. */
export function createSkudClient(settings: SkudSettings, options: SkudClientOptions = {}): SkudClient {
  const send = createTransport({ ...settings, fetch: options.fetch ?? fetch, answerMs: options.answerMs ?? 30_000 });
  const retry: RetryOptions = { attempts: 4, baseMs: 500, maxWaitMs: 15_000, ...options.retry };
  let announced: Promise<void> | null = null;

  const search = async (filter: string | null, startIndex: number, count: number, signal?: AbortSignal) => {
    const json = { schemas: [searchSchema], attributes, startIndex, count, ...(filter === null ? {} : { filter }) };
    // By POST: a login in an address would be in the log of each proxy on the way.
    const answer = await send({ operation: 'search', method: 'POST', path: '/Users/.search', json, signal });
    if (answer.status !== 200) throw unexpected(answer, 'search');
    return readAnswer(answer, scimUsers, 'search');
  };

  /** The one account of a filter, or null. */
  const findOne = async (filter: string, signal?: AbortSignal): Promise<Versioned | null> => {
    const [user, other] = (await search(filter, 1, 2, signal)).Resources;
    if (other) throw new PermanentError('SKUD has two accounts where one is meant (search)');
    return user ? versioned(user) : null;
  };
  const ofAccountId = (id: string, signal?: AbortSignal) => findOne(`externalId eq ${JSON.stringify(id)}`, signal);
  const ofLogin = (login: string, signal?: AbortSignal) => findOne(`userName eq ${JSON.stringify(login)}`, signal);

  const read = async (skudId: string, signal?: AbortSignal): Promise<Versioned | null> => {
    const answer = await send({ operation: 'read', method: 'GET', path: pathOf(skudId), signal });
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw unexpected(answer, 'read');
    return versioned(readAnswer(answer, scimUser, 'read'));
  };

  /** Null when SKUD no longer has it. A version that is old by now is a fault that may pass: who repeats reads it anew. */
  const change = async (skudId: string, changes: Change[], ifMatch: string | undefined, signal?: AbortSignal) => {
    const json = { schemas: [patchSchema], Operations: changes };
    const answer = await send({ operation: 'change', method: 'PATCH', path: pathOf(skudId), json, ifMatch, signal });
    if (answer.status === 404) return null;
    if (answer.status === 409 || answer.status === 412)
      throw new RetryableError('somebody else changed the account at the same time (change)');
    if (answer.status === 204) return (await read(skudId, signal))?.account ?? null;
    if (answer.status !== 200) throw unexpected(answer, 'change');
    return accountOf(readAnswer(answer, scimUser, 'change'));
  };

  const changeOrGone = async (skudId: string, changes: Change[], signal?: AbortSignal): Promise<SkudAccount> => {
    const changed = await retrying(() => change(skudId, changes, undefined, signal), retry, signal);
    if (!changed) throw new BusinessError('SKUD_ACCOUNT_GONE', 'SKUD no longer has the account');
    return changed;
  };

  const block = (skudId: string, signal?: AbortSignal) =>
    retrying(() => change(skudId, [replace('active', false)], undefined, signal), retry, signal);

  /** Makes it, or null when somebody (perhaps an earlier attempt of ours) has the login. */
  const create = async (wanted: NewAccount, signal?: AbortSignal): Promise<SkudAccount | null> => {
    const answer = await send({ operation: 'create', method: 'POST', path: '/Users', json: userOf(wanted), signal });
    if (answer.status === 409) return null;
    if (answer.status !== 201 && answer.status !== 200) throw unexpected(answer, 'create');
    return accountOf(readAnswer(answer, scimUser, 'create'));
  };

  /** An account that an earlier attempt made gets what this one wants; of one that its user has made his own nothing is changed. */
  const adopt = async ({ account, version }: Versioned, wanted: NewAccount, signal?: AbortSignal) => {
    if (account.passwordChangedAt !== null) return { account, created: false, used: true };
    const changes = [
      replace('entitlements', entitlementsOf(wanted.rights)),
      ...temporary(wanted.temporaryPassword),
      replace('active', true),
    ];
    const changed = await change(account.skudId, changes, version, signal);
    if (!changed) throw new RetryableError('the account was removed at the same time (change)');
    return { account: changed, created: false, used: false };
  };

  const createOnce = async (wanted: NewAccount, signal?: AbortSignal) => {
    const there = await ofAccountId(wanted.accountId, signal);
    if (there) return adopt(there, wanted, signal);
    const made = await create(wanted, signal);
    if (made) return { account: made, created: true, used: false };
    const meanwhile = await ofAccountId(wanted.accountId, signal);
    if (meanwhile) return adopt(meanwhile, wanted, signal);
    if (await ofLogin(wanted.login, signal)) throw new BusinessError('SKUD_LOGIN_TAKEN', 'somebody else has the login');
    throw new RetryableError('SKUD says that the login is taken, and has no account with it (create)');
  };

  /** The extension with the last sign-in is asked for once; without it every account would look unused. */
  const checkExtension = async (signal?: AbortSignal): Promise<void> => {
    const answer = await send({ operation: 'describe', method: 'GET', path: '/ResourceTypes', signal });
    if (answer.status !== 200) throw unexpected(answer, 'describe');
    const { Resources } = readAnswer(answer, resourceTypes, 'describe');
    const extensions = Resources.filter(({ schema }) => schema === userSchema).flatMap(
      (one) => one.schemaExtensions ?? [],
    );
    if (!extensions.some(({ schema }) => schema === accountSchema))
      throw new PermanentError(`SKUD does not announce the extension ${accountSchema} of its users`, {
        field: 'SKUD_URL',
      });
  };

  const accountPages: SkudClient['accountPages'] = async function* ({
    filter = {},
    pageSize = 200,
    from,
    signal,
  } = {}) {
    announced ??= retrying(() => checkExtension(signal), retry, signal).catch((error: unknown) => {
      announced = null;
      throw error;
    });
    await announced;
    const text = filterOf(filter);
    let at: PagePosition | null = from ?? { startIndex: 1, total: 0 };
    while (at) {
      const { startIndex, total }: PagePosition = at;
      const page = await retrying(() => search(text, startIndex, pageSize, signal), retry, signal);
      if (page.totalResults < total && startIndex > 1) {
        // As many as left the result may have stood before this page: those behind them moved forward.
        at = { startIndex: Math.max(1, startIndex - (total - page.totalResults)), total: page.totalResults };
        continue;
      }
      const after = startIndex + page.Resources.length;
      at =
        page.Resources.length === 0 || after > page.totalResults
          ? null
          : { startIndex: after, total: page.totalResults };
      yield { accounts: page.Resources.map(accountOf), next: at };
    }
  };

  return {
    accountPages,
    accounts: async function* (asked) {
      for await (const { accounts } of accountPages(asked)) yield* accounts;
    },
    createAccount: async (wanted, signal) => {
      try {
        return await retrying(() => createOnce(wanted, signal), retry, signal);
      } catch (error) {
        if (!(error instanceof BusinessError) || error.code !== 'SKUD_REFUSED') throw error;
        const left = await retrying(() => ofAccountId(wanted.accountId, signal), retry, signal);
        if (left?.account.active && left.account.passwordChangedAt === null)
          await block(left.account.skudId, signal).catch((cause: unknown) => {
            if (!(cause instanceof BusinessError)) throw cause;
            throw new PermanentError('SKUD refuses the account, and refuses to block what it left open', { cause });
          });
        throw error;
      }
    },
    findByAccountId: async (accountId, signal) =>
      (await retrying(() => ofAccountId(accountId, signal), retry, signal))?.account ?? null,
    findByLogin: async (login, signal) =>
      (await retrying(() => ofLogin(login, signal), retry, signal))?.account ?? null,
    find: async (skudId, signal) => (await retrying(() => read(skudId, signal), retry, signal))?.account ?? null,
    setRights: (skudId, rights, signal) =>
      changeOrGone(skudId, [replace('entitlements', entitlementsOf(rights))], signal),
    block,
    blockUnused: (skudId, since, signal) =>
      retrying(
        async () => {
          const found = await read(skudId, signal);
          if (!found?.account.active) return { account: found?.account ?? null, blocked: true };
          const { lastSignInAt } = found.account;
          if (lastSignInAt !== null && lastSignInAt >= since) return { account: found.account, blocked: false };
          const account = await change(skudId, [replace('active', false)], found.version, signal);
          return { account, blocked: true };
        },
        retry,
        signal,
      ),
    unblock: (skudId, signal) => changeOrGone(skudId, [replace('active', true)], signal),
    setTemporaryPassword: (skudId, password, signal) => changeOrGone(skudId, temporary(password), signal),
  };
}

function replace(path: string, value: unknown): Change {
  return { op: 'replace', path, value };
}

function temporary(password: string): Change[] {
  return [replace('password', password), replace(`${accountSchema}:mustChangePassword`, true)];
}

function pathOf(skudId: string): string {
  return `/Users/${encodeURIComponent(skudId)}`;
}

function entitlementsOf(rights: readonly AccountRight[]): { value: string; type: string }[] {
  return rights.map(({ system, function: value }) => ({ value, type: system }));
}

function userOf({ accountId, login, name, position, rights, temporaryPassword }: NewAccount) {
  return {
    schemas: [userSchema, accountSchema],
    externalId: accountId,
    userName: login,
    name: {
      familyName: name.surname,
      givenName: name.name,
      ...(name.middleName ? { middleName: name.middleName } : {}),
    },
    title: position,
    active: true,
    entitlements: entitlementsOf(rights),
    password: temporaryPassword,
    [accountSchema]: { mustChangePassword: true },
  };
}

function accountOf(user: ScimUser): SkudAccount {
  const extension = user[accountSchema];
  return {
    skudId: user.id,
    accountId: user.externalId ?? null,
    login: user.userName,
    active: user.active !== false,
    rights: (user.entitlements ?? []).map(({ value, type }) => ({ system: type ?? '', function: value })),
    createdAt: new Date(user.meta.created),
    lastSignInAt: extension?.lastSignInAt ? new Date(extension.lastSignInAt) : null,
    passwordChangedAt: extension?.passwordChangedAt ? new Date(extension.passwordChangedAt) : null,
    mustChangePassword: extension?.mustChangePassword === true,
  };
}

function versioned(user: ScimUser): Versioned {
  return { account: accountOf(user), version: user.meta.version ?? undefined };
}

function filterOf({ active, notSignedInSince, changedSince }: AccountFilter): string | null {
  const parts = [
    ...(active === undefined ? [] : [`active eq ${active}`]),
    // Also true of what was never signed in to.
    ...(notSignedInSince ? [`not (${accountSchema}:lastSignInAt ge "${notSignedInSince.toISOString()}")`] : []),
    ...(changedSince ? [`meta.lastModified ge "${changedSince.toISOString()}"`] : []),
  ];
  return parts.length === 0 ? null : parts.join(' and ');
}

/** What a status means that the operation does not expect. */
function unexpected({ status, scimType }: SkudAnswer, operation: string): Error {
  if (status === 403) return new BusinessError('SKUD_REFUSED', `SKUD refuses the operation (${operation})`);
  return new PermanentError(`SKUD finds the request wrong: ${status} ${scimType ?? 'without a reason'} (${operation})`);
}
