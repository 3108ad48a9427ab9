import { z } from 'zod';
import { blockIntended } from '../../connectors/skud/block.js';
import type { PagePosition } from '../../connectors/skud/contract.js';
import { skudClient } from '../../connectors/skud/index.js';
import {
  settleBlocks,
  settleRefused,
  type RefusedBlock,
  type SettledBlock,
} from '../../core/access-request/account-blocks.js';
import { tellAdministrators } from '../../core/access-request/account-letters.js';
import type { BlockGround } from '../../core/access-request/account-store.js';
import { steppedBack, unusedBefore } from '../../core/access-request/account-sweeps.js';
import { intendBlocksOfStaff, staffGrounds } from '../../core/access-request/staff-changes.js';
import { remindOfPasswords } from '../../core/access-request/password-reminders.js';
import { remindOfTransfers } from '../../core/access-request/transfer-reminders.js';
import type { SkudAccount } from '../../core/access-request/skud-account.js';
import { PermanentError } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { defineWorker } from '../define-worker.js';

const ground = 'inactivity30';
/** Accounts that one step looks at: as many as SKUD may give in one answer are kept in memory. */
const pageSize = 100;

interface Step {
  day: string;
  settled: SettledBlock[];
  refused: RefusedBlock[];
  /** Where the reading goes on; null when this step only ended what another had begun, before the first page or after the last. */
  read: { position: PagePosition | null; done: boolean } | null;
}

/**
 * R28, DL-ACC-4: one step of the day's look at all accounts of SKUD. Blocks those of who left or was transferred and ends what an earlier step had begun, else reads the next page of open accounts
 * that were not used, stores that they are to be blocked, and blocks each. Where it stopped is stored with what it did, so the next step
 * goes on there; a day that was missed needs no other look, since whoever was unused then is so today. The last steps remind of the application that a
 * transfer asks for (DL-ACC-7), and of renewing passwords (DL-ACC-8); what SKUD refuses to block then ends the day with an incident.
 */
export const blockUnusedAccounts = defineWorker({
  type: 'access-request.block-unused-accounts',
  title: 'Block unused accounts',
  titleRu: 'Заблокировать неиспользуемые учётные записи',
  act: 'R28',
  input: z.object({ inactiveDays: z.int().min(1) }),
  output: z.object({ sweepDone: z.boolean() }),
  errors: [],
  timeoutMs: 120_000,
  maxJobs: 1,
  reach: async (context): Promise<Step | null> => {
    const { services, input } = context;
    if (!services.settings.skud) return null;
    const { day, before } = unusedBefore(services.clock.legalNow(), input.inactiveDays, services.organisation.timeZone);
    const skud = skudClient(services.settings.skud);
    const { position, done, reminded } = await services.accountSweeps.of(day);
    // Not at each of a thousand pages.
    if (position === null) await intendBlocksOfStaff(services);
    const waiting = reminded ? {} : { notRefusedOn: day };
    const begun = await services.accounts.toBlock(pageSize, waiting);
    if (begun.length > 0) {
      const { settled, refused } = await blockIntended(skud, begun, context);
      if (reminded && settled.length === 0) throw notBlocked(refused);
      return {
        day,
        settled,
        refused: reminded ? [] : refused,
        read: position && { position: behind(position, settled), done: false },
      };
    }
    if (done) return { day, settled: [], refused: [], read: null };
    const filter = { active: true, notSignedInSince: before };
    for await (const { accounts, next } of skud.accountPages({
      filter,
      pageSize,
      from: position,
      signal: context.signal,
    })) {
      const unused = await unusedOf(services, accounts, before);
      await services.accounts.intendBlock(unused, { ground, unlessSignedInSince: before });
      const intended = await services.accounts.toBlock(pageSize, waiting);
      const { settled, refused } = await blockIntended(skud, intended, context);
      return { day, settled, refused, read: { position: next && behind(next, settled), done: next === null } };
    }
    return { day, settled: [], refused: [], read: { position: null, done: true } };
  },
  run: async ({ tx, services, reached }) => {
    if (!reached) return { sweepDone: true };
    const { day, settled, refused, read } = reached;
    const blocked = await settleBlocks(services, tx, settled);
    await settleRefused(services, tx, refused, day);
    const of = (why: BlockGround): number => blocked.filter(({ blockGrounds }) => blockGrounds.at(-1) === why).length;
    const step = settled[0]?.accountId ?? '';
    for (const why of [ground, ...staffGrounds] as const)
      await tellAdministrators(services, tx, { day, step: `${step}/${why}`, ground: why, count: of(why) });
    if (read) await services.accountSweeps.advance(tx, day, { ...read, blocked: of(ground) });
    if (settled.length + refused.length > 0 || read?.done === false) return { sweepDone: false };
    const reminded = (await remindOfTransfers(services, tx)) && (await remindOfPasswords(services, tx));
    if (!reminded || (await services.accounts.toBlock(1)).length === 0) return { sweepDone: reminded };
    await services.accountSweeps.noteReminded(tx, day);
    return { sweepDone: false };
  },
});

/** After all else of the day is done an operator sees it, in Operate; who tries the step again asks SKUD again. */
const notBlocked = (refused: readonly RefusedBlock[]): PermanentError =>
  new PermanentError(`SKUD refuses to block ${refused.length} accounts, of which the administrators were told`, {
    cause: refused[0]?.error,
  });

const behind = (position: PagePosition, settled: readonly SettledBlock[]): PagePosition =>
  steppedBack(position, settled.filter(({ outcome }) => outcome.blocked).length);

const later = (a: Date, b: Date | null | undefined): Date => (b && b > a ? b : a);

/** Ids of those that are unused: SKUD also names who was never signed in to, though the credentials may be new (AMB-ACC-04), and who was blocked for a while (R27). */
async function unusedOf({ accounts }: Services, found: readonly SkudAccount[], before: Date): Promise<string[]> {
  const known = await accounts.ofSkud(found.map(({ skudId }) => skudId));
  const foreign = found.filter(({ skudId }) => !known.has(skudId));
  await accounts.adopt(foreign);
  return found.flatMap((account) => {
    const stored = known.get(account.skudId);
    const openSince = later(stored?.issuedAt ?? account.createdAt, stored?.openedAt);
    return openSince < before ? [stored?._id ?? account.skudId] : [];
  });
}
