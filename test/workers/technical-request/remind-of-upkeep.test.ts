import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { upkeepChain } from '../../../core/technical-request/upkeep-records.js';
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
