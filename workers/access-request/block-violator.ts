import { z } from 'zod';
import { blockIntended } from '../../connectors/skud/block.js';
import { skudClient, type SkudClient } from '../../connectors/skud/index.js';
import { settleBlocks, type SettledBlock } from '../../core/access-request/account-blocks.js';
import { tellOfViolation } from '../../core/access-request/account-letters.js';
import { isAlsoFailure, isForInspection } from '../../core/access-request/violation-report.js';
import { isByMachine, type Violation } from '../../core/access-request/violations.js';
import { RetryableError } from '../../core/errors.js';
import type { Services } from '../../core/services.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

const ground = 'securityViolation';

/**
 * R28, ACC-28: blocks at once the account that a violation names, and those of the user whom it names. What is intended is stored before SKUD is asked:
 * whoever goes on after a crash, or the daily look at all accounts, ends it.
 */
export const blockViolator = defineWorker({
  type: 'access-request.block-violator',
  title: 'Block violator',
  titleRu: 'Заблокировать нарушителя',
  act: 'R6, R26, R28',
  input: z.object({ violationId: id }),
  output: z.object({
    /** An employee disclosed personal data: the facts go to the inspection. */
    forInspection: z.boolean(),
    /** AMB-TECH-10: something does not work; a technical request is opened. */
    alsoFailure: z.boolean(),
    /** A machine reported it: an administrator says whether it is a violation (AMB-ACC-15). */
    reviewAwaited: z.boolean(),
  }),
  errors: [],
  reach: async (context): Promise<{ accountIds: string[]; settled: SettledBlock[] }> => {
    const { input, services, signal } = context;
    const skud = skudClient(services.settings.skud);
    const violation = await services.vault.reveal(await services.violations.get(input.violationId));
    const accountIds = await accountsOf(services, skud, violation, signal);
    await services.accounts.intendBlock(accountIds, { ground, unlessSignedInSince: null });
    const intended = await services.accounts.toBlock(accountIds.length, { accountIds });
    const { settled, refused } = await blockIntended(skud, intended, context);
    // An incident, once SKUD was asked for all of them.
    if (refused[0]) throw refused[0].error;
    return { accountIds, settled };
  },
  run: async ({ input: { violationId }, tx, services, reached: { accountIds, settled } }) => {
    const violation = await services.violations.get(violationId, tx);
    await settleBlocks(services, tx, settled, violation.reportedBy);
    if (!(await services.accounts.holdFor(tx, accountIds, violationId)))
      throw new RetryableError('an account was opened at the same time');
    await services.violations.noteBlocked(tx, violationId, accountIds);
    await tellOfViolation(services, tx, violation, accountIds.length);
    return {
      forInspection: isForInspection(services, violation),
      alsoFailure: isAlsoFailure(services, violation),
      reviewAwaited: isByMachine(violation),
    };
  },
});

/** Ids of the accounts that are meant; one that SKUD has and we don't know yet is known from here on. */
async function accountsOf(
  { accounts }: Services,
  skud: SkudClient,
  { login, accountId, employeeId }: Violation,
  signal: AbortSignal,
): Promise<string[]> {
  const ofUser = employeeId === null ? [] : await accounts.ofEmployee(employeeId);
  const found = new Set(ofUser.map(({ _id }) => _id));
  if (accountId !== null) found.add(accountId);
  else if (login !== null) {
    const known = await accounts.byLogin(login);
    const stranger = known ? null : await skud.findByLogin(login, signal);
    if (stranger) await accounts.adopt([stranger]);
    const named = known ?? (stranger && (await accounts.byLogin(login)));
    if (named) found.add(named._id);
  }
  return [...found];
}
