import { Temporal } from 'temporal-polyfill';
import type { Database } from '../../core/database.js';
import { additionalInformation } from '../../core/inspection/model.js';
import type { EngineRest } from '../../workers/engine-rest.js';
import { Actor } from '../play/actor.js';
import { completeTask, waitFor } from '../play/tasks.js';
import { travel } from '../play/time.js';
import type { Scenario, Step } from './scenario.js';

/** What the demo knows of a case from its API. */
export interface CaseState {
  number: string;
  process: string;
  state: string;
  outcome: string | null;
  employees: { lineId: string; employeeId: string }[];
  requests: { requestId: string; kind: string; state: string; addresseeId: string; letterNumber: string }[];
  clocks: {
    rule: string;
    startedAt: string;
    targetAt: string | null;
    dueAt: string | null;
    stoppedAt: string | null;
    kept: boolean | null;
    state: string;
  }[];
  trail: { type: string; data: Record<string, unknown> }[];
}

export interface Stage {
  publicUrl: string;
  managementUrl: string;
  database: Database;
  engine: EngineRest;
  /** Where mails are shown, and where accounts are kept. */
  mailUrl: string;
  skudUrl: string;
  users: { login: string; password: string; employeeId: string }[];
  /** By the file of each scenario that was played: its case, and the login that it gave out. */
  played: Map<string, { number: string; login: string | null }>;
  say(line: string): void;
}

/** Plays one scenario to its end on the running stack. Throws where something did not happen as it should. */
export async function play(stage: Stage, scenario: Scenario): Promise<CaseState> {
  const actors = new Map<string, Promise<Actor>>();
  const as = (login: string): Promise<Actor> => {
    const user = stage.users.find((candidate) => candidate.login === login);
    if (!user) throw new Error(`local/identity/users.json has no ${login}`);
    if (!actors.has(login)) actors.set(login, Actor.signIn(stage.publicUrl, login, user.password));
    return actors.get(login)!;
  };
  const reader = await as('auditor');
  const stateOf = (number: string) => async (): Promise<CaseState> => {
    const { status, body } = await reader.get<CaseState>(`/api/cases/${number}`);
    if (status !== 200) throw new Error(`GET /api/cases/${number} answered ${status}`);
    return body;
  };
  const earlier = scenario.before && stage.played.get(scenario.before.of);
  if (scenario.before && !earlier) throw new Error(`${scenario.before.of} was not played to its end before`);
  if (earlier) {
    const scene = { stage, as, file: scenario.before!.of, number: earlier.number, state: stateOf(earlier.number) };
    for (const step of scenario.before!.steps) await playStep(scene, step);
  }
  const registrar = scenario.registrar ? await as(scenario.registrar) : Actor.anonymous(stage.publicUrl);
  const intakes = {
    inspection: '/api/inspections',
    'access-request': '/api/access-requests',
    'technical-request': '/api/technical-requests',
  } as const;
  const filed = await registrar.post<{ number: string }>(
    intakes[scenario.process],
    withDays(withLogin(scenario.intake, earlier?.login ?? null), stage.database.clock.legalNow()),
    { 'idempotency-key': `demo-${scenario.file}` },
  );
  if (filed.status !== 201)
    throw new Error(`${scenario.file}: the intake answered ${filed.status}: ${JSON.stringify(filed.body)}`);
  const { number } = filed.body;
  stage.say(`${number} registered: ${scenario.title}`);
  const state = stateOf(number);
  const scene = { stage, as, file: scenario.file, number, state };
  stage.played.set(scenario.file, { number, login: null });
  for (const step of scenario.steps) await playStep(scene, step);
  return state();
}

interface Scene {
  stage: Stage;
  file: string;
  number: string;
  as(login: string): Promise<Actor>;
  state(): Promise<CaseState>;
}

async function playStep(scene: Scene, step: Step): Promise<void> {
  const { stage, number, as, state } = scene;
  const say = (line: string): void => stage.say(`${number} ${line}`);
  const write = async (login: string, name: string, body: unknown): Promise<void> => {
    const { status, body: answer } = await (await as(login)).post(`/api/cases/${number}/${name}`, body);
    if (status !== 200) throw new Error(`${login}: ${name} answered ${status}: ${JSON.stringify(answer)}`);
  };
  const line = async (employeeId: string): Promise<string> => {
    const found = (await state()).employees.find((employee) => employee.employeeId === employeeId);
    if (!found) throw new Error(`${employeeId} is no employee of ${number}`);
    return found.lineId;
  };

  if ('write' in step) {
    await write(step.as, step.write, withDays(step.body, stage.database.clock.legalNow()));
    say(`${step.as} writes ${step.write} into the case file`);
  } else if ('complete' in step) {
    // Who decides is known from his sign-in.
    await as(step.as);
    await completeTask(stage.engine, {
      caseNumber: number,
      elementId: step.complete,
      login: step.as,
      variables: step.with,
    });
    say(`${step.as} completes ${step.complete.replace('UserTask_', '')}`);
  } else if ('answer' in step) {
    await answerAll(scene, step.answer);
  } else if ('find' in step) {
    await write(step.as, 'findings', {
      lineId: await line(step.find),
      transferConfirmed: step.confirmed,
      reasoning: step.reasoning,
    });
    say(`${step.as} notes a finding on ${step.find}`);
  } else if ('measure' in step) {
    const decidedOn = today(stage.database.clock.legalNow());
    await write(step.as, 'measures', {
      lineId: await line(step.measure),
      kind: step.kind,
      legalGround: step.legalGround,
      decidedOn,
    });
    say(`${step.as} records a measure`);
  } else if ('note' in step) {
    const request = (await state()).requests.find(({ kind, state: at }) => kind === step.note && at === 'requested');
    if (!request) throw new Error(`${number} has no open request for ${step.note}`);
    await write(step.as, 'non-receipt-notes', { requestId: request.requestId, reason: step.reason });
    say(`${step.as} notes why ${step.note} has not come`);
  } else if ('travel' in step) {
    const journey = 'past' in step.travel ? { to: await lastDue(scene, step.travel.past) } : step.travel;
    const at = await travel(stage.database, stage.managementUrl, journey);
    say(`time travels to ${at.toISOString()}`);
  } else if ('reported' in step) {
    const types = { warn: 'clock.warned', target: 'clock.target-passed', broken: 'clock.broken' } as const;
    await waitFor(
      async () =>
        (await state()).trail.some(({ type, data }) => type === types[step.kind] && data['rule'] === step.reported),
      `${types[step.kind]} of ${step.reported} in ${number}`,
    );
    say(`clock ${step.reported} is reported: ${step.kind}`);
  } else if ('recorded' in step) {
    const { recorded } = step;
    await waitFor(async () => (await state()).trail.some(({ type }) => type === recorded), `${recorded} of ${number}`);
    say(`${recorded} is in the trail`);
  } else if ('stopped' in step) {
    await waitFor(
      async () =>
        (await state()).clocks.filter(({ rule }) => rule === step.stopped).every((clock) => clock.stoppedAt !== null),
      `the stop of ${step.stopped} in ${number}`,
    );
    say(`clock ${step.stopped} is stopped`);
  } else if ('enters' in step) {
    await enter(scene);
    say('its user enters and replaces the temporary password');
  } else {
    const ended = await waitFor(async () => {
      const now = await state();
      return now.state === 'open' ? null : now;
    }, `the end of ${number}`);
    say(`ended: ${ended.outcome}`);
  }
}

/** Each addressee of an open request of a kind hands in a document, signed in under his own name. */
async function answerAll(scene: Scene, kind: string): Promise<void> {
  const { stage, number, as, state } = scene;
  const open = await waitFor(async () => {
    const { requests, employees } = await state();
    const asked = requests.filter((request) => request.kind === kind && request.state !== 'planned');
    const expected =
      kind === additionalInformation ? requests.filter((request) => request.kind === kind).length : employees.length;
    return asked.length >= Math.max(1, expected) ? asked : null;
  }, `the requests of ${kind} in ${number}`);
  const awaited = open.filter((candidate) => candidate.state === 'requested');
  const stopped = async (): Promise<number> =>
    (await state()).clocks.filter(({ stoppedAt }) => stoppedAt !== null).length;
  const before = await stopped();
  for (const request of awaited) {
    const user = stage.users.find(({ employeeId }) => employeeId === request.addresseeId);
    if (!user) throw new Error(`local/identity/users.json has nobody for ${request.addresseeId}`);
    const content = `${kind}\n${request.letterNumber}\nКөрсетілім құжаты. Демонстрационный документ.\n`;
    const { status, body } = await (
      await as(user.login)
    ).upload(
      `/requests/${request.requestId}`,
      { name: `${kind}.txt`, type: 'text/plain', content },
      kind === 'hrSanctionsCertificate' ? { sanctionsPresent: 'false' } : {},
    );
    if (status !== 303)
      throw new Error(`${user.login}: the upload of ${kind} answered ${status}: ${JSON.stringify(body)}`);
    stage.say(`${number} ${user.login} hands in ${kind}`);
  }
  // Else time could travel past a term while the document is still on its way to the engine.
  await waitFor(async () => (await stopped()) >= before + awaited.length, `the clocks of ${kind} in ${number} to stop`);
}

/** R24: opens the link of the answer's mail, and enters SKUD, whose clock is set by ours. */
async function enter({ stage, file, number }: Scene): Promise<void> {
  const mail = await waitFor(async () => {
    const mails = (await (await fetch(new URL('/api/email', stage.mailUrl))).json()) as {
      text?: string;
      html?: string;
    }[];
    const texts = mails.map(({ text = '', html = '' }) => `${text}\n${html}`);
    return texts.find((text) => text.includes(number) && text.includes('/password/'));
  }, `the mail with a link to the password of ${number}`);
  const [link = ''] = /\/password\/[A-Za-z0-9_-]+/.exec(mail) ?? [];
  const [login = ''] = /\bu-[a-z0-9]{10}\b/.exec(mail) ?? [];
  const shown = await Actor.anonymous(stage.publicUrl).post<{ text: string }>(link, {}, { accept: 'text/html' });
  const password = /<p class="code"[^>]*>([^<]+)</.exec(shown.body.text)?.[1]?.trim();
  if (!password) throw new Error(`the link of ${number} shows no password: ${shown.status}`);
  await stage.database.clock.refresh();
  const told = { login, password, newPassword: `${password}-own` };
  for (const [path, body] of [
    ['/control', { now: stage.database.clock.legalNow().toISOString() }],
    ['/sign-in', told],
  ] as const) {
    const { ok, status } = await fetch(new URL(path, stage.skudUrl), { method: 'POST', body: JSON.stringify(body) });
    if (!ok) throw new Error(`SKUD answered ${status} to ${path} of ${login}`);
  }
  stage.played.set(file, { number, login });
}

async function lastDue(scene: Scene, rule: string): Promise<Date> {
  const dues = (await scene.state()).clocks.flatMap((clock) =>
    clock.rule === rule && clock.state === 'running' && clock.dueAt ? [clock.dueAt] : [],
  );
  const last = dues.sort().at(-1);
  if (!last) throw new Error(`${scene.number} has no running clock ${rule}`);
  return new Date(new Date(last).getTime() + 1000);
}

function today(at: Date): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO('Asia/Almaty')
    .toPlainDate()
    .toString();
}

/** "@login" in a scenario is the login that an earlier one gave out. */
function withLogin(intake: Scenario['intake'], login: string | null): Scenario['intake'] {
  return login === null ? intake : mapTexts(intake, (text) => (text === '@login' ? login : text));
}

/** Days of a scenario are written relative to the day it is played: "-60" is sixty days ago. */
function withDays<T>(value: T, now: Date): T {
  return mapTexts(value, (text) =>
    /^-\d+$/.test(text)
      ? Temporal.PlainDate.from(today(now))
          .add({ days: Number(text) })
          .toString()
      : text,
  );
}

/** A copy with each of its texts, however deep, replaced. */
function mapTexts<T>(value: T, replaced: (text: string) => string): T {
  const written: unknown = value;
  if (typeof written === 'string') return replaced(written) as T;
  if (Array.isArray(written)) return written.map((item: unknown) => mapTexts(item, replaced)) as T;
  if (typeof written !== 'object' || written === null) return value;
  return Object.fromEntries(
    Object.entries(written).map(([name, item]) => [name, mapTexts<unknown>(item, replaced)]),
  ) as T;
}
