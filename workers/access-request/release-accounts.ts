import { z } from 'zod';
import { skudClient, type SkudClient } from '../../connectors/skud/index.js';
import { openIfFree } from '../../connectors/skud/open.js';
import { settleRelease } from '../../core/access-request/account-blocks.js';
import { tellOfReview } from '../../core/access-request/account-letters.js';
import { heldOnlyBy, type StoredAccount } from '../../core/access-request/account-store.js';
import { BusinessError } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/**
 * R28, AMB-ACC-15: opens at once what was blocked for a violation that is none, and for nothing else since. That an account is to be opened is stored before SKUD
 * is asked: whoever goes on after a crash opens it, or blocks it again where another reason came up meanwhile.
 */
export const releaseAccounts = defineWorker({
  type: 'access-request.release-accounts',
  title: 'Release accounts',
  titleRu: 'Открыть учётные записи',
  act: 'R28',
  input: z.object({ violationId: id }),
  output: z.object({}),
  errors: [],
  reach: async ({ input: { violationId }, services, heartbeat, signal }): Promise<Set<string>> => {
    const { accountIds } = await services.violations.get(violationId);
    const skud = skudClient(services.settings.skud);
    const opened = new Set<string>();
    for (const accountId of accountIds ?? []) {
      await heartbeat();
      const account = await services.accounts.intendOpening(accountId, violationId);
      if (account && (await open(services, skud, account, violationId, signal))) opened.add(accountId);
    }
    return opened;
  },
  run: async ({ input: { violationId }, tx, services, reached: opened }) => {
    const violation = await services.violations.get(violationId, tx);
    const { accountIds, review } = violation;
    const all = accountIds ?? [];
    const by = review?.by ?? tx.by.id;
    const released = await settleRelease(services, tx, violationId, { accountIds: all, opened, by });
    await services.violations.noteReleased(tx, violationId, released);
    const counts = { opened: released.length, blocked: all.length - released.length };
    await tellOfReview(services, tx, violation, counts);
    return {};
  },
});

/** What a repeated application opened meanwhile stays open; what SKUD no longer has can't be opened. */
async function open(
  { accounts }: Services,
  skud: SkudClient,
  { _id: accountId, skudId }: StoredAccount,
  violationId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const mayOpen = async (): Promise<boolean> => {
    const account = await accounts.find(accountId);
    return account !== null && (heldOnlyBy(account, violationId) || isOpen(account));
  };
  try {
    return await openIfFree(skud, skudId, mayOpen, signal);
  } catch (error) {
    if (error instanceof BusinessError && error.code === 'SKUD_ACCOUNT_GONE') return false;
    throw error;
  }
}

const isOpen = ({ state, blocking }: StoredAccount): boolean => state !== 'blocked' && blocking === null;
