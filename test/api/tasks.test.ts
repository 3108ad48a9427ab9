import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeClockOffset } from '../../core/clock.js';
import { newId } from '../../core/ids.js';
import { ApiSite } from '../helpers/api-site.js';
import { somebody } from '../helpers/database.js';

/** What waits for somebody: tasks and cases, the soonest due first, and nothing of what he may not know. */

let site: ApiSite;
/** Cases of Almaty, filed three days apart, the oldest first; and one of the central office about an officer of Almaty. */
let almaty: string[];
let central: string;

async function travelTo(moment: string): Promise<void> {
  const { database } = site.services;
  await writeClockOffset(database.connection, Date.parse(moment) - database.clock.wallNow().getTime());
  await database.clock.refresh();
}

async function open(number: string, decision: string, subject = ''): Promise<void> {
  const { record } = await site.caseOf(number);
  await site.services.database.transaction(somebody, (tx) =>
    site.services.userTasks.opened(tx, {
      ...{ caseId: record._id, caseNumber: number, decision, subject, epoch: 'E1', elementInstanceKey: newId() },
      ...{ processInstanceKey: '2251799813685251', elementId: 'UserTask_Any' },
    }),
  );
}

/** Words of the cells of both tables, row by row: tasks, then cases. */
async function shown(login: string, query = 'lang=en'): Promise<{ tasks: string[]; cases: string[]; body: string }> {
  const { body, statusCode } = await (await site.as(login)).page(`/tasks?${query}`);
  expect(statusCode).toBe(200);
  const [, tasks = '', cases = ''] = body.split('<h2>');
  const rows = (html: string): string[] =>
    [...html.matchAll(/<tr role="row"><th scope="row".*?<\/tr>/g)].map(([row]) =>
      row
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
  return { tasks: rows(tasks), cases: rows(cases), body };
}
const numberIn = (row: string): string => /INS-\d{4}-\d{6}/.exec(row)![0];

beforeAll(async () => {
  site = await ApiSite.start({ CLOCK_TRAVEL: 'true', ENGINE_MANAGEMENT_URL: 'http://127.0.0.1:1' });
  almaty = [];
  for (const day of ['02', '06', '08']) {
    await travelTo(`2026-04-${day}T05:00:00Z`);
    almaty.push(await site.file('SC-1018'));
  }
  central = await site.file('SC-1014');
  // Not in the order of their terms.
  await open(almaty[2]!, 'inspection.screen-trigger');
  await open(almaty[0]!, 'inspection.study-materials');
  await open(almaty[1]!, 'inspection.screen-trigger');
  await open(almaty[1]!, 'inspection.take-measures');
  await open(central, 'inspection.screen-trigger');
}, 60_000);
afterAll(() => site.stop());

describe('tasks', () => {
  test('of the unit and role of the reader, the soonest due first, with the way to Tasklist', async () => {
    const { tasks, body } = await shown('iss.ala');
    expect(tasks.map((row) => row.replace(/ (DL|INS).*/, ''))).toEqual([
      'Study of materials',
      'Screening of an application',
      'Screening of an application',
    ]);
    expect(tasks.map(numberIn)).toEqual(almaty);
    expect(tasks[0]).toMatch(/DL-INS-5 running/);
    expect(body).toContain(`href="${site.services.settings.web.tasklistUrl}"`);
    expect((await shown('management.ala')).tasks.map(numberIn)).toEqual([almaty[1]]);
    expect((await shown('iss.central')).tasks.map(numberIn)).toEqual([central]);
  });

  test.each(['employee.ala1', 'head.ala1', 'iss.ala2', 'auditor', 'registrar', 'administrator'])(
    'of a case that concerns %s, or that is not his: none',
    async (login) => {
      const { tasks } = await shown(login);
      expect(tasks.map(numberIn)).toEqual(login === 'iss.ala2' ? almaty : []);
    },
  );

  test('that are closed, or of a case that ended, are gone; one without a clock stands at the end', async () => {
    const number = await site.file('SC-1018');
    await open(number, 'inspection.screen-trigger');
    const { record } = await site.caseOf(number);
    await site.services.database.transaction(somebody, (tx) => site.services.clocks.cancelOfCase(tx, record._id));
    expect((await shown('iss.ala')).tasks.at(-1)).toMatch(new RegExp(`^Screening of an application ${number} — `));
    await site.close(number);
    expect((await shown('iss.ala')).tasks.map(numberIn)).toEqual(almaty);
  });
});

describe('cases', () => {
  test('in which the reader decides, by the term that ends next', async () => {
    expect((await shown('iss.ala')).cases.map(numberIn)).toEqual(almaty);
    expect((await shown('management.ala')).cases.map(numberIn)).toEqual(almaty);
    expect((await shown('iss.central')).cases.map(numberIn)).toEqual([central]);
    for (const login of ['auditor', 'employee.ala1', 'head.ala1', 'iss.shy'])
      expect((await shown(login)).cases).toEqual([]);
  });
});

test('long lists go on where they ended, each for itself, and show each row once', async () => {
  const numbers: string[] = [];
  for (let count = 0; count < 27; count += 1) numbers.push(await site.file('SC-1022'));
  for (const number of numbers) await open(number, 'inspection.screen-trigger');
  const first = await shown('iss.central');
  expect([first.tasks.length, first.cases.length]).toEqual([25, 25]);
  const links = [...first.body.matchAll(/href="\/tasks\?([^"]*)">Later ones/g)].map(([, query]) =>
    query!.replaceAll('&amp;', '&'),
  );
  const [byTask = '', byCase = ''] = links;
  const more = await shown('iss.central', byTask);
  expect([...first.tasks, ...more.tasks].map(numberIn).sort()).toEqual([central, ...numbers].sort());
  expect(more.cases).toEqual(first.cases);
  const later = await shown('iss.central', byCase);
  expect([...first.cases, ...later.cases].map(numberIn).sort()).toEqual([central, ...numbers].sort());
});

test('a cursor of another form is refused', async () => {
  expect((await (await site.as('iss.ala')).page('/tasks?tasks=a%00')).statusCode).toBe(422);
});
