import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { atLocalTime, dayNumber, isoDay, localDay } from '../../core/legal-day.js';
import type { OutboxEntry } from '../../core/outbox.js';
import { waitFor } from '../../local/play/tasks.js';
import { openStage, patienceMs, testMs, type Stage } from '../inspection/stage.js';

const zone = 'Asia/Almaty';
const every = 7;
let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ env: { TIMELINESS_CONTROL_EVERY: `P${every}D` } });
  await stage.toWorkingMorning();
  // Time has moved since anybody signed in, and it is a clock that tells when all had their turn.
  await stage.as('is.admin');
  await stage.file();
}, testMs);
afterAll(() => stage?.close(), testMs);

const today = async (): Promise<number> => dayNumber(localDay(await stage.now(), zone));
const at = (day: number, time: string) => stage.travel({ to: new Date(atLocalTime(day, time, zone)) });
/** Days on which the administrator was written to, and about what. */
const told = async (): Promise<Map<string, unknown>> => {
  const found = await stage.services.database.connection
    .collection<OutboxEntry>('outbox')
    .find({ 'notice.template': 'technical-request/upkeep-due' })
    .toArray();
  return new Map(found.map(({ notice }) => [String(notice!.data['day']), notice!.data['works']]));
};
const passedBy = async (end: string): Promise<number> => (await stage.instancesPast(end)).length;
const control = async (system: string): Promise<void> => {
  const body = { kind: 'timeliness-control', system, performedAt: (await stage.now()).toISOString(), result: 'done' };
  const { status } = await (await stage.as('is.admin')).post('/api/upkeep-records', body);
  expect(status).toBe(201);
};

test(
  'what was never done is due: a mail late in the day; once recorded there is none, until the day on which it is due again',
  async () => {
    const first = await today();
    await at(first, '23:36');
    const works = await waitFor(async () => (await told()).get(isoDay(first)), 'the first reminder', patienceMs);
    expect(works).toEqual(['sir', 'pension'].map((system) => ({ kind: 'timeliness-control', system })));

    const done = first + 1;
    await at(done, '11:00');
    for (const system of ['sir', 'pension']) await control(system);
    const dueOn = done + every;
    // Of the day itself and of the last one before it is due again.
    for (const day of [done, dueOn - 1]) {
      const before = await passedBy('EndEvent_NothingDue');
      await at(day, '23:36');
      await waitFor(async () => (await passedBy('EndEvent_NothingDue')) > before, 'a day without one', patienceMs);
      await stage.allHadTheirTurn();
    }
    expect([...(await told()).keys()].filter((day) => day > isoDay(first))).toEqual([]);

    await at(dueOn, '23:36');
    const again = await waitFor(async () => (await told()).get(isoDay(dueOn)), 'the next reminder', patienceMs);
    expect(again).toEqual(
      ['sir', 'pension'].map((system) => ({ kind: 'timeliness-control', system, dueOn: isoDay(dueOn) })),
    );
    await waitFor(async () => (await passedBy('EndEvent_AdministratorsReminded')) >= 2, 'both reminders', patienceMs);
  },
  testMs,
);
