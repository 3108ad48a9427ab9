import { setTimeout as sleep } from 'node:timers/promises';
import { Temporal } from 'temporal-polyfill';
import type { StoredClock } from '../../core/clock-truth.js';
import { readClockOffset } from '../../core/clock.js';
import { composeServices } from '../../core/compose.js';
import type { Services } from '../../core/services.js';
import { Actor } from '../../local/play/actor.js';
import { seed } from '../../local/play/seed.js';
import { waitFor } from '../../local/play/tasks.js';
import { travel, type Journey } from '../../local/play/time.js';
import { addOffset, pinClock, setOffset } from '../../local/stack/engine-clock.js';
import { readLocalUsers } from '../../local/stack/web-users.js';
import { deployAll, readResources } from '../../workers/deployment.js';
import type { Engine } from '../../workers/engine.js';
import { trigger, type TriggerBody } from '../builders/inspection.js';
import { exported } from '../helpers/exported.js';
import { deployFixtures, startApps, testEngine, testStack, type AppName } from '../helpers/stack.js';
import { InspectionCase } from './inspection-case.js';

/** Milliseconds. Waits are generous: a machine under load is slow, and a path that is never taken fails all the same. */
export const patienceMs = 400_000;
export const testMs = 600_000;

export const minuteMs = 60_000;

/**
 * What the process tests play on: the real stack, with the application's own processes as children. Acts go in through the API, as signed-in
 * people, and through the engine's user tasks; what came of them is read from the stores.
 */
export interface Stage {
  services: Services;
  engine: Engine;
  /** The person, signed in (once for a file). */
  as(login: string): Promise<Actor>;
  /** Files a trigger; the defaults are a complaint about one employee of the Almaty branch. */
  file(overrides?: Partial<TriggerBody>): Promise<InspectionCase>;
  /** Legal time now. */
  now(): Promise<Date>;
  /** Moves legal time for everything that runs. */
  travel(journey: Journey): Promise<Date>;
  /** Travels to a moment at which, give or take a second, the engine's clock stands still until the next journey. */
  standAt(moment: Date): Promise<void>;
  /**
   * Resolves when the engine has fired every timer that was due until now, and the steps that these led to have had their turn: for
   * what must not happen. Nothing is slept.
   */
  allHadTheirTurn(): Promise<void>;
  /** Travels to the next working day at eleven in the morning, so that no term of a test depends on when it is run. */
  toWorkingMorning(): Promise<Date>;
  /** The newest value of a variable of a process instance, as the engine exported it; undefined while there is none. */
  variable(processInstanceKey: string, name: string): Promise<unknown>;
  /** Keys of the process instances that came by an element, e.g. an end event, as the engine exported it. */
  instancesPast(elementId: string): Promise<string[]>;
  /** What incidents the engine raised in a case's instance and the processes that it called: the element's id and the message. */
  incidents(processInstanceKey: string): Promise<string[]>;
  /** Tells the NIT simulator how to behave. */
  nit(behaviour: Record<string, unknown>): Promise<void>;
  /** Faults of the NIT simulator that have not struck yet won't any more. */
  nitForgets(): Promise<void>;
  /** Voids what is still open, so that no later journey wakes it, and ends the processes. */
  close(): Promise<void>;
}

export async function openStage({
  apps = ['api', 'worker', 'relay'],
  env = {},
}: { apps?: AppName[]; env?: Record<string, string> } = {}): Promise<Stage> {
  const { settings } = testStack();
  const { managementUrl } = settings.engine;
  if (!managementUrl) throw new Error('the stack of the process tests has to be started with travel');
  const services = await composeServices({ ...settings, log: { level: 'silent' } }, 'test');
  const { database } = services;
  const engine = testEngine();
  await seed(database, settings.vault.masterKey);
  await deployAll(engine, readResources());
  await deployFixtures(engine, 'moment-passed');
  const running = await startApps(apps, { LOG_LEVEL: 'warn', ...env });

  const controlNit = async (request: RequestInit): Promise<void> => {
    const answer = await fetch(`${settings.nit.url.replace(/\/$/, '')}/control`, request);
    if (!answer.ok) throw new Error(`NIT simulator: ${await answer.text()}`);
  };

  let stoodAt: Date | null = null;
  /** Milliseconds by which the standing clock may still be moved. */
  let leftMs = 0;
  const goOn = async (): Promise<void> => {
    if (!stoodAt) return;
    await setOffset(managementUrl, await readClockOffset(database.connection));
    stoodAt = null;
  };

  /** From a second before the moment to it, and nearly a second further: the engine looks for due timers only while its clock moves. */
  const reach = async (arrived: () => boolean): Promise<void> => {
    while (leftMs > 0) {
      const step = leftMs > 900 ? 1000 : 20;
      await sleep(250);
      if (arrived()) return;
      await addOffset(managementUrl, step);
      leftMs -= step;
    }
  };

  const users = new Map(readLocalUsers().map((user) => [user.login, user]));
  const actors = new Map<string, Promise<Actor>>();
  const filed: InspectionCase[] = [];
  const stage: Stage = {
    services,
    engine,
    as: (login) => {
      const user = users.get(login);
      if (!user) throw new Error(`local/identity/users.json has no ${login}`);
      const known = actors.get(login) ?? Actor.signIn(settings.web.publicUrl, login, user.password);
      actors.set(login, known);
      return known;
    },
    file: async (overrides) => {
      const { status, body } = await (
        await stage.as('registrar')
      ).post<{ number: string }>('/api/inspections', trigger(overrides));
      if (status !== 201) throw new Error(`the intake answered ${status}: ${JSON.stringify(body)}`);
      const record = await services.cases.byNumber(body.number);
      const it = new InspectionCase(stage, body.number, record!._id);
      filed.push(it);
      return it;
    },
    now: async () => {
      await services.clock.refresh();
      return services.clock.legalNow();
    },
    travel: async (journey) => {
      await goOn();
      return travel(database, managementUrl, journey);
    },
    standAt: async (moment) => {
      await stage.travel({ to: new Date(moment.getTime() - minuteMs) });
      stoodAt = moment;
      leftMs = 1900;
      await pinClock(managementUrl, new Date(moment.getTime() - 1000));
    },
    allHadTheirTurn: async () => {
      const someClock = await database.connection.collection<StoredClock>('clocks').findOne();
      const at = (stoodAt ?? (await stage.now())).toISOString();
      const variables = { at, clockId: someClock!._id, moment: 'target' };
      const run = { processId: 'test-moment-passed', variables, fetchVariables: ['at'] };
      let passed = false;
      const passing = waitFor(() => engine.runToEnd(run), 'the engine to fire every timer that is due', patienceMs);
      await Promise.all([passing.finally(() => (passed = true)), stoodAt && reach(() => passed)]);
    },
    toWorkingMorning: async () => {
      const { timeZone, jurisdiction } = services.organisation;
      const now = Temporal.Instant.fromEpochMilliseconds((await stage.now()).getTime()).toZonedDateTimeISO(timeZone);
      let to = now.withPlainTime('11:00');
      while (
        Temporal.ZonedDateTime.compare(to, now) <= 0 ||
        !services.calendar.day(jurisdiction, to.toPlainDate()).working
      )
        to = to.add({ days: 1 });
      return stage.travel({ to: new Date(to.epochMilliseconds) });
    },
    variable: async (processInstanceKey, name) => {
      const [newest] = await exported('variable', {
        'value.name': name,
        'value.processInstanceKey': processInstanceKey,
      });
      return newest ? (JSON.parse(String(newest['value'])) as unknown) : undefined;
    },
    instancesPast: async (elementId) =>
      (await exported('process-instance', { 'value.elementId': elementId, intent: 'ELEMENT_COMPLETED' })).map((value) =>
        String(value['processInstanceKey']),
      ),
    incidents: async (processInstanceKey) =>
      (await exported('incident', { intent: 'CREATED' }))
        .filter((value) => JSON.stringify(value['elementInstancePath']).includes(processInstanceKey))
        .map((value) => `${String(value['elementId'])}: ${String(value['errorMessage'])}`),
    nit: (behaviour) => controlNit({ method: 'POST', body: JSON.stringify(behaviour) }),
    nitForgets: () => controlNit({ method: 'DELETE' }),
    close: async () => {
      await goOn();
      await Promise.all(filed.map((it) => it.voidIfOpen()));
      await Promise.all(running.map((app) => app.stop()));
      await engine.close();
      await database.close();
    },
  };
  return stage;
}
