import { skudClient } from '../../connectors/skud/index.js';
import { settleBlocks } from '../../core/access-request/account-blocks.js';
import type { BlockGround } from '../../core/access-request/account-store.js';
import type { JournalRow } from '../../core/access-request/journal.js';
import type { Violation } from '../../core/access-request/violations.js';
import type { OutboxEntry } from '../../core/outbox.js';
import { blockViolator } from '../../workers/access-request/block-violator.js';
import { releaseAccounts } from '../../workers/access-request/release-accounts.js';
import { providedRequest } from '../builders/provided-account.js';
import type { Caller } from './api-site.js';
import { somebody } from './database.js';
import type { OnSkud } from './on-skud.js';

export const violationsUrl = '/api/access-violations';
/** With a word that nobody may find where it does not belong. */
export const violationFacts = 'Бір логинмен екі жұмыс орнынан қатар кірген: канарейка-QzXv9.';

export type Violations = ReturnType<typeof violationsOn>;

/** What the tests of violations do again and again, with `admin` as who reports. */
export function violationsOn({ skud, site, workers }: OnSkud, admin: Caller) {
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
    const answer = await admin.post(violationsUrl, { kind: 'sharedLogin', facts: violationFacts, ...body });
    if (answer.statusCode !== 201) throw new Error(`the report was answered ${answer.statusCode}: ${answer.body}`);
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
  return {
    anAccount,
    stored,
    latest,
    reported,
    block,
    release,
    blocked,
    isActive,
    outbox,
    lettersOf,
    blockLetters,
    journalOf,
  };
}
