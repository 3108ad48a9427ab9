import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { StoredClock } from '../../core/clock-truth.js';
import { declaredDecisions } from '../../core/declared-decisions.js';
import { myCases, myTasks, type MyTask, type WorkCursor, type WorkPage } from '../../core/my-work.js';
import type { RunningCursor } from '../../core/running-clocks.js';
import type { Services } from '../../core/services.js';
import { signedIn } from '../access.js';
import { cursorForm, cursorOf, stateOf, wordOf } from '../deadlines/list.js';
import { parseInput } from '../faults.js';
import { addressOf } from './case-filters.js';
import { Badge, Table } from './case-parts.js';
import { clockKinds } from './deadlines.js';
import { contextOf, page, Stamp, type PageContext } from './layout.js';

/** Tasks go on behind a clock, or behind a task without one: `x-` and its id. */
const query = z.strictObject({
  tasks: z
    .string()
    .regex(new RegExp(`${cursorForm.source}|^x-[\\w/-]{1,100}$`), { error: 'id' })
    .optional(),
  cases: z.string().regex(cursorForm, { error: 'id' }).optional(),
  lang: z.string().optional(),
});
type Asked = z.output<typeof query>;

interface Shown {
  context: PageContext;
  asked: Asked;
  tasks: WorkPage<MyTask>;
  cases: WorkPage<StoredClock>;
  now: Date;
}

/** So many rows of each list. */
const limit = 25;

/** What waits for the reader: `GET /tasks`. Tasks are completed in Tasklist, cases are read and written here. */
export const taskPages = fp<{ services: Services }>(async (app: FastifyInstance, { services }) => {
  const { settings, organisation, clock } = services;
  const { tasklistUrl, operateUrl, publicUrl } = settings.web;
  const places = { links: { tasklist: tasklistUrl, operate: operateUrl }, publicUrl };
  app.get('/tasks', { schema: { hide: true } }, async (request, reply) => {
    const person = signedIn(request);
    const asked = parseInput(query, request.query);
    const tasks = await myTasks(services, declaredDecisions, person, { after: workCursorOf(asked.tasks), limit });
    const after = asked.cases === undefined ? null : cursorOf(asked.cases);
    const cases = await myCases(services, declaredDecisions, person, { after, limit });
    const context = contextOf(request, organisation, places);
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(
        page(
          context,
          request.text.say('page.tasks'),
          <Work {...{ context, asked, tasks, cases, now: clock.legalNow() }} />,
        ),
      );
  });
});

function workCursorOf(given: string | undefined): WorkCursor | null {
  if (given === undefined) return null;
  return cursorForm.test(given) ? cursorOf(given) : { task: given.slice('x-'.length) };
}

function wordOfWork(cursor: WorkCursor): string {
  return 'task' in cursor ? `x-${cursor.task}` : wordOf(cursor);
}

function Work(shown: Shown): VNode {
  return (
    <>
      <Tasks {...shown} />
      <Cases {...shown} />
    </>
  );
}

function Tasks({ context: { text, links }, asked, tasks: { rows, next }, now }: Shown): VNode {
  const title = text.say('tasks.open');
  const heads = ['tasks.task', 'field.number', 'clock.dueAt', 'tasks.opened'].map((key) => text.say(key));
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p>
        {text.say('tasks.lead')} <a href={links.tasklist}>{text.say('tasks.tasklist')}</a>
      </p>
      {rows.length === 0 ? (
        <p class="empty card">{text.say('tasks.none')}</p>
      ) : (
        <Table
          label={title}
          heads={heads}
          rows={rows.map(({ task, clock }) => [
            text.say(`task.${task.decision}`),
            <a class="nowrap" href={`/cases/${task.caseNumber}`}>
              {task.caseNumber}
            </a>,
            clock ? <Due {...{ text, clock, now }} /> : '—',
            <Stamp at={task.openedAt} text={text} />,
          ])}
        />
      )}
      {next && (
        <p class="pager">
          <a href={`/tasks?${addressOf({ ...asked, tasks: wordOfWork(next) })}`}>{text.say('tasks.more')}</a>
        </p>
      )}
    </section>
  );
}

function Cases({ context: { text, organisation }, asked, cases: { rows, next }, now }: Shown): VNode {
  const title = text.say('tasks.cases');
  const heads = ['field.number', 'deadline.process', 'field.unit', 'case.next-due'].map((key) => text.say(key));
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p>{text.say('tasks.cases-lead')}</p>
      {rows.length === 0 ? (
        <p class="empty card">{text.say('tasks.no-cases')}</p>
      ) : (
        <Table
          label={title}
          heads={heads}
          rows={rows.map((clock) => [
            <a class="nowrap" href={`/cases/${clock.caseNumber}`}>
              {clock.caseNumber}
            </a>,
            text.say(`process.${clock.process}`),
            (organisation.branches.find(({ code }) => code === clock.unit) ?? organisation.centralOffice).name[
              text.language
            ],
            <Due {...{ text, clock, now }} />,
          ])}
        />
      )}
      {next && (
        <p class="pager">
          <a href={`/tasks?${addressOf({ ...asked, cases: wordOf(next as RunningCursor) })}`}>
            {text.say('tasks.more')}
          </a>
        </p>
      )}
    </section>
  );
}

/** The due moment of a clock, its rule, and how it stands. */
function Due({ text, clock, now }: { text: PageContext['text']; clock: StoredClock; now: Date }): VNode {
  const state = stateOf(clock, now);
  return (
    <>
      <Stamp at={clock.dueAt} text={text} /> <small class="nowrap">{clock.rule}</small>{' '}
      <Badge kind={clockKinds[state]}>{text.say(`deadline.state.${state}`)}</Badge>
    </>
  );
}
