import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { deliverNotice } from '../../connectors/mail/notice.js';
import { createMailer } from '../../connectors/mail/client.js';
import { writeClockOffset } from '../../core/clock.js';
import { decisionNames } from '../../core/rights.js';
import { newId } from '../../core/ids.js';
import type { OutboxEntry } from '../../core/outbox.js';
import { announceTask } from '../../core/task-notices.js';
import { catalogueOf } from '../../core/text.js';
import type { OpenTask } from '../../core/user-tasks.js';
import { RetryableError } from '../../core/errors.js';
import { createDigests, type TaskHolder } from '../../core/digest.js';
import { decisions } from '../../workers/registry.js';
import { createMetrics } from '../../workers/metrics.js';
import { createNotices } from '../../workers/notices.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';
import { startMailServer, type MailServer } from '../helpers/mail-server.js';

/** Mail about tasks and the daily digest, from the task that the engine told of to the mail server; no engine. */

jest.setTimeout(60_000);

let site: ApiSite;
let server: MailServer;
/** A case of a branch about SC-1018, whose head is head.ala1. */
let caseNumber: string;
let caseId: string;
const holder: { of: TaskHolder } = { of: () => Promise.resolve({ login: null }) };

const signIns: [login: string, employeeId: string, roles: string[]][] = [
  ['management.central', 'SC-1001', ['management', 'employee']],
  ['iss.central', 'SC-1003', ['iss', 'employee']],
  ['auditor', 'SC-1007', ['auditor', 'employee']],
  ['administrator', 'SC-1009', ['administrator', 'employee']],
  ['management.ala', 'SC-1012', ['management', 'employee']],
  ['iss.ala', 'SC-1013', ['iss', 'employee']],
  ['iss.ala2', 'SC-1014', ['iss', 'employee']],
  ['head.ala1', 'SC-1016', ['iss', 'unit-head', 'employee']],
  ['employee.ala1', 'SC-1018', ['management', 'employee']],
];

beforeAll(async () => {
  server = await startMailServer();
  site = await ApiSite.start({
    CLOCK_TRAVEL: 'true',
    ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1',
    SMTP_URL: server.url,
  });
  await site.services.database.connection.collection('people').deleteMany({});
  for (const [login, employeeId, roles] of signIns) await site.services.people.seen({ login, employeeId, roles });
  await travelTo('2026-04-15T10:00:00+05:00');
  caseNumber = await site.file('SC-1018');
  caseId = (await site.caseOf(caseNumber)).record._id;
}, 60_000);
beforeEach(async () => {
  const { connection } = site.services.database;
  for (const name of ['outbox', 'user-tasks', 'notice-choices', 'digest-runs'])
    await connection.collection(name).deleteMany({});
  server.behave({});
  holder.of = () => Promise.resolve({ login: null });
});
afterAll(async () => {
  await site.stop();
  await server.stop();
});

async function travelTo(moment: string): Promise<void> {
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse(moment) - database.clock.wallNow().getTime());
  await database.clock.refresh();
}

/** A task of the case, as its listener told of it. */
async function open(decision = 'inspection.study-materials', about: Partial<OpenTask> = {}): Promise<OpenTask> {
  const { database, userTasks } = site.services;
  const elementInstanceKey = newId();
  await database.transaction(somebody, (tx) =>
    userTasks.opened(tx, {
      ...{ caseId, caseNumber, decision, subject: '', epoch: 'E1', elementInstanceKey },
      ...{ processInstanceKey: '2251799813685251', elementId: 'UserTask_Any', ...about },
    }),
  );
  return (await userTasks.find(`E1/${elementInstanceKey}`))!;
}
const notices = (): Promise<OutboxEntry[]> =>
  site.services.database.connection.collection<OutboxEntry>('outbox').find({ kind: 'notice' }).toArray();
const addressees = async (): Promise<string[]> =>
  (await notices()).map(({ notice }) => signIns.find(([, id]) => id === notice!.employeeId)![0]).sort();
const announce = (task: OpenTask): Promise<number> => announceTask(site.services, decisions, task);
const deliver = (entry: OutboxEntry) =>
  deliverNotice({ ...site.services, mailer: createMailer(site.services.settings) }, entry);
const digests = async () => {
  const made = createDigests({ services: site.services, decisions, holderOf: (task) => holder.of(task) });
  await made.init();
  return made;
};
/** The day's digest; what it says to each login. */
async function digest(): Promise<
  Record<string, Record<string, { caseNumber: string; rule?: string; task?: string }[]>>
> {
  await (await digests()).sweep();
  const mails = (await notices()).filter(({ notice }) => notice!.template === 'shared/daily-digest');
  return Object.fromEntries(
    mails.map(({ notice }) => [signIns.find(([, id]) => id === notice!.employeeId)![0], notice!.data as never]),
  );
}

describe('mail about a new task', () => {
  test('goes to those who may complete it, and to nobody whom the table of rights or the case excludes', async () => {
    const task = await open();
    expect(await announce(task)).toBe(2);
    // Not SC-1018, who is inspected, nor the head of his unit, though each has a role that could; not the auditor, nor another unit.
    expect(await addressees()).toEqual(['iss.ala', 'iss.ala2']);
    await announce(await open('inspection.take-measures'));
    expect(await addressees()).toEqual(['iss.ala', 'iss.ala2', 'management.ala']);
  });

  test('is written once a task, also by several at once and after one that was cut off', async () => {
    const task = await open();
    await Promise.all([announce(task), announce(task), announce(task)]);
    expect(await announce(task)).toBe(0);
    expect(await notices()).toHaveLength(2);
    const again = await open();
    const cutOff = {
      ...site.services,
      outbox: { ...site.services.outbox, notice: () => Promise.reject(new Error('killed')) },
    };
    await expect(announceTask(cutOff, decisions, again)).rejects.toThrow('killed');
    expect((await site.services.userTasks.find(again._id))?.announcedAt).toBeNull();
    expect(await announce(again)).toBe(2);
    expect(await notices()).toHaveLength(4);
  });

  test('says case, task, term and where to go in the language of its addressee, and nothing of a person', async () => {
    await announce(await open());
    for (const entry of await notices()) await deliver(entry);
    const mails = new Map(server.mails.map((mail, index) => [server.recipients[index]![0], mail]));
    const [kazakh, russian] = [mails.get('iss.ala@sc.example')!, mails.get('iss.ala2@sc.example')!];
    expect(kazakh.subject).toBe(`Жаңа тапсырма: ${caseNumber}`);
    expect(russian.subject).toBe(`Новая задача: ${caseNumber}`);
    expect(russian.attachments).toEqual([]);
    expect(russian.headers.get('content-language')).toBe('ru');
    const { text = '' } = russian;
    expect(text).toContain('Изучение материалов');
    expect(text).toContain(`${site.services.settings.web.publicUrl}/cases/${caseNumber}`);
    expect(text).toContain(site.services.settings.web.tasklistUrl);
    expect(text).toMatch(/Конец срока: .*2026 года/);
    expect(JSON.stringify(await notices())).not.toMatch(/Кенжебаев|Жаксылыков|@/);
  });

  test('is not sent about a task that is over, to who has left, or once it tells nothing new', async () => {
    const { database, userTasks, directory } = site.services;
    const task = await open();
    await announce(task);
    const [entry] = await notices();
    const left = { employee: async (id: string) => ({ ...(await directory.employee(id))!, active: false }) };
    const mailer = createMailer(site.services.settings);
    const before = server.mails.length;
    expect(await deliverNotice({ ...site.services, directory: left, mailer }, entry!)).toBe('repeated');
    const stale = { ...entry!, notice: { ...entry!.notice!, staleAt: new Date('2026-04-01T00:00:00Z') } };
    expect(await deliver(stale)).toBe('repeated');
    await database.transaction(somebody, (tx) => userTasks.closed(tx, 'E1', task.elementInstanceKey));
    expect(await deliver(entry!)).toBe('repeated');
    expect(server.mails).toHaveLength(before);
    expect(await announce(task)).toBe(0);
  });

  test('that the server can not take now is tried again, one that it refuses is given up', async () => {
    await announce(await open());
    const [entry] = await notices();
    server.behave({ recipient: 452 });
    await expect(deliver(entry!)).rejects.toThrow(RetryableError);
    server.behave({ recipient: 550 });
    await expect(deliver(entry!)).rejects.toMatchObject({ name: 'PermanentError' });
    expect(await site.services.userTasks.unannounced(10)).toEqual([]);
  });

  test.each([
    ['digest', 0],
    ['none', 0],
    ['each-task', 1],
  ] as const)('goes by the choice %s', async (choice, mails) => {
    for (const id of ['SC-1013', 'SC-1014']) await site.services.noticeChoices.choose(id, 'none');
    const officer = await site.as('iss.ala');
    expect((await officer.form('/notices', { choice })).statusCode).toBe(200);
    expect((await officer.get('/notices')).body).toMatch(new RegExp(`value="${choice}" checked`));
    expect(await announce(await open())).toBe(mails);
  });

  test('of one that can not be written holds up no other', async () => {
    await open('inspection.no-such-decision');
    await open('inspection.study-materials', { caseId: 'NO-SUCH-CASE' });
    const found = site.services.userTasks;
    const broken = (await open()).elementInstanceKey;
    const services = {
      ...site.services,
      clocks: {
        ...site.services.clocks,
        ofCase: (id: string) =>
          id === 'NO-SUCH-CASE' ? Promise.reject(new Error('no')) : site.services.clocks.ofCase(id),
      },
    };
    const metrics = createMetrics('test');
    const leases = { hold: () => Promise.resolve(true), release: () => Promise.resolve() };
    await travelTo('2026-04-16T07:00:00+05:00');
    const engine = { userTasks: () => Promise.reject(new RetryableError('no engine here')) };
    expect(await createNotices({ services, engine, leases, metrics, owner: 'me' }).sweep()).toBe(2);
    const { values } = await metrics.notices.get();
    expect(values.map(({ labels, value }) => [labels.outcome, value])).toEqual([
      ['failed', 1],
      ['written', 2],
    ]);
    expect((await found.find(`E1/${broken}`))?.announcedAt).not.toBeNull();
    expect(await found.unannounced(10)).toMatchObject([{ caseId: 'NO-SUCH-CASE' }]);
  });

  test('and the digest leave out a case that can not be read, for good', async () => {
    const cases = site.services.database.connection.collection<{ _id: string; state: string }>('cases');
    await cases.insertOne({ _id: 'UNREADABLE', state: 'open' });
    try {
      const broken = await open('inspection.study-materials', { caseId: 'UNREADABLE' });
      await open();
      await travelTo('2026-04-16T09:00:00+05:00');
      const leases = { hold: () => Promise.resolve(true), release: () => Promise.resolve() };
      const engine = { userTasks: () => Promise.reject(new RetryableError('no engine here')) };
      const made = createNotices({
        services: site.services,
        ...{ engine, leases, metrics: createMetrics('test'), owner: 'me' },
      });
      await (await digests()).sweep();
      expect(await addressees()).toContain('iss.ala');
      expect(await made.sweep()).toBe(2);
      expect((await site.services.userTasks.find(broken._id))?.announcedAt).not.toBeNull();
      expect(await site.services.userTasks.unannounced(10)).toEqual([]);
    } finally {
      await cases.deleteOne({ _id: 'UNREADABLE' });
    }
  });

  test('has a name for the task of every decision, in every language', () => {
    for (const language of ['kk', 'ru', 'ky', 'en'] as const)
      expect(decisionNames.filter((name) => !(`task.${name}` in catalogueOf(language)))).toEqual([]);
  });
});

describe('the daily digest', () => {
  const at = (time: string, day = '2026-04-16') => travelTo(`${day}T${time}:00+05:00`);
  /** Until it runs out: long before the case's own term. */
  const startClock = async (startedAt: string, rule = 'DL-INS-1'): Promise<Date> => {
    const { database, clocks } = site.services;
    const subject = newId();
    const clock = await database.transaction(somebody, (tx) =>
      clocks.start(tx, { caseId, caseNumber, process: 'inspection', rule, subject, startedAt: new Date(startedAt) }),
    );
    return clock.dueAt!;
  };

  test('comes on working mornings, from its time on, once, with tasks and terms of whom they concern', async () => {
    await at('08:29');
    await open();
    await startClock('2026-04-15T18:00:00+05:00');
    await startClock('2026-04-10T18:00:00+05:00', 'DL-INS-2');
    expect(await digest()).toEqual({});
    await at('08:30');
    const told = await digest();
    expect(Object.keys(told).sort()).toEqual(['auditor', 'iss.ala', 'iss.ala2', 'iss.central', 'management.ala']);
    const officer = told['iss.ala']!;
    expect(officer['tasks']).toMatchObject([{ task: 'inspection.study-materials', caseNumber }]);
    expect(officer['overdue']).toMatchObject([{ rule: 'DL-INS-2', caseNumber }]);
    expect(officer['soon']).toMatchObject([{ rule: 'DL-INS-1', caseNumber }]);
    expect(told['management.ala']!['tasks']).toEqual([]);
    expect(told['auditor']!['tasks']).toEqual([]);
    await at('16:00');
    await Promise.all([digest(), digest()]);
    expect(await notices()).toHaveLength(5);
    for (const entry of await notices()) await deliver(entry);
    const mail = server.mails.at(-1)!;
    expect(['Бүгінгі күнге жиынтық', 'Сводка на сегодня']).toContain(mail.subject);
  });

  test('is made up for on the same day, and not on another one', async () => {
    await at('23:40');
    await open();
    expect(Object.keys(await digest())).toContain('iss.ala');
    await at('08:10', '2026-04-17');
    expect((await notices()).filter(({ notice }) => notice!.key.startsWith('digest/2026-04-17'))).toEqual([]);
    const [entry] = await notices();
    const before = server.mails.length;
    expect(await deliver(entry!)).toBe('repeated');
    expect(server.mails).toHaveLength(before);
  });

  test.each([
    ['a Saturday', '2026-04-18', 0],
    ['a holiday', '2026-05-01', 0],
    ['a day off that was moved', '2025-01-05', 1],
    ['a year without a calendar', '2031-03-08', 1],
  ])('on %s', async (_, day, mails) => {
    for (const id of ['SC-1013', 'SC-1003', 'SC-1007', 'SC-1012']) await site.services.noticeChoices.choose(id, 'none');
    await at('09:00', day);
    await open();
    expect(Object.keys(await digest())).toHaveLength(mails);
  });

  test('is nobody’s who has nothing open, or does not want it', async () => {
    await site.services.noticeChoices.choose('SC-1013', 'none');
    await site.services.noticeChoices.choose('SC-1014', 'digest');
    await at('09:00', '2026-04-20');
    await site.services.database.connection.collection('clocks').updateMany({}, { $set: { state: 'cancelled' } });
    expect(await digest()).toEqual({});
    await site.services.database.connection.collection('digest-runs').deleteMany({});
    await open();
    expect(Object.keys(await digest())).toEqual(['iss.ala2']);
  });

  test('names tasks that the engine still has, to who took them; while it is silent, those that are known', async () => {
    const settled = { openedWallAt: new Date(0) };
    const mine = await open();
    const gone = await open();
    const tasks = site.services.database.connection.collection<OpenTask>('user-tasks');
    await tasks.updateMany({}, { $set: settled });
    holder.of = (task) => Promise.resolve(task._id === gone._id ? 'over' : { login: 'iss.ala2' });
    await at('09:00', '2026-04-21');
    const told = await digest();
    expect(Object.keys(told)).toEqual(['iss.ala2']);
    expect(told['iss.ala2']!['tasks']).toHaveLength(1);
    expect((await site.services.userTasks.find(gone._id))?.closedAt).not.toBeNull();
    expect((await site.services.userTasks.find(mine._id))?.closedAt).toBeNull();
    holder.of = () => Promise.reject(new RetryableError('no engine'));
    await at('09:00', '2026-04-22');
    await digest();
    expect((await notices()).filter(({ notice }) => notice!.key.startsWith('digest/2026-04-22'))).toHaveLength(2);
  });

  test('goes on behind the last one who was dealt with, whatever was killed', async () => {
    await open();
    await at('09:00', '2026-04-23');
    const { outbox } = site.services;
    let left = 1;
    const dying = {
      ...outbox,
      notice: (...args: Parameters<typeof outbox.notice>) =>
        left-- > 0 ? outbox.notice(...args) : Promise.reject(new Error('killed')),
    };
    const first = createDigests({
      services: { ...site.services, outbox: dying },
      decisions,
      holderOf: (task) => holder.of(task),
    });
    await expect(first.sweep()).rejects.toThrow('killed');
    expect(await addressees()).toEqual(['iss.ala']);
    expect(await (await digests()).sweep()).toBe(1);
    expect(await addressees()).toEqual(['iss.ala', 'iss.ala2']);
    expect(await (await digests()).sweep()).toBe(0);
  });
});
