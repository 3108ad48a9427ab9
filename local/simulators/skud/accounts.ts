import { randomUUID } from 'node:crypto';
import type { Filter } from './filter.js';
import { matches } from './filter.js';

/** An account as this server keeps it. Moments are ISO 8601, UTC. */
export interface Account {
  id: string;
  externalId?: string | undefined;
  userName: string;
  name?: Record<string, string> | undefined;
  title?: string | undefined;
  active: boolean;
  entitlements: { value: string; type?: string }[];
  password?: string | undefined;
  mustChangePassword: boolean;
  passwordChangedAt?: string | undefined;
  lastSignInAt?: string | undefined;
  createdAt: string;
  modifiedAt: string;
  /** Counts the changes: the ETag. */
  version: number;
}

/** What a client may set. */
export type AccountContent = Omit<
  Account,
  'id' | 'createdAt' | 'modifiedAt' | 'version' | 'lastSignInAt' | 'passwordChangedAt'
>;

/** All accounts, in the order in which they were made. They live as long as the server. */
export class Accounts {
  private readonly byId = new Map<string, Account>();
  private readonly idByLogin = new Map<string, string>();
  private readonly found = new Map<string, { filter: Filter; accounts: Map<string, Account> }>();

  constructor(private readonly now: () => string) {}

  get(id: string): Account | null {
    return this.byId.get(id) ?? null;
  }

  byLogin(login: string): Account | null {
    return this.get(this.idByLogin.get(login.toLowerCase()) ?? '');
  }

  list(): Account[] {
    return [...this.byId.values()];
  }

  /** Those that match. Kept, and mended with each change: a reader that pages through many does not look at all of them for each page. */
  matching(filter: Filter | null): Account[] {
    if (!filter) return this.list();
    let found = this.found.get(filter.text);
    if (!found) {
      if (this.found.size >= 20) this.found.clear();
      const accounts = this.list().filter((account) => matches(account, filter));
      found = { filter, accounts: new Map(accounts.map((account) => [account.id, account])) };
      this.found.set(filter.text, found);
    }
    return [...found.accounts.values()];
  }

  /** Null when somebody else has the login. */
  create(content: AccountContent, given: Partial<Account> = {}): Account | null {
    if (this.byLogin(content.userName)) return null;
    const at = this.now();
    const account: Account = { id: randomUUID(), createdAt: at, modifiedAt: at, version: 1, ...content, ...given };
    this.byId.set(account.id, account);
    this.idByLogin.set(account.userName.toLowerCase(), account.id);
    this.mend(account);
    return account;
  }

  /** The account with the change in it, as a new version; null when there is none, or somebody else has the login. */
  change(id: string, change: Partial<Account>): Account | null {
    const old = this.get(id);
    if (!old) return null;
    const other = change.userName === undefined ? null : this.byLogin(change.userName);
    if (other && other.id !== id) return null;
    const account = { ...old, ...change, modifiedAt: this.now(), version: old.version + 1 };
    this.byId.set(id, account);
    this.idByLogin.delete(old.userName.toLowerCase());
    this.idByLogin.set(account.userName.toLowerCase(), id);
    this.mend(account);
    return account;
  }

  remove(id: string): boolean {
    const account = this.get(id);
    if (!account) return false;
    this.byId.delete(id);
    this.idByLogin.delete(account.userName.toLowerCase());
    for (const { accounts } of this.found.values()) accounts.delete(id);
    return true;
  }

  clear(): void {
    for (const id of [...this.byId.keys()]) this.remove(id);
  }

  private mend(account: Account): void {
    for (const { filter, accounts } of this.found.values()) {
      if (matches(account, filter)) accounts.set(account.id, account);
      else accounts.delete(account.id);
    }
  }
}
