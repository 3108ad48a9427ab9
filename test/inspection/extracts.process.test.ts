import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { nitSystems, type Extract } from '../../core/inspection/extracts.js';
import { named, staff } from '../builders/inspection.js';
import type { InspectionCase } from './inspection-case.js';
import { openStage, testMs, type Stage } from './stage.js';

/** R6: extracts of NIT. A fault strikes the next exports whoever asks for them, so these paths are taken one after the other. */
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.toWorkingMorning();
}, testMs);
afterEach(() => stage.nitForgets(), testMs);
afterAll(() => stage?.close(), testMs);

const extracts = (it: InspectionCase): Promise<Extract[]> => stage.services.extracts.ofCase(it.caseId);
const decision = 'UserTask_DecideOnExtract';

async function screenedWithExtracts(): Promise<InspectionCase> {
  const it = await stage.file({ employees: named(staff.ofCentralOffice) });
  await it.screened({ nit: true });
  return it;
}

/** Answers the decision of each system whose extract is not to be had. */
async function decideAll(it: InspectionCase, extractDecision: string): Promise<void> {
  for (const nitSystem of nitSystems)
    expect(
      await it.decides(decision, { extractDecision }, { subject: { name: 'nitSystem', value: nitSystem } }),
    ).toBeNull();
}

function settled(it: InspectionCase, state: Extract['state'], count: number): Promise<Extract[]> {
  return it.waitFor(async () => {
    const found = (await extracts(it)).filter((extract) => extract.state === state);
    return found.length >= count ? found : null;
  }, `${count} extracts ${state}`);
}

describe('the extracts of NIT', () => {
  test(
    'come from both systems, each under a clock of its own, and are among the materials of the conclusion',
    async () => {
      const it = await screenedWithExtracts();
      await it.documented();
      await it.studied();
      await it.found(false);
      await it.concluded();
      await it.ended();

      const obtained = await extracts(it);
      expect(obtained.map(({ system, state }) => [system, state]).sort()).toEqual(
        nitSystems.map((system) => [system, 'complete']).sort(),
      );
      for (const { _id } of obtained)
        expect(await it.clocks('DL-INS-4')).toContainEqual(expect.objectContaining({ subject: _id, kept: true }));
      expect(await it.trail('extract.obtained')).toHaveLength(2);
      const kinds = (await it.inspection()).conclusions[0]!.attachments.map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['nitExtractIisPsc', 'nitExtractEgovPortal']));
    },
    testMs,
  );

  test.each([
    { fault: 'refuse', reason: /^NIT_REFUSED/ },
    { fault: 'take-back', reason: /^NIT_REFUSED/ },
    { fault: 'lie-hash', reason: /^NIT_MANIFEST_MISMATCH/ },
    { fault: 'out-of-period', reason: /^NIT_OUT_OF_SCOPE/ },
  ])(
    'are asked for again by decision after $fault: each request has its own clock, and nothing of the first is kept',
    async ({ fault, reason }) => {
      await stage.nit({ fault, times: 2 });
      const it = await screenedWithExtracts();
      for (const { stateReason, parts } of await settled(it, 'failed', 2)) {
        expect(stateReason).toMatch(reason);
        expect(parts).toEqual([]);
      }
      expect(await it.trail('extract.obtained')).toEqual([]);

      await decideAll(it, 'again');

      const obtained = await settled(it, 'complete', 2);
      expect(obtained.map(({ attempt }) => attempt)).toEqual([2, 2]);
      await it.waitFor(
        async () => (await it.clocks('DL-INS-4')).filter(({ stoppedAt }) => stoppedAt).length === 4,
        'the stop of four clocks DL-INS-4',
      );
      expect((await it.documents()).filter(({ kind }) => kind.startsWith('nitExtract'))).toHaveLength(
        obtained.reduce((sum, { parts }) => sum + parts.length, 0),
      );
    },
    testMs,
  );

  test(
    'are done without only when the case file says why',
    async () => {
      await stage.nit({ fault: 'refuse', times: 2 });
      const it = await screenedWithExtracts();
      await settled(it, 'failed', 2);
      const ofFirst = { subject: { name: 'nitSystem', value: 'iisPsc' } };

      expect(await it.decides(decision, { extractDecision: 'withoutExtract' }, ofFirst)).toBe(
        'no-extract-reason-missing',
      );
      expect((await extracts(it)).filter(({ state }) => state === 'abandoned')).toEqual([]);
      await it.writes('no-extract-reason', { text: 'ҰАТ үзінді беруден бас тартты.' });
      await decideAll(it, 'withoutExtract');

      await settled(it, 'abandoned', 2);
      await it.documented();
      await it.studied();
      await it.found(false);
      await it.concluded();
      expect(await it.ended()).toMatchObject({ outcome: 'not-confirmed' });
    },
    testMs,
  );

  test(
    'that do not come by the day they are due are late: reported, and put before a person',
    async () => {
      await stage.nit({ fault: 'never-ready', times: 2 });
      const it = await screenedWithExtracts();
      await it.waitFor(async () => (await it.clocks('DL-INS-4')).length === 2, 'two clocks DL-INS-4');
      const clocks = await it.clocks('DL-INS-4');
      await stage.allHadTheirTurn();
      expect((await extracts(it)).map(({ state }) => state)).toEqual(['requested', 'requested']);

      await stage.travel({ to: new Date(Math.max(...clocks.map(({ dueAt }) => dueAt!.getTime())) + 1000) });
      for (const clock of clocks) await it.reported(clock, 'broken');
      for (const { stateReason } of await settled(it, 'failed', 2)) expect(stateReason).toBe('NIT_LATE');

      await decideAll(it, 'again');
      await settled(it, 'complete', 2);
      await it.waitFor(
        async () => (await it.clocks('DL-INS-4')).every(({ stoppedAt }) => stoppedAt),
        'the stop of every clock DL-INS-4',
      );
      const kept = (await it.clocks('DL-INS-4')).map(({ kept: inTime }) => inTime);
      expect(kept.filter((inTime) => inTime === false)).toHaveLength(2);
      expect(kept.filter((inTime) => inTime === true)).toHaveLength(2);
    },
    testMs,
  );
});
