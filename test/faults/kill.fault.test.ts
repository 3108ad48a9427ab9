import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readClockOffset, writeClockOffset } from '../../core/clock.js';
import { Actor } from '../../local/play/actor.js';
import { completeTask, waitFor } from '../../local/play/tasks.js';
import { startOwnStack, type OwnStack } from '../helpers/own-stack.js';

/** Real processes are killed (-9) on a stack of this file's own; what was accepted is there once, and nothing is there twice. */
const minutes = 60_000;
let own: OwnStack;

beforeAll(async () => {
  own = await startOwnStack(4700, { operate: false });
}, 10 * minutes);

afterAll(async () => {
  await own?.stop();
}, 2 * minutes);

const complaint = (index: number) => ({
  triggerKind: 'individualApplication',
  sender: { name: `Заявитель ${index}`, email: `applicant${index}@applicant.example` },
  facts: [`Сведения о заявителе ${index} переданы посторонним.`],
});

async function file(actor: Actor, index: number, key: string): Promise<string> {
  // As a client would: the same key again until there is an answer.
  return waitFor(async () => {
    const { status, body } = await actor.post<{ number: string }>('/api/inspections', complaint(index), {
      'idempotency-key': `${key}-${index}-0000`,
    });
    return status === 200 || status === 201 ? body.number : null;
  }, `the intake of ${key}-${index}`);
}

const caseIdsOf = async (numbers: string[]): Promise<string[]> =>
  (
    await own.services.database.connection
      .collection('cases')
      .find({ number: { $in: numbers } })
      .toArray()
  ).map(({ _id }) => String(_id));

describe('a killed worker and relay', () => {
  test(
    'each case ends right, each effect is there once, each letter has one Message-ID',
    async () => {
      const officer = await own.signIn('iss.central');
      const anonymous = Actor.anonymous(own.settings.web.publicUrl);
      const numbers = await Promise.all(Array.from({ length: 8 }, (_, index) => file(anonymous, index, 'kill-worker')));

      const killing = (async () => {
        for (let round = 0; round < 3; round += 1) {
          for (const name of ['worker', 'relay']) {
            await new Promise((resolve) => setTimeout(resolve, 1500));
            await own.stack.component(name).kill('SIGKILL');
            await own.stack.component(name).start();
          }
        }
      })();
      for (const number of numbers) {
        const noted = await officer.post(`/api/cases/${number}/screening-reason`, {
          text: 'Обращение не касается персональных данных.',
        });
        expect(noted.status).toBe(200);
        await completeTask(own.engine, {
          caseNumber: number,
          elementId: 'UserTask_ScreenTrigger',
          login: 'iss.central',
          variables: { screeningResult: 'outOfScope' },
          timeoutMs: 2 * minutes,
        });
      }
      await killing;

      const ids = await caseIdsOf(numbers);
      const { connection } = own.services.database;
      await waitFor(
        async () =>
          (await connection
            .collection('cases')
            .countDocuments({ number: { $in: numbers }, state: 'closed', outcome: 'out-of-scope' })) === numbers.length,
        'all cases to close',
        3 * minutes,
      );
      await waitFor(
        async () => (await connection.collection('outbox').countDocuments({ state: 'pending' })) === 0,
        'the outbox to be empty',
        3 * minutes,
      );
      for (const caseId of ids) {
        const types = (await own.services.trail.list(caseId, { limit: 500 })).map(({ type }) => type);
        for (const once of ['case.registered', 'case.started', 'trigger.screened', 'case.closed', 'letter.sent'])
          expect([once, types.filter((type) => type === once).length]).toEqual([once, 1]);
        expect((await own.services.trail.verifyChain(caseId)).ok).toBe(true);
      }
      const letters = await connection
        .collection('letters')
        .find({ caseId: { $in: ids } })
        .toArray();
      expect(letters).toHaveLength(numbers.length);
      expect(new Set(letters.map(({ messageId }) => messageId as string)).size).toBe(letters.length);
      // What was handed over twice is flagged, never silent.
      const mails = (await (await fetch(`${own.settings.mail.webUrl!.replace(/\/$/, '')}/api/email`)).json()) as {
        messageId?: string;
        headers?: Record<string, string>;
      }[];
      for (const letter of letters) {
        const bare = String(letter['messageId']).replace(/[<>]/g, '');
        const arrived = mails.filter((mail) => JSON.stringify(mail).includes(bare)).length;
        expect(arrived).toBeGreaterThanOrEqual(1);
        if (arrived > 1) expect(letter['possibleDouble']).toBe(true);
      }
    },
    8 * minutes,
  );
});

describe('a killed broker', () => {
  test(
    '200 intakes over its death: 200 cases, 200 instances, no more, no fewer',
    async () => {
      const anonymous = Actor.anonymous(own.settings.web.publicUrl);
      const death = (async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await own.stack.component('broker').kill('SIGKILL');
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await own.stack.component('broker').start();
      })();
      const numbers: string[] = [];
      for (let batch = 0; batch < 20; batch += 1)
        numbers.push(
          ...(await Promise.all(
            Array.from({ length: 10 }, (_, index) => file(anonymous, batch * 10 + index, 'kill-broker')),
          )),
        );
      await death;

      expect(new Set(numbers).size).toBe(200);
      const { connection } = own.services.database;
      const started = () =>
        connection.collection('cases').countDocuments({ number: { $in: numbers }, instanceKey: { $ne: null } });
      await waitFor(async () => (await started()) === 200, '200 instances', 5 * minutes);
      expect(await connection.collection('cases').countDocuments({ number: { $in: numbers } })).toBe(200);
      const instances = await connection.collection('cases').distinct('instanceKey', { number: { $in: numbers } });
      expect(instances).toHaveLength(200);
      // As the engine's exporter saw it: each case number opened its case in exactly one instance.
      const ids = await caseIdsOf(numbers);
      const trail = own.services.database.trail.collection('trail');
      expect(await trail.countDocuments({ caseId: { $in: ids }, type: 'case.started' })).toBe(200);
      const handled = await connection
        .collection('handled-jobs')
        .countDocuments({ jobType: 'inspection.open-case', caseId: { $in: ids } });
      expect(handled).toBe(200);
    },
    8 * minutes,
  );

  test(
    'an hour of legal time without the engine: the watchdog reports what ran out, once',
    async () => {
      const officer = await own.signIn('iss.ala');
      const registrar = await own.signIn('registrar');
      const { body } = await registrar.post<{ number: string }>('/api/inspections', {
        ...complaint(900),
        employees: [{ employeeId: 'SC-1018' }],
      });
      const signs = await officer.post<{ signId: string }>(`/api/cases/${body.number}/signs`, { kinds: ['criminal'] });
      expect(signs.status).toBe(200);
      const [caseId] = await caseIdsOf([body.number]);
      const clock = (await own.services.clocks.ofCase(caseId!)).find(({ rule }) => rule === 'DL-INS-1')!;

      await own.stack.component('broker').kill('SIGKILL');
      await own.services.clock.refresh();
      const past = clock.dueAt!.getTime() + 60 * minutes - own.services.clock.legalNow().getTime();
      await writeClockOffset(
        own.services.database.connection,
        (await readClockOffset(own.services.database.connection)) + past,
      );

      const reported = await waitFor(
        async () => {
          const stored = await own.services.clocks.find(clock._id);
          return stored!.reports.some(({ kind }) => kind === 'broken') ? stored : null;
        },
        'the report of the watchdog',
        3 * minutes,
      );
      expect(reported.reports.map(({ kind, by }) => ({ kind, by }))).toEqual([{ kind: 'broken', by: 'watchdog' }]);

      await own.stack.component('broker').start();
      await waitFor(async () => (await own.engine.topology()).partitions === 1, 'the engine', 2 * minutes);
      const entries = await own.services.trail.list(caseId!, { limit: 500 });
      expect(entries.filter(({ type, subject }) => type === 'clock.broken' && subject === clock._id)).toHaveLength(1);
    },
    6 * minutes,
  );
});
