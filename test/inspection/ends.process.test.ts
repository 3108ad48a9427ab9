import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OffenceSign } from '../../core/inspection/model.js';
import { messages } from '../../core/messages.js';
import { named, staff } from '../builders/inspection.js';
import { openStage, patienceMs, testMs, type Stage } from './stage.js';
import { waitFor } from '../../local/play/tasks.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, testMs);
afterAll(() => stage?.close(), testMs);

describe('an inspection ends', () => {
  test.concurrent(
    'out of scope: nobody is asked for anything, and the reason stays in the case file',
    async () => {
      const it = await stage.file({ employees: [] });
      await it.writes('screening-reason', { text: 'Өтініш дербес деректерге қатысты емес.' });

      expect(await it.decides('UserTask_ScreenTrigger', { screeningResult: 'outOfScope' })).toBeNull();

      expect(await it.ended()).toMatchObject({ state: 'closed', outcome: 'out-of-scope' });
      expect(await it.trail('trigger.found-out-of-scope')).toHaveLength(1);
      expect(await it.requests()).toEqual([]);
      expect(await it.clock('DL-INS-5')).toMatchObject({ state: 'stopped', kept: true });
    },
    testMs,
  );

  // E9, INS-31: signs and confirmation are independent of one another.
  test.concurrent.each<{ confirmed: boolean; signs: OffenceSign[] }>([
    { confirmed: false, signs: [] },
    { confirmed: false, signs: ['administrative'] },
    { confirmed: true, signs: [] },
    { confirmed: true, signs: ['administrative', 'criminal'] },
  ])(
    'confirmed $confirmed, signs $signs: measures only for the one, a report only for the other',
    async ({ confirmed, signs }) => {
      const it = await stage.file({ employees: named(staff.ofCentralOffice) });
      await it.inspected({ confirmed, signs });
      if (confirmed) await it.measured();
      if (signs.length > 0) {
        const clock = await it.started('DL-INS-1');
        expect((await it.record()).state).toBe('open');
        await it.materialsApproved();
        expect(await it.stopped('DL-INS-1', clock.subject)).toMatchObject({ kept: true });
      }

      expect(await it.ended()).toMatchObject({
        state: 'closed',
        outcome: confirmed ? 'confirmed' : 'not-confirmed',
      });
      expect(await it.trail('measures.taken')).toHaveLength(confirmed ? 1 : 0);
      expect(await it.trail('signs.revealed')).toHaveLength(signs.length > 0 ? 1 : 0);
      expect(await it.clocks('DL-INS-1')).toHaveLength(signs.length > 0 ? 1 : 0);
      const [conclusion] = (await it.inspection()).conclusions;
      expect(conclusion!.offenceSigns).toEqual(signs);
      expect(conclusion!.attachments.map(({ documentId }) => documentId).sort()).toEqual(
        (await it.documents()).flatMap(({ _id, kind }) => (kind === 'conclusion' ? [] : [_id])).sort(),
      );
      expect((await it.documents()).map(({ _id }) => _id)).toContain(conclusion!.paper.documentId);
      expect(await stage.services.trail.verifyChain(it.caseId)).toMatchObject({ ok: true });
    },
    testMs,
  );

  test.concurrent(
    'voided: everything that waits ends, and its clocks are cancelled, neither kept nor broken',
    async () => {
      const it = await stage.file();
      await it.screened();
      await it.asked({}, 4);
      await it.waitFor(async () => (await it.clocks('DL-INS-3')).length === 4, 'four clocks DL-INS-3');
      const { instanceKey } = await it.record();

      await it.writes('void', { reason: 'Қате тіркелді.' }, await it.manager());

      expect(await it.ended()).toMatchObject({ state: 'voided', outcome: 'voided' });
      await it.waitFor(async () => !(await stage.engine.isInstanceAlive(instanceKey!)), 'the end of the instance');
      for (const clock of await it.clocks())
        expect([clock.rule, clock.state, clock.kept]).toEqual([clock.rule, 'cancelled', null]);
      expect(await it.trail('case.voided')).toHaveLength(1);
      expect((await it.tries('void', { reason: 'Тағы да.' }, await it.manager())).status).not.toBe(200);
    },
    testMs,
  );

  test.concurrent(
    'not voided by the officer who inspects: it goes on',
    async () => {
      const it = await stage.file();
      const task = await it.task('UserTask_ScreenTrigger');

      expect(await it.tries('void', { reason: 'Қате тіркелді.' }, 'iss.ala')).toMatchObject({ status: 403 });

      await stage.allHadTheirTurn();
      expect(await it.record()).toMatchObject({ state: 'open', outcome: null });
      expect((await it.task('UserTask_ScreenTrigger')).key).toBe(task.key);
    },
    testMs,
  );

  test.concurrent(
    'once: a start message that comes twice has one instance run the case, and the other ends at once',
    async () => {
      const it = await stage.file();
      const task = await it.task('UserTask_ScreenTrigger');

      await stage.engine.publishMessage({
        name: messages.inspectionTriggerRegistered.name,
        correlationKey: `${it.number}-again`,
        messageId: `${it.number}-again`,
        variables: { caseId: it.caseId, caseNumber: it.number },
        timeToLiveMs: 60_000,
      });

      const { instanceKey } = await it.record();
      const second = await waitFor(
        async () => {
          for (const key of await stage.instancesPast('EndEvent_SecondInstanceEnded'))
            if ((await stage.variable(key, 'caseNumber')) === it.number) return key;
          return null;
        },
        `the second instance of ${it.number} to end`,
        patienceMs,
      );
      expect(second).not.toBe(instanceKey);
      expect(await stage.engine.isInstanceAlive(second)).toBe(false);
      expect(await stage.engine.isInstanceAlive(instanceKey!)).toBe(true);
      expect(await it.trail('case.started')).toHaveLength(1);
      expect((await it.task('UserTask_ScreenTrigger')).key).toBe(task.key);
    },
    testMs,
  );
});
