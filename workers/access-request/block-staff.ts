import { blockIntended } from '../../connectors/skud/block.js';
import { skudClient } from '../../connectors/skud/index.js';
import { settleBlocks, settleRefused } from '../../core/access-request/account-blocks.js';
import { tellAdministrators } from '../../core/access-request/account-letters.js';
import { intendBlocksOfStaff, staffGrounds } from '../../core/access-request/staff-changes.js';
import { RetryableError } from '../../core/errors.js';
import { localDay } from '../../core/legal-day.js';
import type { Services } from '../../core/services.js';

/** Accounts that are asked for at once. */
const most = 100;

/**
 * R27, R30: blocks the accounts of who left or was transferred, as soon as a directory says so. What SKUD does not answer stays intended, and the
 * day's look at all accounts ends it.
 * @returns how many were blocked, and why the others were not; null when all were.
 */
export async function blockStaff(services: Services): Promise<{ blocked: number; unanswered: string | null }> {
  await intendBlocksOfStaff(services);
  let blocked = 0;
  let refused = 0;
  try {
    for (const ground of staffGrounds)
      for (let count = most; count === most;) {
        const some = await blockSome(services, ground);
        blocked += some.settled;
        refused += some.refused;
        count = some.settled + some.refused;
      }
    return { blocked, unanswered: refused === 0 ? null : `SKUD refuses to block ${refused} accounts` };
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    return { blocked, unanswered: error.message };
  }
}

async function blockSome(
  services: Services,
  ground: (typeof staffGrounds)[number],
): Promise<{ settled: number; refused: number }> {
  const { settings, accounts, database } = services;
  const context = { heartbeat: () => Promise.resolve(), signal: new AbortController().signal };
  const today = localDay(services.clock.legalNow(), services.organisation.timeZone);
  const intended = await accounts.toBlock(most, { ground, notRefusedOn: today });
  if (intended.length === 0) return { settled: 0, refused: 0 };
  const { settled, refused } = await blockIntended(skudClient(settings.skud), intended, context);
  await database.transaction({ kind: 'system', id: 'directory-import' }, async (tx) => {
    const { length: count } = await settleBlocks(services, tx, settled);
    await settleRefused(services, tx, refused, today);
    await tellAdministrators(services, tx, { day: today, step: `${settled[0]?.accountId}/${ground}`, ground, count });
  });
  return { settled: settled.length, refused: refused.length };
}
