import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JournalRow } from '../../../core/access-request/journal.js';
import type { Services } from '../../../core/services.js';
import { somebody } from '../../helpers/database.js';
import { WorkerSite } from '../../helpers/worker-site.js';

/** Numbers of the journal of Appendix 1. */

let site: WorkerSite;
let services: Services;
beforeAll(async () => {
  site = await WorkerSite.start();
  ({ services } = site);
}, 60_000);
afterAll(() => site.stop());

const row = (account: string): Omit<JournalRow, '_id' | 'at'> => ({
  ...{ act: 'issued', caseId: `case-${account}`, caseNumber: 'ACC-2026-000001', accountId: account, skudId: null },
  ...{ userRowNo: 1, applicant: null, receivedAt: null, systems: ['sir'], basis: null, ground: null },
  administrators: [],
});
const numbers = async (): Promise<number[]> => {
  const found: number[] = [];
  for await (const { _id } of services.accessJournal.rows({}, 'oldest')) found.push(_id);
  return found;
};
const write = (account: string) =>
  services.database.transaction(somebody, (tx) => services.accessJournal.write(tx, row(account)));

test('many at a time, the first of all among them, get numbers without a gap, each its own', async () => {
  const given = await Promise.all(Array.from({ length: 12 }, (_, at) => write(`A${at}`)));
  expect([...given].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
  expect(await numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test('a transaction that is given up, before and beside others, leaves no gap', async () => {
  const aborted = services.database.transaction(somebody, async (tx) => {
    await services.accessJournal.write(tx, row('B0'));
    throw new Error('given up');
  });
  const beside = [write('B1'), write('B2')];
  await expect(aborted).rejects.toThrow('given up');
  await Promise.all(beside);
  await write('B3');
  expect(await numbers()).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
  expect(await site.acts('case-B0')).toEqual([]);
  expect(await site.acts('case-B3')).toEqual(['journal.entered']);
});
