import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../../core/clock.js';
import { upkeepChain } from '../../../core/technical-request/upkeep-records.js';
import { recordUpkeep } from '../../../core/technical-request/upkeep-report.js';
import type { OutboxEntry } from '../../../core/outbox.js';
import { checkUpkeep } from '../../../workers/technical-request/check-upkeep.js';
import { remindOfUpkeep } from '../../../workers/technical-request/remind-of-upkeep.js';
import { ago, backup } from '../../builders/upkeep.js';
import { ApiSite } from '../../helpers/api-site.js';
import { WorkerSite } from '../../helpers/worker-site.js';

let site: ApiSite;
let workers: WorkerSite;
beforeAll(async () => {
  site = await ApiSite.start({ BACKUP_EVERY: 'P7D', TIMELINESS_CONTROL_EVERY: 'P1M' });
  workers = WorkerSite.of(site.services);
}, 120_000);
afterAll(() => site.stop());

const notices = () =>
  site.services.database.connection.collection<OutboxEntry>('outbox').find({ kind: 'notice' }).toArray();
const reminded = async () =>
  (await site.services.trail.list(upkeepChain)).filter(({ type }) => type === 'upkeep.reminded');
const record = async (...bodies: ReturnType<typeof backup>[]): Promise<void> => {
  const admin = await site.as('is.admin');
  for (const body of bodies) expect((await admin.post('/api/upkeep-records', body)).statusCode).toBe(201);
};
/** As if the day of the last reminder were over. */
const anotherDay = () => site.services.database.connection.collection('upkeep-reminders').deleteMany({});

test('what is due goes to the administrators of the information systems in one mail, once a day, by codes alone', async () => {
  await record(
    backup({ performedAt: ago(site.services, 10), remark: 'канарейка-QzXv9' }),
    backup({ performedAt: ago(site.services, 3), system: 'pension' }),
    backup({ performedAt: ago(site.services, 3), kind: 'timeliness-control' }),
    backup({ performedAt: ago(site.services, 3), kind: 'timeliness-control', system: 'pension', result: 'failed' }),
  );
  expect(await workers.deliver(checkUpkeep, {})).toEqual({ upkeepDue: true });
  for (let times = 0; times < 2; times += 1) await workers.deliver(remindOfUpkeep, {});
  const [entry, ...others] = await notices();
  expect(others).toEqual([]);
  const { employeeId, template, data } = entry!.notice!;
  expect([employeeId, template]).toEqual(['SC-1077', 'technical-request/upkeep-due']);
  expect(data['works']).toEqual([
    { kind: 'backup', system: 'sir', dueOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    { kind: 'timeliness-control', system: 'pension' },
  ]);
  expect(await reminded()).toMatchObject([{ data: { due: ['backup:sir', 'timeliness-control:pension'] } }]);
});

test('once all is done, nothing is due, and a job that waited meanwhile writes nothing', async () => {
  await anotherDay();
  const performedAt = ago(site.services, 0);
  await record(backup({ performedAt }), backup({ performedAt, kind: 'timeliness-control', system: 'pension' }));
  expect(await workers.deliver(checkUpkeep, {})).toEqual({ upkeepDue: false });
  await workers.deliver(remindOfUpkeep, {});
  expect([(await notices()).length, (await reminded()).length]).toEqual([1, 1]);
});

test('without a period nothing is due, though nothing was ever done', async () => {
  const without = await WorkerSite.start();
  expect(await without.deliver(checkUpkeep, {})).toEqual({ upkeepDue: false });
  await without.stop();
});

describe('a look that waited over midnight', () => {
  let daily: WorkerSite;
  beforeAll(async () => {
    const travel = { CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' };
    daily = await WorkerSite.start({ ...travel, BACKUP_EVERY: 'P1D' });
  }, 60_000);
  afterAll(() => daily.stop());

  const travelTo = async (moment: string): Promise<void> => {
    const { database, clock } = daily.services;
    await writeClockOffset(database.connection, Date.parse(moment) - clock.wallNow().getTime());
    await clock.refresh();
  };
  const backedUp = async (performedAt: string, systems = ['sir', 'pension']): Promise<void> => {
    for (const system of systems)
      await recordUpkeep(
        daily.services,
        { kind: 'machine', id: 'client:backups' },
        {
          ...{ kind: 'backup', system, performedAt: new Date(performedAt), result: 'done', technicalRequest: null },
          ...{ resolves: null, scope: null, from: null, to: null, employeeIds: null, since: null, centre: null },
          ...{ sha256: null, remark: null, corrects: null },
        },
        null,
      );
  };
  const look = async (): Promise<boolean> => {
    const { upkeepDue } = await daily.deliver(checkUpkeep, {});
    await daily.deliver(remindOfUpkeep, {});
    return upkeepDue;
  };
  const days = async () =>
    (await daily.services.trail.list(upkeepChain)).flatMap(({ type, data }) =>
      type === 'upkeep.reminded' ? [[data['day'], data['due']]] : [],
    );

  test('is about the day that was over: work of each day is on no list, and the next look is one of its own', async () => {
    // 2 March, 02:00 in Almaty; the workers are back on 3 March, ten minutes after midnight.
    await travelTo('2026-03-02T19:10:00Z');
    await backedUp('2026-03-01T21:00:00Z');
    expect(await look()).toBe(false);
    expect(await days()).toEqual([]);

    // Nothing was done on 3 March but for one system, and again the look comes late.
    await travelTo('2026-03-03T19:10:00Z');
    await backedUp('2026-03-02T21:00:00Z', ['sir']);
    for (let times = 0; times < 2; times += 1) expect(await look()).toBe(true);
    expect(await days()).toEqual([['2026-03-03', ['backup:pension']]]);

    await travelTo('2026-03-04T18:35:01Z');
    expect(await look()).toBe(true);
    expect((await days()).slice(1)).toEqual([['2026-03-04', ['backup:sir', 'backup:pension']]]);
  });
});
