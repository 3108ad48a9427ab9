import { z } from 'zod';
import { nitClient } from '../../connectors/nit/index.js';
import { extractOfCase } from '../../core/inspection/extract-scope.js';
import { defineWorker } from '../define-worker.js';
import { id } from '../shapes.js';

/** Milliseconds: no more often than each second; and the longer NIT has had, the more seldom, down to once a minute. */
const shortestMs = 1_000;
const longestMs = 60_000;

/** `reason` is null where the extract says so already. */
type Standing =
  { state: 'pending'; pollAfterMs: number } | { state: 'ready' } | { state: 'failed'; reason: string | null };

/**
 * R6: where the extract stands. `failed` puts the decision before a person: refused, not to be had, or not delivered by the day it was
 * due (E4). Silence alone decides nothing.
 */
export const pollExtract = defineWorker({
  type: 'inspection.poll-extract',
  title: 'Poll extract',
  titleRu: 'Проверить готовность выгрузки',
  act: 'R6',
  input: z.object({ caseId: id, extractId: id }),
  output: z.object({
    extractState: z.enum(['pending', 'ready', 'failed']),
    pollAfter: z.string().regex(/^PT\d+S$/),
  }),
  errors: [],
  reach: async ({ input, services, signal }): Promise<Standing> => {
    const { state, exportId } = await extractOfCase(services, input);
    if (state === 'complete') return { state: 'ready' };
    if (state === 'failed' || state === 'abandoned') return { state: 'failed', reason: null };
    if (exportId === null) return { state: 'failed', reason: 'NIT_REFUSED' };
    const found = await nitClient(services.settings.nit).status(exportId, signal);
    if (found.state === 'ready') return { state: 'ready' };
    if (found.state === 'pending') return { state: 'pending', pollAfterMs: found.pollAfterMs };
    return { state: 'failed', reason: `NIT_${found.state.toUpperCase()}:${found.reasonCode}` };
  },
  run: async ({ input: { caseId, extractId }, tx, services, reached }) => {
    const { clocks, extracts } = services;
    let extractState: Standing['state'] = reached.state;
    let askAgainMs = shortestMs;
    if (reached.state === 'failed' && reached.reason !== null) await extracts.fail(tx, extractId, reached.reason);
    if (reached.state === 'pending') {
      const clock = (await clocks.ofCase(caseId)).find(
        ({ rule, subject }) => rule === 'DL-INS-4' && subject === extractId,
      );
      if (clock?.dueAt && clock.dueAt < tx.at) {
        await extracts.fail(tx, extractId, 'NIT_LATE');
        extractState = 'failed';
      }
      const waitedMs = clock ? tx.at.getTime() - clock.startedAt.getTime() : 0;
      askAgainMs = Math.min(Math.max(reached.pollAfterMs, waitedMs / 60, shortestMs), longestMs);
    }
    return { extractState, pollAfter: `PT${Math.ceil(askAgainMs / 1000)}S` };
  },
});
