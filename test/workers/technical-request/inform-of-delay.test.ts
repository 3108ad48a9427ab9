import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../../core/clock.js';
import { registerTechnicalRequest, type Report } from '../../../core/technical-request/intake.js';
import { informOfDelay } from '../../../workers/technical-request/inform-of-delay.js';
import { releaseClock } from '../../../workers/technical-request/release-clock.js';
import { WorkerSite } from '../../helpers/worker-site.js';

let site: WorkerSite;
beforeAll(async () => {
  site = await WorkerSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  await travelTo('2026-04-16T05:00:00Z');
}, 60_000);
afterAll(() => site.stop());

/** Sets legal time; it goes on from there. */
async function travelTo(moment: string): Promise<void> {
  const { database, clock } = site.services;
  await writeClockOffset(database.connection, Date.parse(moment) - clock.wallNow().getTime());
  await clock.refresh();
}

const call: Report = {
  ...{ source: 'user', channel: 'phone', receivedAt: null, sourceRefNo: null, language: 'kk', system: 'sir' },
  ...{ concerns: null, relatesTo: null, referredFrom: null, subject: null, attachment: null },
  text: 'Жүйе ашылмайды.',
  reporter: {
    ...{ surname: 'Нұрғалиева', name: 'Әсем', middleName: null, position: 'Бас маман', login: 'a.nurgalieva' },
    ...{ phone: '+7 701 234 56 78', email: 'nurgalieva@employment.example', contactInfo: null },
  },
};

test('who asked is told of the delay once, though the clock was released and runs on with its due moment behind it', async () => {
  const { clocks, database, letters } = site.services;
  const { case: record } = await registerTechnicalRequest(
    site.services,
    { kind: 'person', id: 'registrar' },
    call,
    null,
  );
  const { _id: caseId, number: caseNumber, process } = record;
  const clock = (await clocks.ofCase(caseId))[0]!;
  const delays = async () => (await letters.ofCase(caseId)).filter(({ purpose }) => purpose === 'delay');
  const inform = () => site.deliver(informOfDelay, { caseId, fulfilmentClockId: clock._id });
  await inform();
  expect(await delays()).toEqual([]);

  await travelTo('2026-04-20T05:00:00Z');
  await inform();
  expect(await delays()).toHaveLength(1);

  await site.deliver(releaseClock, { caseId });
  const resumed = await database.transaction({ kind: 'worker', id: 'clock.start' }, (tx) =>
    clocks.start(tx, {
      ...{ caseId, caseNumber, process, rule: clock.rule, startedAt: clock.startedAt },
      withoutCalendar: 'wait',
    }),
  );
  expect(resumed).toMatchObject({ _id: clock._id, state: 'running' });
  await inform();
  expect(await delays()).toHaveLength(1);
});
