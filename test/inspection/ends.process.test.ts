import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStage, testMs, type Stage } from './stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, testMs);
afterAll(() => stage?.close(), testMs);

describe('an inspection ends', () => {
  test.concurrent(
    'not confirmed: without measures and without a report',
    async () => {
      const it = await stage.file();
      await it.inspected();

      expect(await it.ended()).toMatchObject({ state: 'closed', outcome: 'not-confirmed' });
      expect(await it.trail('measures.taken')).toEqual([]);
      expect(await it.clocks('DL-INS-1')).toEqual([]);
      expect(await it.clock('DL-INS-5')).toMatchObject({ state: 'stopped', kept: true });
    },
    testMs,
  );
});
